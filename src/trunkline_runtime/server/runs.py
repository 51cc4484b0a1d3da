"""The runs under way: whose they are, which connection started them, how they are ended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from typing import Any

from trunkline_runtime.context import ConnectionId, UserExecutionContext
from trunkline_runtime.engine import RunIdInUse, UserExecutionEngine
from trunkline_runtime.errors import RunCancelled, RuntimeFault
from trunkline_runtime.server.sessions import Session

__all__ = ["LiveRun", "LiveRuns"]

logger = logging.getLogger(__name__)


class LiveRun:
    """One run, from its acceptance to the end of its REQUEST scope.

    Args:
        context: Its context.
        agent: The agent's name.
        given: The agent's input.
        connection_id: The connection that started it.
        accepted: Called before anything else happens.
        refused: Called if the run does not begin, because then no event tells its user.
    """

    def __init__(
        self,
        context: UserExecutionContext,
        agent: str,
        given: Mapping[str, Any],
        connection_id: ConnectionId,
        accepted: Callable[[], Awaitable[None]],
        refused: Callable[[RuntimeFault], Awaitable[None]],
    ) -> None:
        self.context = context
        self.connection_id = connection_id
        self._agent = agent
        self._given = given
        self._accepted = accepted
        self._refused = refused
        self._reason: str | None = None
        self._engine: UserExecutionEngine | None = None
        self._opening: asyncio.Task[object] | None = None
        self._identifiers = {
            "user_id": str(context.user_id),
            "thread_id": str(context.thread_id),
            "run_id": str(context.run_id),
            "request_id": str(context.request_id),
            "connection_id": str(connection_id),
            "agent": agent,
        }

    def cancel(self, reason: str) -> None:
        """Have the run cancelled, wherever it is. Returns at once; the first reason stands.

        Args:
            reason: Who or what cancels it, safe to show.
        """
        if self._reason is not None:
            return
        self._reason = reason
        if self._engine is not None:
            self._engine.cancel(self.context.run_id, reason)
        elif self._opening is not None:
            self._opening.cancel()

    async def perform(self, session: Session) -> None:
        """Open the run's scope, run its agent in it, and close the scope.

        Args:
            session: The session it belongs to.
        """
        began = False
        try:
            await self._accepted()
            self._require_wanted()
            self._opening = asyncio.current_task()
            async with session.open_run(self.context) as engine:
                self._opening = None
                self._require_wanted()
                self._engine = engine
                result = await engine.execute(self._agent, self._given, run_id=self.context.run_id)
                began = True
                self._engine = None
            logger.info(
                "run ended",
                extra={
                    **self._identifiers,
                    "ok": result.ok,
                    "code": result.error_code,
                    "events": result.events,
                    "duration_ms": result.duration_ms,
                },
            )
        except asyncio.CancelledError:
            if not began:
                reason = self._reason or "the server is stopping"
                await self._refuse(RunCancelled(self.context.run_id, reason))
            raise
        except Exception as error:
            fault = error if isinstance(error, RuntimeFault) else None
            if fault is None or began:
                logger.exception("the scope of a run failed", extra=self._identifiers)
            if not began:
                await self._refuse(fault or RuntimeFault("The scope of the run failed"))

    async def _refuse(self, fault: RuntimeFault) -> None:
        logger.info(
            "run refused",
            extra={**self._identifiers, "code": fault.code, "problem": fault.summary},
        )
        await self._refused(fault)

    def _require_wanted(self) -> None:
        if self._reason is not None:
            raise RunCancelled(self.context.run_id, self._reason)


class LiveRuns:
    """Every run under way in this process. Belongs to one event loop."""

    def __init__(self) -> None:
        self._runs: dict[tuple[str, str], LiveRun] = {}
        self._tasks: dict[LiveRun, asyncio.Task[None]] = {}

    def __len__(self) -> int:
        return len(self._runs)

    def start(self, run: LiveRun, session: Session) -> None:
        """Start a run in a task of its own.

        Args:
            run: The run.
            session: The session it belongs to.

        Raises:
            RunIdInUse: A run of this user with this identifier is under way.
        """
        key = _key(run)
        if key in self._runs:
            raise RunIdInUse(run.context.run_id)
        task = asyncio.create_task(run.perform(session), name=f"run {run.context.run_id}")
        self._runs[key] = run
        self._tasks[run] = task
        task.add_done_callback(partial(self._ended, run))

    def cancel(self, user_id: str, run_id: str, reason: str) -> bool:
        """Have a run of a user cancelled; see ``LiveRun.cancel``.

        Args:
            user_id: Who asks; only that user's runs are found.
            run_id: The run.
            reason: Why, safe to show.

        Returns:
            Whether there is such a run.
        """
        run = self._runs.get((user_id, run_id))
        if run is None:
            return False
        run.cancel(reason)
        return True

    def under_way(self, user_id: str, run_id: str) -> bool:
        """Tell whether a user has such a run under way."""
        return (user_id, run_id) in self._runs

    def of(self, connection_id: ConnectionId) -> tuple[LiveRun, ...]:
        """List the runs that a connection started."""
        return tuple(run for run in self._runs.values() if run.connection_id == connection_id)

    def all(self) -> tuple[LiveRun, ...]:
        """List the runs of everybody."""
        return tuple(self._runs.values())

    async def wait(self, runs: Collection[LiveRun], seconds: float) -> bool:
        """Wait until runs have ended.

        Args:
            runs: The runs.
            seconds: How long to wait.

        Returns:
            Whether all have.
        """
        tasks = self._of(runs)
        if tasks:
            _, pending = await asyncio.wait(tasks, timeout=seconds)
            return not pending
        return True

    async def stop(self, runs: Collection[LiveRun], reason: str, seconds: float) -> bool:
        """Cancel runs and wait until they have ended.

        First each is asked, so that its agent ends in ``agent_error``; what has not ended in time
        has its task cancelled.

        Args:
            runs: The runs.
            reason: Why, safe to show.
            seconds: How long to wait for the first, and again for the second.

        Returns:
            Whether all have ended.
        """
        for run in runs:
            run.cancel(reason)
        if await self.wait(runs, seconds):
            return True
        for task in self._of(runs):
            task.cancel()
        return await self.wait(runs, seconds)

    def _of(self, runs: Collection[LiveRun]) -> list[asyncio.Task[None]]:
        return [task for run in runs if (task := self._tasks.get(run)) is not None]

    def _ended(self, run: LiveRun, task: asyncio.Task[None]) -> None:
        del self._runs[_key(run)]
        del self._tasks[run]
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a run's task failed", exc_info=error)


def _key(run: LiveRun) -> tuple[str, str]:
    return run.context.user_id, run.context.run_id
