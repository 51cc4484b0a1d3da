"""A fake is held against what it replaces; what can't be told before it is made is told then."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, MagicMock, Mock, create_autospec

import pytest

from trunkline import ScopedContainer, providers
from trunkline.errors import OverrideError
from trunkline.overrides import override
from trunkline.overrides.compatibility import differences


def retried(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return call


class Bridge:
    async def emit(self, event: str, *, urgent: bool = False) -> None: ...

    def close(self) -> None: ...

    @retried
    async def ask(self, question: str) -> str:
        return question

    async def events(self) -> AsyncIterator[str]:
        yield ""

    @asynccontextmanager
    async def session(self) -> AsyncIterator[str]:
        yield ""

    @classmethod
    def named(cls, name: str) -> Bridge:
        return cls()

    @staticmethod
    def parse(text: str) -> str:
        return text

    @property
    def pending(self) -> int:
        return 0

    def __len__(self) -> int:
        return 0


class Complete:
    """Written otherwise, and usable in the same way."""

    pending = 0

    async def emit(self, event: str, *more: str, urgent: bool = False, **options: Any) -> None: ...

    def close(self, reason: str = "") -> None: ...

    async def ask(self, question: str) -> str:
        return question

    def events(self) -> AsyncIterator[str]:
        raise NotImplementedError

    def session(self) -> Any: ...

    def named(self, name: str) -> Any: ...

    def parse(self, text: str) -> str:
        return text

    def __len__(self) -> int:
        return 0


def complete(**others: Any) -> Any:
    fake = Complete()
    vars(fake).update(others)
    return fake


async def emit_unbound(event: str, *, urgent: bool = False) -> None: ...


@pytest.mark.parametrize(
    "fake",
    [
        *(Bridge, Bridge(), Complete, Complete(), Mock(spec=Bridge), create_autospec(Bridge)),
        create_autospec(Bridge, instance=True),
        *(complete(emit=AsyncMock()), complete(close=Mock()), complete(emit=emit_unbound)),
        *(complete(emit=Complete().emit), complete(close=functools.partial(print))),
    ],
)
def test_what_takes_the_same_calls_fits(fake: Any) -> None:
    assert differences(Bridge, fake) == []


class Silent:
    pending = 0


@pytest.mark.parametrize(
    ("fake", "difference"),
    [
        (Silent, "missing: async def emit(self, event: 'str', *, urgent: 'bool' = False)"),
        (Silent, "missing: def __len__(self)"),
        (Mock(), "missing: async def emit("),
        (complete(emit=Mock()), "differs: emit is a Mock, instead of async def emit("),
        (complete(close=AsyncMock()), "differs: close is a AsyncMock, instead of def close("),
        (complete(close=None), "not a method: close, instead of def close("),
        (complete(emit=lambda event: None), "differs: def emit(event), instead of async def"),
        (complete(close=lambda self: None), "differs: def close(self), instead of def close(self)"),
        (complete(parse=lambda: ""), "differs: def parse(), instead of def parse(text: 'str')"),
        (SimpleNamespace(), "missing: pending"),
    ],
)
def test_each_difference_is_shown(fake: Any, difference: str) -> None:
    assert any(line.startswith(difference) for line in differences(Bridge, fake))


def test_a_class_that_was_made_by_exec_has_an_interface_too() -> None:
    """Without a module's name it says that it belongs to the built-in ones."""
    namespace: dict[str, Any] = {"__name__": "builtins"}
    exec("class Made:\n    def send(self, text): ...", namespace)
    assert namespace["Made"].__module__ == "builtins"
    assert differences(namespace["Made"], Silent) == ["missing: def send(self, text)"]
    assert differences(dict, Silent) == []


class Application(ScopedContainer):
    bridge = providers.Scoped(Bridge)
    factory = providers.Factory(Bridge)


def returning():  # type: ignore[no-untyped-def]  # it says nothing of what it returns
    return Silent()


def yielding() -> Iterator[Any]:
    yield Silent()


class SetsItself(Bridge):
    def __init__(self) -> None:
        self.close = None  # type: ignore[assignment,method-assign]


@pytest.mark.parametrize("fake", [returning, yielding, SetsItself])
def test_what_is_known_only_when_it_is_made_is_refused_then(fake: Any) -> None:
    """At the first use and at each one after it: code may swallow the first refusal."""
    with Application() as app, override(app, {Application.bridge: fake}):
        with app.enter() as request:
            for _ in range(2):
                with pytest.raises(OverrideError, match="can't stand in for Bridge"):
                    request.bridge()
        with app.enter() as another, pytest.raises(OverrideError, match="can't stand in"):
            another.bridge()


@pytest.mark.asyncio
async def test_what_is_made_by_awaiting_is_refused_too() -> None:
    async def connect() -> Bridge:
        return Bridge()

    async def fake() -> Any:
        return Silent()

    class Awaited(ScopedContainer):
        bridge = providers.Scoped(connect)
        early = providers.Singleton(connect)

    async with Awaited() as app:
        async with override(app, {Awaited.bridge: fake}), app.enter() as request:
            with pytest.raises(OverrideError, match="a Silent can't stand in for Bridge"):
                await request.bridge()
        with pytest.raises(OverrideError, match="a Silent can't stand in for Bridge"):
            await override(app, {Awaited.early: fake}).__aenter__()
        assert isinstance(app.early(), Bridge)


def test_nothing_is_looked_at_where_it_is_waived() -> None:
    fakes = {Application.bridge: lambda: 1}
    with Application() as app, override(app, fakes, strict=False), app.enter() as request:
        assert request.bridge() == 1


def test_a_fake_that_is_called_with_arguments_was_asked_for(recwarn: Any) -> None:
    """A factory's caller may pass arguments; the fake's finding would be untrue."""
    with Application() as app, override(app, {Application.factory: MagicMock}, strict=False):
        assert app.factory(name="called")._mock_name == "called"
    assert [str(warning.message) for warning in recwarn] == []
