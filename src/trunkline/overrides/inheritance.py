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
        self._patches: dict[str, _Patch] = {}

    def begin(self) -> None:
        """An override has begun."""
        with self._lock:
            self._count += 1
            for cls, name, make in _PATCHED:
                if name not in self._patches:
                    self._patches[name] = _Patch(cls, name, make)

    def end(self) -> None:
        """It has ended."""
        with self._lock:
            self._count -= 1
            if self._count == 0:
                left = {n: patch for n, patch in self._patches.items() if not patch.take_back()}
                self._patches = left


class _Patch:
    """Another function in the place of a method.

    Args:
        cls: The class.
        name: The method's name.
        make: Makes the function from the one that was there.
    """

    def __init__(
        self, cls: type, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]
    ) -> None:
        self._cls, self._name = cls, name
        self._former = getattr(cls, name)
        self._put = make(self._former)
        setattr(cls, name, self._put)

    def take_back(self) -> bool:
        """Put the method back; False where someone has replaced it since and calls ours.

        Then it stays, and hands on nothing where no override is in effect.
        """
        if vars(self._cls)[self._name] is not self._put:
            return False
        setattr(self._cls, self._name, self._former)
        return True


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


_PATCHED: Final = (
    (threading.Thread, "start", _starting),
    (ThreadPoolExecutor, "submit", _submitting),
)
