"""The pytest plugin, in runs of pytest of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

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
        counts = re.findall(r"(\d+) (passed|failed|error|errors|skipped)\b", self.stdout.lines[-1])
        found = {name.removesuffix("s") if "error" in name else name: int(n) for n, name in counts}
        wanted = {
            name.removesuffix("s") if "error" in name else name: n for name, n in expected.items()
        }
        assert found == wanted, self.output


class Project:
    """A project's folder, in which pytest is run as a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, **modules: str) -> None:
        for name, text in modules.items():
            path = self.folder / f"{name}.py"
            path.write_text(textwrap.dedent(text), encoding="utf-8")

    def run(self, *options: str) -> Result:
        done = subprocess.run(
            [sys.executable, "-B", "-m", "pytest", "-p", "no:cacheprovider", *options],
            cwd=self.folder,
            env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        return Result(done.stdout + done.stderr)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.write(shop=CONTAINER, conftest=CONFTEST)
    settings = """
        [tool.trunkline]
        container = "shop:Application"
        [tool.pytest.ini_options]
        asyncio_mode = "strict"
        asyncio_default_fixture_loop_scope = "function"
        pythonpath = ["."]
        """
    (tmp_path / "pyproject.toml").write_text(textwrap.dedent(settings), encoding="utf-8")
    return made


def run(project: Project, *options: str) -> Result:
    return project.run("-p", "pytest_asyncio.plugin", "-p", "trunkline.testing.plugin", *options)


def test_the_fixtures_give_the_container_a_scope_and_overrides(project: Project) -> None:
    project.write(
        test_project="""
        import pytest
        from shop import Application, Engine

        class Fixed:
            def now(self):
                return 2

        def test_scope(application, scope):
            assert isinstance(application, Application)
            assert scope.engine().clock is application.clock()
            assert application.engine() is scope.engine()

        def test_override(application, scope, override):
            override({Application.clock: Fixed})
            assert scope.engine().clock.now() == 2

        def test_afterwards(application, scope):
            assert scope.engine().clock.now() == 1

        @pytest.mark.override({Application.clock: Fixed})
        class TestMarked:
            @pytest.mark.parametrize("count", [1, 2])
            def test_sync(self, application, scope, count):
                assert scope.engine().clock.now() == 2

            @pytest.mark.asyncio(loop_scope="session")
            async def test_async(self, application, scope):
                assert scope.engine().clock.now() == 2
                assert application.engine() is scope.engine()

        @pytest.mark.asyncio(loop_scope="session")
        async def test_override_in_a_task(application, scope, override):
            override(application, {Application.clock: Fixed})
            assert scope.engine().clock.now() == 2

        def test_recorder(event_recorder):
            event_recorder("started", "ann")
            assert event_recorder.of("ann") == ["started"]

        def test_staging(staging):
            raise AssertionError("not reached")
        """
    )
    result = run(project, "-rs")
    result.assert_outcomes(passed=8, skipped=1)
    result.stdout.fnmatch_lines(["*no staging server: give its address*"])


@pytest.mark.parametrize(
    "options",
    [("asyncio_mode=auto", "-p", "xdist.plugin", "-n", "2"), ("asyncio_mode=strict",)],
    ids=["auto in workers", "strict"],
)
def test_asyncio_modes_and_workers(project: Project, options: tuple[str, ...]) -> None:
    project.write(
        test_project="""
        import asyncio
        import pytest
        from shop import Application

        @pytest.mark.asyncio
        @pytest.mark.parametrize("number", range(4))
        @pytest.mark.override({Application.clock: "fake"}, strict=False)
        async def test_task(number):
            with Application() as app:
                await asyncio.sleep(0)
                assert app.clock() == "fake"
        """
    )
    result = run(project, "-o", *options)
    result.assert_outcomes(passed=4)


def test_unittest_cases(project: Project) -> None:
    project.write(
        test_project="""
        import unittest
        import pytest
        from shop import Application
        from trunkline import override

        class TestSync(unittest.TestCase):
            @pytest.mark.override({Application.clock: "fake"}, strict=False)
            def test_marked(self):
                with Application() as app:
                    assert app.clock() == "fake"

        class TestAsync(unittest.IsolatedAsyncioTestCase):
            def setUp(self):
                self.app = Application().__enter__()
                self.override = override(self.app, {Application.clock: "fake"}, strict=False)
                self.override.__enter__()

            def tearDown(self):
                self.override.__exit__(None, None, None)
                self.app.__exit__(None, None, None)

            async def test_set_up(self):
                assert self.app.clock() == "fake"

            @pytest.mark.override({Application.clock: "marked"}, strict=False)
            async def test_marked(self):
                assert self.app.clock() == "marked"
        """
    )
    run(project).assert_outcomes(passed=3)


def test_what_a_test_leaves_behind_fails_that_test_alone(project: Project) -> None:
    project.write(
        test_project="""
        import asyncio
        import pytest
        import trunkline
        from shop import Application, User

        def test_scope_left(application):
            application.enter(User(), ambient=False).__enter__()
            application.kept = None

        KEPT = []

        def test_scope_kept(application):
            KEPT.append(application.enter(User(), ambient=False))

        def test_override_left(application):
            trunkline.override(application, {Application.clock: "x"}, strict=False).__enter__()

        def test_stock_override_left(application):
            application.clock.override("x")

        def test_class_override_left(application):
            Application.clock.override("x")

        def test_clean(application):
            assert application.clock().now() == 1

        @pytest.mark.asyncio(loop_scope="session")
        async def test_task_left(application):
            asyncio.create_task(asyncio.sleep(60), name="sleeper")

        @pytest.mark.asyncio(loop_scope="session")
        async def test_task_ended(application):
            asyncio.create_task(asyncio.sleep(0))
        """
    )
    result = run(project)
    result.assert_outcomes(passed=7, failed=1, errors=4)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_scope_kept*",
            "*an open scope: <open APP > REQUEST of shop:Application>*",
            "*ERROR at teardown of test_override_left*",
            "*an override, entered at **test_project.py:*: trunkline.override(*",
            "*ERROR at teardown of test_stock_override_left*",
            '*provider.override() of *made at *: application.clock.override("x")',
            "*ERROR at teardown of test_class_override_left*",
            '*made at *: Application.clock.override("x")',
            "*FAILURES*",
            "*test left 1 task running*",
            "*sleeper: sleep at *",
        ]
    )


