"""What the plugin does around a test: overrides of its marks, a look for what it leaves behind."""

from __future__ import annotations

import asyncio
import functools
import inspect
import unittest
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from types import FunctionType, ModuleType
from typing import Any

import pytest

from trunkline.containers import ContainerInstance, ScopedContainer
from trunkline.graph.model import SourceLocation
from trunkline.overrides import Override, override
from trunkline.testing.leaks import STOCK, Watch
from trunkline.testing.started_tasks import tasks_of_a_test
from trunkline.testing.stock import caller

__all__ = [
    "Overriding",
    "begin_watching",
    "check_left_behind",
    "end_watching",
    "guarded",
    "knows_trunkline",
    "longer_lived",
]

_WATCH = pytest.StashKey[Watch]()
TURNS = 3
"""How often the event loop turns before a task of a test that has ended counts as left behind."""
PATIENCE = 5.0
"""Seconds that a server of the session has to close the scopes of clients that have gone."""
SERVERS = frozenset(["live_server", "staging", "websocket_client"])
"""Fixtures of servers, which go on while tests end."""


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
        container = named[0] if named else _container_of(self._request)
        entered = override(container, fakes, everywhere=everywhere, strict=strict)
        entered.location = caller()
        entered.__enter__()
        self._entered.append(entered)
        return entered

    def end(self) -> None:
        """End the overrides, the latest first."""
        with ExitStack() as stack:
            for entered in self._entered:
                stack.push(entered.__exit__)


def _container_of(request: pytest.FixtureRequest) -> Any:
    """The started container where the test uses it, else the declared one."""
    wanted = "application" if "application" in request.fixturenames else "container"
    return request.getfixturevalue(wanted)


# the test itself


@contextmanager
def guarded(item: Any) -> Iterator[None]:
    """Run a test under the overrides of its marks, and look at the tasks that it leaves.

    Args:
        item: A test that calls a function, its ``obj``.
    """
    plain = item.obj
    watch = item.stash.get(_WATCH, None)

    def around(function: Any) -> Any:
        return _around(function, lambda: _marked(item, plain), watch, lambda: _settled(item, watch))

    drawn: Any = getattr(plain, "hypothesis", None)
    if inspect.iscoroutinefunction(getattr(drawn, "inner_test", None)):
        # each example is a run in the event loop, which has a context of its own
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(drawn, "inner_test", around(drawn.inner_test))
            yield
        return
    item.obj = around(plain)
    case = getattr(item, "instance", None)
    if isinstance(case, unittest.TestCase):  # which looks its test up by name
        vars(case)[item.originalname or item.name] = item.obj
    try:
        yield
    finally:
        item.obj = plain
        if isinstance(case, unittest.TestCase):
            vars(case).pop(item.originalname or item.name, None)


def _marked(item: Any, function: Any) -> list[Override]:
    overrides = []
    for mark in reversed(list(item.iter_markers("override"))):
        options = dict(mark.kwargs)
        container = options.pop("container", None)
        if container is None:
            container = _container_of(item._request)  # noqa: SLF001  # as other plugins do: items have no other way to their fixtures
        marked = override(container, *mark.args, **options)
        marked.location = _location(function)
        overrides.append(marked)
    return overrides


def _location(function: Any) -> SourceLocation:
    code = inspect.unwrap(function).__code__
    return SourceLocation(code.co_filename, code.co_firstlineno)


def _around(
    function: Callable[..., Any],
    overrides: Callable[[], list[Override]],
    watch: Watch | None,
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
            if watch is not None:
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


async def _settled(item: Any, watch: Watch | None) -> None:
    """Let a server of the session close the scopes of clients that have gone."""
    if watch is None or not SERVERS & set(item.fixturenames):
        return
    patient = asyncio.get_running_loop().time() + PATIENCE
    while asyncio.get_running_loop().time() < patient:
        if not watch.open_scopes:
            return
        await asyncio.sleep(0.02)


def _task(task: Any) -> str:
    stack = task.get_stack(limit=1)
    place = f" at {stack[0].f_code.co_filename}:{stack[0].f_lineno}" if stack else ""
    return f"{task.get_name()}: {getattr(task.get_coro(), '__qualname__', task.get_coro())}{place}"


# before and after it


def knows_trunkline(module: ModuleType) -> bool:
    """Whether a test module has imported something of trunkline, or a container."""
    return any(
        isinstance(value, ContainerInstance)
        or (isinstance(value, type) and issubclass(value, ScopedContainer))
        or (isinstance(value, ModuleType) and _is_ours(value.__name__))
        or (isinstance(value, type | FunctionType) and _is_ours(value.__module__))
        for value in vars(module).values()
    )


def _is_ours(module: str) -> bool:
    return f"{module}.".startswith("trunkline.")


def begin_watching(item: pytest.Item) -> None:
    """Note what there is before a test and its fixtures."""
    item.stash[_WATCH] = Watch()


def end_watching() -> None:
    """After the last test: leave dependency-injector as it was."""
    STOCK.unwatch()


@contextmanager
def longer_lived(item: pytest.Item) -> Iterator[None]:
    """Set up a fixture that outlives the test."""
    with item.stash[_WATCH].longer_lived() if _WATCH in item.stash else ExitStack():
        yield


def check_left_behind(item: pytest.Item, error: BaseException | None = None) -> None:
    """Fail a test that has ended, with its fixtures, and left something behind.

    Args:
        item: The test.
        error: What the teardown of its fixtures raised; then that is told in a note to it.
    """
    if _WATCH not in item.stash:
        return
    left = item.stash[_WATCH].left_behind()
    del item.stash[_WATCH]
    if left:
        shown = "the test left behind:\n" + "\n".join(f"    {line}" for line in left)
        if error is None:
            pytest.fail(shown, pytrace=False)
        error.add_note(shown)
