"""Promise 1: reverse order, every teardown runs, and failures are raised together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from trunkline import Scope, ScopedContainer, providers
from trunkline.errors import (
    AsyncResolutionError,
    ResourceProtocolError,
    ScopeCloseError,
    TeardownTimeoutError,
)


class Log(list[str]):
    """What happened, in order; containers copy the plain lists among their arguments, not this."""

    def __deepcopy__(self, memo: object) -> Log:
        return self


class FalsyError(Exception):
    """An exception that ``if error:`` would overlook."""

    def __bool__(self) -> bool:
        return False


class Boom(Exception):
    """A teardown's own failure."""


def part(name: str, log: Log, *needs: Any, fail: BaseException | None = None) -> Iterator[str]:
    log.append(f"open {name}")
    try:
        yield name
    except BaseException as error:
        log.append(f"{name} saw {type(error).__name__}")
        raise
    finally:
        log.append(f"close {name}")
        if fail is not None:
            raise fail


async def apart(
    name: str, log: Log, *needs: Any, fail: BaseException | None = None
) -> AsyncIterator[str]:
    log.append(f"open {name}")
    try:
        yield name
    except BaseException as error:
        log.append(f"{name} saw {type(error).__name__}")
        raise
    finally:
        await asyncio.sleep(0)
        log.append(f"close {name}")
        if fail is not None:
            raise fail


class Chain(ScopedContainer):
    """Three resources a request, each needing the one before; one of the application."""

    log = providers.Singleton(Log)
    base = providers.ScopedResource(part, "base", log, scope=Scope.APP)
    a = providers.ScopedResource(part, "a", log, base)
    b = providers.ScopedResource(part, "b", log, a)
    c = providers.ScopedResource(part, "c", log, b)


class AsyncChain(ScopedContainer):
    """The same with async generators."""

    log = providers.Singleton(Log)
    base = providers.ScopedResource(apart, "base", log, scope=Scope.APP)
    a = providers.ScopedResource(apart, "a", log, base)
    b = providers.ScopedResource(part, "b", log, a)
    c = providers.ScopedResource(apart, "c", log, b)


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


def never() -> Iterator[int]:
    return
    yield 1


async def anever() -> AsyncIterator[int]:
    return
    yield 1


def twice() -> Iterator[int]:
    yield 1
    yield 2


async def atwice() -> AsyncIterator[int]:
    yield 1
    yield 2


def stubborn() -> Iterator[int]:
    try:
        yield 1
    except ValueError:
        yield 2


async def astubborn() -> AsyncIterator[int]:
    try:
        yield 1
    except ValueError:
        yield 2


class Odd(ScopedContainer):
    """Generators that break the protocol."""

    never = providers.ScopedResource(never)
    anever = providers.ScopedResource(anever)
    twice = providers.ScopedResource(twice)
    atwice = providers.ScopedResource(atwice)
    stubborn = providers.ScopedResource(stubborn)
    astubborn = providers.ScopedResource(astubborn)


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["never", "anever"])
async def test_a_generator_that_never_yields_is_a_clear_error(name: str) -> None:
    async with Odd() as app, app.enter() as request:
        with pytest.raises(ResourceProtocolError, match=f"{name} ended without yielding"):
            await request.aget(getattr(Odd, name))


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["twice", "atwice"])
async def test_a_generator_that_yields_twice_is_a_clear_error(name: str) -> None:
    async with Odd() as app:
        with pytest.raises(ScopeCloseError) as caught:
            async with app.enter() as request:
                await request.aget(getattr(Odd, name))
    (failure,) = caught.value.exceptions
    assert isinstance(failure, ResourceProtocolError)
    assert f"{name} yielded more than once" in str(failure)


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["stubborn", "astubborn"])
async def test_so_is_one_that_yields_again_when_the_exception_reaches_it(name: str) -> None:
    async with Odd() as app:
        body = ValueError("body")
        with pytest.raises(ScopeCloseError) as caught:
            async with app.enter() as request:
                await request.aget(getattr(Odd, name))
                raise body
    (failure,) = caught.value.exceptions
    assert isinstance(failure, ResourceProtocolError)
    assert caught.value.__context__ is body


@pytest.mark.parametrize("kind", [StopIteration, StopAsyncIteration, GeneratorExit])
def test_exceptions_that_generators_treat_in_their_own_way_go_on_unchanged(
    kind: type[BaseException],
) -> None:
    with Chain() as app:
        log = app.get(Chain.log)
        body = kind("body")
        with pytest.raises(kind) as caught, app.enter() as request:
            request.get(Chain.a)
            raise body
        assert caught.value is body
        assert log[-1] == "close a"


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", [StopIteration, StopAsyncIteration, KeyboardInterrupt])
async def test_and_through_async_generators(kind: type[BaseException]) -> None:
    log = Log()

    class Application(ScopedContainer):
        a = providers.ScopedResource(apart, "a", log)

    async def use() -> BaseException | None:
        # a StopIteration can't leave a coroutine, so it is looked at inside
        try:
            async with app.enter() as request:
                await request.aget(Application.a)
                raise body
        except BaseException as error:
            return error

    async with Application() as app:
        body = kind("body")
        assert await use() is body
    assert log[-1] == "close a"


