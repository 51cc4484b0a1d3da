"""Promise 2: a scoped object is built once under threads and tasks, by default."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.threads import together
from trunkline import OpenScope, Scope, ScopedContainer, providers
from trunkline.errors import ScopeClosedError

THREADS = 32
TASKS = 1_000


class Thing:
    """Counted as it is built."""


class Counter:
    """Counts builds, and can hold a builder up until told."""

    def __init__(self) -> None:
        self.count = 0
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def __deepcopy__(self, memo: object) -> Counter:
        return self


def slow_thing(counter: Counter) -> Thing:
    counter.count += 1
    counter.begun.set()
    assert counter.go_on.wait(10)
    return Thing()


def slow_resource(counter: Counter) -> Iterator[Thing]:
    yield slow_thing(counter)
    counter.count += 100


async def aslow(counter: Counter) -> Thing:
    counter.count += 1
    counter.begun.set()
    while not counter.go_on.is_set():
        await asyncio.sleep(0)
    return Thing()


async def aslow_resource(counter: Counter) -> AsyncIterator[Thing]:
    yield await aslow(counter)
    counter.count += 100


class Application(ScopedContainer):
    """Objects that take their time."""

    counter = providers.Singleton(Counter)
    slow = providers.Scoped(slow_thing, counter)
    slow_resource = providers.ScopedResource(slow_resource, counter)
    slow_session = providers.Scoped(slow_thing, counter, scope=Scope.SESSION)
    aslow = providers.Scoped(aslow, counter)
    aslow_resource = providers.ScopedResource(aslow_resource, counter)
    other = providers.Scoped(Thing)


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["slow", "slow_resource", "slow_session"])
async def test_threads_that_ask_at_the_same_moment_get_one_object(name: str) -> None:
    async with Application() as app:
        counter = app.get(Application.counter)
        with app.enter(scope=Scope.SESSION) as session, session.enter() as request:
            provider = getattr(Application, name)
            threading.Timer(0.01, counter.go_on.set).start()
            things = await asyncio.to_thread(together, lambda: request.get(provider), THREADS)
            assert len(set(map(id, things))) == 1
            assert counter.count == 1
        assert counter.count in (1, 101)


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["aslow", "aslow_resource"])
async def test_tasks_that_ask_at_the_same_moment_get_one_object(name: str) -> None:
    async with Application() as app:
        counter = app.get(Application.counter)
        async with app.enter() as request:
            provider = getattr(Application, name)
            asyncio.get_running_loop().call_later(0.01, counter.go_on.set)
            things = await asyncio.gather(*(request.aget(provider) for _ in range(TASKS)))
            assert len(set(map(id, things))) == 1
            assert counter.count == 1


@pytest.mark.asyncio
async def test_tasks_of_several_event_loops_get_one_object_too() -> None:
    async with Application() as app:
        counter = app.get(Application.counter)
        counter.go_on.set()
        async with app.enter() as request:

            async def ask() -> list[Any]:
                return await asyncio.gather(*(request.aget(Application.aslow) for _ in range(20)))

            answers = await asyncio.to_thread(together, lambda: asyncio.run(ask()))
            assert len({id(thing) for things in answers for thing in things}) == 1
            assert counter.count == 1


class Flaky:
    """A builder that fails a number of times."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.calls = 0
        self.lock = threading.Lock()

    def __call__(self) -> Thing:
        with self.lock:
            self.calls += 1
            if self.calls <= self.failures:
                raise ConnectionError(str(self.calls))
        return Thing()


class AFlaky(Flaky):
    """The same, to be awaited."""

    async def __call__(self) -> Thing:  # type: ignore[override]  # the async one
        await asyncio.sleep(0)
        return super().__call__()


def test_a_failed_build_is_retried_by_the_next_caller() -> None:
    flaky = Flaky(1)

    class Failing(ScopedContainer):
        thing = providers.Scoped(flaky)

    with Failing() as app, app.enter() as request:
        with pytest.raises(ConnectionError):
            request.get(Failing.thing)
        assert request.get(Failing.thing) is request.get(Failing.thing)
        assert flaky.calls == 2


def test_threads_retry_a_failed_build_and_each_failure_is_seen_once() -> None:
    flaky = Flaky(5)

    class Failing(ScopedContainer):
        thing = providers.Scoped(flaky)

    def ask() -> Any:
        try:
            return request.get(Failing.thing)
        except ConnectionError as error:
            return error

    with Failing() as app, app.enter() as request:
        answers = together(ask, THREADS)
    errors = [answer for answer in answers if isinstance(answer, ConnectionError)]
    assert sorted(map(str, errors)) == ["1", "2", "3", "4", "5"]
    assert len({id(answer) for answer in answers if isinstance(answer, Thing)}) == 1
    assert flaky.calls == 6


