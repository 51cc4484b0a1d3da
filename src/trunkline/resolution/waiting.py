"""Waiting for an object that another thread or task is building."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from trunkline.waits import WAITS, Build

__all__ = ["WaitingRoom", "Wanted"]


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """An object that another is building, as who waits for it sees it.

    Attributes:
        scope: The scope that holds the object.
        attr: The object's attribute.
        label: What it is and where it is declared, for messages.
        holding: What the waiting thread or task is building meanwhile.
        is_over: Whether nobody builds the object now.
    """

    scope: Any
    attr: str
    label: str
    holding: frozenset[Build]
    is_over: Callable[[], bool]

    @property
    def build(self) -> Build:
        """The object, as its builder's frames name it."""
        return id(self.scope), self.attr


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    """Who waits.

    Attributes:
        wake: Ends the wait; callable from any thread.
        runner: The event loop that runs the waiter; for a thread, the event it blocks on.
    """

    wake: Callable[[], object]
    runner: object


class WaitingRoom:
    """Who waits for which object of which scope.

    The usual case never comes here: builders look in only where someone has said, by the scope's
    ``_attention``, that they wait.

    Args:
        seconds: How long to wait for one object at the most; None for ever.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = seconds
        self._lock = threading.Lock()
        self._waiters: dict[Build, list[_Waiter]] = {}

    def wait(self, wanted: Wanted) -> list[str]:
        """Block the thread until the object's builder is done, well or badly.

        Args:
            wanted: The object.

        Returns:
            Nothing, once the builder is done. Where the wait would have no end, as he waits in
            turn for what is held here, at once who would wait for what; see :meth:`Waits.begin`.

        Raises:
            TimeoutError: The builder took too long.
        """
        event = threading.Event()
        waiter = _Waiter(event.set, event)
        if circle := self._enter(wanted, waiter):
            return circle
        try:
            if not wanted.is_over() and not event.wait(self.seconds):
                raise TimeoutError
        except BaseException:  # too late, or an interrupt of the main thread
            self._pass_on(wanted, waiter)
            raise
        self._leave(wanted, waiter)
        return []

    async def await_(self, wanted: Wanted) -> list[str]:
        """The same in the running event loop; cancelling the waiter touches nobody else."""
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

        waiter = _Waiter(wake, loop)
        if circle := self._enter(wanted, waiter):
            return circle
        try:
            if not wanted.is_over():
                async with asyncio.timeout(self.seconds):
                    await done
        except BaseException:  # too late, or cancelled
            self._pass_on(wanted, waiter)
            raise
        self._leave(wanted, waiter)
        return []

    def wake(self, scope: Any, attr: str) -> None:
        """Wake all who wait for the object, because it is there, or never will be."""
        with self._lock:
            waiters = self._waiters.pop((id(scope), attr), ())
        for waiter in waiters:
            waiter.wake()

    def wake_next(self, scope: Any, attr: str) -> None:
        """Wake one who may build the object after a failure, of each loop and thread.

        One alone would do, were it sure to run: a loop may stand still. All of a loop's tasks
        would be too many: with a builder that fails for each of them, each would wake all.
        """
        with self._lock:
            waiters = self._waiters.get((id(scope), attr), [])
            chosen = {waiter.runner: waiter for waiter in reversed(waiters)}
            for waiter in chosen.values():
                waiters.remove(waiter)
            if not waiters:
                self._waiters.pop((id(scope), attr), None)
        for waiter in chosen.values():
            waiter.wake()

    def relax(self, scope: Any) -> None:
        """Take a scope's attention back where nobody waits, holds a lease or overrides.

        Whoever takes a lease, overrides or closes the scope at this very moment has said so before
        his own mark on it; where that is seen, the mark is set again.
        """
        with self._lock:
            if any(owner == id(scope) for owner, _ in self._waiters):
                return
            if scope._token is not None:  # no thread can close it between the test and the store
                scope._attention = None
            kept = getattr(scope, "_leases", None) or getattr(scope, "_views", None)
            if kept or scope._token is None:
                scope._attention = True

    def _pass_on(self, wanted: Wanted, waiter: _Waiter) -> None:
        """Leave early; whoever was woken already wakes another in his place."""
        if not self._leave(wanted, waiter):
            self.wake_next(wanted.scope, wanted.attr)

    def _enter(self, wanted: Wanted, waiter: _Waiter) -> list[str]:
        """Register a waiter, unless everyone would wait for everyone else.

        The order matters: the waiter writes its attention before it looks whether the builder is
        done, and the builder writes its result before it looks for attention, so that one of the
        two sees the other.
        """
        if circle := WAITS.begin(waiter, wanted.build, wanted.label, wanted.holding):
            return circle
        with self._lock:
            self._waiters.setdefault(wanted.build, []).append(waiter)
        wanted.scope._attention = True
        return []

    def _leave(self, wanted: Wanted, waiter: _Waiter) -> bool:
        """Whether the waiter was still waiting."""
        WAITS.end(waiter)
        with self._lock:
            waiters = self._waiters.get(wanted.build)
            if waiters is None or waiter not in waiters:
                return False
            waiters.remove(waiter)
            if not waiters:
                del self._waiters[wanted.build]
            return True
