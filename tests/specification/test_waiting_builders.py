"""Promise 2: builders that resolve others, wait for one another, or are waited for too long."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Annotated, Any

import pytest

from trunkline import (
    INJECTED,
    Inject,
    OpenScope,
    Scope,
    ScopedContainer,
    inject,
    override,
    providers,
)
from trunkline.errors import BuildTimeoutError, CircularResolutionError, DeclarationError
from trunkline.waits import WAITS


class Thing:
    """Anything."""


class Slow:
    """A builder that says when it has begun, and is told when to go on."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def build(self) -> Thing:
        self.begun.set()
        assert self.go_on.wait(10)
        return Thing()


# re-entrance


def test_a_builder_may_resolve_others_from_its_scope() -> None:
    class Reentrant(ScopedContainer):
        thing = providers.Scoped(Thing)
        pair = providers.Scoped(lambda: (scopes[0].get(Reentrant.thing), Thing()))

    with Reentrant() as app, app.enter() as request:
        scopes: list[OpenScope] = [request]
        assert request.get(Reentrant.pair)[0] is request.get(Reentrant.thing)


def test_a_builder_that_asks_for_its_own_object_is_a_clear_error() -> None:
    class Circular(ScopedContainer):
        a = providers.Scoped(lambda: app.b())  # type: ignore[attr-defined]  # noqa: PLW0108  # by name
        b = providers.Scoped(lambda: app.a())  # type: ignore[attr-defined]  # noqa: PLW0108  # as above

    with Circular() as app, app.enter() as request:
        for _ in range(2):
            with pytest.raises(CircularResolutionError, match="a was asked for while it was being"):
                request.get(Circular.a)


@pytest.mark.asyncio
async def test_so_is_an_async_one() -> None:
    async def build_a() -> Thing:
        thing: Thing = await app.b()  # type: ignore[attr-defined]  # by name
        return thing

    async def build_b() -> Thing:
        thing: Thing = await app.a()  # type: ignore[attr-defined]  # as above
        return thing

    class Circular(ScopedContainer):
        a = providers.Scoped(build_a)
        b = providers.Scoped(build_b)

    async with Circular() as app, app.enter() as request:
        for _ in range(2):
            with pytest.raises(CircularResolutionError, match="a was asked for while it was being"):
                await request.aget(Circular.a)


def test_two_threads_that_wait_for_each_others_objects_are_told_so() -> None:
    barrier = threading.Barrier(2)

    def build_a() -> Thing:
        barrier.wait(10)
        thing: Thing = request.b()  # type: ignore[attr-defined]  # by name
        return thing

    def build_b() -> Thing:
        barrier.wait(10)
        thing: Thing = request.a()  # type: ignore[attr-defined]  # as above
        return thing

    class Crossed(ScopedContainer):
        a = providers.Scoped(build_a)
        b = providers.Scoped(build_b)

    def ask(provider: Any) -> Any:
        try:
            return request.get(provider)
        except CircularResolutionError as error:
            barrier.abort()
            return error
        except threading.BrokenBarrierError as error:
            return error

    with Crossed() as app, app.enter() as request, ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(ask, [Crossed.a, Crossed.b]))
    assert any(isinstance(answer, CircularResolutionError) for answer in answers)


@pytest.mark.asyncio
async def test_two_tasks_likewise() -> None:
    async def build_a() -> Thing:
        begun.append("a")
        while len(begun) < 2:
            await asyncio.sleep(0)
        thing: Thing = await request.b()  # type: ignore[attr-defined]  # by name
        return thing

    async def build_b() -> Thing:
        begun.append("b")
        while len(begun) < 2:
            await asyncio.sleep(0)
        thing: Thing = await request.a()  # type: ignore[attr-defined]  # as above
        return thing

    class Crossed(ScopedContainer):
        a = providers.Scoped(build_a)
        b = providers.Scoped(build_b)

    begun: list[str] = []
    async with Crossed() as app, app.enter() as request:
        async with asyncio.timeout(10):
            answers = await asyncio.gather(
                request.aget(Crossed.a), request.aget(Crossed.b), return_exceptions=True
            )
    assert any(isinstance(answer, CircularResolutionError) for answer in answers)


# waiting


@pytest.mark.asyncio
async def test_awaiting_what_another_thread_builds_lets_the_event_loop_go_on() -> None:
    slow = Slow()

    class Sync(ScopedContainer):
        slow_ = providers.Scoped(slow.build, scope=Scope.SESSION)
        user = providers.Scoped(lambda thing: (thing, Thing()), slow_)

    async with Sync() as app, app.enter(scope=Scope.SESSION) as session, session.enter() as request:
        built = asyncio.create_task(asyncio.to_thread(session.get, Sync.slow_))
        await asyncio.to_thread(slow.begun.wait, 10)
        waiting = [asyncio.create_task(request.aget(Sync.user)) for _ in range(3)]
        waiting.append(asyncio.create_task(session.aget(Sync.slow_)))
        cancelled = waiting.pop(0)
        for _ in range(5):
            await asyncio.sleep(0)
        cancelled.cancel()
        slow.go_on.set()  # which nobody would come to, stood the loop still
        first, second, slow_thing = await asyncio.gather(*waiting)
        assert first is second
        assert first[0] is slow_thing is await built
        assert cancelled.cancelled()


