"""Taking turns among the tasks of any event loops; an ``asyncio.Lock`` belongs to one."""

from __future__ import annotations

import asyncio
import threading

__all__ = ["Turn"]

_Waiter = tuple[asyncio.AbstractEventLoop, "asyncio.Future[None]"]


class Turn:
    """Held by one task at a time; cancelling a waiter touches nobody else."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_held = False
        self._waiters: list[_Waiter] = []

    def acquire(self) -> bool:
        """Take the turn where it is free; whether it was."""
        with self._lock:
            was_free = not self._is_held
            self._is_held = True
            return was_free

    def release(self) -> None:
        """Let another have the turn."""
        with self._lock:
            self._is_held = False
        self._wake_next()

    async def wait(self) -> None:
        """Take the turn as soon as it is free."""
        loop = asyncio.get_running_loop()
        while True:
            woken = loop.create_future()
            with self._lock:
                if not self._is_held:
                    self._is_held = True
                    return
                self._waiters.append((loop, woken))
            try:
                await woken
            except BaseException:  # cancelled
                with self._lock:
                    was_waiting = (loop, woken) in self._waiters
                    if was_waiting:
                        self._waiters.remove((loop, woken))
                if not was_waiting:
                    self._wake_next()  # in the place of this one
                raise

    def _wake_next(self) -> None:
        """Wake the first of each loop: one alone would do, were its loop sure to run."""
        with self._lock:
            first = {loop: (loop, woken) for loop, woken in reversed(self._waiters)}
            for waiter in first.values():
                self._waiters.remove(waiter)
        for loop, woken in first.values():
            try:
                loop.call_soon_threadsafe(_finish, woken)
            except RuntimeError:  # the loop has closed: nobody waits there any more
                continue


def _finish(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)
