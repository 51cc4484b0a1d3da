"""Which tasks a test starts, itself or by those it started; not those of a server it talks to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from weakref import WeakSet

__all__ = ["tasks_of_a_test"]

_TEST: ContextVar[object] = ContextVar("trunkline_test", default=None)
"""The test that the code at hand belongs to: tasks inherit it, a running server's don't."""


@contextmanager
def tasks_of_a_test() -> Iterator[WeakSet[asyncio.Task[Any]]]:
    """Collect the tasks that are started in the block, in the running loop.

    A server that was started before runs its tasks in the contexts it had then, so that they are
    told apart from the test's own.
    """
    loop = asyncio.get_running_loop()
    test = object()
    started: WeakSet[asyncio.Task[Any]] = WeakSet()
    former = loop.get_task_factory()

    def factory(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> Any:
        make: Any = former or _plain_task
        task = make(loop, coroutine, **options)
        if _TEST.get() is test:
            started.add(task)
        return task

    token = _TEST.set(test)
    loop.set_task_factory(factory)
    try:
        yield started
    finally:
        loop.set_task_factory(former)
        _TEST.reset(token)


def _plain_task(
    loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any
) -> asyncio.Task[Any]:
    return asyncio.Task(coroutine, loop=loop, **options)
