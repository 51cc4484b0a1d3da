"""The order of a run: the one checker, used where events are sent and where they are tested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from trunkline_runtime.errors import EventOrderError
from trunkline_runtime.messages.events import END_TYPES, Event, EventType

__all__ = ["RunOrder", "check_run"]

_IDENTITY: Final = ("user_id", "thread_id", "run_id", "request_id")


class RunOrder:
    """The state of one run, as its events tell it.

    ``agent_started`` comes first and once; each ``tool_executing`` brings a new id and is answered
    by one ``tool_completed`` with the same id and name; one of ``agent_completed`` and
    ``agent_error`` comes last, when no tool is open.

    Args:
        run_id: The run, named in errors.
    """

    __slots__ = ("_ended", "_open", "_run_id", "_started", "_used")

    def __init__(self, run_id: str | None = None) -> None:
        self._run_id = run_id
        self._started = False
        self._ended = False
        self._open: dict[str, str] = {}
        self._used: set[str] = set()

    @property
    def started(self) -> bool:
        """Whether ``agent_started`` has come."""
        return self._started

    @property
    def ended(self) -> bool:
        """Whether the end has come; nothing is accepted after it."""
        return self._ended

    @property
    def open_tools(self) -> Mapping[str, str]:
        """The names of the tools that have not completed yet, by their call's id."""
        return MappingProxyType(self._open)

    def accept(self, event_type: EventType, payload: Mapping[str, Any]) -> None:
        """Take the next event of the run.

        Args:
            event_type: Its type.
            payload: Its payload; only the id and name of a tool are looked at.

        Raises:
            EventOrderError: The event may not come now. The state is what it was before.
        """
        if self._ended:
            raise self._refusal(
                event_type, "the run has ended", "Stop every task of a run before it ends."
            )
        if event_type is EventType.AGENT_STARTED:
            if self._started:
                raise self._refusal(
                    event_type, "the run has started before", "Give each run an id of its own."
                )
            self._started = True
        elif not self._started:
            raise self._refusal(event_type, "the run has not started", "Send agent_started first.")
        elif event_type is EventType.TOOL_EXECUTING:
            self._open_tool(event_type, payload)
        elif event_type is EventType.TOOL_COMPLETED:
            self._close_tool(event_type, payload)
        elif event_type in END_TYPES:
            self._end(event_type)

    def _open_tool(self, event_type: EventType, payload: Mapping[str, Any]) -> None:
        call, name = self._tool(event_type, payload)
        if call in self._used:
            raise self._refusal(
                event_type,
                f"the tool call {call!a} was made before",
                "Give each call of a tool an id of its own.",
            )
        self._used.add(call)
        self._open[call] = name

    def _close_tool(self, event_type: EventType, payload: Mapping[str, Any]) -> None:
        call, name = self._tool(event_type, payload)
        if call not in self._open:
            done = call in self._used
            raise self._refusal(
                event_type,
                f"the tool call {call!a} {'has completed before' if done else 'was never made'}",
                "Send tool_executing first, and one tool_completed for each.",
            )
        if self._open[call] != name:
            raise self._refusal(
                event_type,
                f"the tool call {call!a} was made to {self._open[call]!a}, not to {name!a}",
                "Answer a call with the name it was made to.",
            )
        del self._open[call]

    def _end(self, event_type: EventType) -> None:
        if self._open:
            calls = ", ".join(f"{call!a} ({name!a})" for call, name in self._open.items())
            raise self._refusal(
                event_type,
                f"tool calls are open: {calls}",
                "Send tool_completed for each first, with ok false where the tool was stopped.",
            )
        self._ended = True

    def _tool(self, event_type: EventType, payload: Mapping[str, Any]) -> tuple[str, str]:
        call, name = payload.get("tool_call_id"), payload.get("tool_name")
        if not isinstance(call, str) or not isinstance(name, str):
            raise self._refusal(
                event_type, "it names no tool call", "Send tool_call_id and tool_name as text."
            )
        return call, name

    def _refusal(self, event_type: EventType, problem: str, remedy: str) -> EventOrderError:
        return EventOrderError(event_type, problem, remedy, self._run_id)


def check_run(events: Sequence[Event]) -> list[str]:
    """Check a whole run as it was received.

    Args:
        events: Every event of one run, in the order of their arrival.

    Returns:
        What is wrong, each with the event's place in the sequence; empty for a sound run:
        one user, thread, run and request; ``seq`` 1, 2, 3, ... without gaps; no id twice; the
        order of `RunOrder`, up to its end.
    """
    if not events:
        return ["the run has no events"]
    problems: list[str] = []
    first = events[0]
    order = RunOrder(first.run_id)
    ids: set[str] = set()
    for place, event in enumerate(events, start=1):
        where = f"event {place} ({event.type})"
        problems.extend(
            f"{where}: {field} is {getattr(event, field)!a}, "
            f"but the run began with {getattr(first, field)!a}"
            for field in _IDENTITY
            if getattr(event, field) != getattr(first, field)
        )
        if event.seq != place:
            problems.append(f"{where}: seq is {event.seq}, expected {place}")
        if event.event_id in ids:
            problems.append(f"{where}: event_id {event.event_id!a} came before")
        ids.add(event.event_id)
        try:
            order.accept(event.type, event.payload)
        except EventOrderError as refusal:
            problems.append(f"{where}: {refusal.problem}")
    if not order.ended:
        problems.append("the run has no end: agent_completed or agent_error is missing")
    return problems
