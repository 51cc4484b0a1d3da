"""The tasks of one run: what it started, and how it is stopped."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["RunTasks"]

_T = TypeVar("_T")


class RunTasks:
    """Tasks and threads that an agent has started through its run."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._threads: set[asyncio.Task[Any]] = set()
        self._failures: list[BaseException] = []

    def start(self, work: Coroutine[Any, Any, _T], name: str | None) -> asyncio.Task[_T]:
        """Start a task that ends with the run at the latest."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def start_thread(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        """Start the task that waits for a thread. No thread can be stopped from outside."""
        task = asyncio.create_task(work)
        self._threads.add(task)
        task.add_done_callback(self._threads.discard)
        return task

    async def stop(
        self, body: asyncio.Task[Any], *, grace_seconds: float, attempts: int
    ) -> set[asyncio.Task[Any]]:
        """End everything the run has started: the agent and its tasks, then its threads.

        Between two cancellations they have time to clean up: a second one at once would interrupt
        the ``finally`` of a task that does as it was told. It takes at most ``attempts + 1``
        times ``grace_seconds``.

        Args:
            body: The agent's own task.
            grace_seconds: Seconds to wait after each cancellation, and for threads.
            attempts: How often a task is cancelled before it is given up.

        Returns:
            What would not end. Tasks go on; a thread's task is cancelled, and its thread goes on
            alone until its function returns.
        """
        left: set[asyncio.Task[Any]] = set()
        for _ in range(attempts):
            # Asked anew each time: a task that is stopped may start another on its way out.
            left = {task for task in (body, *self._tasks) if not task.done()}
            if not left:
                break
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=grace_seconds)
        left = {task for task in (body, *self._tasks) if not task.done()}
        threads = set(self._threads)
        if threads:
            _, threads = await asyncio.wait(threads, timeout=grace_seconds)
        for task in threads:
            task.cancel()
        if threads:
            await asyncio.wait(threads)  # only their tasks end, and those do so at once
        return left | threads

    def failures(self) -> list[BaseException]:
        """Return what the tasks have raised, whether somebody awaited them or not."""
        return list(self._failures)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._failures.append(failure)