@pytest.mark.asyncio
async def test_tasks_likewise() -> None:
    flaky = AFlaky(5)

    class Failing(ScopedContainer):
        thing: providers.Provider[Any] = providers.Scoped(flaky)

    async with Failing() as app, app.enter() as request:
        answers = await asyncio.gather(
            *(request.aget(Failing.thing) for _ in range(TASKS)), return_exceptions=True
        )
    errors = [answer for answer in answers if isinstance(answer, ConnectionError)]
    assert sorted(map(str, errors)) == ["1", "2", "3", "4", "5"]
    assert len({id(answer) for answer in answers if isinstance(answer, Thing)}) == 1
    assert flaky.calls == 6


@pytest.mark.asyncio
async def test_a_builder_that_always_fails_fails_for_each_of_many_tasks() -> None:
    flaky = AFlaky(TASKS)

    class Failing(ScopedContainer):
        thing: providers.Provider[Any] = providers.Scoped(flaky)

    async with Failing() as app, app.enter() as request:
        answers = await asyncio.gather(
            *(request.aget(Failing.thing) for _ in range(TASKS)), return_exceptions=True
        )
    assert all(isinstance(answer, ConnectionError) for answer in answers)
    assert flaky.calls == TASKS


@pytest.mark.asyncio
async def test_a_waiter_that_is_cancelled_cancels_nobody_else() -> None:
    async with Application() as app:
        counter = app.get(Application.counter)
        async with app.enter() as request:
            tasks = [asyncio.create_task(request.aget(Application.aslow)) for _ in range(10)]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            for task in tasks[1::2]:
                task.cancel()
            counter.go_on.set()
            answers = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(a, asyncio.CancelledError) for a in answers[1::2])
            assert len(set(map(id, answers[::2]))) == 1
            assert counter.count == 1


@pytest.mark.asyncio
async def test_a_builder_that_is_cancelled_leaves_the_build_to_a_waiter() -> None:
    async with Application() as app:
        counter = app.get(Application.counter)
        async with app.enter() as request:
            tasks = [asyncio.create_task(request.aget(Application.aslow)) for _ in range(10)]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            tasks[0].cancel()
            await asyncio.sleep(0)
            counter.go_on.set()
            answers = await asyncio.gather(*tasks, return_exceptions=True)
            assert isinstance(answers[0], asyncio.CancelledError)
            assert len(set(map(id, answers[1:]))) == 1
            assert counter.count == 2


@pytest.mark.asyncio
async def test_cancelling_all_leaves_the_object_to_be_built_later() -> None:
    async with Application() as app:
        counter = app.get(Application.counter)
        async with app.enter() as request:
            tasks = [asyncio.create_task(request.aget(Application.aslow)) for _ in range(10)]
            await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            counter.go_on.set()
            assert isinstance(await request.aget(Application.aslow), Thing)


@pytest.mark.asyncio
async def test_unrelated_objects_never_wait_for_one_another() -> None:
    async with Application() as app:
        counter = app.get(Application.counter)
        async with app.enter() as request, app.enter() as second:
            building = asyncio.create_task(asyncio.to_thread(lambda: request.get(Application.slow)))
            await asyncio.to_thread(counter.begun.wait)
            # the same scope's other object, and the other scope's own, while it is being built
            assert isinstance(request.get(Application.other), Thing)
            assert isinstance(second.get(Application.other), Thing)
            assert not building.done()
            counter.go_on.set()
            assert isinstance(await building, Thing)
            assert second.get(Application.slow) is not request.get(Application.slow)


@pytest.mark.asyncio
async def test_a_scope_that_closes_while_an_object_is_built_tears_that_down_too() -> None:
    async with Application() as app:
        counter = app.get(Application.counter)
        async with app.enter() as request:
            task = asyncio.create_task(request.aget(Application.aslow_resource))
            waiter = asyncio.create_task(request.aget(Application.aslow_resource))
            await asyncio.to_thread(counter.begun.wait)
            await asyncio.sleep(0)
        counter.go_on.set()
        answers = await asyncio.gather(task, waiter, return_exceptions=True)
        assert [type(answer) for answer in answers] == [ScopeClosedError, ScopeClosedError]
        assert counter.count == 1, "what was never used is rolled back, not committed"


