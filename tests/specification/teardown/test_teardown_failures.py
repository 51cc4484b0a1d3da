"""Promise 1: every teardown runs, whatever one raises, and failures are raised together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from tests.specification.teardown.parts import AsyncChain, Boom, Log, apart, part
from trunkline import ScopedContainer, providers
from trunkline.errors import ScopeCloseError, TeardownTimeoutError


class FalsyError(Exception):
    """An exception that ``if error:`` would overlook."""

    def __bool__(self) -> bool:
        return False


@pytest.mark.parametrize("body", [None, ValueError("body"), FalsyError("body")], ids=repr)
def test_every_teardown_runs_and_failures_are_raised_together(body: Exception | None) -> None:
    class Application(ScopedContainer):
        log = providers.Singleton(Log)
        a = providers.ScopedResource(part, "a", log)
        b = providers.ScopedResource(part, "b", log, a, fail=FalsyError("b"))
        c = providers.ScopedResource(part, "c", log, b)
        d = providers.ScopedResource(part, "d", log, c, fail=Boom("d"))

    with Application() as app:
        log = app.get(Application.log)
        with pytest.raises(ScopeCloseError) as caught, app.enter() as request:
            request.get(Application.d)
            if body is not None:
                raise body
        closes = [line for line in log if line.startswith("close")]
        assert closes == ["close d", "close c", "close b", "close a"]
    error = caught.value
    assert isinstance(error, ExceptionGroup)
    assert error.scope == "REQUEST"
    assert [str(failure) for failure in error.exceptions] == ["d", "b"]
    assert error.__context__ is body
    assert "while d was torn down" in "".join(error.exceptions[0].__notes__)
    assert "while b was torn down" in "".join(error.exceptions[1].__notes__)


@pytest.mark.asyncio
@pytest.mark.parametrize("body", [None, ValueError("body"), FalsyError("body")], ids=repr)
async def test_the_same_where_the_scope_is_async(body: Exception | None) -> None:
    class Application(ScopedContainer):
        log = providers.Singleton(Log)
        a = providers.ScopedResource(apart, "a", log)
        b = providers.ScopedResource(apart, "b", log, a, fail=FalsyError("b"))
        c = providers.ScopedResource(part, "c", log, b)
        d = providers.ScopedResource(apart, "d", log, c, fail=Boom("d"))

    async with Application() as app:
        log = app.get(Application.log)
        with pytest.raises(ScopeCloseError) as caught:
            async with app.enter() as request:
                await request.aget(Application.d)
                if body is not None:
                    raise body
        closes = [line for line in log if line.startswith("close")]
        assert closes == ["close d", "close c", "close b", "close a"]
    assert [str(failure) for failure in caught.value.exceptions] == ["d", "b"]
    assert caught.value.__context__ is body


@pytest.mark.asyncio
async def test_a_cancelled_body_is_seen_by_teardowns_that_may_still_await() -> None:
    async with AsyncChain() as app:
        log = app.get(AsyncChain.log)
        ready = asyncio.Event()

        async def body() -> None:
            async with app.enter() as request:
                await request.aget(AsyncChain.c)
                ready.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(body())
        await ready.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert log[4:] == [
            "c saw CancelledError", "close c", "b saw CancelledError", "close b",
            "a saw CancelledError", "close a",
        ]  # fmt: skip


@pytest.mark.asyncio
@pytest.mark.parametrize("body", [None, ValueError("body")], ids=repr)
async def test_a_teardown_that_is_cancelled_stops_none_of_the_others(
    body: Exception | None,
) -> None:
    log = Log()
    hanging = asyncio.Event()

    async def hangs() -> AsyncIterator[str]:
        try:
            yield "hangs"
        finally:
            hanging.set()
            await asyncio.Event().wait()

    class Application(ScopedContainer):
        a = providers.ScopedResource(part, "a", log)
        fails = providers.ScopedResource(part, "fails", log, a, fail=Boom("fails"))
        hangs_ = providers.ScopedResource(hangs)

    async with Application() as app:

        async def use() -> None:
            async with app.enter() as request:
                request.get(Application.fails)
                await request.aget(Application.hangs_)
                if body is not None:
                    raise body

        task = asyncio.create_task(use())
        await hanging.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
    assert [line for line in log if "close" in line] == ["close fails", "close a"]
    lost = caught.value.__cause__
    assert isinstance(lost, ScopeCloseError), "the failures beside it stay attached"
    assert [str(failure) for failure in lost.exceptions] == ["fails"]


@pytest.mark.asyncio
async def test_a_teardown_that_hangs_is_cut_off_and_named() -> None:
    log = Log()

    async def stuck() -> AsyncIterator[str]:
        yield "stuck"
        await asyncio.Event().wait()

    class Application(ScopedContainer):
        a = providers.ScopedResource(apart, "a", log)
        stuck_ = providers.ScopedResource(stuck, close_seconds=0.01)
        b = providers.ScopedResource(apart, "b", log)

    async with Application() as app:
        with pytest.raises(ScopeCloseError) as caught:
            async with app.enter() as request:
                for provider in (Application.a, Application.stuck_, Application.b):
                    await request.aget(provider)
    (failure,) = caught.value.exceptions
    assert isinstance(failure, TeardownTimeoutError)
    assert isinstance(failure, TimeoutError)
    assert "stuck_" in str(failure)
    assert "0.01 seconds" in str(failure)
    assert log[-2:] == ["close b", "close a"]


@pytest.mark.asyncio
async def test_so_is_one_that_takes_its_cancellation_for_an_end_or_a_failure() -> None:
    async def ignorant() -> AsyncIterator[str]:
        yield "ignorant"
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()

    async def failing() -> AsyncIterator[str]:
        yield "failing"
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            raise OSError("cut off") from error

    class Application(ScopedContainer):
        ignorant_ = providers.ScopedResource(ignorant, close_seconds=0.01)
        failing_ = providers.ScopedResource(failing, close_seconds=0.01)

    async with Application() as app:
        with pytest.raises(ScopeCloseError) as caught:
            async with app.enter() as request:
                await request.aget(Application.ignorant_)
                await request.aget(Application.failing_)
    failed, ignored = caught.value.exceptions
    assert isinstance(failed, TeardownTimeoutError)
    assert isinstance(failed.__cause__, OSError)
    assert isinstance(ignored, TeardownTimeoutError)
    assert "ignorant_" in str(ignored)


@pytest.mark.asyncio
async def test_a_timeout_of_a_teardowns_own_is_its_own_failure() -> None:
    async def impatient() -> AsyncIterator[str]:
        yield "impatient"
        raise TimeoutError("its own")

    class Application(ScopedContainer):
        impatient_ = providers.ScopedResource(impatient, close_seconds=30)

    async with Application() as app:
        with pytest.raises(ScopeCloseError) as caught:
            async with app.enter() as request:
                await request.aget(Application.impatient_)
    (failure,) = caught.value.exceptions
    assert type(failure) is TimeoutError
