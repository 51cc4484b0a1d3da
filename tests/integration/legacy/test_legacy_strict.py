"""The plugin's strict mode: a new use of an old name fails the test that has it."""

from __future__ import annotations

import json

import pytest

OLD = """
from trunkline.legacy import redirect_function

old_engine = redirect_function("old_engine", to="builtins:list")
"""
TESTS = """
import warnings
from old import old_engine

def test_known():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert old_engine() == []

def test_new():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert old_engine() == []

def test_other():
    pass
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(old=OLD, test_old=TESTS)
    place = {"name": "old.old_engine", "file": "test_old.py", "function": "test_known"}
    (pytester.path / "baseline.json").write_text(json.dumps({"places": [place]}))
    return pytester


def run(project: pytest.Pytester, *options: str) -> pytest.RunResult:
    return project.runpytest_subprocess("-p", "no:cacheprovider", *options)


def test_it_is_off_unless_asked_for(project: pytest.Pytester) -> None:
    run(project).assert_outcomes(passed=3)


def test_without_a_baseline_every_use_is_new(project: pytest.Pytester) -> None:
    result = run(project, "--trunkline-legacy-strict")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["*NewLegacyCallError: old.old_engine is used at a new place*"])


def test_uses_that_the_baseline_lists_pass(project: pytest.Pytester) -> None:
    result = run(project, "--trunkline-legacy-strict=baseline.json")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["FAILED test_old.py::test_new*"])


@pytest.mark.parametrize(("value", "failed"), [("baseline.json", 1), ("on", 2)])
def test_the_configuration_may_ask_for_it(
    project: pytest.Pytester, value: str, failed: int
) -> None:
    project.makeini(f"[pytest]\ntrunkline_legacy_strict = {value}\n")
    run(project).assert_outcomes(passed=3 - failed, failed=failed)


def test_a_use_at_the_top_of_a_test_module_fails_its_collection(project: pytest.Pytester) -> None:
    project.makepyfile(test_top="from old import old_engine\nold_engine()\n")
    result = run(project, "--trunkline-legacy-strict=baseline.json", "test_top.py")
    result.assert_outcomes(errors=1)


def test_a_baseline_that_cannot_be_read_is_told(project: pytest.Pytester) -> None:
    result = run(project, "--trunkline-legacy-strict=nowhere.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*nowhere.json can't be read as a baseline of old names*"])


def test_a_test_that_swallows_its_refusal_fails_all_the_same(project: pytest.Pytester) -> None:
    """Old code is full of `except Exception`."""
    project.makepyfile(
        test_swallows="""
        import contextlib, pytest, threading
        from old import old_engine

        def swallow():
            with contextlib.suppress(Exception):
                old_engine()

        def test_call():
            swallow()

        @pytest.mark.filterwarnings("ignore")
        def test_thread():
            thread = threading.Thread(target=old_engine)
            thread.start()
            thread.join()

        @pytest.fixture
        def begins():
            swallow()

        def test_setup(begins):
            pass

        @pytest.fixture
        def ends():
            yield
            swallow()

        def test_teardown(ends):
            pass

        def test_clean():
            pass
        """
    )
    result = run(project, "--trunkline-legacy-strict=on", "test_swallows.py")
    result.assert_outcomes(passed=2, failed=2, errors=2)
    project.makepyfile(
        test_top="""
        from old import old_engine
        try:
            old_engine()
        except Exception:
            pass

        def test_nothing():
            pass
        """
    )
    result = run(project, "--trunkline-legacy-strict=on", "test_top.py")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*old.old_engine is used at a new place*"])
