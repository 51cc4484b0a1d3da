"""Sends the events of one run: in order, each whole or not at all, none after the end."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from trunkline_runtime.context import RunId
from trunkline_runtime.engine.sink import EventSink
from trunkline_runtime.errors import EventOrderError
from trunkline_runtime.messages import Delivery, EventType

__all__ = ["RunEvents"]

_TOOL_EVENTS: Final = frozenset({EventType.TOOL_EXECUTING, EventType.TOOL_COMPLETED})


class RunEvents:
    """The events of one run on their way to the sink.

    Each send is a task of its own that the sender waits for, shielded. A sender that is cancelled
    (an agent that took too long) stops waiting, but its event is sent whole; a send torn in two
    would leave nobody knowing whether ``tool_executing`` is out. The tasks start in the order of
    the calls and take turns by a fair lock, so that the order of the calls is that of the events.

    Args:
        sink: Takes the events.
        run_id: The run.
        agent_name: The agent that runs.
    """

    def __init__(self, sink: EventSink, run_id: RunId, agent_name: str) -> None:
        self._sink = sink
        self._run_id = run_id
        self._agent_name = agent_name
        self._turn = asyncio.Lock()
        self._pending: set[asyncio.Task[Delivery]] = set()
        self._open_tools: dict[str, str] = {}
        self._closed = False
        self._count = 0
        self._in_doubt = False

    @property
    def count(self) -> int:
        """How many events the sink has accepted."""
        return self._count

    @property
    def in_doubt(self) -> bool:
        """Whether a send was given up half way, so that its event may be out or not."""
        return self._in_doubt

    @property
    def closed(self) -> bool:
        """Whether the run has ended, but for what the engine itself still sends."""
        return self._closed

    @property
    def open_tools(self) -> Mapping[str, str]:
        """The names of the tools that were reported executing and not completed, by call.

        One whose report is in doubt is among them: a completion too many is refused, one too few
        would leave the run without an end.
        """
        return dict(self._open_tools)

    def require_open(self, what: str) -> None:
        """Refuse whatever an agent's stray task wants after the end of its run.

        Raises:
            EventOrderError: The run has ended.
        """
        if self._closed:
            raise EventOrderError(
                what,
                "the run has ended",
                "Await every task that an agent starts, or start it with Run.create_task.",
                self._run_id,
            )

    def post(self, event_type: EventType, payload: Mapping[str, Any]) -> asyncio.Task[Delivery]:
        """Begin to send an event; the task is its delivery.

        Raises:
            EventOrderError: The run has ended.
        """
        self.require_open(event_type)
        return self._begin(event_type, payload)

    async def send(self, event_type: EventType, payload: Mapping[str, Any]) -> Delivery:
        """Send an event and wait for its delivery.

        Raises:
            EventOrderError: The run has ended, or its order forbids the event.
            InvalidPayload: The payload breaks its schema.
        """
        return await asyncio.shield(self.post(event_type, payload))

    async def send_last(
        self, event_type: EventType, payload: Mapping[str, Any], seconds: float
    ) -> Delivery:
        """Send an event although the run is closed; only the engine ends a run.

        Args:
            event_type: Its type.
            payload: Its payload.
            seconds: How long it may take.

        Raises:
            TimeoutError: It was given up. Whether the event is out is in doubt.
            Exception: Whatever the sink raises.
        """
        task = self._begin(event_type, payload)
        # What counts is what became of the task, not which of the two was first.
        await asyncio.wait((task,), timeout=seconds)
        if not task.done():
            task.cancel()
            await asyncio.wait((task,), timeout=seconds)
        if not task.done() or task.cancelled():
            raise TimeoutError(f"{event_type} took longer than {seconds:g} s")
        return task.result()

    def close(self) -> None:
        """Refuse every further ``post`` and ``send``."""
        self._closed = True

    async def settle(self, seconds: float) -> int:
        """Wait for the sends that are under way, and give up those that take longer.

        Returns:
            How many were given up.
        """
        pending = set(self._pending)
        if pending:
            _, pending = await asyncio.wait(pending, timeout=seconds)
        for task in pending:
            task.cancel()
        if pending:
            await asyncio.wait(pending, timeout=seconds)
        return len(pending)

    def _begin(self, event_type: EventType, payload: Mapping[str, Any]) -> asyncio.Task[Delivery]:
        task = asyncio.create_task(self._deliver(event_type, payload))
        self._pending.add(task)
        task.add_done_callback(self._forget)
        return task

    async def _deliver(self, event_type: EventType, payload: Mapping[str, Any]) -> Delivery:
        async with self._turn:
            try:
                delivery = await self._sink.emit(
                    event_type, payload, agent_name=self._agent_name, run_id=self._run_id
                )
            except asyncio.CancelledError:
                self._in_doubt = True
                if event_type is EventType.TOOL_EXECUTING:
                    self._note_tool(event_type, payload)
                raise
            if delivery.ok:
                self._count += 1
                if event_type in _TOOL_EVENTS:
                    self._note_tool(event_type, payload)
            return delivery

    def _note_tool(self, event_type: EventType, payload: Mapping[str, Any]) -> None:
        call_id = payload["tool_call_id"]
        if event_type is EventType.TOOL_EXECUTING:
            self._open_tools[call_id] = payload["tool_name"]
        else:
            self._open_tools.pop(call_id, None)

    def _forget(self, task: asyncio.Task[Delivery]) -> None:
        self._pending.discard(task)
        if not task.cancelled():
            task.exception()  # whoever still waits for it sees it; a cancelled sender does not
