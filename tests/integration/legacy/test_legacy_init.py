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


SHOP = {
    "__init__": "",
    "users": "class User: ...",
    "db": "from typing import Protocol\nclass Database(Protocol): ...\nclass Log: ...",
    "connection": """
from shop.db import Database, Log
from shop.users import User

class Connection:
    def __init__(self, db: Database, user: User, log: Log): ...
""",
    "engine": """
from dataclasses import dataclass
from shop.connection import Connection
from shop.db import Log
from shop.users import User

@dataclass
class Settings:
    limit: int

class Engine:
    def __init__(self, user: User, connection: Connection, settings: Settings, n: int): ...

class Till:
    def __init__(self, user: User, log: Log): ...

class Shop:
    def __init__(self, till: Till, log: Log, *, user: User): ...
""",
    "old": "class OldEngine:\n    def __init__(self, registry, user): ...",
}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shop").mkdir()
    for name, text in SHOP.items():
        (tmp_path / "shop" / f"{name}.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def init_shop(type_: str) -> Result:
    options = ["--type", type_, "--value", "shop.users:User", "--old", "shop.old:OldEngine"]
    return CliRunner().invoke(command_line, ["init", *options])


def run_in(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


TRUNKLINE = str(Path(sys.executable).parent / "trunkline")


def test_what_cannot_be_told_is_said_and_left_as_a_comment(shop: Path) -> None:
    said = init_shop("shop.engine:Engine").output
    for question in ("db of Connection", "the arguments of Settings", "n of Engine"):
        assert f"not decided: {question}\n" in said
    assert "1. decide what shop/containers.py marks as not decided" in said
    text = (shop / "shop/containers.py").read_text()
    assert "# not decided: db of Connection\n" in text
    assert "# connection = providers.Scoped(Connection, db=..., user=user, log=log)\n" in text
    assert "    log = providers.Singleton(Log)\n" in text
    assert "# engine = providers.Scoped(" in text
    assert "# user = providers.ScopeValue(User)" in text
    run_in(shop, TRUNKLINE, "check")


def test_what_can_be_told_is_passed_by_keyword(shop: Path) -> None:
    assert "not decided" not in init_shop("shop.engine:Shop").output
    text = (shop / "shop/containers.py").read_text()
    assert "    till = providers.Scoped(Till, user=user, log=log)\n" in text
    assert "    shop = providers.Scoped(Shop, till=till, log=log, user=user)\n" in text
    run_in(shop, TRUNKLINE, "check")


def test_the_redirects_keep_their_counts_once_they_are_started(shop: Path) -> None:
    said = init_shop("shop.engine:Shop").output
    assert "call shop.legacy.start() when your program starts" in said
    assert "removed_in" not in (shop / "shop/legacy.py").read_text()
    assert "no counts yet" in run_in(shop, TRUNKLINE, "legacy")
    program = """
import warnings
warnings.simplefilter("ignore")
from shop.containers import Application
from shop.legacy import OldEngine, start
from shop.users import User

start()
with Application() as app, app.enter(User()) as request:
    assert OldEngine(None, request.get(Application.user)) is request.get(Application.shop)
"""
    run_in(shop, sys.executable, "-c", program)
    assert "1 site of 1 old name, 1 call" in run_in(shop, TRUNKLINE, "legacy")


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