def test_the_graph_snapshot(project: Project) -> None:
    project.write(test_project="def test_nothing(): pass")
    missing = run(project, "--trunkline-graph-snapshot")
    missing.assert_outcomes(passed=1, failed=1)
    missing.stdout.fnmatch_lines(["*there is no snapshot*"])
    run(project, "--trunkline-graph-snapshot", "--trunkline-graph-update").assert_outcomes(passed=2)
    run(project, "--trunkline-graph-snapshot").assert_outcomes(passed=2)
    project.write(
        shop=CONTAINER.replace("Scoped(Engine, user, clock)", "Factory(Engine, user, clock=clock)")
    )
    changed = run(project, "--trunkline-graph-snapshot=trunkline-graph.json")
    changed.assert_outcomes(passed=1, failed=1)
    changed.stdout.fnmatch_lines(["*engine*", "*REQUEST*"])


def test_loading_the_plugin_imports_nothing_of_trunkline() -> None:
    code = (
        "import pytest, sys; before = set(sys.modules); import trunkline.testing.plugin\n"
        "new = {m for m in set(sys.modules) - before}\n"
        "print(sorted(m for m in new if not m.startswith(('trunkline', 'trunkline.testing'))))\n"
        "print(sorted(m for m in new if m.startswith('trunkline')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    others, ours = done.stdout.splitlines()
    assert ours == "['trunkline', 'trunkline.testing', 'trunkline.testing.plugin']"
    assert "dependency_injector" not in others
