"""Promise 1: reverse order, every teardown runs, and failures are raised together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.specification.teardown.parts import AsyncChain, Chain, Log, apart, part
from trunkline import Scope, ScopedContainer, providers
from trunkline.errors import AsyncResolutionError, ScopeCloseError


def test_teardown_runs_in_reverse_order_of_construction() -> None:
    with Chain() as app:
        log = app.get(Chain.log)
        with app.enter() as request:
            request.get(Chain.c)
        assert log == [
            "open base", "open a", "open b", "open c", "close c", "close b", "close a",
        ]  # fmt: skip
    assert log[-1] == "close base"


@pytest.mark.asyncio
async def test_async_teardown_runs_in_reverse_order_of_construction() -> None:
    async with AsyncChain() as app:
        log = app.get(AsyncChain.log)
        async with app.enter() as request:
            await request.aget(AsyncChain.c)
        assert log[1:] == ["open a", "open b", "open c", "close c", "close b", "close a"]
    assert log[-1] == "close base"


def test_an_inner_scope_never_closes_what_an_outer_one_owns() -> None:
    class Application(ScopedContainer):
        log = providers.Singleton(Log)
        session = providers.ScopedResource(part, "session", log, scope=Scope.SESSION)
        request = providers.ScopedResource(part, "request", log, session)

    with Application() as app:
        log = app.get(Application.log)
        with app.enter(scope=Scope.SESSION) as session:
            for _ in range(2):
                with session.enter() as request:
                    assert request.get(Application.request) == "request"
            assert log.count("close session") == 0
            assert log.count("open session") == 1
            assert log.count("close request") == 2
        assert log[-1] == "close session"


def test_the_exception_of_the_body_reaches_generators() -> None:
    with Chain() as app:
        log = app.get(Chain.log)
        with pytest.raises(KeyError), app.enter() as request:
            request.get(Chain.b)
            raise KeyError("body")
        assert log[3:] == ["b saw KeyError", "close b", "a saw KeyError", "close a"]


@pytest.mark.asyncio
async def test_the_exception_of_the_body_reaches_async_generators() -> None:
    async with AsyncChain() as app:
        log = app.get(AsyncChain.log)
        with pytest.raises(KeyError):
            async with app.enter() as request:
                await request.aget(AsyncChain.a)
                raise KeyError("body")
        assert log[2:] == ["a saw KeyError", "close a"]


def test_code_after_yield_runs_on_success_and_can_tell_success_from_failure() -> None:
    log = Log()

    class Session:
        pass

    def session() -> Iterator[Session]:
        try:
            yield Session()
        except ValueError:
            log.append("rollback")
            raise
        else:
            log.append("commit")

    class Application(ScopedContainer):
        session_ = providers.ScopedResource(session)

    with Application() as app:
        with app.enter() as request:
            request.get(Application.session_)
        with pytest.raises(ValueError), app.enter() as request:
            request.get(Application.session_)
            raise ValueError
    assert log == ["commit", "rollback"]


def test_a_body_exception_that_a_generator_swallows_goes_on_all_the_same() -> None:
    def forgiving() -> Iterator[int]:
        with contextlib.suppress(ValueError):
            yield 1

    class Application(ScopedContainer):
        one = providers.ScopedResource(forgiving)

    with Application() as app:  # noqa: SIM117  # the application must not see the exception
        with pytest.raises(ValueError, match="body"), app.enter() as request:
            request.get(Application.one)
            raise ValueError("body")


@pytest.mark.asyncio
async def test_closing_without_await_names_what_needed_it_and_closes_the_rest() -> None:
    log = Log()

    class Application(ScopedContainer):
        a = providers.ScopedResource(part, "a", log)
        b = providers.ScopedResource(apart, "b", log, a)

    async with Application() as app:
        with pytest.raises(ScopeCloseError) as caught, app.enter() as request:
            await request.aget(Application.b)
    (failure,) = caught.value.exceptions
    assert isinstance(failure, AsyncResolutionError)
    assert "async with" in str(failure)
    assert "close a" in log


def test_an_event_loop_that_closes_still_runs_the_teardowns() -> None:
    log = Log()

    class Application(ScopedContainer):
        base = providers.ScopedResource(apart, "base", log, scope=Scope.APP)
        a = providers.ScopedResource(apart, "a", log)

    async def background(app: Any) -> None:
        async with app.enter() as request:
            await request.aget(Application.a)
            await asyncio.Event().wait()

    async def serve() -> None:
        async with Application() as app:
            tasks.append(asyncio.create_task(background(app)))
            await asyncio.sleep(0.01)

    tasks: list[asyncio.Task[None]] = []
    asyncio.run(serve())  # cancels what still runs while it closes the loop
    assert tasks[0].cancelled()
    assert log.count("close a") == 1
    assert log.count("close base") == 1


def test_close_ends_a_scope_that_was_opened_without_with() -> None:
    with Chain() as app:
        log = app.get(Chain.log)
        request = app.enter()
        request.get(Chain.a)
        request.close()
        request.close()
        assert request.closed
        assert log.count("close a") == 1


@pytest.mark.asyncio
async def test_aclose_ends_a_scope_that_was_opened_without_async_with() -> None:
    async with AsyncChain() as app:
        log = app.get(AsyncChain.log)
        request = app.enter()
        await request.aget(AsyncChain.a)
        await request.aclose()
        await request.aclose()
        assert request.closed
        assert log.count("close a") == 1


def test_teardown_code_may_still_use_what_is_built_but_builds_nothing_new() -> None:
    seen: list[object] = []

    class Late:
        pass

    def closing() -> Iterator[str]:
        yield "closing"
        seen.append(scopes[0].get(Application.a))
        try:
            scopes[0].get(Application.late)
        except Exception as error:  # the test looks at it
            seen.append(type(error).__name__)

    log = Log()
    built: list[Late] = []

    def make_late() -> Late:
        built.append(Late())
        return built[-1]

    class Application(ScopedContainer):
        a = providers.ScopedResource(part, "a", log)
        late = providers.Scoped(make_late)
        closing_ = providers.ScopedResource(closing)

    with Application() as app, app.enter() as request:
        scopes = [request]
        request.get(Application.a)
        request.get(Application.closing_)
    assert seen == ["a", "ScopeClosedError"]
    assert built == []
