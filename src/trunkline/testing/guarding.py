"""What the plugin does around a test: its overrides, and what it may not leave behind."""

from __future__ import annotations

import asyncio
import functools
import inspect
import linecache
import unittest
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from trunkline.ambient import ambient_scope
from trunkline.containers import ScopedContainer
from trunkline.graph.model import SourceLocation
from trunkline.introspection import declared_providers, stock_overrides
from trunkline.overrides import Override, override
from trunkline.resolution.overriding import OVERRIDING
from trunkline.resolution.scope import OpenScope
from trunkline.resolution.started import STARTED
from trunkline.testing.configured import configured_container
from trunkline.testing.scoped import all_scopes
from trunkline.testing.started_tasks import tasks_of_a_test

__all__ = ["Overriding", "check_left_behind", "guarded"]

_BEFORE = pytest.StashKey["_Before"]()
TURNS = 3
"""How often the event loop turns before a task of a test that has ended counts as left behind."""
PATIENCE = 5.0
"""Seconds that a server of the session has to close the scopes of clients that have gone."""
SERVERS = frozenset(["live_server", "staging", "websocket_client"])
"""Fixtures of servers, which go on while tests end."""


@dataclass(frozen=True, slots=True)
class _Before:
    """What there was when a test was called."""

    overrides: frozenset[Any]
    stock: dict[Any, tuple[Any, ...]]
    scopes: frozenset[int]
    ambient: Any


class Overriding:
    """The ``override`` fixture.

    Args:
        request: Of the test.
    """

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._request = request
        self._entered: list[Override] = []

    def __call__(self, *what: Any, everywhere: bool = False, strict: bool = True) -> Override:
        """Override providers until the test ends.

        Args:
            *what: The fakes by provider; or the container, then the fakes.
            everywhere: See ``trunkline.override``.
            strict: The same.
        """
        *named, fakes = what
        container = named[0] if named else self._container()
        entered = override(container, fakes, everywhere=everywhere, strict=strict)
        entered.location = _caller()
        entered.__enter__()
        self._entered.append(entered)
        return entered

    def _container(self) -> Any:
        wanted = "application" if "application" in self._request.fixturenames else "container"
        return self._request.getfixturevalue(wanted)

    def end(self) -> None:
        """End the overrides, the latest first."""
        with ExitStack() as stack:
            for entered in self._entered:
                if entered.active:
                    stack.push(entered.__exit__)


@contextmanager
def guarded(item: Any) -> Iterator[None]:
    """Run a test under the overrides of its marks, and note what there was before it.

    Args:
        item: A test that calls a function, its ``obj``.
    """
    providers = _all_providers()
    item.stash[_BEFORE] = _Before(
        overrides=frozenset(OVERRIDING.active()),
        stock={provider: stock_overrides(provider) for provider in providers},
        scopes=frozenset(id(scope) for scope in _open_scopes()),
        ambient=ambient_scope.get(),
    )
    plain = item.obj
    item.obj = _around(plain, lambda: _marked(item), lambda: _settled(item))
    case = getattr(item, "instance", None)
    if isinstance(case, unittest.TestCase):  # which looks its test up by name
        vars(case)[item.originalname or item.name] = item.obj
    try:
        yield
    finally:
        item.obj = plain
        if isinstance(case, unittest.TestCase):
            vars(case).pop(item.originalname or item.name, None)


def _marked(item: Any) -> list[Override]:
    overrides = []
    for mark in reversed(list(item.iter_markers("override"))):
        options = dict(mark.kwargs)
        container = options.pop("container", None)
        if container is None:
            funcargs = getattr(item, "funcargs", {})
            container = funcargs.get("application") or configured_container(item.config)
        overrides.append(override(container, *mark.args, **options))
    return overrides


