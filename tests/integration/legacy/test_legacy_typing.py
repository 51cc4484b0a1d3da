"""Type checkers see old names as what they lead to, and as deprecated."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from trunkline.cli.commands import command_line

OLD = '''
"""An old module."""

from typing import TYPE_CHECKING

from new import Engine

if TYPE_CHECKING:
    from typing_extensions import deprecated

    @deprecated("resolve Application.engine")
    class OldEngine(Engine):
        def __init__(self, registry: object, user: str) -> None: ...

    @deprecated("resolve Application.engine")
    def create_engine(user: str) -> Engine: ...

else:
    from trunkline.legacy import redirect_class, redirect_function

    OldEngine = redirect_class("OldEngine", to="app:Application.engine")
    create_engine = redirect_function("create_engine", to="app:Application.engine")
'''
NEW = '''
"""The new module."""


class Engine:
    def run(self) -> int:
        return 1
'''
WAS = """
class OldEngine:
    def __init__(self, registry, user): ...


def create_engine(user): ...
"""
USER = """
from old import OldEngine, create_engine
from new import Engine

engine: Engine = OldEngine(None, "ann")
number: int = create_engine("ann").run()
wrong: str = create_engine("ann").run()


class Special(OldEngine):
    pass
"""


@pytest.fixture(params=["by hand", "by trunkline init"])
def project(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    files = {"user.py": USER, "new.py": NEW, "old.py": OLD}
    if request.param == "by trunkline init":
        (tmp_path / "app").mkdir()
        files |= {"app/__init__.py": "", "old.py": WAS, "user.py": USER.replace("old", "app.legacy")}
    for name, text in files.items():
        (tmp_path / name).write_text(text.lstrip("\n"))
    (tmp_path / "pyrightconfig.json").write_text(
        '{"reportDeprecated": "error", "typeCheckingMode": "standard"}'
    )
    monkeypatch.chdir(tmp_path)
    if request.param == "by trunkline init":
        olds = ("--old", "old:OldEngine", "--old", "old:create_engine")
        done = CliRunner().invoke(command_line, ["init", "--type", "new:Engine", *olds])
        assert done.exit_code == 0, done.output
    return tmp_path


def run(project: Path, tool: str, *arguments: str) -> list[str]:
    done = subprocess.run(
        [Path(sys.executable).parent / tool, *arguments, "user.py"],
        cwd=project,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout.splitlines()


def test_mypy_warns_of_old_names_and_knows_what_they_give(project: Path) -> None:
    lines = run(
        project,
        "mypy",
        "--strict",
        "--enable-error-code=deprecated",
        "--follow-imports=silent",
        f"--python-executable={sys.executable}",
        "--cache-dir=cache",
    )
    old = [line for line in lines if "[deprecated]" in line]
    assert any("OldEngine is deprecated: " in line and "Application.engine" in line for line in old)
    assert any("create_engine is deprecated" in line for line in old)
    others = [line for line in lines if "error:" in line and "[deprecated]" not in line]
    assert len(others) == 1
    assert others[0].startswith("user.py:6:")


def test_pyright_does_so_too(project: Path) -> None:
    lines = run(project, "pyright", f"--pythonpath={sys.executable}")
    assert any('The class "OldEngine" is deprecated' in line for line in lines)
    assert any('The function "create_engine" is deprecated' in line for line in lines)
    others = [line for line in lines if "error:" in line and "is deprecated" not in line]
    assert len(others) == 1
    assert "user.py:6:" in others[0]
