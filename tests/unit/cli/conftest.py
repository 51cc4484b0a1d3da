"""A project on disk and a way to run commands in it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import CliRunner, Result

from trunkline.cli.commands import command_line

APPLICATION = """
    from trunkline import ScopedContainer, providers


    class User:
        pass


    class Pool:
        def __init__(self, size: int) -> None:
            self.size = size


    class Engine:
        def __init__(self, user: User, pool: Pool) -> None:
            self.user = user


    def open_pool(size: int):
        yield Pool(size)


    class Application(ScopedContainer):
        pool = providers.Resource(open_pool, 3)
        user = providers.ScopeValue(User)
        engine = providers.Scoped(Engine, user, pool)
"""


@dataclass
class Project:
    """A folder with a ``pyproject.toml`` and modules, which is the current one."""

    root: Path

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return path

    def application(self, text: str = APPLICATION, attribute: str = "Application") -> None:
        """Write a module of its own name and let ``pyproject.toml`` name its container."""
        self.write(f"{self.module}.py", text)
        self.name_container(f"{self.module}:{attribute}")

    def name_container(self, target: str) -> None:
        self.write("pyproject.toml", f'[tool.trunkline]\ncontainer = "{target}"\n')

    @property
    def module(self) -> str:
        """A name that no other test imports."""
        return f"app_{self.root.parent.name.replace('-', '_')}"

    def run(self, *arguments: str | Path) -> Result:
        """Run a command line in this process."""
        return CliRunner().invoke(command_line, [str(argument) for argument in arguments])

    def run_apart(self, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        """Run a command line in a process of its own, whose standard error is told apart."""
        process = self.spawn(*map(str, arguments))
        output, errors = process.communicate(timeout=60)
        return subprocess.CompletedProcess(
            arguments, process.returncode, output.decode(), errors.decode()
        )

    def spawn(self, *arguments: str, **environment: str) -> "subprocess.Popen[bytes]":
        """Run a command line in a process of its own."""
        return subprocess.Popen(
            [Path(sys.executable).parent / "trunkline", *arguments],
            cwd=self.root,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("NO_COLOR", "1")
    before = set(sys.modules)
    yield Project(root)
    for name in set(sys.modules) - before:
        if name.startswith(("app_", "broken_")):
            del sys.modules[name]
