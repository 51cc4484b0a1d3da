"""Brings one run to its end, whatever its agent does."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from trunkline_runtime.context import RunId
from trunkline_runtime.engine.emission import RunEvents
from trunkline_runtime.engine.limits import EngineLimits
from trunkline_runtime.engine.logs import RunLog
from trunkline_runtime.engine.plain import plain
from trunkline_runtime.engine.registry import RegisteredAgent
from trunkline_runtime.engine.results import AgentResult
from trunkline_runtime.engine.run import Run
from trunkline_runtime.engine.tasks import RunTasks
from trunkline_runtime.errors import (
    AgentFailed,
    BridgeClosed,
    EventOrderError,
    RunCancelled,
    RuntimeFault,
    RunTimeout,
)
from trunkline_runtime.messages import EventType

__all__ = ["Supervision"]

_TOOL_STOPPED: Final = MappingProxyType({"error": "The tool was stopped."})


class Supervision:
    """One run from its first event to its last.

    The agent runs in a task of its own, so that a deadline, a cancellation and a crash all end
    the same way: the agent is cancelled (again, if it swallows it), then whatever it has started
    through its run; the run is closed to further events; tools still open are reported stopped;
    and ``agent_completed`` or ``agent_error`` is the last event. Every wait is bounded.

    Args:
        agent: The agent.
        given: Its input.
        run: What the agent holds.
        events: Where the run's events go.
        tasks: What the agent has started.
        limits: Seconds a run, grace and attempts.
        log: The run's log.
        started_at: When the run starts, in UTC.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        agent: RegisteredAgent,
        given: Mapping[str, Any],
        run: Run,
        events: RunEvents,
        tasks: RunTasks,
        limits: EngineLimits,
        log: RunLog,
        started_at: datetime,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._agent = agent
        self._given = given
        self._run = run
        self._events = events
        self._tasks = tasks
        self._limits = limits
        self._log = log
        self._started_at = started_at
        self._clock = clock
        self._stop: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._abandoned: frozenset[asyncio.Task[Any]] = frozenset()

    @property
    def run_id(self) -> RunId:
        """The run."""
        return self._run.run_id

    @property
    def abandoned(self) -> frozenset[asyncio.Task[Any]]:
        """Tasks that would not stop, once the run has ended."""
        return self._abandoned

    def stop(self, reason: str) -> None:
        """Have the run cancelled; the first reason stands. Returns at once.

        Args:
            reason: Who or what cancels it, safe to show.
        """
        if not self._stop.done():
            self._stop.set_result(reason)

    async def conduct(self) -> AgentResult:
        """Run the agent.

        Returns:
            How the run ended.

        Raises:
            RuntimeFault: The run never began: its first event was not accepted. The user has
                been told nothing.
        """
        began = self._clock()
        name = f"agent {self._agent.name} run {self.run_id}"
        body = asyncio.create_task(self._body(), name=name)
        fault = await self._watch(body)
        self._abandoned = frozenset(
            await self._tasks.stop(
                body,
                grace_seconds=self._limits.grace_seconds,
                attempts=self._limits.cancel_attempts,
            )
        )
        fault = fault or self._fault_of(body)
        self._report(fault, body)
        self._events.close()
        if lost := await self._events.settle(self._limits.grace_seconds):
            self._log.error("%d events of the run could not be sent in time", lost)
        duration_ms = round((self._clock() - began) * 1000, 3)
        if self._events.count or self._events.in_doubt:
            await self._close_tools()
            fault = await self._end(fault, None if fault else body.result(), duration_ms)
        if not self._events.count:
            raise fault or BridgeClosed(self._run.context.user_id)
        return AgentResult(
            run_id=self.run_id,
            agent_name=self._agent.name,
            ok=fault is None,
            result=None if fault else body.result(),
            error_code=fault.code if fault else None,
            error_message=fault.public_message if fault else None,
            retryable=fault.retryable if fault else False,
            duration_ms=duration_ms,
            events=self._events.count,
            started_at=self._started_at,
        )

    async def _body(self) -> Any:
        message = f"{self._agent.name} started"
        if not await self._events.send(EventType.AGENT_STARTED, {"message": message}):
            raise BridgeClosed(self._run.context.user_id)
        try:
            value = await self._agent.begin()(self._run, self._given)
        except SystemExit as error:
            # asyncio lets it through to the loop, where it would end the server and every run.
            raise AgentFailed(self._agent.name, self.run_id, "SystemExit") from error
        return plain(value, EventType.AGENT_COMPLETED, self._limits.event_bytes)

    async def _watch(self, body: asyncio.Task[Any]) -> RuntimeFault | None:
        """Wait until the agent has ended, or has to."""
        try:
            await asyncio.wait(
                (body, self._stop),
                timeout=self._limits.run_seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )
        except asyncio.CancelledError:
            # Only a loop that shuts down cancels this task; the run still ends in good order.
            return RunCancelled(self.run_id, "the server is stopping")
        if body.done():
            return None
        if self._stop.done():
            return RunCancelled(self.run_id, self._stop.result())
        return RunTimeout(self.run_id, self._limits.run_seconds)

    def _fault_of(self, body: asyncio.Task[Any]) -> RuntimeFault | None:
        if body.cancelled():
            return RunCancelled(self.run_id, "by the agent itself")
        error = body.exception()
        return None if error is None else self._fault_from(error)

    def _fault_from(self, error: BaseException) -> RuntimeFault:
        """Return what a user may be told of an error; all else of it is for the log."""
        if (told := _fault_within(error)) is not None:
            return told
        fault = AgentFailed(self._agent.name, self.run_id, type(error).__name__)
        fault.__cause__ = error
        return fault

    def _report(self, fault: RuntimeFault | None, body: asyncio.Task[Any]) -> None:
        """Write what a user may not be told to the log."""
        cause = fault.__cause__ if isinstance(fault, AgentFailed) else None
        if cause is not None:
            self._log.error("the agent failed", exc_info=cause)
        elif fault is not None:
            self._log.info("the run ended early: %s", fault.code)
        known = {id(cause), id(fault)}
        if (raised := _raised(body)) is not None and id(raised) not in known:
            self._log.warning("the agent failed while it was stopped", exc_info=raised)
        for failure in self._tasks.failures():
            if id(failure) not in known:
                self._log.warning("a task of the run failed", exc_info=failure)
        for task in self._abandoned:
            self._log.error("gave up on %s, which would not stop", task.get_name())
            task.add_done_callback(self._note_end_of_abandoned)

    def _note_end_of_abandoned(self, task: asyncio.Task[Any]) -> None:
        self._log.warning("%s has ended after its run", task.get_name(), exc_info=_raised(task))

    async def _close_tools(self) -> None:
        for call_id, tool_name in self._events.open_tools.items():
            await self._send_last(
                EventType.TOOL_COMPLETED,
                {
                    "tool_call_id": call_id,
                    "tool_name": tool_name,
                    "result": dict(_TOOL_STOPPED),
                    "duration_ms": 0.0,
                    "ok": False,
                },
            )

    async def _end(
        self, fault: RuntimeFault | None, result: Any, duration_ms: float
    ) -> RuntimeFault | None:
        """Send the one end of the run, and return the fault that it told, if it told one."""
        in_doubt = False
        if fault is None:
            ended = {"result": result, "duration_ms": duration_ms}
            error = await self._send_last(EventType.AGENT_COMPLETED, ended)
            if error is None:
                return None
            fault = self._fault_from(error)
            in_doubt = isinstance(error, TimeoutError)
        error = await self._send_last(
            EventType.AGENT_ERROR,
            {"code": fault.code, "message": fault.public_message, "retryable": fault.retryable},
        )
        # If the order forbids the error, the completion that was in doubt has been sent after all.
        return None if in_doubt and isinstance(error, EventOrderError) else fault

    async def _send_last(
        self, event_type: EventType, payload: Mapping[str, Any]
    ) -> Exception | None:
        try:
            delivery = await self._events.send_last(event_type, payload, self._limits.grace_seconds)
        except Exception as error:  # noqa: BLE001  # logged and returned; a run must still end
            self._log.exception("%s could not be sent", event_type)
            return error
        if not delivery:
            self._log.warning("%s was refused: %s", event_type, delivery.reason)
        return None


def _raised(task: asyncio.Task[Any]) -> BaseException | None:
    """Return what a task has raised; asked, so that asyncio does not report it once more."""
    return task.exception() if task.done() and not task.cancelled() else None


def _fault_within(error: BaseException) -> RuntimeFault | None:
    """Find what a user may be told: a fault, or the first of a group of nothing but faults."""
    if isinstance(error, RuntimeFault):
        return error
    if isinstance(error, BaseExceptionGroup):
        faults = [_fault_within(inner) for inner in error.exceptions]
        if all(faults):
            return faults[0]
    return None
