"""Faults of dependency-injector, beside what trunkline makes of the same declaration.

The stock half of each test shows the fault in the version that is installed. Where a later version
mends one, that half fails and says that the fault can leave the documentation.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import pytest
from dependency_injector import containers
from dependency_injector import providers as stock
from dependency_injector.wiring import Closing, Provide
from dependency_injector.wiring import inject as stock_inject

from trunkline import INJECTED, Inject, ScopedContainer, inject, providers
from trunkline.errors import DeclarationError, GraphError, ScopeCloseError

THREADS = 8


def together(call: Callable[[], Any]) -> list[Any]:
    """What so many threads get from a call that they make at the same moment."""
    barrier = threading.Barrier(THREADS)

    def run(_: int) -> Any:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


class Log(list[str]):
    """What happened, in order."""

    def __deepcopy__(self, memo: object) -> Log:
        return self


class Thing:
    """Remembers what it was made with."""

    def __init__(self, *args: Any) -> None:
        self.args = args


# 1: the session of a request


class Session:
    """Open until it is closed."""

    def __init__(self) -> None:
        self.is_open = True


async def open_session() -> AsyncIterator[Session]:
    session = Session()
    await asyncio.sleep(0)
    yield session
    session.is_open = False


class StockSessions(containers.DeclarativeContainer):
    """One resource."""

    session = stock.Resource(open_session)


class Sessions(ScopedContainer):
    """One resource a request."""

    session = providers.ScopedResource(open_session)


@stock_inject
async def stock_handler(
    index: int, done: asyncio.Event, session: Session = Closing[Provide[StockSessions.session]]
) -> bool:
    if index:
        await done.wait()
    return session.is_open


@inject
async def handler(
    index: int,
    done: asyncio.Event,
    session: Annotated[Session, Inject(Sessions.session)] = INJECTED,
) -> bool:
    if index:
        await done.wait()
    return session.is_open


async def three_requests(call: Callable[[int, asyncio.Event], Any]) -> list[Any]:
    """The answers of three, where the first has ended before the others go on."""
    done = asyncio.Event()
    tasks = [asyncio.create_task(call(index, done)) for index in range(3)]
    await asyncio.wait(tasks[:1])
    done.set()
    return await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.asyncio
async def test_1_concurrent_requests_share_one_session_that_the_first_closes() -> None:
    container = StockSessions()
    container.wire(modules=[sys.modules[__name__]])
    answers = await three_requests(stock_handler)
    container.unwire()
    assert answers[0] is True
    assert True not in answers[1:], "closed under their hands, or failed"

    async def serve(index: int, done: asyncio.Event) -> bool:
        async with app.enter():
            return await handler(index, done)

    async with Sessions() as app:
        assert await three_requests(serve) == [True, True, True]


# 2: rolling back


def transaction(log: Log) -> Iterator[str]:
    try:
        yield "transaction"
    except ValueError:
        log.append("rollback")
        raise
    else:
        log.append("commit")


class StockTransactions(containers.DeclarativeContainer):
    """Closed by the marker."""

    log = stock.Singleton(Log)
    transaction = stock.Resource(transaction, log)


class Transactions(ScopedContainer):
    """Closed by the scope."""

    log = providers.Singleton(Log)
    transaction = providers.ScopedResource(transaction, log)


@stock_inject
def failing_handler(made: str = Closing[Provide[StockTransactions.transaction]]) -> None:
    raise ValueError(made)


def test_2_the_generator_never_sees_the_handlers_exception() -> None:
    container = StockTransactions()
    container.wire(modules=[sys.modules[__name__]])
    with pytest.raises(ValueError, match="transaction"):
        failing_handler()
    container.unwire()
    assert container.log() == ["commit"]

    with Transactions() as app:
        with pytest.raises(ValueError, match="body"), app.enter() as request:
            request.get(Transactions.transaction)
            raise ValueError("body")
        assert app.log() == ["rollback"]


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

    class Application(ScopedContainer):
        dependency = providers.Scoped(real)
        holder = providers.Scoped(Thing, dependency)

    app = Application()
    with app.dependency.override(stock.Object("fake")):
        async with app, app.enter() as request:
            assert (await request.aget(Application.holder)).args == ("fake",)
    async with app, app.enter() as request:
        assert (await request.aget(Application.holder)).args == ("real",)


# 6: shutting down


def test_6_shutting_down_stops_at_the_first_failure() -> None:
    log = Log()

    def resource(name: str) -> Iterator[str]:
        yield name
        log.append(name)
        raise ValueError(name)

    class Stock(containers.DeclarativeContainer):
        a = stock.Resource(resource, "a")
        b = stock.Resource(resource, "b")

    container = Stock()
    container.init_resources()
    with pytest.raises(ValueError, match=r"a|b"):
        container.shutdown_resources()
    assert len(log) == 1

    class Application(ScopedContainer):
        a = providers.ScopedResource(resource, "a")
        b = providers.ScopedResource(resource, "b")

    log.clear()
    with pytest.raises(ScopeCloseError) as caught, Application() as app, app.enter() as request:
        request.get(Application.a)
        request.get(Application.b)
    assert log == ["b", "a"]
    assert len(caught.value.exceptions) == 2


# 7: checking


class Needy:
    """Needs an argument."""

    def __init__(self, needed: str) -> None:
        self.needed = needed


def test_7_the_check_passes_what_can_not_work() -> None:
    class Stock(containers.DeclarativeContainer):
        short = stock.Factory(Thing)
        captive = stock.Singleton(Thing, short)
        missing = stock.Singleton(Needy)

    Stock().check_dependencies()

    class Application(ScopedContainer):
        short = providers.Scoped(Thing)
        captive = providers.Singleton(Thing, short)
        missing = providers.Singleton(Needy)
        one = providers.Scoped(Thing)
        two = providers.Scoped(Thing, one)
        one.add_args(two)

    with pytest.raises(GraphError) as caught:
        Application().check()
    assert {finding.check for finding in caught.value.findings} >= {
        "captive-dependency",
        "cycle",
        "missing-argument",
    }
    assert all(finding.location is not None for finding in caught.value.findings)


def test_7_a_cycle_through_a_thread_safe_singleton_crashes_the_interpreter() -> None:
    declaration = textwrap.dedent(
        """
        from dependency_injector import containers, providers as stock
        from trunkline import ScopedContainer

        class Cycle({base}):
            one = stock.ThreadSafeSingleton(dict)
            two = stock.ThreadSafeSingleton(dict, one=one)
            one.add_kwargs(two=two)

        {use}
        """
    )
    stock_cycle = declaration.format(base="containers.DeclarativeContainer", use="Cycle().one()")
    crashed = subprocess.run([sys.executable, "-c", stock_cycle], capture_output=True, check=False)
    assert crashed.returncode < 0, "ended by a signal"
    use = "Cycle().check()"
    refused = subprocess.run(
        [sys.executable, "-c", declaration.format(base="ScopedContainer", use=use)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert "GraphError" in refused.stderr


# 8: wiring


class Wired(containers.DeclarativeContainer):
    """Wired twice."""

    thing = stock.Singleton(Thing)


class Ours(ScopedContainer):
    """Started twice."""

    thing = providers.Singleton(Thing)


@stock_inject
def stock_wired(thing: Thing = Provide[Wired.thing]) -> Thing:
    return thing


@stock_inject
def stock_unresolved(thing: Thing = Provide["nothing_of_the_kind"]) -> Thing:
    return thing


@inject
def ours(thing: Annotated[Thing, Inject(Ours.thing)] = INJECTED) -> Thing:
    return thing


def test_8_the_last_container_that_is_wired_serves_all_and_unwiring_one_unwires_both() -> None:
    one, two = Wired(), Wired()
    one.wire(modules=[sys.modules[__name__]])
    two.wire(modules=[sys.modules[__name__]])
    assert stock_wired() is two.thing() is not one.thing()
    two.unwire()
    assert stock_wired() is not one.thing()
    one.unwire()

    with Ours() as first, Ours() as second:
        assert ours() is second.thing() is not first.thing()
        with first.enter():
            assert ours() is first.thing()


def test_8_an_unresolved_marker_reaches_the_function() -> None:
    container = Wired()
    container.wire(modules=[sys.modules[__name__]])
    assert not isinstance(stock_unresolved(), Thing)
    container.unwire()

    with pytest.raises(DeclarationError):

        @inject
        def unresolved(
            thing: Annotated[Thing, Inject(Ours.nothing_of_the_kind)],  # type: ignore[attr-defined]  # the point
        ) -> Thing:
            return thing


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
