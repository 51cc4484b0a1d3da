"""Stock faults of building: more than once, never again, awaited by chance."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from dependency_injector import providers as stock

from tests.specification.stock_faults.things import Log, Thing
from tests.threads import together
from trunkline import ScopedContainer, providers

# 3: threads


def slow_thing() -> Thing:
    time.sleep(0.01)
    return Thing()


def slow_resource(log: Log) -> Iterator[Thing]:
    log.append("open")
    yield slow_thing()
    log.append("close")


def test_3_threads_build_a_singleton_many_times() -> None:
    assert len({id(thing) for thing in together(stock.Singleton(slow_thing))}) > 1

    class Application(ScopedContainer):
        thing = providers.Singleton(slow_thing)
        scoped = providers.Scoped(slow_thing)

    assert len({id(thing) for thing in together(Application().thing)}) == 1
    with Application() as app, app.enter() as request:
        assert len({id(thing) for thing in together(request.scoped)}) == 1  # type: ignore[attr-defined]  # by name


def test_3_threads_open_a_resource_many_times_and_close_it_once() -> None:
    log = Log()
    resource = stock.Resource(slow_resource, log)
    together(resource)
    resource.shutdown()
    assert log.count("open") > log.count("close")

    class Application(ScopedContainer):
        resource = providers.ScopedResource(slow_resource, log)

    log.clear()
    with Application() as app, app.enter() as request:
        together(request.resource)  # type: ignore[attr-defined]  # by name
    assert log == ["open", "close"]


def builds_while(held: Callable[[], Any], other: Callable[[], Any], go_on: threading.Event) -> bool:
    """Whether another object can be had while one is being built."""
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(held)
        second = pool.submit(other)
        try:
            second.result(timeout=0.3)
        except TimeoutError:
            return False
        finally:
            go_on.set()
            first.result()
    return True


def test_3_a_thread_safe_singleton_makes_unrelated_ones_wait() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def held() -> Thing:
        begun.set()
        assert go_on.wait(10)
        return Thing()

    def after_the_other_began() -> Thing:
        assert begun.wait(10)
        return Thing()

    one, two = stock.ThreadSafeSingleton(held), stock.ThreadSafeSingleton(Thing)
    assert not builds_while(one, lambda: (begun.wait(10), two()), go_on)

    class Application(ScopedContainer):
        one = providers.Scoped(held)
        two = providers.Scoped(after_the_other_began)

    begun.clear()
    go_on.clear()
    with Application() as app, app.enter() as request:
        by_name: Any = request
        assert builds_while(by_name.one, by_name.two, go_on)


# 4: async singletons


async def slow_coroutine() -> Thing:
    await asyncio.sleep(0.01)
    return Thing()


@pytest.mark.asyncio
async def test_4_cancelling_one_waiter_cancels_all() -> None:
    async def gather(ask: Callable[[], Any]) -> list[Any]:
        async def one() -> Any:
            return await ask()

        tasks = [asyncio.create_task(one()) for _ in range(3)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *_: None)  # it logs besides
    answers = await gather(stock.Singleton(slow_coroutine))
    loop.set_exception_handler(None)
    assert [type(answer) for answer in answers] == [asyncio.CancelledError] * 3

    class Application(ScopedContainer):
        thing = providers.Scoped(slow_coroutine)

    async with Application() as app, app.enter() as request:
        answers = await gather(lambda: request.aget(Application.thing))
    assert isinstance(answers[0], asyncio.CancelledError)
    assert answers[1] is answers[2]
    assert isinstance(answers[1], Thing)


def test_4_a_closed_event_loop_poisons_the_provider() -> None:
    async def leave_early(ask: Callable[[], Any]) -> None:
        async def one() -> Any:
            return await ask()

        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        task = asyncio.create_task(one())
        await asyncio.sleep(0)
        assert not task.done()  # asyncio.run cancels it

    async def ask_again(ask: Callable[[], Any]) -> Any:
        return await ask()

    started = asyncio.Event()

    async def held() -> Thing:
        await asyncio.shield(asyncio.sleep(0.01))
        return Thing()

    poisoned = stock.Singleton(held)

    async def start_only() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        poisoned()
        started.set()

    asyncio.run(start_only())
    with pytest.raises((RuntimeError, asyncio.CancelledError)):
        asyncio.run(ask_again(poisoned))

    class Application(ScopedContainer):
        thing = providers.Singleton(held)

    app = Application()

    async def serve() -> Any:
        async with app:
            return app.thing()

    async def break_off() -> None:
        task = asyncio.create_task(serve())
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(break_off())
    assert isinstance(asyncio.run(serve()), Thing)


# 5: whether to await


async def real() -> str:
    return "real"


@pytest.mark.asyncio
async def test_5_what_a_call_happened_to_return_decides_whether_to_await() -> None:
    dependency = stock.Factory(lambda: "real")
    holder = stock.Factory(Thing, dependency)
    assert holder().args == ("real",)
    dependency.override(stock.Factory(real))
    (injected,) = holder().args
    assert asyncio.iscoroutine(injected), "the coroutine itself is injected"
    injected.close()

    asynchronous = stock.Singleton(real)
    holder = stock.Factory(Thing, asynchronous)
    await holder()
    asynchronous.override(stock.Object("fake"))
    left = holder()
    assert asyncio.isfuture(left), "no longer async, and a future all the same"
    assert (await left).args == ("fake",)

    class Application(ScopedContainer):
        dependency = providers.Scoped(real)
        holder = providers.Scoped(Thing, dependency)

    app = Application()
    with app.dependency.override(stock.Object("fake")):
        async with app, app.enter() as request:
            assert (await request.aget(Application.holder)).args == ("fake",)
    async with app, app.enter() as request:
        assert (await request.aget(Application.holder)).args == ("real",)


# 9: None


def test_9_a_singleton_whose_factory_returns_none_is_built_at_each_call() -> None:
    calls: list[str] = []
    nothing = stock.Singleton(calls.append, "stock")
    nothing()
    nothing()
    assert calls == ["stock"] * 2

    class Application(ScopedContainer):
        nothing = providers.Singleton(lambda: calls.append("ours"))

    calls.clear()
    with Application() as app:
        app.nothing()
        app.nothing()
    assert calls == ["ours"]
