"""The pytest plugin, in runs of pytest of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.integration.testing.projects import CONTAINER, Project


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
    result = project.run("-rs")
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
    result = project.run("-o", *options)
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
                assert self.app.clock() == "fake"

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
    project.run().assert_outcomes(passed=3)


def test_the_graph_snapshot(project: Project) -> None:
    project.write(test_project="def test_nothing(): pass")
    missing = project.run("--trunkline-graph-snapshot")
    missing.assert_outcomes(passed=1, failed=1)
    missing.stdout.fnmatch_lines(["*there is no snapshot*"])
    project.run("--trunkline-graph-snapshot", "--trunkline-graph-update").assert_outcomes(passed=2)
    project.run("--trunkline-graph-snapshot").assert_outcomes(passed=2)
    project.write(
        shop=CONTAINER.replace("Scoped(Engine, user, clock)", "Factory(Engine, user, clock=clock)")
    )
    changed = project.run("--trunkline-graph-snapshot=trunkline-graph.json")
    changed.assert_outcomes(passed=1, failed=1)
    changed.stdout.fnmatch_lines(["*engine*", "*REQUEST*"])
    workers = project.run("--trunkline-graph-snapshot", "-p", "xdist.plugin", "-n", "1")
    workers.assert_outcomes(passed=1, failed=1)


def test_a_mark_means_the_container_that_the_fixture_names(project: Project) -> None:
    """And it is reported where it was written, not where the plugin enters it."""
    project.write(
        test_project="""
        import pytest
        from shop import Application

        class Other(Application):
            pass

        @pytest.fixture(scope="session")
        def container():
            return Other

        class Fixed:
            def now(self):
                return 2

        @pytest.mark.override({Application.clock: Fixed})
        def test_marked():
            with Application() as app, Other() as other:
                assert (app.clock().now(), other.clock().now()) == (1, 2)

        @pytest.mark.override({Application.clock: Fixed})
        def test_unused():
            pass
        """
    )
    result = project.run()
    result.assert_outcomes(passed=2, warnings=1)
    result.stdout.fnmatch_lines(
        ["*test_project.py:21: UnusedOverrideWarning: *:21: clock of Other*"]
    )


ENTERED = """
import pytest
import pytest_asyncio
from shop import Application
from trunkline import override as plain

class Fixed:
    def now(self):
        return 2

@pytest.fixture
def by_fixture(override, application):
    override({Application.clock: Fixed})

@pytest_asyncio.fixture
async def by_async_fixture(override, application):
    override({Application.clock: Fixed})

@pytest_asyncio.fixture(loop_scope="session")
async def in_the_session(override, application):
    override({Application.clock: Fixed})

@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def for_the_module(application):
    async with plain(application, {Application.clock: Fixed}):
        yield

@pytest.fixture(autouse=True)
def nothing_is_left(application, request):
    if "for_the_module" not in request.fixturenames:
        assert application.clock().now() == 1  # before the test's own fixtures

def test_sync(by_fixture, application):
    assert application.clock().now() == 2

@pytest.mark.asyncio
async def test_async(by_fixture, application):
    assert application.clock().now() == 2

@pytest.mark.asyncio(loop_scope="session")
async def test_in_the_session(by_fixture, application):
    assert application.clock().now() == 2

@pytest.mark.asyncio
async def test_async_by_async(by_async_fixture, application):
    assert application.clock().now() == 2

@pytest.mark.asyncio(loop_scope="session")
async def test_session_by_session(in_the_session, application):
    assert application.clock().now() == 2

@pytest.mark.asyncio(loop_scope="session")
async def test_by_the_module(for_the_module, application):
    assert application.clock().now() == 2
"""


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_an_override_of_a_fixture_is_seen_in_the_test_and_by_no_other(
    project: Project, mode: str
) -> None:
    """Fixtures and tests run in contexts of their own, in every kind of loop."""
    project.write(test_project=ENTERED)
    project.run("-o", f"asyncio_mode={mode}").assert_outcomes(passed=6)


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


def test_a_mark_is_in_effect_in_every_example_of_a_property(project: Project) -> None:
    project.write(
        test_project="""
        import asyncio
        import pytest
        from hypothesis import given, settings, strategies
        from shop import Application

        class Fixed:
            def now(self):
                return 2

        numbers = given(number=strategies.integers(0, 3))

        @pytest.mark.override({Application.clock: Fixed})
        @numbers
        def test_sync(number):
            with Application() as app:
                assert app.clock().now() == 2

        @pytest.mark.override({Application.clock: Fixed})
        @pytest.mark.asyncio
        @settings(deadline=None)
        @numbers
        async def test_async(number):
            with Application() as app:
                await asyncio.sleep(0)
                assert app.clock().now() == 2

        @pytest.mark.asyncio
        @settings(max_examples=2, deadline=None, database=None)
        @numbers
        async def test_leaves_a_task(number):
            Application()
            asyncio.create_task(asyncio.sleep(60), name="sleeper")
        """
    )
    result = project.run()
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*the test left 1 task running*"])
