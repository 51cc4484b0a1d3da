"""Waiting for an object that another thread or task is building."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from types import CodeType
from typing import Any

__all__ = ["WaitingRoom", "is_building_here"]


class WaitingRoom:
    """Who waits for which object of which scope.

    The usual case never comes here: builders look in only where someone has said, by the scope's
    ``_attention``, that they wait.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiters: dict[tuple[int, str], list[Callable[[], object]]] = {}

    def wait(self, scope: Any, attr: str, is_over: Callable[[], bool]) -> None:
        """Block the thread until the object's builder is done, well or badly."""
        event = threading.Event()
        if self._enter(scope, attr, event.set, is_over):
            event.wait()

    async def await_(self, scope: Any, attr: str, is_over: Callable[[], bool]) -> None:
        """Wait in the running event loop; cancelling the waiter touches nobody else."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def finish() -> None:
            if not done.done():
                done.set_result(None)

        def wake() -> None:
            try:
                loop.call_soon_threadsafe(finish)
            except RuntimeError:  # the waiter's loop has closed: nobody waits there any more
                return

        if not self._enter(scope, attr, wake, is_over):
            return
        try:
            await done
        finally:
            self._leave(scope, attr, wake)

    def wake(self, scope: Any, attr: str) -> None:
        """Wake all who wait for the object."""
        with self._lock:
            waiters = self._waiters.pop((id(scope), attr), ())
        for waiter in waiters:
            waiter()

    def _enter(
        self, scope: Any, attr: str, wake: Callable[[], object], is_over: Callable[[], bool]
    ) -> bool:
        """Register a waiter; False where the wait is over already.

        The order matters: the waiter writes its attention before it looks whether the builder is
        done, and the builder writes its result before it looks for attention, so that one of the
        two sees the other.
        """
        with self._lock:
            self._waiters.setdefault((id(scope), attr), []).append(wake)
        scope._attention = True
        if is_over():
            self._leave(scope, attr, wake)
            return False
        return True

    def _leave(self, scope: Any, attr: str, wake: Callable[[], object]) -> None:
        with self._lock:
            waiters = self._waiters.get((id(scope), attr))
            if waiters is not None and wake in waiters:
                waiters.remove(wake)
                if not waiters:
                    del self._waiters[id(scope), attr]


def is_building_here(scope: Any, code: CodeType) -> bool:
    """Whether the running thread or task is itself inside the builder that it would wait for.

    Args:
        scope: The scope that holds the object.
        code: Code of the method that builds it.
    """
    # the caller's caller is the second call of the method; a first one further out is the builder
    frame = sys._getframe(3)  # only the stack knows who called whom
    while frame is not None:
        if frame.f_code is code and frame.f_locals.get("self") is scope:
            return True
        frame = frame.f_back  # type: ignore[assignment]  # None ends the loop
    return False
