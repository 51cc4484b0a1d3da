"""What an agent holds while it runs: its user's context, its events and its tools."""

import asyncio
import inspect
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol, TypeVar

from trunkline_runtime.context import RunId, UserExecutionContext
from trunkline_runtime.engine.emission import RunEvents
from trunkline_runtime.engine.limits import EngineLimits
from trunkline_runtime.engine.logs import RunLog
from trunkline_runtime.engine.plain import outline, plain
from trunkline_runtime.engine.tasks import RunTasks
from trunkline_runtime.engine.tools import Tool
from trunkline_runtime.errors import BridgeClosed, RuntimeFault
from trunkline_runtime.messages import Delivery, EventType

__all__ = ["Run", "ToolSource"]

_T = TypeVar("_T")


class ToolSource(Protocol):
    """Where a run finds its tools."""

    def get_tool(self, name: str) -> Tool:
        """Return a tool, or raise ``UnknownTool``."""
        ...


class Run:
    """One run of an agent. The engine makes it; it is of no use after the run's end.

    Every event goes to the user of ``context`` and to nobody else. A call returns when the event
    has been taken and tells what became of it. Events may be sent from several tasks at once.

    Args:
        context: Whose run it is.
        run_id: The run.
        agent_name: The agent.
        tools: Where tools are found.
        events: Where events go.
        tasks: Keeps what the agent starts.
        log: The run's log.
        limits: Seconds the run may take, and bytes of JSON its payloads may.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        context: UserExecutionContext,
        run_id: RunId,
        agent_name: str,
        tools: ToolSource,
        events: RunEvents,
        tasks: RunTasks,
        log: RunLog,
        limits: EngineLimits,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._context = context
        self._run_id = run_id
        self._agent_name = agent_name
        self._tools = tools
        self._events = events
        self._tasks = tasks
        self._log = log
        self._limits = limits
        self._clock = clock
        self._calls = 0
        self._ends = clock() + limits.run_seconds

    @property
    def context(self) -> UserExecutionContext:
        """Whose run it is, and in which conversation."""
        return self._context

    @property
    def run_id(self) -> RunId:
        """The run."""
        return self._run_id

    @property
    def agent_name(self) -> str:
        """The name the agent was called by."""
        return self._agent_name

    @property
    def seconds_left(self) -> float:
        """How long the agent has until it is stopped; zero or more."""
        return max(self._ends - self._clock(), 0.0)

    @property
    def log(self) -> RunLog:
        """A logger whose lines carry the run's identifiers."""
        return self._log

    async def thinking(
        self, reasoning: str, step: int | None = None, progress: float | None = None
    ) -> Delivery:
        """Tell what the agent considers.

        Args:
            reasoning: A sentence for the user.
            step: The number of the step, from 0.
            progress: How much of the run is done, from 0 to 1.

        Raises:
            EventOrderError: The run has ended.
            InvalidPayload: A value is of a wrong type or out of its range.
        """
        return await self._send(
            EventType.AGENT_THINKING, {"reasoning": reasoning, "step": step, "progress": progress}
        )

    async def progress(self, **free: Any) -> Delivery:
        """Tell how far the agent has come, in fields of its own choice.

        Args:
            **free: Plain data: the payload.

        Raises:
            EventOrderError: The run has ended.
            InvalidPayload: A field is no plain data, or all are too large.
        """
        return await self._send(EventType.PROGRESS_UPDATE, free)

    async def custom(self, **free: Any) -> Delivery:
        """Send an event whose meaning agent and client have agreed upon.

        Args:
            **free: Plain data: the payload.

        Raises:
            EventOrderError: The run has ended.
            InvalidPayload: A field is no plain data, or all are too large.
        """
        return await self._send(EventType.CUSTOM, free)

    async def call_tool(self, name: str, /, **params: Any) -> Any:
        """Call a tool. The user sees ``tool_executing``, and ``tool_completed`` however it ends.

        Args:
            name: The registered tool.
            **params: Its parameters; they are validated by its annotations.

        Returns:
            What the tool returned, as it is. The event shows an outline of it.

        Raises:
            UnknownTool: No tool has this name; nothing was sent.
            InvalidToolParameters: A parameter is missing, surplus, or of a wrong type.
            EventOrderError: The run has ended.
            BridgeClosed: Its request has.
            Exception: Whatever the tool raises.
        """
        self._events.require_open(f"{EventType.TOOL_EXECUTING} ({name})")
        tool = self._tools.get_tool(name)
        self._calls += 1
        call = {"tool_call_id": f"tool-{self._calls}", "tool_name": name}
        began = self._clock()
        executing = self._events.post(
            EventType.TOOL_EXECUTING,
            {**call, "parameters": self._outline_parameters(params)},
        )
        try:
            if not await asyncio.shield(executing):
                raise BridgeClosed(self._context.user_id)
            result = await self._invoke(tool, params)
        except BaseException as error:
            if not _failed(executing):
                await self._report_failure(call, began, error)
            raise
        await self._events.send(
            EventType.TOOL_COMPLETED,
            {
                **call,
                "result": self._outline_result(tool, result),
                "duration_ms": self._since(began),
                "ok": True,
            },
        )
        return result

    def create_task(
        self, work: Coroutine[Any, Any, _T], *, name: str | None = None
    ) -> asyncio.Task[_T]:
        """Start a task that ends with this run at the latest.

        Use it, or an ``asyncio.TaskGroup``, for everything that runs beside the agent: a task of
        ``asyncio.create_task`` that is not awaited outlives its run, and the engine does not know
        of it.

        Args:
            work: The coroutine.
            name: The task's name.

        Returns:
            The task. It is cancelled if it still runs when the agent ends.

        Raises:
            EventOrderError: The run has ended.
        """
        try:
            self._events.require_open("task")
        except BaseException:
            work.close()
            raise
        return self._tasks.start(work, name)

    async def _send(self, event_type: EventType, payload: Mapping[str, Any]) -> Delivery:
        self._events.require_open(event_type)
        return await self._events.send(
            event_type, plain(payload, event_type, self._limits.event_bytes)
        )

    async def _invoke(self, tool: Tool, params: Mapping[str, Any]) -> Any:
        values = tool.validated(params)
        if tool.blocking:
            thread = self._tasks.start_thread(asyncio.to_thread(tool.function, **values))
            return await asyncio.shield(thread)
        result = tool.function(**values)
        return await result if inspect.isawaitable(result) else result

    async def _report_failure(
        self, call: Mapping[str, Any], began: float, error: BaseException
    ) -> None:
        expected = isinstance(error, RuntimeFault | asyncio.CancelledError)
        if not expected:
            self._log.warning("tool %s failed", call["tool_name"], exc_info=error)
        if self._events.closed:
            return  # the run has ended without this task, and the tool was reported stopped
        payload = {
            **call,
            "result": {"error": _safe_text(error)},
            "duration_ms": self._since(began),
            "ok": False,
        }
        try:
            await self._events.send(EventType.TOOL_COMPLETED, payload)
        except Exception:  # noqa: BLE001  # logged; the tool's own error goes on to the agent
            # What the tool raised says more to the agent than why that could not be reported.
            self._log.exception("the failure of tool %s could not be reported", call["tool_name"])

    def _outline_parameters(self, params: Mapping[str, Any]) -> dict[str, Any]:
        share = self._limits.tool_bytes // max(len(params), 1)
        return {name: outline(value, share) for name, value in params.items()}

    def _outline_result(self, tool: Tool, result: Any) -> Any:
        try:
            shown = tool.show(result)
        except Exception:  # noqa: BLE001  # any: it is the application's code; logged here
            # The tool has done its work; what cannot be drawn of it must not undo that.
            self._log.exception("the result of tool %s could not be shown", tool.name)
            shown = None
        return outline(shown, self._limits.tool_bytes)

    def _since(self, began: float) -> float:
        return round((self._clock() - began) * 1000, 3)


def _failed(executing: asyncio.Task[Delivery]) -> bool:
    """Tell whether ``tool_executing`` is known not to have gone out."""
    if not executing.done():
        return False
    return executing.cancelled() or executing.exception() is not None or not executing.result()


def _safe_text(error: BaseException) -> str:
    if isinstance(error, RuntimeFault):
        return error.public_message
    if isinstance(error, asyncio.CancelledError):
        return "The tool was stopped."
    return "The tool failed."