@pytest.mark.asyncio
async def test_late_teardowns_leave_the_order_of_the_others_alone() -> None:
    log: list[str] = []
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def a() -> AsyncIterator[str]:
        yield "a"
        log.append("close a")

    async def b(needed: str) -> AsyncIterator[str]:
        yield "b"
        log.append("closing b")
        go_on.set()
        for _ in range(5):
            await asyncio.sleep(0)
        log.append("close b")

    async def late(needed: str) -> AsyncIterator[str]:
        begun.set()
        await go_on.wait()
        try:
            yield "late"
        finally:
            log.append("close late")

    class Slow(ScopedContainer):
        a_ = providers.ScopedResource(a)
        b_ = providers.ScopedResource(b, a_)
        late_ = providers.ScopedResource(late, a_)

    async with Slow() as app:
        async with app.enter() as request:
            await request.aget(Slow.b_)
            task = asyncio.create_task(request.aget(Slow.late_))
            await begun.wait()
        with pytest.raises(ScopeClosedError):
            await task
    assert log == ["closing b", "close late", "close b", "close a"]


# singletons


def test_a_singleton_is_built_once_by_threads_before_and_after_the_start() -> None:
    flaky = Flaky(0)

    class Lone(ScopedContainer):
        thing = providers.Singleton(flaky)

    app = Lone()
    early = together(app.thing, THREADS)
    assert len(set(map(id, early))) == 1
    with app:
        assert set(map(id, together(app.thing, THREADS))) == {id(early[0])}
    assert flaky.calls == 1


def test_a_factory_that_returns_none_is_called_once() -> None:
    calls: list[int] = []

    def nothing() -> None:
        calls.append(1)

    class Lone(ScopedContainer):
        single = providers.Singleton(nothing)
        scoped = providers.Scoped(nothing)

    with Lone() as app:
        with app.enter() as request:
            assert request.get(Lone.scoped) is request.get(Lone.scoped) is None
        assert app.single() is app.single() is None
    assert calls == [1, 1]


# under stress


@pytest.fixture
def hurried() -> Iterator[None]:
    """Threads that are switched as often as the interpreter can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hurried")
def test_hammered_scopes_build_each_object_once_and_close_it_once() -> None:
    opened: list[object] = []
    closed: list[object] = []

    def resource() -> Iterator[Thing]:
        thing = Thing()
        opened.append(thing)
        yield thing
        closed.append(thing)

    class Pair:
        def __init__(self, one: Thing, two: Thing) -> None:
            self.one = one
            self.two = two

    class Hammered(ScopedContainer):
        leaf = providers.Scoped(Thing)
        resource_ = providers.ScopedResource(resource)
        pair = providers.Scoped(Pair, leaf, resource_)

    rounds, threads = 150, 8
    with Hammered() as app, ThreadPoolExecutor(threads) as pool:
        for _ in range(rounds):
            with app.enter(ambient=False) as request:
                ask = request.get
                wanted = [Hammered.pair, Hammered.resource_, Hammered.leaf, Hammered.pair]
                futures = [pool.submit(ask, provider) for provider in wanted * 2]
                answers = [future.result() for future in futures]
                pairs = {id(answer) for answer in answers if isinstance(answer, Pair)}
                assert len(pairs) == 1
                assert answers[0].one is request.get(Hammered.leaf) is answers[2]
                assert answers[0].two is answers[1]
    assert len(opened) == rounds
    assert closed == opened


@pytest.mark.usefixtures("hurried")
def test_scopes_that_close_while_threads_still_ask_leave_nothing_open() -> None:
    lock = threading.Lock()
    opened: list[int] = []
    closed: list[int] = []

    def resource() -> Iterator[Thing]:
        with lock:
            opened.append(1)
        try:
            yield Thing()
        finally:
            with lock:
                closed.append(1)

    class Hammered(ScopedContainer):
        resource_ = providers.ScopedResource(resource)

    def ask(request: OpenScope) -> str:
        try:
            request.get(Hammered.resource_)
        except ScopeClosedError:
            return "closed"
        return "got"

    with Hammered() as app, ThreadPoolExecutor(4) as pool:
        for _ in range(300):
            request = app.enter(ambient=False)
            futures = [pool.submit(ask, request) for _ in range(4)]
            request.close()
            assert {future.result() for future in futures} <= {"got", "closed"}
    assert len(opened) == len(closed)
