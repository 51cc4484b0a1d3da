"""An override ends whole: whatever fails on the way, and whoever else is at work."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import itertools
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import pytest

from trunkline import ScopedContainer, providers
from trunkline.containers.instance import ContainerInstance
from trunkline.errors import OverrideError
from trunkline.overrides import override
from trunkline.resolution.overriding import OVERRIDING, overrides_here


class Clock:
    def now(self) -> int:
        return 1


class Fixed(Clock):
    def now(self) -> int:
        return 2


class Registry:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock


class Application(ScopedContainer):
    clock = providers.Singleton(Clock)
    registry = providers.Singleton(Registry, clock)


@pytest.fixture
def app() -> Iterator[Any]:
    with Application() as started:
        yield started


def test_one_that_is_refused_on_entering_is_not_in_effect() -> None:
    """Its container is as before, in this context and in those that are started from it."""

    async def connect() -> Clock:
        return Clock()

    class Awaited(ScopedContainer):
        clock = providers.Singleton(connect)
        registry = providers.Singleton(Registry, clock)

    async def main() -> None:
        before = overrides_here.get(), OVERRIDING.active()
        async with Awaited() as app:
            refused = override(app, {Awaited.clock: connect})
            with pytest.raises(OverrideError, match="async with"):
                refused.__enter__()
            assert not refused.active
            assert (overrides_here.get(), OVERRIDING.active()) == before
            assert type(app.root_scope()).get is type(app.root_scope()).m_get

    asyncio.run(main())


def test_one_that_breaks_on_entering_is_not_in_effect(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no routes")

    before = overrides_here.get(), OVERRIDING.active()
    monkeypatch.setattr(import_module("trunkline.overrides.override"), "put_routes", broken)
    with pytest.raises(RuntimeError, match="no routes"):
        override(app, {Application.clock: Fixed}).__enter__()
    assert (overrides_here.get(), OVERRIDING.active()) == before
    assert app.clock().now() == 1


def test_leaving_it_twice_does_nothing_the_second_time(app: Any) -> None:
    entered = override(app, {Application.clock: Fixed})
    with entered:
        assert app.clock().now() == 2
        entered.__exit__(None, None, None)
        assert app.clock().now() == 1
    assert app.clock().now() == 1


def test_a_context_that_was_left_elsewhere_keeps_no_fake_alive(app: Any) -> None:
    """A fixture may end an override in another context than it was entered in."""
    before, fake = overrides_here.get(), Fixed()
    gone = weakref.ref(fake)
    entered = override(app, {Application.clock: fake}).__enter__()
    thread = threading.Thread(target=lambda: (app.clock(), entered.__exit__(None, None, None)))
    thread.start()
    thread.join()
    stale = overrides_here.get()
    assert stale is not None
    assert entered in stale.overrides
    del fake
    gc.collect()
    assert gone() is None
    with override(app, {Application.clock: Fixed}):
        app.clock()
    former = before.overrides if before is not None else ()
    assert (now.overrides if (now := overrides_here.get()) else ()) == former


def test_a_patch_that_others_put_upon_threads_meanwhile_stays(app: Any) -> None:
    """Tools that trace threads extend the same methods; ending an override drops none of them."""
    plain = threading.Thread.start, ThreadPoolExecutor.submit
    seen = []
    with override(app, {Application.clock: Fixed}):
        app.clock()
        below = threading.Thread.start

        def traced(self: threading.Thread) -> None:
            seen.append(self.name)
            below(self)

        threading.Thread.start = traced  # type: ignore[method-assign]
    try:
        assert threading.Thread.start is traced
        thread = threading.Thread(name="after", target=lambda: seen.append(app.clock().now()))
        thread.start()
        thread.join()
        assert seen == ["after", 1]
        with override(app, {Application.clock: Fixed}), ThreadPoolExecutor(1) as pool:
            thread = threading.Thread(name="inside", target=lambda: seen.append(app.clock().now()))
            thread.start()
            thread.join()
            assert seen == ["after", 1, "inside", 2]
            assert pool.submit(lambda: app.clock().now()).result() == 2
    finally:
        threading.Thread.start = below  # type: ignore[method-assign]
        with override(app, {Application.clock: Fixed}):
            app.clock()
    assert (threading.Thread.start, ThreadPoolExecutor.submit) == plain


def test_stock_overrides_that_were_taken_back_leave_nothing_in_memory(app: Any) -> None:
    """Nor do resets and other arguments: what the providers never stand for again is let go."""
    gone = []
    for _ in range(20):
        fake = Fixed()
        gone.append(weakref.ref(fake))
        with app.clock.override(providers.Object(fake)):
            assert app.registry().clock is fake
        assert type(app.registry().clock) is Clock
    del fake
    for number in range(20):
        app.registry.set_args(number)
        assert app.registry().clock == number
    app.registry.set_args(app.clock)
    for _ in range(20):
        app.clock.reset()
        app.registry()
    gc.collect()
    assert [reference() for reference in gone] == [None] * 20
    assert len(app.layers()._states) <= 2  # as it was started, and since the last reset


def test_what_lies_below_a_stock_override_is_there_again_after_it(app: Any) -> None:
    first, second = providers.Object(Fixed()), providers.Object(Fixed())
    real = app.registry()
    with app.clock.override(first):
        below = app.registry()
        with app.clock.override(second):
            assert app.registry().clock is second()
        assert app.registry() is below
        with app.registry.override(providers.Object("fake")):
            assert app.registry() == "fake"
        assert app.registry() is below
    assert app.registry() is real


def test_what_was_made_under_a_stock_override_is_torn_down_when_its_scope_closes() -> None:
    closed: list[object] = []

    def opened(clock: Clock) -> Iterator[Clock]:
        yield clock
        closed.append(clock)

    class Opening(ScopedContainer):
        clock = providers.Singleton(Clock)
        resource = providers.ScopedResource(opened, clock)

    fakes = [Fixed() for _ in range(3)]
    with Opening() as app:
        with app.enter() as request:
            for fake in fakes:
                with app.clock.override(providers.Object(fake)):
                    assert request.resource() is fake
            assert closed == []
        assert set(closed) == set(fakes)
        with app.clock.override(providers.Object(Fixed())):
            app.get(Opening.clock)
        app.clock()
        assert len(app.layers()._states) == 1


def test_a_scope_of_two_overrides_is_seen_from_outside_whichever_ends_first() -> None:
    """What another context was given stays what it was: it never saw either of them."""
    closed: list[object] = []

    def opened(registry: object) -> Iterator[list[object]]:
        made = [registry]
        yield made
        closed.append(made)

    class Both(ScopedContainer):
        clock = providers.Singleton(Clock)
        registry = providers.Singleton(list)
        of_clock = providers.Scoped(Registry, clock)
        of_registry = providers.ScopedResource(opened, registry)
        of_none = providers.Scoped(dict)

    names = ("of_clock", "of_registry", "of_none")
    with Both() as app:
        outside = contextvars.copy_context()
        first = override(app, {Both.clock: Fixed}).__enter__()
        second = override(app, {Both.registry: lambda: ["fake"]}).__enter__()
        scope = app.enter(ambient=False)
        assert scope.of_clock().clock.now() == 2
        faked = scope.of_registry()
        assert faked == [["fake"]]
        seen = [outside.run(getattr(scope, name)) for name in names]
        assert (seen[0].clock.now(), seen[1]) == (1, [[]])
        first.__exit__(None, None, None)
        assert [outside.run(getattr(scope, name)) for name in names] == seen
        assert scope.of_registry() == [["fake"]]
        second.__exit__(None, None, None)
        for name, before in zip(names, seen, strict=True):
            assert outside.run(getattr(scope, name)) is before
            assert getattr(scope, name)() is before
        assert faked in closed
        assert seen[1] not in closed
        scope.close()
        assert closed[-1] is seen[1]


def test_overrides_that_begin_at_once_are_of_one_container(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first ones make what the container keeps of all: whoever came second was forgotten."""
    make = ContainerInstance._layers_of
    turns = itertools.count()

    def made_in_turn(*arguments: Any) -> Any:
        # nobody sets it: each who comes this far goes on after those before him have begun
        threading.Event().wait(next(turns) / 20)
        return make(*arguments)

    monkeypatch.setattr(ContainerInstance, "_layers_of", made_in_turn)
    ready, inside, wrong = threading.Barrier(4), threading.Barrier(4), list[object]()

    def replace() -> None:
        ready.wait()
        fake = Fixed()
        with override(app, {Application.clock: fake}):
            inside.wait()
            wrong.extend(
                found for found in (app.clock(), app.registry().clock) if found is not fake
            )

    threads = [threading.Thread(target=replace) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert type(app.clock()) is Clock
