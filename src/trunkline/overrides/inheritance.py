"""Letting threads that are started inside an override see it.

Tasks inherit their creator's context; threads begin with an empty one before Python 3.14. While an
override is active, starting a thread and handing work to a pool therefore pass on which overrides
are in effect, and nothing else of the context.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import thread as pools
from typing import Any, Final

from trunkline.resolution.overriding import Stack, overrides_here

__all__ = ["INHERITANCE", "Inheritance"]


class Inheritance:
    """Passes overrides on to threads while any override is active."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._start: Any = None
        self._submit: Any = None

    def begin(self) -> None:
        """An override has begun."""
        with self._lock:
            self._count += 1
            if self._count == 1:
                self._start, self._submit = threading.Thread.start, ThreadPoolExecutor.submit
                threading.Thread.start = _starting(self._start)  # type: ignore[method-assign]  # until the last override ends
                ThreadPoolExecutor.submit = _submitting(self._submit)  # type: ignore[method-assign]  # as above

    def end(self) -> None:
        """It has ended."""
        with self._lock:
            self._count -= 1
            if self._count == 0:
                threading.Thread.start = self._start  # type: ignore[method-assign]  # as it was
                ThreadPoolExecutor.submit = self._submit  # type: ignore[method-assign]  # as it was


INHERITANCE: Final = Inheritance()
"""One for the process, as the classes that it extends are."""


def _starting(start: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(start)
    def start_inheriting(self: threading.Thread) -> None:
        stack = overrides_here.get()
        # workers of a pool serve many; each piece of work brings its own overrides
        if stack is not None and getattr(self, "_target", None) is not pools._worker:  # noqa: SLF001  # told apart by nothing else
            self.run = functools.partial(_run_in, stack, self.run)  # type: ignore[method-assign]  # of this thread alone
        start(self)

    return start_inheriting


def _submitting(submit: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(submit)
    def submit_inheriting(
        self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> Any:
        stack = overrides_here.get()
        if stack is None:
            return submit(self, fn, *args, **kwargs)
        return submit(self, functools.partial(_run_in, stack, fn), *args, **kwargs)

    return submit_inheriting


def _run_in(stack: Stack, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    token = overrides_here.set(stack)
    try:
        return function(*args, **kwargs)
    finally:
        overrides_here.reset(token)
