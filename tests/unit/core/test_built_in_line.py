"""Methods that build what their object depends on themselves behave as a call for each would."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from trunkline import Scope, ScopedContainer, providers
from trunkline.compiler.source import ROOM, write_scope
from trunkline.errors import CircularResolutionError, ScopeClosedError
from trunkline.resolution.scope import OpenScope

PATH = ("APP", "REQUEST")


class Part:
    """Made from anything; says so."""

    made: list[str]
    """Of the test at hand."""

    def __init__(self, name: str, *parts: Any, **more: Any) -> None:
        Part.made.append(name)
        self.name = name
        self.parts = (*parts, *more.values())


@pytest.fixture(autouse=True)
def _fresh_list() -> None:
    Part.made = []


def written(container: type[ScopedContainer], *, inline: bool) -> str:
    app: Any = container()
    plan = app.program().plan
    return write_scope(plan, PATH, settled=lambda node: node.name, inline=inline).text


class Mixed(ScopedContainer):
    """Something of everything between two objects that nothing depends on."""

    validate = False
    single = providers.Singleton(Part, "single")
    session = providers.Scoped(Part, "session", scope=Scope.SESSION)
    low = providers.Scoped(Part, "low", single)
    left = providers.Scoped(Part, "left", low)
    fresh = providers.Factory(Part, "fresh", left)
    right = providers.Scoped(Part, "right", fresh, low)
    after = providers.Scoped(Part, "after", fresh, right)
    outer = providers.Scoped(Part, "outer", session, right)
    late = providers.Scoped(Part, "late")
    mixed = providers.Scoped(Part, "mixed", session, late, low)
    top = providers.Scoped(Part, "top", left, fresh, fresh, mixed, right, after, outer)
    other = providers.Scoped(Part, "other", after, mixed)


def resolve_in_order(app: ScopedContainer, names: tuple[str, ...]) -> list[str]:
    Part.made = []
    with app.enter(scope=Scope.SESSION) as session, session.enter() as request:
        for name in names:
            request.get(getattr(Mixed, name))
    return [*Part.made]


@pytest.mark.parametrize(
    "names", [("top",), ("other",), ("left", "top"), ("mixed", "top"), ("other", "top")]
)
def test_objects_are_built_in_the_order_of_the_arguments(
    names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Mixed() as app:
        in_line = resolve_in_order(app, names)
    monkeypatch.setattr("trunkline.compiler.source.ROOM", 0)
    with Mixed() as app:
        assert in_line == resolve_in_order(app, names)


def test_nothing_is_called_for_what_can_be_built_in_line() -> None:
    class Chain(ScopedContainer):
        low = providers.Scoped(Part, "low")
        middle = providers.Scoped(Part, "middle", low)
        top = providers.Scoped(Part, "top", middle)

    body = written(Chain, inline=True).split("def top(self)")[1].split("m_top =")[0]
    assert [line.strip() for line in body.splitlines() if "Part(" in line] == [
        "low = Part('low')",
        "middle = Part('middle', low)",
        "value = Part('top', middle)",
    ]
    body = written(Chain, inline=False).split("def top(self)")[1].split("m_top =")[0]
    assert body.count("Part(") == 1


def test_source_grows_by_what_has_room() -> None:
    parts: dict[str, Any] = {"part0": providers.Scoped(Part, "part0")}
    for index in range(1, 60):
        parts[f"part{index}"] = providers.Scoped(Part, f"part{index}", parts[f"part{index - 1}"])
    tops = {
        f"top{index}": providers.Scoped(Part, f"top{index}", parts["part59"]) for index in range(20)
    }
    container = type("Large", (ScopedContainer,), {**parts, **tops})
    in_line, plain = written(container, inline=True), written(container, inline=False)
    assert in_line.count("= Part(") - plain.count("= Part(") <= ROOM
    with container() as app, app.enter() as request:
        assert request.get(container.top19).parts == (request.get(container.part59),)  # type: ignore[attr-defined]  # made above


class Failing(ScopedContainer):
    """The lowest object fails as often as it is told to."""

    failures = 0

    @staticmethod
    def fail() -> str:
        Failing.failures -= 1
        if Failing.failures >= 0:
            raise LookupError("not now")
        return "low"

    beside = providers.Scoped(Part, "beside")
    low = providers.Scoped(fail)
    middle = providers.Scoped(Part, "middle", beside, low)
    high = providers.Scoped(Part, "high", middle)
    top = providers.Scoped(Part, "top", beside, high)


def test_an_error_says_what_was_being_built_from_the_inside_out() -> None:
    Failing.failures = 1
    with Failing() as app, app.enter() as request, pytest.raises(LookupError) as caught:
        request.get(Failing.top)
    said = [re.search(r"while (\w+\.)*(\w+)", note) for note in caught.value.__notes__]
    assert [match and match[2] for match in said] == ["low", "middle", "high", "top"]


def test_after_a_failure_everything_can_be_built() -> None:
    Failing.failures = 2
    with Failing() as app, app.enter() as request:
        for provider in (Failing.top, Failing.middle):
            with pytest.raises(LookupError):
                request.get(provider)
        top = request.get(Failing.top)
        assert top.parts[1].parts[0] is request.get(Failing.middle)
        assert Part.made.count("beside") == 1


@pytest.mark.parametrize("asked", ["low", "middle", "top"])
def test_an_object_that_asks_for_what_is_being_built_is_told(asked: str) -> None:
    scopes: list[OpenScope] = []

    def ask() -> object:
        return scopes[0].get(getattr(Circular, asked))

    class Circular(ScopedContainer):
        validate = False
        low = providers.Scoped(ask)
        middle = providers.Scoped(Part, "middle", low)
        top = providers.Scoped(Part, "top", middle)

    with Circular() as app, app.enter() as request:
        scopes.append(request)
        with pytest.raises(CircularResolutionError, match="its own builder"):
            request.get(Circular.top)
        with pytest.raises(CircularResolutionError):  # all rights have been given back
            request.get(Circular.top)


def test_threads_that_ask_for_different_objects_share_what_is_below() -> None:
    entered, go_on = threading.Event(), threading.Event()

    def slow() -> object:
        entered.set()
        assert go_on.wait(10)
        return object()

    class Slow(ScopedContainer):
        low = providers.Scoped(slow)
        middle = providers.Scoped(Part, "middle", low)
        top = providers.Scoped(Part, "top", middle)
        other = providers.Scoped(Part, "other", middle)

    with Slow() as app, app.enter() as request:
        found: list[Any] = []
        wanted = [Slow.top, Slow.other, Slow.middle, Slow.low] * 4
        threads = [
            threading.Thread(target=lambda p=provider: found.append(request.get(p)))
            for provider in wanted
        ]
        for thread in threads:
            thread.start()
        assert entered.wait(10)
        go_on.set()
        for thread in threads:
            thread.join(10)
        assert len(found) == len(wanted)
        assert len({id(thing) for thing in found}) == 4
        assert sorted(Part.made) == ["middle", "other", "top"]


@pytest.mark.asyncio
async def test_what_must_be_awaited_is_awaited_in_line() -> None:
    closed: list[str] = []

    async def resource(low: Part) -> AsyncIterator[Part]:
        yield Part("resource", low)
        closed.append("resource")

    def plain_resource() -> Iterator[Part]:
        yield Part("plain")
        closed.append("plain")

    async def coroutine(*parts: Part) -> Part:
        await asyncio.sleep(0)
        return Part("coroutine", *parts)

    class Awaiting(ScopedContainer):
        low = providers.Scoped(Part, "low")
        plain = providers.ScopedResource(plain_resource)
        opened = providers.ScopedResource(resource, low)
        awaited = providers.Scoped(coroutine, opened, plain)
        top = providers.Scoped(Part, "top", awaited)

    async with Awaiting() as app, app.enter() as request:
        tops = await asyncio.gather(*(request.aget(Awaiting.top) for _ in range(50)))
        assert len(set(map(id, tops))) == 1
        assert Part.made == ["low", "resource", "plain", "coroutine", "top"]
    assert closed == ["plain", "resource"]


@pytest.mark.asyncio
async def test_a_cancelled_build_leaves_its_rights_to_the_next() -> None:
    started = asyncio.Event()

    async def slow() -> Part:
        started.set()
        await asyncio.sleep(0.01)
        return Part("low")

    class Awaiting(ScopedContainer):
        low = providers.Scoped(slow)
        middle = providers.Scoped(Part, "middle", low)
        top = providers.Scoped(Part, "top", middle)

    async with Awaiting() as app, app.enter() as request:
        task = asyncio.create_task(request.aget(Awaiting.top))
        await started.wait()
        others = [asyncio.create_task(request.aget(p)) for p in (Awaiting.top, Awaiting.middle)]
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        top, middle = await asyncio.gather(*others)
        assert top.parts == (middle,)


@pytest.mark.parametrize("locked", [True, False])
def test_a_scope_that_closes_meanwhile_keeps_nothing(locked: bool) -> None:
    scopes: list[OpenScope] = []
    closed: list[str] = []

    def resource() -> Iterator[str]:
        scopes[0].close()
        try:
            yield "resource"
        finally:
            closed.append("resource")

    class Closing(ScopedContainer):
        opened = providers.ScopedResource(resource)
        middle = providers.Scoped(Part, "middle", opened)
        top = providers.Scoped(Part, "top", middle)

    Closing.locked = locked
    build: Callable[[OpenScope], object] = lambda scope: scope.get(Closing.top)  # noqa: E731  # read as a phrase
    with Closing() as app:
        scopes.append(app.enter(ambient=False))
        with pytest.raises(ScopeClosedError):
            build(scopes[0])
        assert closed == ["resource"]
        assert Part.made == []
