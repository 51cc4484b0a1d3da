"""``trunkline init`` gives an existing project a container that holds, and redirects that work."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.fixtures.legacy_application.trees import write_tree
from trunkline.cli.commands import command_line

OPTIONS = (
    "--type", "acme.core.user_execution_engine:UserExecutionEngine",
    "--value", "acme.core.context:UserContext",
    "--old", "acme.engines.execution_engine:ExecutionEngine",
    "--old", "acme.engines.request_scoped:create_request_scoped_engine",
    "--old", "acme.factories.unified_factory:create_unified_engine",
)  # fmt: skip


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command_line, ["init", "--package", "acme", *arguments])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = write_tree("original", tmp_path / "project")
    (folder / "pyproject.toml").write_text('[project]\nname = "acme"\n')
    monkeypatch.chdir(folder)
    return folder


def test_it_writes_a_container_redirects_and_configuration_and_says_so(project: Path) -> None:
    result = run(*OPTIONS)
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[:4] == [
        "wrote  acme/containers.py",
        "wrote  acme/legacy.py",
        "added  [tool.trunkline] to pyproject.toml",
        "added  .trunkline/ to .gitignore",
    ]
    assert "replace ExecutionEngine in acme.engines.execution_engine by:" in result.output
    table = tomllib.loads((project / "pyproject.toml").read_text())
    assert table["project"] == {"name": "acme"}
    assert table["tool"]["trunkline"]["container"] == "acme.containers:Application"
    [canonical] = table["tool"]["trunkline"]["canonical"]
    assert canonical["factory"] == "acme.containers:Application.user_execution_engine"
    assert len(canonical["legacy"]) == 3


def test_what_it_writes_is_checked_and_used_as_it_is(project: Path) -> None:
    assert run(*OPTIONS).exit_code == 0
    (project / "acme/engines/execution_engine.py").write_text(
        "from acme.legacy import ExecutionEngine\n\n__all__ = ['ExecutionEngine']\n"
    )
    program = """
import asyncio, warnings
warnings.simplefilter("ignore")
from acme.containers import Application
from acme.core.context import UserContext
from acme.core.user_execution_engine import UserExecutionEngine
from acme.engines.execution_engine import ExecutionEngine
from acme import legacy
from trunkline.legacy import check_redirects

check_redirects(legacy)

async def main():
    async with Application() as app:
        ann = UserContext("ann")
        async with app.enter(ann) as request:
            engine = ExecutionEngine(None, None, ann)
            assert type(engine) is UserExecutionEngine
            assert engine is request.get(Application.user_execution_engine)
            assert await legacy.create_unified_engine(ann) is engine
            assert legacy.create_request_scoped_engine(ann) is engine

asyncio.run(main())
"""
    check = [str(Path(sys.executable).parent / "trunkline"), "check"]
    for command in (check, [sys.executable, "-c", program]):
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_that_exists_is_overwritten(project: Path) -> None:
    run(*OPTIONS)
    files = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    result = run(*OPTIONS)
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.output.splitlines()[:4]] == ["kept"] * 4
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == files


def test_a_dry_run_writes_nothing(project: Path) -> None:
    before = sorted(project.rglob("*"))
    result = run("--dry-run", *OPTIONS)
    assert "would write acme/containers.py" in result.output
    assert sorted(project.rglob("*")) == before


def test_without_a_type_the_container_is_a_beginning_that_holds(project: Path) -> None:
    assert run().exit_code == 0
    assert not (project / "acme/legacy.py").exists()
    command = [str(Path(sys.executable).parent / "trunkline"), "check"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--type", "acme.nowhere:X"), "there is no module acme.nowhere"),
        (("--type", "acme.core.context:Nobody"), "defines no Nobody"),
        (("--type", "nonsense"), "'nonsense' is no name"),
        (("--type", "acme.class:X"), "'acme.class:X' is no name"),
        (("--old", "acme.core.context:UserContext"), "an old name needs something to lead to"),
        (
            ("--type", "acme.engines:ExecutionEngine"),
            "defines no ExecutionEngine",
        ),
        (
            ("--type", "acme.core.bridge:Bridge", "--old", "acme.core.bridge:Bridge"),
            "can't lead to itself",
        ),
        (("--package", "other"), "there is no package other"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    project: Path, arguments: tuple[str, ...], said: str
) -> None:
    before = sorted(project.rglob("*"))
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert sorted(project.rglob("*")) == before


def test_a_folder_without_a_package_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(command_line, ["init"])
    assert result.exit_code == 2
    assert "has no packages" in result.output
    assert not list(tmp_path.iterdir())
