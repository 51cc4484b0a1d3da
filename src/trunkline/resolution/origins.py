"""Where tasks were started, for containers in debug mode.

A task that outlives its scope is an error where it is used, far from the line that started it.
asyncio keeps that line of no task (its own debug mode does, at a high price for everything else),
so a task factory notes it: a walk of a few frames for each task, hence only where it is asked for.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context, ContextVar, copy_context
from typing import Any

from trunkline.graph.model import SourceLocation

__all__ = ["describe_task", "note_origins"]

_ASYNCIO = asyncio.__path__[0]

_origin: ContextVar[SourceLocation | None] = ContextVar("trunkline_task_origin", default=None)


def note_origins() -> Callable[[], None]:
    """Note from now on where each task of the running event loop is started.

    Returns:
        A function that ends it, leaving alone a task factory that came later. Where no event loop
        runs there are no tasks, and nothing is done.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return lambda: None
    before = loop.get_task_factory()
    make: Callable[..., Any] = before if before is not None else _make_task

    def factory(
        loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **options: Any
    ) -> Any:
        given: Context | None = options.get("context")
        if given is not None:
            with suppress(RuntimeError):  # it is entered, as the caller's own is: nothing is noted
                given.run(_origin.set, _caller())
            return make(loop, coroutine, **options)
        context = copy_context()
        context.run(_origin.set, _caller())
        return context.run(make, loop, coroutine, **options)  # some factories take no context

    def end() -> None:
        if loop.get_task_factory() is factory:
            loop.set_task_factory(before)

    loop.set_task_factory(factory)  # type: ignore[arg-type]  # the stubs' protocol names each option
    return end


def describe_task() -> str:
    """The running task for a message, with its origin where that is known; else nothing."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return ""
    if task is None:
        return ""
    origin = _origin.get()
    started = f", which was started at {origin}" if origin is not None else ""
    return f" by task {task.get_name()!r}{started}"


def _make_task(
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **options: Any
) -> asyncio.Task[Any]:
    return asyncio.Task(coroutine, loop=loop, **options)


def _caller() -> SourceLocation | None:
    """The nearest line outside asyncio that leads to the start of a task."""
    frame = sys._getframe(2)
    while frame is not None:
        if not frame.f_code.co_filename.startswith(_ASYNCIO):
            return SourceLocation(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back  # type: ignore[assignment]  # None ends the loop
    return None
