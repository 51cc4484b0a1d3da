"""A method is compiled when it is first called, and nobody can tell."""

from __future__ import annotations

import gc
import sys
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.threads import together
from trunkline import ScopedContainer, providers
from trunkline.compiler import classes
from trunkline.compiler.loader import is_loaded


class Thing:
    """Made from anything."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts


async def make_later(*parts: Any) -> Thing:
    return Thing(*parts)


def fail(thing: Thing) -> None:
    raise LookupError(thing)


class Application(ScopedContainer):
    """A few that depend on one another, and one on its own."""

    low = providers.Scoped(Thing)
    middle = providers.Scoped(Thing, low)
    top = providers.Scoped(Thing, middle)
    other = providers.Scoped(Thing)
    later = providers.Scoped(make_later, other)
    failing = providers.Scoped(fail, low)


def is_compiled(scope: Any, name: str) -> bool:
    return is_loaded(getattr(type(scope), name).__code__)


def test_only_what_is_used_is_compiled_and_what_that_calls() -> None:
    with Application() as app, app.enter() as request:
        assert not is_compiled(request, "middle")
        request.middle()  # type: ignore[attr-defined]  # a provider's method
        assert is_compiled(request, "middle")
        assert is_compiled(request, "low"), "it is called by the other"
        assert not is_compiled(request, "other")


def test_a_method_is_the_same_function_before_and_after() -> None:
    with Application() as app, app.enter() as request:
        cls: Any = type(request)
        before, by_second_name = cls.middle, cls.m_middle
        request.middle()  # type: ignore[attr-defined]  # as above
        assert before is by_second_name is cls.middle is cls.m_middle
        assert before.__name__ == "middle"
        assert before.__qualname__ == before.__code__.co_qualname == "RequestScope.middle"
        assert before.__defaults__ is before.__kwdefaults__ is None


@pytest.mark.asyncio
async def test_an_async_method_is_awaited_from_its_first_call_on() -> None:
    async with Application() as app:
        for _ in range(2):
            async with app.enter() as request:
                assert isinstance(await request.aget(Application.later), Thing)


def test_an_error_in_the_first_call_is_that_of_any_other() -> None:
    with Application() as app, app.enter() as request:
        shown = []
        for _ in range(2):
            with pytest.raises(LookupError) as caught:
                request.get(Application.failing)
            frames = traceback.extract_tb(caught.value.__traceback__)
            shown.append([frame.line for frame in frames if frame.filename.startswith("<trunk")])
        assert shown[0] == shown[1]
        assert "value = fail(low)" in shown[0]


def test_threads_that_call_a_method_first_get_one_object() -> None:
    for _ in range(20):
        with Application() as app, app.enter() as request:
            found = together(partial(request.get, Application.top))
            assert len(set(map(id, found))) == 1


def test_a_chain_may_be_as_deep_as_calls_may_be() -> None:
    """Compiling puts no frames between an object and the one that it is made from."""
    depth = sys.getrecursionlimit() - 400
    links: dict[str, Any] = {"link0": providers.Scoped(Thing)}
    for number in range(1, depth):
        links[f"link{number}"] = providers.Scoped(Thing, links[f"link{number - 1}"])
    links["top"] = providers.Scoped(Thing, links[f"link{depth - 1}"])
    container = type("Chain", (ScopedContainer,), links)
    with container() as app, app.enter() as request:
        assert isinstance(request.get(container.top), Thing)  # type: ignore[attr-defined]  # made above


def test_what_runs_while_a_method_is_compiled_may_call_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiling may collect garbage, whose finalizers may ask for anything."""
    plain: Callable[..., Any] = classes.method_code
    found: list[object] = []
    with Application() as app, app.enter() as request:

        class Garbage:
            def __del__(self) -> None:
                found.append(request.get(Application.middle))

        def collect_first(*args: Any) -> Any:
            gc.collect()
            return plain(*args)

        garbage: list[Any] = [Garbage()]
        garbage.append(garbage)
        monkeypatch.setattr(classes, "method_code", collect_first)
        del garbage
        middle = request.get(Application.middle)
        assert found == [middle]
