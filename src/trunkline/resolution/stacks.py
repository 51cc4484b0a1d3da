"""Who builds an object, read from the stacks of all threads and tasks."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

from trunkline.waits import builds_of

__all__ = ["describe_builder"]

_WAITS = ("_wait", "_await_built")
"""What a method calls that has found another in the middle of the build."""


def describe_builder(scope: Any, attr: str) -> str:
    """Who builds an object, and where that stands, for a message.

    Args:
        scope: The scope that holds the object.
        attr: The object's attribute.
    """
    build = (id(scope), attr)
    for name, frames in (*_tasks(), *_threads()):
        stack = list(frames)
        further = [frame.f_code.co_name for frame in stack[1:]]
        if any(
            build in builds_of(frame) and following not in _WAITS
            for frame, following in zip(stack, [*further, ""], strict=True)
        ):
            return f"{name}, which stands at {stack[-1].f_code.co_filename}:{stack[-1].f_lineno}"
    return "a task of another event loop"


def _threads() -> Iterator[tuple[str, Iterator[FrameType]]]:
    """Each other thread's name and frames, the innermost last."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, frame in sys._current_frames().items():
        if ident != threading.get_ident():
            yield f"thread {names.get(ident, ident)!r}", _outward(frame)


def _outward(frame: FrameType | None) -> Iterator[FrameType]:
    frames = []
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    return reversed(frames)


def _tasks() -> Iterator[tuple[str, Iterator[FrameType]]]:
    """The same of each task that waits in the running event loop."""
    try:
        tasks = asyncio.all_tasks()
    except RuntimeError:  # no loop runs in this thread
        return
    for task in tasks - {asyncio.current_task()}:  # which asks, and shows not what it waits for
        yield f"task {task.get_name()!r}", _inward(task.get_coro())


def _inward(awaited: Any) -> Iterator[FrameType]:
    """The frames of a coroutine and of what it waits for, as far as Python tells them."""
    while awaited is not None:
        frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
        if frame is None:
            return
        yield frame
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)