@pytest.mark.asyncio
async def test_so_does_awaiting_what_is_made_anew_from_it() -> None:
    slow = Slow()

    class Sync(ScopedContainer):
        slow_ = providers.Scoped(slow.build)
        fresh = providers.Factory(lambda thing: (thing, Thing()), slow_)
        called = providers.Callable(lambda pair: pair, fresh)

    async with Sync() as app, app.enter() as request:
        built = asyncio.create_task(asyncio.to_thread(request.get, Sync.slow_))
        await asyncio.to_thread(slow.begun.wait, 10)
        waiting = [
            asyncio.create_task(request.aget(provider)) for provider in (Sync.fresh, Sync.called)
        ]
        for _ in range(5):
            await asyncio.sleep(0)
        slow.go_on.set()  # which nobody would come to, stood the loop still
        first, second = await asyncio.gather(*waiting)
        assert first[0] is second[0] is await built
        assert first[1] is not second[1]


@pytest.mark.asyncio
@pytest.mark.parametrize("calls_before", [0, 1], ids=["first call", "later call"])
async def test_so_does_an_injected_coroutine_function(calls_before: int) -> None:
    slow = Slow()
    slow.go_on.set()

    class Sync(ScopedContainer):
        slow_ = providers.Scoped(slow.build)
        user = providers.Scoped(lambda thing: (thing, Thing()), slow_)

    @inject
    async def take(
        user: Annotated[Any, Inject(Sync.user)] = INJECTED,
        thing: Annotated[Thing, Inject(Sync.slow_)] = INJECTED,
    ) -> Any:
        return user, thing

    async with Sync() as app:
        for _ in range(calls_before):
            async with app.enter():
                await take()
        slow.go_on.clear()
        slow.begun.clear()
        async with app.enter() as request:
            built = asyncio.create_task(asyncio.to_thread(request.get, Sync.slow_))
            await asyncio.to_thread(slow.begun.wait, 10)
            taken = asyncio.create_task(take())
            for _ in range(5):
                await asyncio.sleep(0)
            slow.go_on.set()  # which nobody would come to, stood the loop still
            user, thing = await taken
            assert user[0] is thing is await built


class Impatient(ScopedContainer):
    """Where a builder may wait for itself in a roundabout way."""

    wait_seconds = 0.05


@pytest.mark.asyncio
async def test_a_builder_that_waits_for_a_task_that_asks_for_its_object_ends_in_time() -> None:
    async def roundabout() -> Thing:
        return await asyncio.create_task(request.aget(Roundabout.thing))

    class Roundabout(Impatient):
        thing: providers.Provider[Thing] = providers.Scoped(roundabout)

    async with Roundabout() as app, app.enter() as request:
        with pytest.raises(BuildTimeoutError) as caught:
            await request.aget(Roundabout.thing)
    assert "thing was waited for longer than 0.05 seconds" in str(caught.value)
    line = roundabout.__code__.co_firstlineno + 1
    told = rf"built by task 'Task-\d+', which stands at {__file__}:{line}"
    assert re.search(told, str(caught.value))


def test_so_does_one_that_waits_for_a_thread() -> None:
    def roundabout() -> Any:
        with ThreadPoolExecutor(1, thread_name_prefix="asker") as pool:
            return pool.submit(request.get, Roundabout.thing).result()

    class Roundabout(Impatient):
        thing: providers.Provider[Any] = providers.Scoped(roundabout)

    with Roundabout() as app, app.enter() as request:
        with pytest.raises(BuildTimeoutError, match="built by thread 'MainThread'"):
            request.get(Roundabout.thing)
        with pytest.raises(BuildTimeoutError):
            request.get(Roundabout.thing)


@pytest.mark.asyncio
async def test_whoever_gives_up_waiting_leaves_the_build_to_its_builder() -> None:
    go_on = asyncio.Event()
    built: list[Thing] = []

    async def slow() -> Thing:
        await go_on.wait()
        built.append(Thing())
        return built[-1]

    class Slow(Impatient):
        thing = providers.Scoped(slow)

    async with Slow() as app, app.enter() as request:
        builder = asyncio.create_task(request.aget(Slow.thing))
        await asyncio.sleep(0)
        with pytest.raises(BuildTimeoutError):
            await request.aget(Slow.thing)
        go_on.set()
        assert await request.aget(Slow.thing) is await builder
        assert len(built) == 1


# keyed objects


class User:
    """Has the key."""

    def __init__(self, tenant: str = "acme") -> None:
        self.tenant = tenant


