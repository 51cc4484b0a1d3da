"""What was opened before a later part failed, or a start did, is torn down."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.specification.teardown.parts import Boom, Log, apart, part
from trunkline import Scope, ScopedContainer, providers
from trunkline.errors import AsyncResolutionError, ScopeCloseError


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
