"""Promise 1 and 2 in scopes that keep more objects than they have slots for: on pages."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import pytest

from trunkline import INJECTED, Inject, Scope, ScopedContainer, inject, providers
from trunkline.compiler.planner import PAGE, SLOTS
from trunkline.errors import ScopeClosedError
from trunkline.resolution.state import TAKEN, UNBEGUN
from trunkline.testing import override

MANY = SLOTS + 2 * PAGE


class Part:
    """Made from the parts before it."""

    def __init__(self, *parts: Part) -> None:
        self.parts = parts


def many_parts(**more: Any) -> type[ScopedContainer]:
    """A container of a chain of parts, and of what else is named."""
    parts: dict[str, Any] = {"part0": providers.Scoped(Part)}
    for number in range(1, MANY):
        parts[f"part{number}"] = providers.Scoped(Part, parts[f"part{number - 1}"])
    return type("Many", (ScopedContainer,), parts | more)


Many: Any = many_parts()


@pytest.fixture(autouse=True)
def _nothing_is_written_where_no_page_is() -> Iterator[None]:
    yield
    assert UNBEGUN == [TAKEN] * PAGE


def pages_of(scope: Any) -> list[list[Any]]:
    slots = [slot for slot in type(scope).__slots__ if slot.startswith("_page")]
    return [getattr(scope, slot) for slot in slots]


def test_a_request_begins_the_pages_that_it_uses() -> None:
    with Many() as app:
        with app.enter() as request:
            assert len(pages_of(request)) == -(-MANY // PAGE)
            assert all(page is UNBEGUN for page in pages_of(request))
            part = request.get(Many.part3)
            assert part is request.get(Many.part3)
            assert part.parts == (request.get(Many.part2),)
            assert [page is UNBEGUN for page in pages_of(request)].count(False) == 1
            last = request.get(getattr(Many, f"part{MANY - 1}"))
            assert not any(page is UNBEGUN for page in pages_of(request))
            while last.parts:
                (last,) = last.parts
            assert last is request.get(Many.part0)
        assert all(page is UNBEGUN for page in pages_of(request))


def test_a_closed_scope_builds_nothing_on_a_page_that_was_not_begun() -> None:
    with Many() as app:
        with app.enter() as request:
            request.get(Many.part3)
        for number in (2, 3, MANY - 1):
            with pytest.raises(ScopeClosedError):
                request.get(getattr(Many, f"part{number}"))
            with pytest.raises(ScopeClosedError):
                getattr(request, f"part{number}")()
        assert all(page is UNBEGUN for page in pages_of(request))


def test_threads_that_begin_a_page_at_once_get_the_same_objects() -> None:
    with Many() as app, ThreadPoolExecutor(16) as pool:
        for _ in range(50):
            together = threading.Barrier(16)
            with app.enter() as request:

                def ask(number: int, request: Any = request, together: Any = together) -> Any:
                    together.wait()
                    return request.get(getattr(Many, f"part{number}"))

                asked = list(pool.map(ask, [MANY - 1 - PAGE * (n % 3) for n in range(16)]))
                assert len(set(map(id, asked))) == 3


@pytest.mark.asyncio
async def test_tasks_that_begin_a_page_at_once_get_the_same_object() -> None:
    async def make() -> Part:
        await asyncio.sleep(0)
        return Part()

    AsyncMany: Any = many_parts(awaited=providers.Scoped(make))
    async with AsyncMany() as app, app.enter() as request:
        made = await asyncio.gather(*(request.aget(AsyncMany.awaited) for _ in range(100)))
        assert len(set(map(id, made))) == 1


def test_what_is_built_while_the_scope_closes_is_refused_and_kept_nowhere() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> Part:
        begun.set()
        assert go_on.wait(10)
        return Part()

    SlowMany: Any = many_parts(slow=providers.Scoped(slow))
    with SlowMany() as app, ThreadPoolExecutor(1) as pool:
        with app.enter() as request:
            late = pool.submit(request.get, SlowMany.slow)
            assert begun.wait(10)
        go_on.set()
        with pytest.raises(ScopeClosedError):
            late.result(10)
        assert all(page is UNBEGUN for page in pages_of(request))


def test_a_builder_that_fails_gives_its_right_back() -> None:
    attempts = []

    def fail_once() -> Part:
        attempts.append(1)
        if len(attempts) == 1:
            raise ValueError("the first time")
        return Part()

    FailingMany: Any = many_parts(failing=providers.Scoped(fail_once))
    with FailingMany() as app, app.enter() as request:
        with pytest.raises(ValueError, match="the first time"):
            request.get(FailingMany.failing)
        assert request.get(FailingMany.failing) is request.get(FailingMany.failing)
        assert len(attempts) == 2


@pytest.mark.asyncio
async def test_resources_on_pages_are_torn_down_in_order_in_scopes_within_scopes() -> None:
    closed: list[str] = []

    async def outer() -> AsyncIterator[str]:
        yield "outer"
        closed.append("outer")

    async def inner(outside: str) -> AsyncIterator[str]:
        yield f"inner of {outside}"
        closed.append("inner")

    first = providers.ScopedResource(outer, scope=Scope.SESSION)
    crowd = {f"of_session{n}": providers.Scoped(Part, scope=Scope.SESSION) for n in range(MANY)}
    NestedMany: Any = many_parts(**crowd, outer=first, inner=providers.ScopedResource(inner, first))
    async with NestedMany() as app, app.enter(scope=Scope.SESSION) as session:
        async with session.enter() as request:
            assert await request.aget(NestedMany.inner) == "inner of outer"
            assert request.get(NestedMany.of_session40) is session.get(NestedMany.of_session40)
        assert closed == ["inner"]
    assert closed == ["inner", "outer"]


def test_many_singletons_are_built_by_the_start() -> None:
    singles = {f"single{n}": providers.Singleton(Part) for n in range(MANY)}
    SinglesMany: Any = many_parts(**singles)
    with SinglesMany() as app, app.enter() as request:
        for n in (0, 50, MANY - 1):
            single = getattr(SinglesMany, f"single{n}")
            assert request.get(single) is app.get(single)


def test_overrides_and_injected_functions_reach_objects_on_pages() -> None:
    @inject
    def taken(part: Annotated[Part, Inject(Many.part90)] = INJECTED) -> Part:
        return part

    fake = Part()
    with Many() as app, app.enter() as request:
        assert taken() is request.get(Many.part90) is taken()
        with override(app, {Many.part89: fake}):
            assert request.get(Many.part90).parts == (fake,)
            assert taken().parts == (fake,)
        assert taken() is request.get(Many.part90)
        assert taken().parts != (fake,)


def test_an_unlocked_scope_keeps_its_objects_on_pages_too() -> None:
    UnlockedMany: Any = many_parts(locked=False)
    with UnlockedMany() as app:
        with app.enter() as request:
            part = request.get(UnlockedMany.part70)
            assert request.get(UnlockedMany.part70) is part
            assert request.get(UnlockedMany.part69) is part.parts[0]
        with pytest.raises(ScopeClosedError):
            request.get(UnlockedMany.part2)
