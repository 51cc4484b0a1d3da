"""Every call site is warned about once, at its own line, and counted exactly."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import pytest

from tests.unit.legacy.shop import HERE, User
from trunkline.legacy import (
    Baseline,
    NewLegacyCallError,
    Usage,
    isolated_usage,
    redirect_function,
    usage,
)
from trunkline.legacy.baseline import Place

old: Any = redirect_function("old", to=f"{HERE}:User", removed_in="2.0")
other: Any = redirect_function("other", to=f"{HERE}:Registry")


def line() -> int:
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return frame.f_back.f_lineno


def counted() -> dict[tuple[str, int], int]:
    return {(use.name.rpartition(".")[2], use.line): use.count for use in usage().uses()}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_each_site_has_a_count_of_its_own() -> None:
    first = line() + 2
    for _ in range(3):
        old("a")
    old("b")
    other()
    assert counted() == {("old", first): 3, ("old", first + 1): 1, ("other", first + 2): 1}
    use = usage().uses()[0]
    assert (use.file, use.function) == (__file__, test_each_site_has_a_count_of_its_own.__name__)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_site_is_told_by_time_and_target() -> None:
    with isolated_usage(Usage(clock=lambda: 1234.5)):
        old("a")
        [use] = usage().uses()
    assert (use.last, use.target) == (1234.5, f"{HERE}:User")


def test_a_site_warns_once_even_where_every_warning_is_shown() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(3):
            old("a")
        old("b")
        here = line()
    assert [(w.filename, w.lineno) for w in caught] == [(__file__, here - 2), (__file__, here - 1)]
    assert str(caught[0].message) == (
        f"{__name__}.old is deprecated and will be removed in 2.0: use User of {HERE}"
    )


def deep(depth: int) -> Any:
    return deep(depth - 1) if depth else old("deep")


def test_the_site_is_the_line_of_the_call_whatever_the_depth() -> None:
    with pytest.warns(DeprecationWarning, match="old is deprecated") as caught:
        deep(20)
    [warning] = caught
    assert warning.filename == __file__
    assert warning.lineno == inspect.getsourcelines(deep)[1] + 1


def test_a_warning_that_is_an_error_ends_every_call_and_still_counts() -> None:
    for _ in range(3):
        with pytest.raises(DeprecationWarning):
            old("a")
    assert [use.count for use in usage().uses()] == [3]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_counts_are_exact_under_threads() -> None:
    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    barrier = threading.Barrier(8)

    def work() -> None:
        barrier.wait()
        for _ in range(2_000):
            old("a")

    try:
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            usage().uses()  # reading disturbs nothing
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(switch)
    assert [use.count for use in usage().uses()] == [16_000]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_reading_the_counts_does_not_change_them() -> None:
    old("a")
    assert [use.count for use in usage().uses()] == [1]
    assert [use.count for use in usage().uses()] == [1]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_copies_of_a_module_are_sites_of_their_own() -> None:
    """Their code is equal but for the file, and counts must not be mixed up."""
    source = "def call(old):\n    return old('a')\n"
    for name in ("one.py", "two.py"):
        namespace: dict[str, Any] = {}
        exec(compile(source, name, "exec"), namespace)
        namespace["call"](old)
    assert sorted(use.file for use in usage().uses()) == ["one.py", "two.py"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_code_that_is_made_anew_for_ever_fills_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline.legacy.counting._FAST_LIMIT", 16)
    for _ in range(100):
        exec(compile("old('a')", "made", "exec"), {"old": old})
    assert len(usage().fast) <= 16
    assert [use.count for use in usage().uses()] == [100]


@pytest.mark.asyncio
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_a_call_is_awaited_where_the_site_awaits_it() -> None:
    assert isinstance(await old("a"), User)
    assert isinstance(old("a"), User)
    assert isinstance(await asyncio.wait_for(aold("a"), 1), User)
    results = await asyncio.gather(aold("a"), aold("b"))
    assert [type(result) for result in results] == [User, User]
    arguments = {"name": "c"}
    assert isinstance(await old(**arguments), User)


aold: Any = redirect_function("aold", to=f"{HERE}:User", is_async=True)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_strict_mode_refuses_new_places_and_allows_known_ones() -> None:
    def known() -> Any:
        return old("a")

    def new() -> Any:
        return old("a")

    new()  # a site that is known to the process is new to the baseline all the same
    baseline = Baseline([Place(f"{__name__}.old", __file__, known.__qualname__)])
    with usage().strict(baseline):
        assert isinstance(known(), User)
        with pytest.raises(NewLegacyCallError) as caught:
            new()
    assert caught.value.site.line == inspect.getsourcelines(new)[1] + 1
    assert "--write-baseline" in caught.value.remedy
    assert isinstance(new(), User)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_isolated_counts_leave_the_others_alone() -> None:
    old("a")
    with isolated_usage() as inner:
        old("b")
        assert [use.count for use in inner.uses()] == [1]
    assert [use.count for use in usage().uses()] == [1]


def test_code_that_is_run_by_exec_is_warned_of_too() -> None:
    """It may have no module name, and the interpreter drops a warning of a module None."""
    for namespace in ({}, {"__name__": None}, {"__name__": "named"}):
        code = compile("\nold('a')", f"{len(usage().uses())}.py", "exec")
        with pytest.warns(DeprecationWarning, match="old is deprecated") as caught:
            exec(code, {"old": old, **namespace})
        assert [(w.filename, w.lineno) for w in caught] == [(code.co_filename, 2)]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_calls_from_c_belong_to_the_line_that_began_them() -> None:
    here = line() + 1
    made = [*map(old, ["a", "b"]), functools.partial(old, "c")()]
    assert [type(one) for one in made] == [User] * 3
    assert counted() == {("old", here): 3}


def test_each_use_of_python_w_error_ends_with_the_callers_line(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "from trunkline.legacy import redirect_function\n"
        "old = redirect_function('old', to='builtins:list')\n"
        "old()\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning", program],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f'File "{program}", line 3' in done.stderr
    assert "DeprecationWarning: __main__.old is deprecated: use list of builtins" in done.stderr


def test_a_refusal_that_the_refused_code_swallows_is_not_lost() -> None:
    with usage().strict(Baseline()) as refused, contextlib.suppress(Exception):
        old("a")
    [refusal] = refused
    assert refusal.name == f"{__name__}.old"
    assert usage().uses() == []
