"""A test that leaves something behind fails, and no other; the line that did it is named."""

from __future__ import annotations

import pytest

from tests.integration.testing.projects import Project

STOCKED = """
from trunkline import ScopedContainer, providers

class Clock:
    def now(self):
        return 1

class Stocked(ScopedContainer):
    clock = providers.Singleton(Clock)
    config = providers.Configuration(default={"a": 1})
    resource = providers.Resource(Clock)
    chosen = providers.Selector(config.a, a=clock)

STOCKED = Stocked()
"""


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
    result = project.run()
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


def test_a_fixture_whose_teardown_fails_leaves_no_override_to_the_next_test(
    project: Project,
) -> None:
    project.write(
        test_project="""
        import pytest
        import trunkline
        from shop import Application

        @pytest.fixture
        def broken():
            yield
            raise ZeroDivisionError("the fixture's own")

        def test_both(application, broken):
            trunkline.override(Application, {Application.clock: "x"}, strict=False).__enter__()

        def test_clean(application):
            assert application.clock().now() == 1
        """
    )
    result = project.run()
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ZeroDivisionError: the fixture's own*",
            "*the test left behind:*",
            "*an override, entered at **test_project.py:*: trunkline.override(*",
        ]
    )


def test_stock_overrides_of_every_provider_are_found_with_their_line(project: Project) -> None:
    """In a container that was never started too; one that the test made for itself is its own."""
    project.write(
        stocked=STOCKED,
        test_project="""
        import pytest
        from dependency_injector import providers
        from stocked import STOCKED, Stocked

        PLAIN = providers.Factory(list)
        KEPT = {"plain": PLAIN}

        def test_configuration():
            STOCKED.config.override({"a": 2})

        def test_option():
            STOCKED.config.a.override(2)

        def test_resource():
            STOCKED.resource.override(3)

        def test_selector():
            STOCKED.chosen.override(3)

        def test_plain():
            PLAIN.override(3)

        @pytest.fixture
        def overriding():
            Stocked.clock.override(3)

        def test_by_its_fixture(overriding):
            pass

        def test_nested():
            STOCKED.clock.override("one")
            with STOCKED.clock.override("two"):
                assert STOCKED.clock() == "two"

        def test_clean():
            assert STOCKED.config() == {"a": 1}
            assert STOCKED.config.a() == 1
            assert not any(provider.overridden for provider in STOCKED.providers.values())
            assert not any(provider.overridden for provider in Stocked.providers.values())

        def test_its_own():
            mine = Stocked()
            mine.resource.override(1)
            mine.config.from_dict({"a": 3})
        """,
    )
    result = project.run()
    result.assert_outcomes(passed=9, errors=7)
    result.stdout.fnmatch_lines(
        [
            '*made at *test_project.py:*: STOCKED.config.override({"a": 2})',
            "*made at *test_project.py:*: STOCKED.config.a.override(2)",
            "*made at *test_project.py:*: STOCKED.resource.override(3)",
            "*made at *test_project.py:*: STOCKED.chosen.override(3)",
            "*made at *test_project.py:*: PLAIN.override(3)",
            "*ERROR at teardown of test_by_its_fixture*",
            "*made at *test_project.py:*: Stocked.clock.override(3)",
            '*made at *test_project.py:*: STOCKED.clock.override("one")',
        ]
    )


