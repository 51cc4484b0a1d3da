"""Who builds an object that was waited for too long, read from the stacks of threads and tasks."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import Iterator
from inspect import isasyncgen
from types import FrameType
from typing import TYPE_CHECKING, Any

from trunkline.errors import BuildTimeoutError
from trunkline.waits import Build, builds_of

if TYPE_CHECKING:
    from trunkline.graph.model import SourceLocation

__all__ = ["waited_too_long"]

_WAITS = ("_wait", "_await_built")
"""What a method calls that has found another in the middle of the build."""
_KINDS = ("cr", "gi", "ag")
"""How the attributes begin of coroutines, of generators and of async generators."""


def waited_too_long(
    name: str,
    build: Build,
    seconds: float | None,
    location: SourceLocation | None,
    doing: str = "built",
) -> BuildTimeoutError:
    """The error of who has waited for an object, and now gives up.

    Args:
        name: What the object is.
        build: The object, as its builder's frames name it.
        seconds: How long it was waited for.
        location: Where its provider is declared.
        doing: What is being done to it meanwhile.
    """
    return BuildTimeoutError(
        f"{name} was waited for longer than {seconds:g} seconds",
        location=location,
        cause=f"it is being {doing} by {_describe_builder(build)}; a builder that waits for "
        "another task or thread that asks for the builder's own object never ends",
        remedy="resolve what such a task needs before it is started, or give the container "
        "more wait_seconds",
    )


def _describe_builder(build: Build) -> str:
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
    for ident, frame in sys._current_frames().items():  # noqa: SLF001  # documented, and all there is
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
        kind = next((kind for kind in _KINDS if hasattr(awaited, f"{kind}_frame")), "")
        frame: FrameType | None = getattr(awaited, f"{kind}_frame", None)
        if frame is not None:
            yield frame
            awaited = getattr(awaited, "gi_yieldfrom" if kind == "gi" else f"{kind}_await")
        else:  # the step of an async generator doesn't say whose it is
            awaited = next(filter(isasyncgen, gc.get_referents(awaited)), None)