def _around(
    function: Callable[..., Any],
    overrides: Callable[[], list[Override]],
    settled: Callable[[], Awaitable[None]],
) -> Any:
    """The test's function, run under overrides; a coroutine function stays one."""
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def run_async(*args: Any, **kwargs: Any) -> Any:
            with tasks_of_a_test() as started:
                async with AsyncExitStack() as stack:
                    for each in overrides():
                        await stack.enter_async_context(each)
                    result = await function(*args, **kwargs)
            await _check_tasks(started)
            await settled()
            return result

        return run_async

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        with ExitStack() as stack:
            for each in overrides():
                stack.enter_context(each)
            return function(*args, **kwargs)

    return run


async def _check_tasks(started: Iterable[Any]) -> None:
    for _ in range(TURNS):
        if all(task.done() for task in started):
            return
        await asyncio.sleep(0)
    left = [task for task in started if not task.done()]
    if left:
        shown = "\n".join(f"    {_task(task)}" for task in left)
        pytest.fail(
            f"the test left {len(left)} task{'s' * (len(left) > 1)} running:\n{shown}\n"
            "  remedy: await or cancel what the test starts, before it ends",
            pytrace=False,
        )


async def _settled(item: Any) -> None:
    """Let a server of the session close the scopes of clients that have gone."""
    if not SERVERS & set(item.fixturenames):
        return
    before = item.stash[_BEFORE].scopes
    patient = asyncio.get_running_loop().time() + PATIENCE
    while asyncio.get_running_loop().time() < patient:
        if all(id(scope) in before for scope in _open_scopes()):
            return
        await asyncio.sleep(0.02)


def _task(task: Any) -> str:
    stack = task.get_stack(limit=1)
    place = f" at {stack[0].f_code.co_filename}:{stack[0].f_lineno}" if stack else ""
    return f"{task.get_name()}: {getattr(task.get_coro(), '__qualname__', task.get_coro())}{place}"


def check_left_behind(item: pytest.Item) -> None:
    """Fail a test that has ended and left overrides or open scopes behind.

    What it left is ended, as far as that can be done here, so that the next test starts clean.
    """
    before = item.stash.get(_BEFORE, None)
    if before is None:
        return
    del item.stash[_BEFORE]
    left = [*_end_overrides(before), *_reset_stock(before), *_close_scopes(before)]
    if left:
        shown = "\n".join(f"    {line}" for line in left)
        pytest.fail(f"the test left behind:\n{shown}", pytrace=False)


def _end_overrides(before: _Before) -> Iterator[str]:
    for active in OVERRIDING.active():
        if active not in before.overrides and isinstance(active, Override):
            yield f"an override, entered at {_line(active.location)}"
            active.__exit__(None, RuntimeError("left behind"), None)


def _reset_stock(before: _Before) -> Iterator[str]:
    for provider in _all_providers():
        former = before.stock.get(provider, ())
        now = stock_overrides(provider)
        if len(now) > len(former):
            place = getattr(provider, "overridden_at", None)
            where = f", made at {_line(place)}" if place else ""
            yield f"provider.override() of {provider!r}{where}"
            for _ in now[len(former) :]:
                provider.reset_last_overriding()


def _close_scopes(before: _Before) -> Iterator[str]:
    for scope in _open_scopes():
        if id(scope) not in before.scopes:
            yield f"an open scope: {scope!r}"
    if ambient_scope.get() is not before.ambient:
        ambient_scope.set(before.ambient)


def _open_scopes() -> list[OpenScope]:
    if not STARTED.of(ScopedContainer):
        return []
    return [scope for scope in all_scopes() if not scope.closed]


def _all_providers() -> list[Any]:
    found = {
        provider: None
        for container in (*_declared(ScopedContainer), *STARTED.of(ScopedContainer))
        for provider in declared_providers(container).values()
    }
    return list(found)


def _declared(cls: Any) -> Iterator[Any]:
    for declared in type.__subclasses__(cls):
        yield declared
        yield from _declared(declared)


def _caller() -> SourceLocation:
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    assert frame is not None  # noqa: S101  # this module is never the outermost caller
    return SourceLocation(frame.f_code.co_filename, frame.f_lineno)


def _line(location: SourceLocation | None) -> str:
    if location is None:
        return "a place that is not known"
    source = linecache.getline(location.file, location.line).strip()
    return f"{location}: {source}" if source else str(location)
