"""Projects for runs of pytest of their own: a container, its settings, and what pytest printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

__all__ = ["CONTAINER", "PLUGINS", "Project", "Result", "shop_project"]

PLUGINS = ("-p", "pytest_asyncio.plugin", "-p", "trunkline.testing.plugin")
CONTAINER = """
from trunkline import ScopedContainer, providers

class Clock:
    def now(self):
        return 1

class Engine:
    def __init__(self, user, clock):
        self.user, self.clock = user, clock

class User:
    pass

class Application(ScopedContainer):
    clock = providers.Singleton(Clock)
    user = providers.ScopeValue(User)
    engine = providers.Scoped(Engine, user, clock)
"""
CONFTEST = """
import pytest
from shop import User

@pytest.fixture
def scope_values():
    return (User(),)
"""


class Result:
    """What a run of pytest printed."""

    def __init__(self, output: str) -> None:
        self.output = output
        self.stdout = pytest.LineMatcher(output.splitlines())

    def assert_outcomes(self, **expected: int) -> None:
        counts = re.findall(
            r"(\d+) (passed|failed|error|errors|skipped|warnings?)\b", self.stdout.lines[-1]
        )
        found = {name.removesuffix("s"): int(n) for n, name in counts}
        assert found == {name.removesuffix("s"): n for name, n in expected.items()}, self.output


class Project:
    """A project's folder, in which pytest is run as a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, **modules: str) -> None:
        for name, text in modules.items():
            path = self.folder / f"{name}.py"
            path.write_text(textwrap.dedent(text), encoding="utf-8")

    def run(self, *options: str) -> Result:
        """Run pytest with pytest-asyncio, the plugin and these options."""
        return self.run_plain(*PLUGINS, *options)

    def run_plain(self, *options: str) -> Result:
        """Run pytest with no plugin but what the options name."""
        done = subprocess.run(
            [sys.executable, "-B", "-m", "pytest", "-p", "no:cacheprovider", *options],
            cwd=self.folder,
            env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        return Result(done.stdout + done.stderr)


def shop_project(folder: Path) -> Project:
    """A project with a small container and the plugin configured."""
    made = Project(folder)
    made.write(shop=CONTAINER, conftest=CONFTEST)
    settings = """
        [tool.trunkline]
        container = "shop:Application"
        [tool.pytest.ini_options]
        asyncio_mode = "strict"
        asyncio_default_fixture_loop_scope = "function"
        pythonpath = ["."]
        """
    (folder / "pyproject.toml").write_text(textwrap.dedent(settings), encoding="utf-8")
    return made