def test_a_thread_waits_no_longer_for_a_keyed_object() -> None:
    slow = Slow()

    class Application(Impatient):
        user = providers.ScopeValue(User)
        cache = providers.KeyedSingleton(slow.build, key=user.provided.tenant)

    def ask() -> Thing:
        with app.enter(User()) as request:
            return request.get(Application.cache)

    with Application() as app, ThreadPoolExecutor(1, thread_name_prefix="builder") as pool:
        builder = pool.submit(ask)
        assert slow.begun.wait(10)
        with pytest.raises(BuildTimeoutError) as caught:
            ask()
        slow.go_on.set()
        assert ask() is builder.result(), "the build is left to its builder"
        assert len(app.cache.pool) == 1
    error = caught.value
    assert error.failed == (
        f"the object of key 'acme' of {Slow.__qualname__}.build was waited for longer than "
        "0.05 seconds"
    )
    assert error.location == Application.cache.location
    assert "built or torn down by thread 'builder_0', which stands at " in error.cause
    assert not WAITS._waits, "a wait that has ended is forgotten"


@pytest.mark.asyncio
async def test_a_task_waits_no_longer_for_a_keyed_object() -> None:
    go_on = asyncio.Event()

    async def build() -> Thing:
        await go_on.wait()
        return Thing()

    class Application(Impatient):
        user = providers.ScopeValue(User)
        cache = providers.KeyedSingleton(build, key=user.provided.tenant)

    async def ask() -> Thing:
        async with app.enter(User()) as request:
            return await request.aget(Application.cache)

    async with Application() as app:
        builder = asyncio.create_task(ask(), name="builder")
        await asyncio.sleep(0)
        answers = await asyncio.gather(ask(), ask(), return_exceptions=True)
        go_on.set()
        assert await ask() is await builder, "the build is left to its builder"
        assert len(app.cache.pool) == 1
    for error in answers:
        assert isinstance(error, BuildTimeoutError)
        assert "built or torn down by task 'builder', which stands at " in error.cause
    assert not WAITS._waits


@pytest.mark.asyncio
async def test_a_keyed_builder_that_waits_for_a_task_that_asks_for_its_object_ends_in_time() -> (
    None
):
    async def roundabout(tenant: str) -> AsyncIterator[Thing]:
        yield await asyncio.create_task(ask(tenant))

    class Application(Impatient):
        user = providers.ScopeValue(User)
        cache: providers.Provider[Thing] = providers.KeyedSingleton(
            roundabout, user.provided.tenant, key=user.provided.tenant
        )

    async def ask(tenant: str) -> Thing:
        async with app.enter(User(tenant)) as request:
            return await request.aget(Application.cache)

    async with Application() as app:
        with pytest.raises(BuildTimeoutError) as caught:
            await ask("acme")
    line = roundabout.__code__.co_firstlineno + 1
    told = rf"torn down by task 'Task-\d+', which stands at {re.escape(__file__)}:{line};"
    assert re.search(told, caught.value.cause), "it names the line of the generator"


def test_whoever_asks_for_an_object_that_is_being_evicted_waits_no_longer() -> None:
    slow = Slow()

    def open_cache(tenant: str) -> Iterator[str]:
        yield tenant
        if tenant == "old":
            slow.build()

    class Application(Impatient):
        user = providers.ScopeValue(User)
        cache = providers.KeyedSingleton(
            open_cache, user.provided.tenant, key=user.provided.tenant, limit=1
        )

    def ask(tenant: str) -> str:
        with app.enter(User(tenant)) as request:
            return request.get(Application.cache)

    with Application() as app, ThreadPoolExecutor(1, thread_name_prefix="evictor") as pool:
        ask("old")
        evictor = pool.submit(ask, "new")
        assert slow.begun.wait(10)
        with pytest.raises(BuildTimeoutError) as caught:
            ask("old")
        slow.go_on.set()
        assert evictor.result() == "new"
        assert ask("old") == "old"
    assert "built or torn down by thread 'evictor_0'" in caught.value.cause


def test_the_limit_holds_for_what_an_override_or_a_change_puts_in_the_place_of_a_pool() -> None:
    class Application(Impatient):
        user = providers.ScopeValue(User)
        make = providers.Object(Thing)
        cache = providers.KeyedSingleton(lambda make: make(), make, key=user.provided.tenant)

    def ask() -> object:
        with app.enter(User()) as request:
            return request.get(Application.cache)

    def refused(slow: Slow) -> bool:
        """Whether the one who does not build gives up."""
        with ThreadPoolExecutor(1) as pool:
            builder = pool.submit(copy_context().run, ask)
            assert slow.begun.wait(10)
            with pytest.raises(BuildTimeoutError):
                ask()
            slow.go_on.set()
            return isinstance(builder.result(), Thing)

    with Application() as app:
        assert isinstance(ask(), Thing)
        fake = Slow()
        with override(app, {Application.cache: fake.build}):
            assert refused(fake)
        changed = Slow()
        app.make.override(providers.Object(changed.build))
        assert refused(changed)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), "5"])
def test_a_limit_that_is_no_number_of_seconds_is_refused_where_it_is_written(seconds: Any) -> None:
    with pytest.raises(DeclarationError, match="give a number above 0, or None") as caught:

        class Odd(ScopedContainer):
            wait_seconds = seconds

    assert caught.value.failed == f"wait_seconds of Odd is {seconds!r}"
    assert caught.value.location is not None
    assert caught.value.location.file == __file__
