"""Promise 3: a lease keeps a scope open for a detached task."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import re
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from trunkline import Scope, ScopedContainer, providers
from trunkline.ambient import ambient_scope
from trunkline.errors import ScopeClosedError, ScopeCloseError, ScopeOrderError


class Log(list[str]):
    """What happened, in order."""

    def __deepcopy__(self, memo: object) -> Log:
        return self


class Thing:
    """Anything."""


def resource(log: Log) -> Iterator[Thing]:
    log.append("open")
    try:
        yield Thing()
    except BaseException as error:
        log.append(type(error).__name__)
        raise
    finally:
        log.append("close")


def connection(log: Log) -> Iterator[Thing]:
    log.append("connect")
    yield Thing()
    log.append("disconnect")


async def aresource(log: Log) -> AsyncIterator[Thing]:
    log.append("aopen")
    yield Thing()
    await asyncio.sleep(0)
    log.append("aclose")


class Application(ScopedContainer):
    """Objects of every scope."""

    log = providers.Singleton(Log)
    connection = providers.ScopedResource(connection, log, scope=Scope.SESSION)
    resource = providers.ScopedResource(resource, log)
    unbuilt = providers.Scoped(Thing)


class AsyncApplication(Application):
    """With an async resource besides."""

    aresource = providers.ScopedResource(aresource, Application.log)


@pytest.mark.asyncio
async def test_a_lease_keeps_the_scope_open_for_a_detached_task() -> None:
    async with Application() as app:
        log = app.get(Application.log)
        may_go_on = asyncio.Event()

        async def detached(lease: Any) -> None:
            async with lease as scope:
                await may_go_on.wait()
                assert scope.get(Application.resource) is thing
                assert app.resource() is thing, "the scope is the task's ambient one"
                assert isinstance(scope.get(Application.unbuilt), Thing)

        async with app.enter() as request:
            thing = request.get(Application.resource)
            task = asyncio.create_task(detached(request.lease()))
        assert log == ["open"]
        assert not request.closed
        may_go_on.set()
        await task
        assert request.closed
        assert log == ["open", "close"]
        with pytest.raises(ScopeClosedError):
            request.lease()


def test_the_last_of_several_leases_closes_the_scope_with_the_bodys_exception() -> None:
    with Application() as app:
        log = app.get(Application.log)
        with pytest.raises(KeyError), app.enter() as request:
            request.get(Application.resource)
            leases = [request.lease() for _ in range(3)]
            raise KeyError
        leases[0].release()
        leases[0].release()
        leases[2].release()
        assert log == ["open"]
        with leases[1] as scope:
            assert scope is request
        assert log == ["open", "KeyError", "close"]


def test_leases_released_before_the_end_leave_the_end_to_the_body() -> None:
    with Application() as app:
        log = app.get(Application.log)
        with app.enter() as request:
            request.get(Application.resource)
            with request.lease():
                pass
            assert log == ["open"]
            assert not request.closed
        assert log == ["open", "close"]


def test_closing_twice_does_not_cut_a_lease_short() -> None:
    with Application() as app:
        log = app.get(Application.log)
        with app.enter() as request:
            request.get(Application.resource)
            lease = request.lease()
            request.close()
        request.close()
        assert log == ["open"]
        lease.release()
        assert log == ["open", "close"]


def test_a_lease_in_another_thread() -> None:
    with Application() as app:
        log = app.get(Application.log)
        may_go_on = threading.Event()

        def detached(lease: Any) -> None:
            with lease as scope:
                may_go_on.wait(10)
                scope.get(Application.resource)

        with app.enter() as request:
            thread = threading.Thread(target=detached, args=(request.lease(),))
            thread.start()
        assert log == []
        may_go_on.set()
        thread.join()
        assert log == ["open", "close"]


@pytest.mark.asyncio
async def test_what_the_teardown_raises_reaches_the_holder_of_the_last_lease() -> None:
    def failing() -> Iterator[Thing]:
        yield Thing()
        raise ValueError("teardown")

    class Failing(ScopedContainer):
        failing_ = providers.ScopedResource(failing)

    async with Failing() as app:
        async with app.enter() as request:
            request.get(Failing.failing_)
            lease = request.lease()
        with pytest.raises(ScopeCloseError):
            async with lease:
                pass


def test_a_released_lease_is_refused_while_the_scope_is_still_open() -> None:
    with Application() as app, app.enter() as request:
        lease = request.lease()
        with lease:
            assert Application.unbuilt() is request.get(Application.unbuilt)
        with pytest.raises(ScopeClosedError, match="after its release"):
            lease.__enter__()


# the scopes around it


def test_a_lease_keeps_the_scopes_around_it_open_and_closes_them_after_it() -> None:
    with Application() as app:
        log = app.get(Application.log)
        with app.enter(scope=Scope.SESSION) as session, session.enter() as request:
            connection = session.get(Application.connection)
            request.get(Application.resource)
            lease = request.lease()
        assert not session.closed
        assert not request.closed
        with lease as scope:
            assert scope.get(Application.connection) is connection
            assert isinstance(scope.get(Application.unbuilt), Thing)
        assert request.closed
        assert session.closed
        assert log == ["connect", "open", "close", "disconnect"]


def test_a_scope_around_it_whose_body_goes_on_stays_open_after_the_release() -> None:
    with Application() as app, app.enter(scope=Scope.SESSION) as session:
        with session.enter() as request:
            lease = request.lease()
        lease.release()
        assert request.closed
        assert isinstance(session.get(Application.connection), Thing)


def test_each_scope_sees_the_exception_of_its_own_body() -> None:
    def watched(log: Log, name: str, *_: str) -> Iterator[str]:
        try:
            yield name
        except BaseException as error:
            log.append(f"{name}: {type(error).__name__}")
            raise

    class Watched(ScopedContainer):
        log = providers.Singleton(Log)
        outer = providers.ScopedResource(watched, log, "session", scope=Scope.SESSION)
        inner = providers.ScopedResource(watched, log, "request", outer)

    with Watched() as app:
        with pytest.raises(KeyError), app.enter(scope=Scope.SESSION) as session:
            with pytest.raises(ValueError, match="request"), session.enter() as request:
                request.get(Watched.inner)
                lease = request.lease()
                raise ValueError("request")
            raise KeyError("session")
        lease.release()
        assert app.log() == ["request: ValueError", "session: KeyError"]


@pytest.mark.asyncio
async def test_a_teardown_that_fails_keeps_none_of_the_scopes_open() -> None:
    def failing(name: str) -> Iterator[str]:
        yield name
        raise ValueError(name)

    class Failing(ScopedContainer):
        outer = providers.ScopedResource(failing, "session", scope=Scope.SESSION)
        inner = providers.ScopedResource(failing, "request")

    async with Failing() as app:
        for awaits in (False, True):
            async with app.enter(scope=Scope.SESSION) as session, session.enter() as request:
                request.get(Failing.inner)
                session.get(Failing.outer)
                lease = request.lease()
            with pytest.raises(ScopeCloseError, match="REQUEST and SESSION failed") as caught:
                await lease.arelease() if awaits else lease.release()
            inner, outer = caught.value.exceptions
            assert isinstance(inner, ScopeCloseError)
            assert isinstance(outer, ScopeCloseError)
            assert (inner.scope, outer.scope) == ("REQUEST", "SESSION")
            assert session.closed


def test_the_applications_own_scope_is_not_leased() -> None:
    with (
        Application() as app,
        app.enter() as request,
        pytest.raises(ScopeOrderError, match="can't be leased"),
    ):
        request.parent.lease()


def test_a_scope_around_two_leased_ones_waits_until_both_are_torn_down() -> None:
    log: list[str] = []
    closing, go_on = threading.Event(), threading.Event()

    def slow(connection: Thing) -> Iterator[Thing]:
        yield Thing()
        closing.set()
        assert go_on.wait(10)
        log.append("slow")

    def base() -> Iterator[Thing]:
        yield Thing()
        log.append("base")

    class Shared(ScopedContainer):
        base_ = providers.ScopedResource(base, scope=Scope.SESSION)
        slow_ = providers.ScopedResource(slow, base_)

    with Shared() as app:
        with app.enter(scope=Scope.SESSION) as session:
            with session.enter() as first:
                first.get(Shared.slow_)
                leases = [first.lease()]
            with session.enter() as second:
                leases.append(second.lease())
        thread = threading.Thread(target=leases[0].release)
        thread.start()
        assert closing.wait(10)
        leases[1].release()
        assert not session.closed
        go_on.set()
        thread.join()
        assert session.closed
    assert log == ["slow", "base"]


# leases that are lost

LOST = r"taken at .*test_leases.py:\d+, was never released"


@pytest.mark.asyncio
async def test_a_lost_lease_is_reported_and_leaves_the_end_to_the_body() -> None:
    async with AsyncApplication() as app:
        log = app.get(Application.log)
        async with app.enter() as request:
            await request.aget(AsyncApplication.aresource)
            leases = [request.lease()]
            with pytest.warns(ResourceWarning, match=LOST):
                leases.clear()
            assert log == ["aopen"]
        assert log == ["aopen", "aclose"]


@pytest.mark.asyncio
async def test_a_task_that_is_cancelled_before_its_first_step_keeps_no_scope_open() -> None:
    async def detached(lease: Any) -> None:
        async with lease:
            raise AssertionError("it never came to this")

    async def cancel(task: asyncio.Task[None]) -> None:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def cancel_and_forget(tasks: list[asyncio.Task[None]]) -> None:
        await cancel(tasks.pop())
        await asyncio.sleep(0)
        gc.collect()  # the exception's traceback has held the coroutine

    async with AsyncApplication() as app:
        log = app.get(Application.log)
        async with app.enter() as request:
            await request.aget(AsyncApplication.aresource)
            tasks = [asyncio.create_task(detached(request.lease()))]
        with pytest.warns(ResourceWarning, match=LOST):
            await cancel_and_forget(tasks)
        while log[-1] != "aclose":
            await asyncio.sleep(0)
        assert request.closed


@pytest.mark.asyncio
async def test_what_fails_in_the_teardown_of_a_lost_lease_is_told_to_the_loop() -> None:
    def failing() -> Iterator[Thing]:
        yield Thing()
        raise ValueError("teardown")

    class Failing(ScopedContainer):
        failing_ = providers.ScopedResource(failing)

    told: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    async with Failing() as app:
        async with app.enter() as request:
            request.get(Failing.failing_)
            leases = [request.lease()]
        with pytest.warns(ResourceWarning, match=LOST):
            leases.clear()
        while not told:
            await asyncio.sleep(0)
            gc.collect()
    assert isinstance(told[0]["exception"], ScopeCloseError)


def test_a_scope_of_a_lost_lease_without_a_loop_is_torn_down_when_the_application_stops() -> None:
    app = Application()
    with pytest.raises(ScopeCloseError) as caught, app:
        log = app.get(Application.log)
        with app.enter() as request:
            request.get(Application.resource)
            leases = [request.lease()]
        with pytest.warns(ResourceWarning, match=LOST):
            leases.clear()
        assert log == ["open"], "nothing is torn down wherever the collector comes by"
    assert log == ["open", "close"]
    (report,) = caught.value.exceptions
    assert "lost leases had not been released" in str(report)


# the end of the application


@pytest.mark.asyncio
@pytest.mark.parametrize("awaits", [False, True])
async def test_what_is_still_leased_when_the_application_stops_goes_first_and_is_reported(
    awaits: bool,
) -> None:
    def base(log: Log) -> Iterator[str]:
        yield "base"
        log.append("close base")

    class Based(ScopedContainer):
        log = providers.Singleton(Log)
        base_ = providers.Resource(base, log)
        connection_ = providers.ScopedResource(connection, log, scope=Scope.SESSION)
        resource_ = providers.ScopedResource(resource, log)

    app = Based()

    def use() -> Any:
        with app.enter(scope=Scope.SESSION) as session, session.enter() as request:
            session.get(Based.connection_)
            request.get(Based.resource_)
            return request.lease()

    with pytest.raises(ScopeCloseError) as caught:
        if awaits:
            async with app:
                log = app.log()
                lease = use()
        else:
            with app:
                log = app.log()
                lease = use()
    assert log == ["connect", "open", "close", "disconnect", "close base"]
    (report,) = caught.value.exceptions
    assert isinstance(report, ScopeOrderError)
    assert re.search(r"SESSION, REQUEST was still leased", str(report))
    assert re.search(r"leases taken at .*test_leases.py:\d+ had not been released", str(report))
    with pytest.raises(ScopeClosedError):
        lease.__enter__()
    lease.release()


# the ambient scope


def test_a_lease_that_is_left_out_of_order_leaves_no_closed_scope_ambient() -> None:
    with Application() as app:
        with app.enter() as first:
            lease = first.lease()
        second = app.enter()
        lease.__enter__()
        second.__enter__()
        lease.__exit__(None, None, None)
        assert first.closed
        assert app.unbuilt() is second.get(Application.unbuilt)
        second.__exit__(None, None, None)
        assert ambient_scope.get() is app.root_scope()


def test_a_lease_that_is_left_in_another_context_is_released_all_the_same() -> None:
    with Application() as app:
        with app.enter() as request:
            lease = request.lease()
        contextvars.copy_context().run(lease.__enter__)
        lease.__exit__(None, None, None)
        assert request.closed
