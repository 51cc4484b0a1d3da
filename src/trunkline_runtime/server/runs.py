"""The runs under way: whose they are, which connection started them, how they are ended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from typing import Any

from trunkline_runtime.context import ConnectionId, UserExecutionContext
from trunkline_runtime.engine import RunIdInUse, UserExecutionEngine
from trunkline_runtime.errors import EngineBusy, RunCancelled, RuntimeFault
from trunkline_runtime.logs import log_fields
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
        self._began = False

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
        with log_fields(self.context, agent=self._agent):
            logger.info("run accepted")
            await self._accepted()
            try:
                await self._execute(session)
            except asyncio.CancelledError:
                reason = self._reason or "the server is stopping"
                await self._tell(RunCancelled(self.context.run_id, reason))
                raise
            except Exception as error:
                fault = error if isinstance(error, RuntimeFault) else None
                if fault is None or self._began:
                    logger.exception("the scope of a run failed")
                await self._tell(fault or RuntimeFault("The scope of the run failed"))

    async def _execute(self, session: Session) -> None:
        self._require_wanted()
        self._opening = asyncio.current_task()
        async with session.open_run(self.context) as engine:
            self._opening = None
            self._require_wanted()
            self._engine = engine
            result = await engine.execute(self._agent, self._given, run_id=self.context.run_id)
            self._engine = None
            self._began = True
            logger.info(
                "run ended",
                extra={
                    "ok": result.ok,
                    "code": result.error_code,
                    "events": result.events,
                    "duration_ms": result.duration_ms,
                },
            )

    async def _tell(self, fault: RuntimeFault) -> None:
        """Tell the client, unless the run began: then its events tell how it ended."""
        if not self._began:
            logger.info("run refused", extra={"code": fault.code, "problem": fault.summary})
            await self._refused(fault)

    def _require_wanted(self) -> None:
        if self._reason is not None:
            raise RunCancelled(self.context.run_id, self._reason)


class LiveRuns:
    """Every run under way in this process. Belongs to one event loop.

    Args:
        per_user: How many runs of a user may be under way. It bounds what a client can pile up
            while scopes open and close; the engine's limits are tighter.
    """

    def __init__(self, per_user: int) -> None:
        self._per_user = per_user
        self._users: dict[str, dict[str, LiveRun]] = {}
        self._tasks: dict[LiveRun, asyncio.Task[None]] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, run: LiveRun, session: Session) -> None:
        """Start a run in a task of its own.

        Args:
            run: The run.
            session: The session it belongs to.

        Raises:
            RunIdInUse: A run of this user with this identifier is under way.
            EngineBusy: Too many runs of this user are under way.
        """
        context = run.context
        mine = self._users.get(context.user_id, {})
        if context.run_id in mine:
            raise RunIdInUse(context.run_id)
        if len(mine) >= self._per_user:
            raise EngineBusy("runs under way", self._per_user, "no more may wait")
        task = asyncio.create_task(run.perform(session), name=f"run {context.run_id}")
        self._users.setdefault(context.user_id, mine)[context.run_id] = run
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
        run = self._users.get(user_id, {}).get(run_id)
        if run is None:
            return False
        run.cancel(reason)
        return True

    def under_way(self, user_id: str, run_id: str) -> bool:
        """Tell whether a user has such a run under way."""
        return run_id in self._users.get(user_id, {})

    def started_by(self, user_id: str, connection_id: ConnectionId) -> tuple[LiveRun, ...]:
        """List the runs under way that a connection of a user started."""
        mine = self._users.get(user_id, {})
        return tuple(run for run in mine.values() if run.connection_id == connection_id)

    def all(self) -> tuple[LiveRun, ...]:
        """List the runs of everybody."""
        return tuple(self._tasks)

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
        del self._tasks[run]
        mine = self._users[run.context.user_id]
        del mine[run.context.run_id]
        if not mine:
            del self._users[run.context.user_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a run's task failed", exc_info=error)