class Entered:
    """A context manager that is the object too."""

    def __init__(self, log: Log) -> None:
        self.log = log

    def __enter__(self) -> Entered:
        self.log.append("enter")
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> bool:
        self.log.append(f"exit {getattr(kind, '__name__', None)}")
        return True


class AEntered:
    """The same, async."""

    def __init__(self, log: Log) -> None:
        self.log = log

    async def __aenter__(self) -> str:
        self.log.append("aenter")
        return "entered"

    async def __aexit__(self, kind: object, error: object, traceback: object) -> None:
        self.log.append(f"aexit {getattr(kind, '__name__', None)}")


@contextlib.contextmanager
def managed(log: Log) -> Iterator[str]:
    log.append("managed")
    yield "managed"
    log.append("left")


@contextlib.asynccontextmanager
async def amanaged(log: Log) -> AsyncIterator[str]:
    log.append("amanaged")
    yield "amanaged"
    log.append("aleft")


@pytest.mark.asyncio
async def test_context_managers_of_every_kind_are_resources() -> None:
    log = Log()

    class Application(ScopedContainer):
        entered = providers.ScopedResource(Entered, log)
        aentered = providers.ScopedResource(AEntered, log)
        managed_ = providers.ScopedResource(managed, log)
        amanaged_ = providers.ScopedResource(amanaged, log)

    async with Application() as app:
        async with app.enter() as request:
            assert isinstance(request.get(Application.entered), Entered)
            assert await request.aget(Application.aentered) == "entered"
            assert request.get(Application.managed_) == "managed"
            assert await request.aget(Application.amanaged_) == "amanaged"
        assert log == [
            "enter", "aenter", "managed", "amanaged", "aleft", "left", "aexit None", "exit None",
        ]  # fmt: skip
        log.clear()
        with pytest.raises(LookupError):
            async with app.enter() as request:
                request.get(Application.entered)
                raise LookupError
        assert log == ["enter", "exit LookupError"], "it may not swallow the scope's exception"


def test_a_resource_opened_before_a_later_one_failed_is_torn_down() -> None:
    log = Log()

    def broken(a: str) -> Iterator[str]:
        raise Boom("open")
        yield a

    class Application(ScopedContainer):
        a = providers.ScopedResource(part, "a", log)
        broken_ = providers.ScopedResource(broken, a)

    with Application() as app:
        with app.enter() as request, pytest.raises(Boom) as caught:
            request.get(Application.broken_)
        assert "while broken_" in "".join(caught.value.__notes__)
        assert log == ["open a", "close a"]


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


def test_a_start_without_await_refuses_what_could_not_be_closed_without() -> None:
    class Pool:
        async def close(self) -> None:
            raise AssertionError("never opened")

    class Application(ScopedContainer):
        pool = providers.ScopedResource(Pool, scope=Scope.APP, close="close")

    with pytest.raises(AsyncResolutionError, match="pool must be awaited"), Application():
        pass


def test_a_start_that_fails_tears_down_what_it_had_opened() -> None:
    log = Log()

    def broken(a: str) -> str:
        raise Boom("start")

    class Application(ScopedContainer):
        a = providers.ScopedResource(part, "a", log, scope=Scope.APP)
        broken_ = providers.Singleton(broken, a)

    app = Application()
    for _ in range(2):
        log.clear()
        with pytest.raises(Boom, match="start"), app:
            pass
        assert log == ["open a", "a saw Boom", "close a"]


@pytest.mark.asyncio
async def test_an_async_start_that_fails_tears_down_what_it_had_opened() -> None:
    log = Log()

    async def broken(a: str) -> str:
        raise Boom("start")

    class Application(ScopedContainer):
        a = providers.ScopedResource(apart, "a", log, scope=Scope.APP)
        broken_ = providers.Singleton(broken, a)

    app = Application()
    for _ in range(2):
        log.clear()
        with pytest.raises(Boom, match="start"):
            async with app:
                pass
        assert log == ["open a", "a saw Boom", "close a"]


@pytest.mark.parametrize("body", [None, ValueError("body")], ids=repr)
def test_a_start_whose_teardown_fails_too_reports_both(body: Exception | None) -> None:
    log = Log()

    class Application(ScopedContainer):
        a = providers.ScopedResource(part, "a", log, scope=Scope.APP, fail=Boom("a"))

    with pytest.raises(ScopeCloseError) as caught, Application():
        if body is not None:
            raise body
    assert [str(failure) for failure in caught.value.exceptions] == ["a"]
    assert caught.value.__context__ is body


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