def test_what_a_fixture_of_longer_life_began_is_no_fault_of_the_test(project: Project) -> None:
    project.write(
        test_project="""
        import pytest
        from shop import Application, User
        from trunkline import override

        @pytest.fixture(scope="module")
        def started():
            Application.clock.override("stock")
            app = Application().__enter__()
            opened = app.enter(User(), ambient=False)
            fake = override(app, {Application.engine: "fake"}, strict=False, everywhere=True)
            fake.__enter__()
            yield app
            fake.__exit__(None, None, None)
            opened.close()
            app.__exit__(None, None, None)
            Application.clock.reset_override()

        @pytest.mark.parametrize("number", [1, 2])
        def test_uses_it(started, number):
            assert started.clock() == "stock"
            with started.enter(User()) as request:
                assert request.engine() == "fake"

        def test_leaves_another(started):
            started.clock.override("mine")
            override(started, {Application.clock: 5}, strict=False).__enter__()

        def test_still_uses_it(started):
            assert started.clock() == "stock"
        """
    )
    result = project.run()
    result.assert_outcomes(passed=4, errors=1)
    result.stdout.fnmatch_lines(
        ["*an override, entered at *", '*made at *: started.clock.override("mine")']
    )


def test_a_container_that_is_left_started_is_found(project: Project) -> None:
    project.write(
        test_project="""
        from shop import Application

        KEPT = []

        def test_leaves_it():
            KEPT.append(Application().__enter__())

        def test_clean():
            with Application() as app:
                assert app.clock().now() == 1
        """
    )
    result = project.run()
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*a started container: <class 'shop.Application'>"])


def test_unittest_cases_are_watched_too(project: Project) -> None:
    project.write(
        test_project="""
        import asyncio
        import unittest
        from shop import Application
        from trunkline import override

        class TestLeaving(unittest.IsolatedAsyncioTestCase):
            async def test_a_task(self):
                asyncio.create_task(asyncio.sleep(60), name="sleeper")

            async def test_an_override(self):
                override(Application, {Application.clock: 5}, strict=False).__enter__()

            def test_a_stock_one(self):
                Application.clock.override(5)

            async def test_nothing(self):
                with Application() as app:
                    assert app.clock().now() == 1
        """
    )
    result = project.run()
    result.assert_outcomes(passed=3, failed=1, errors=2)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of TestLeaving.test_a_stock_one*",
            "*: Application.clock.override(5)",
            "*ERROR at teardown of TestLeaving.test_an_override*",
            "*: override(Application, {Application.clock: 5}, strict=False).__enter__()",
            "*the test left 1 task running*",
        ]
    )


@pytest.mark.parametrize(("mode", "errors"), [("off", 0), ("used", 1), ("all", 2)])
def test_which_tests_are_watched(project: Project, mode: str, errors: int) -> None:
    """By default those whose module knows trunkline or a container, not those of other modules."""
    leave = "def test_leaves(): made.KEPT.clock.override(1)\n"
    project.write(
        made="from shop import Application\nKEPT = Application()",
        test_knows=f"import made\nimport trunkline\n{leave}",
        test_others=f"import made\n{leave}",
    )
    counts = {"passed": 2, **({"errors": errors} if errors else {})}
    project.run("-o", f"trunkline_leaks={mode}").assert_outcomes(**counts)


def test_what_a_container_is_made_with_is_part_of_it(project: Project) -> None:
    """Dependencies that its constructor fills, and nested containers', are overridden for good."""
    project.write(
        test_project="""
        from dependency_injector import containers
        from trunkline import ScopedContainer, providers

        class Inner(containers.DeclarativeContainer):
            needed = providers.Dependency()

        class Outer(ScopedContainer):
            given = providers.Dependency()
            inner = providers.Container(Inner, needed=given)

        KEPT = []

        def test_making_one():
            KEPT.append(Outer(given=providers.Object(5)))
            assert KEPT[0].inner.needed() == 5

        def test_filling_a_dependency_of_ones_own():
            outer = Outer()
            outer.given.override(providers.Object(6))
            assert outer.inner.needed() == 6

        def test_filling_one_that_stays():
            KEPT[0].given.override(providers.Object(6))

        def test_clean():
            assert KEPT[0].inner.needed() == 5
        """
    )
    result = project.run()
    result.assert_outcomes(passed=4, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_filling_one_that_stays*",
            "*: KEPT?0?.given.override(providers.Object(6))",
        ]
    )
