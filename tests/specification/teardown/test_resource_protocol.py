"""Resources yield their object once; context managers of every kind are resources too."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.specification.teardown.parts import Chain, Log, apart
from trunkline import ScopedContainer, providers
from trunkline.errors import ResourceProtocolError, ScopeCloseError


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
