"""What threads and tasks are building, read from their stacks: nothing notes it as they build."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

from trunkline.compiler.loader import is_loaded

__all__ = ["Build", "builds_on_this_stack", "describe_builder"]

Build = tuple[int, str]
"""An object in the making: its scope's ``id`` and its attribute."""

_WAITS = ("_wait", "_await_built")
"""What a method calls that has found another in the middle of the build."""


def builds_on_this_stack(frames: int) -> frozenset[Build]:
    """What the running thread or task is in the middle of building.

    Args:
        frames: How many frames to leave out, the caller's own the first of them.
    """
    found: set[Build] = set()
    frame: FrameType | None = sys._getframe(frames + 1)  # only the stack knows who called whom
    while frame is not None:
        found |= _builds_of(frame)
        frame = frame.f_back
    return frozenset(found)


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
            build in _builds_of(frame) and following not in _WAITS
            for frame, following in zip(stack, [*further, ""], strict=True)
        ):
            return f"{name}, which stands at {stack[-1].f_code.co_filename}:{stack[-1].f_lineno}"
    return "a task of another event loop"


def _builds_of(frame: FrameType) -> set[Build]:
    if not is_loaded(frame.f_code):
        return set()
    scope: Any = frame.f_locals.get("self")
    name = frame.f_code.co_name
    in_line = frame.f_locals.get("_building")
    if name == "get" and in_line is not None:  # it builds what it is most likely asked for
        name = scope._likeliest
    # what is built in line is another's object, or the method's own
    return {(id(scope), each) for each in (name, name.removeprefix("start_"), in_line or name)}


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
