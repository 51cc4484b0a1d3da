"""Stock faults of resources: shared, never rolled back, closed in any order."""

from __future__ import annotations

import asyncio
import contextvars
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

import pytest
from dependency_injector import containers
from dependency_injector import providers as stock
from dependency_injector.wiring import Closing, Provide
from dependency_injector.wiring import inject as stock_inject

from tests.specification.stock_faults.things import Log, Thing
from trunkline import INJECTED, Inject, ScopedContainer, inject, providers
from trunkline.errors import ScopeCloseError

# 1: the session of a request


class Opened:
    """Open until it is closed."""

    def __init__(self) -> None:
        self.is_open = True


class Session(Opened):
    """A request's own."""

    def __init__(self, engine: Opened) -> None:
        super().__init__()
        self.engine = engine


async def open_engine() -> AsyncIterator[Opened]:
    engine = Opened()
    yield engine
    engine.is_open = False


async def open_session(engine: Opened) -> AsyncIterator[Session]:
    session = Session(engine)
    await asyncio.sleep(0)
    yield session
    session.is_open = False


class StockSessions(containers.DeclarativeContainer):
    """One engine for the application, and a session."""

    engine = stock.Resource(open_engine)
    session = stock.Resource(open_session, engine)


class Sessions(ScopedContainer):
    """One engine for the application, and a session a request."""

    engine = providers.Resource(open_engine)
    session = providers.ScopedResource(open_session, engine)


@stock_inject
async def stock_handler(
    index: int, done: asyncio.Event, session: Session = Closing[Provide[StockSessions.session]]
) -> bool:
    if index:
        await done.wait()
    return session.is_open and session.engine.is_open


@inject
async def handler(
    index: int,
    done: asyncio.Event,
    session: Annotated[Session, Inject(Sessions.session)] = INJECTED,
) -> bool:
    if index:
        await done.wait()
    return session.is_open and session.engine.is_open


async def three_requests(call: Callable[[int, asyncio.Event], Any]) -> list[Any]:
    """The answers of three, where the first has ended before the others go on."""
    done = asyncio.Event()
    tasks = [asyncio.create_task(call(index, done)) for index in range(3)]
    await asyncio.wait(tasks[:1])
    done.set()
    return await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.asyncio
async def test_1_the_first_of_concurrent_requests_closes_the_session_and_engine_of_all() -> None:
    container = StockSessions()
    container.wire(modules=[sys.modules[__name__]])
    await container.init_resources()  # type: ignore[misc]  # awaitable, for one resource is
    engine = await container.engine()
    answers = await three_requests(stock_handler)
    container.unwire()
    assert answers[0] is True
    assert True not in answers[1:], "closed under their hands, or failed (on 3.11)"
    assert not engine.is_open, "which the application had opened for its whole life"

    async def serve(index: int, done: asyncio.Event) -> bool:
        async with app.enter():
            return await handler(index, done)

    async with Sessions() as app:
        assert await three_requests(serve) == [True, True, True]
        assert (await app.engine()).is_open


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


class Unlucky:
    """Can't be made."""

    def __init__(self) -> None:
        raise ValueError("a later injection")


class StockUnlucky(StockTransactions):
    """Where a later injection fails."""

    unlucky = stock.Factory(Unlucky)


class OursUnlucky(Transactions):
    """The same."""

    unlucky = providers.Factory(Unlucky)


@stock_inject
def unlucky_handler(
    made: str = Closing[Provide[StockUnlucky.transaction]],
    unlucky: Unlucky = Provide[StockUnlucky.unlucky],
) -> None:
    raise AssertionError("never called")


def test_2_closings_never_run_where_a_later_injection_fails() -> None:
    container = StockUnlucky()
    container.wire(modules=[sys.modules[__name__]])
    with pytest.raises(ValueError, match="a later injection"):
        unlucky_handler()
    container.unwire()
    assert container.log() == []

    with OursUnlucky() as app:
        with pytest.raises(ValueError, match="a later injection"), app.enter() as request:
            request.get(OursUnlucky.transaction)
            request.get(OursUnlucky.unlucky)
        assert app.log() == ["rollback"]


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


def logged(log: Log, name: str) -> Iterator[Thing]:
    yield Thing()
    log.append(name)


def closed_in_reverse(open_: Callable[[str], Any], close: Callable[[], Any], log: Log) -> bool:
    """Whether two that know nothing of each other close in reverse, whichever is opened first."""
    for names in ("ab", "ba"):
        log.clear()
        for name in names:
            open_(name)
        close()
        if "".join(log) != names[::-1]:
            return False
    return True


def test_6_shutting_down_does_not_know_the_order_of_opening() -> None:
    log = Log()

    class Stock(containers.DeclarativeContainer):
        a = stock.Resource(logged, log, "a")
        b = stock.Resource(logged, log, "b")

    container = Stock()
    assert not closed_in_reverse(
        lambda name: container.providers[name](), container.shutdown_resources, log
    )

    class Application(ScopedContainer):
        a = providers.ScopedResource(logged, log, "a")
        b = providers.ScopedResource(logged, log, "b")

    with Application() as app:
        scopes = [app.enter(), app.enter()]
        assert closed_in_reverse(
            lambda name: scopes[-1].get(getattr(Application, name)),
            lambda: scopes.pop().close(),
            log,
        )


def test_6_a_context_local_resource_inherits_what_the_startup_opened() -> None:
    log = Log()

    class Stock(containers.DeclarativeContainer):
        session = stock.ContextLocalResource(logged, log, "session")

    container = Stock()
    at_start = container.session()

    def serve_stock() -> Any:
        session = container.session()
        container.shutdown_resources()
        return session

    assert contextvars.copy_context().run(serve_stock) is at_start
    assert log == ["session"], "a request has closed the application's"
    assert container.session() is at_start, "which goes on using it"

    class Application(ScopedContainer):
        session = providers.ScopedResource(logged, log, "session")

    def serve() -> Any:
        with app.enter() as request:
            return request.get(Application.session)

    log.clear()
    with Application() as app, app.enter() as outer:
        mine = outer.get(Application.session)
        assert contextvars.copy_context().run(serve) is not mine
        assert log == ["session"], "the request's own"
        assert outer.get(Application.session) is mine
