"""A run between its request and its end, as its engine keeps it."""

import asyncio
from collections.abc import Callable
from typing import Any

from trunkline_runtime.context import RunId
from trunkline_runtime.engine.results import AgentResult
from trunkline_runtime.engine.slots import Ticket
from trunkline_runtime.engine.supervision import Supervision

__all__ = ["RunUnderWay"]


class RunUnderWay:
    """One run: it waits for its place, is supervised, and gives the place back.

    Args:
        ticket: Its place, or its place in the queue.
    """

    def __init__(self, ticket: Ticket) -> None:
        self._ticket = ticket
        self._refusal: Exception | None = None
        self._supervision: Supervision | None = None
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def run_id(self) -> RunId:
        """The run."""
        return RunId(self._ticket.run_id)

    @property
    def begun(self) -> bool:
        """Whether it has its place and is supervised."""
        return self._supervision is not None

    def stop(self, reason: str, refusal: Exception) -> None:
        """Stop it where it is. Returns at once.

        Args:
            reason: Why, safe to show: for the agent, if it runs.
            refusal: What ``granted`` raises, if it does not run yet.
        """
        if self._supervision is not None:
            self._supervision.stop(reason)
            return
        # Kept as well: its place may have been granted in this very step of the loop.
        self._refusal = self._refusal or refusal
        self._ticket.refuse(refusal)

    async def granted(self) -> None:
        """Wait for its place.

        Raises:
            EngineBusy: No place was free in time.
            Exception: What it was stopped with.
        """
        await self._ticket.granted()
        if self._refusal is not None:
            raise self._refusal

    async def conduct(self, supervision: Supervision) -> AgentResult:
        """Run the agent, and be there until it has ended, also when the waiting task is cancelled.

        Whoever calls ``execute`` and is cancelled must find nothing running afterwards. A
        supervision that was told to stop ends in bounded time, so further cancellations have
        nothing to add.

        Args:
            supervision: Brings the run to its end.

        Raises:
            RuntimeFault: The run never began.
        """
        self._supervision = supervision
        task = asyncio.create_task(supervision.conduct(), name=f"supervise run {self.run_id}")
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            supervision.stop("its request has ended")
            while not task.done():
                try:
                    await asyncio.wait((task,))
                except asyncio.CancelledError:
                    continue
            if not task.cancelled():
                task.exception()  # the caller is gone; what went wrong is in the log
            raise

    def leave(self) -> int:
        """Give the place back, as soon as nothing of the run is left.

        Returns:
            How many tasks and threads would not stop. While such a task runs it takes up its place.
        """
        abandoned = self._supervision.abandoned if self._supervision is not None else frozenset()
        stuck = {task for task in abandoned if not task.done()}
        if stuck:
            _when_all_done(stuck, self._ticket.release)
        else:
            self._ticket.release()
        self.over.set_result(None)
        return len(abandoned)


def _when_all_done(tasks: set[asyncio.Task[Any]], call: Callable[[], None]) -> None:
    left = set(tasks)

    def done(task: asyncio.Task[Any]) -> None:
        left.discard(task)
        if not left:
            call()

    for task in tasks:
        task.add_done_callback(done)
