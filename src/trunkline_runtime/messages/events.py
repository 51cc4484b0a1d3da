"""The events of a run: one message format, one schema for each type of payload."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Annotated, Any, Final, Self
from uuid import uuid4

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from trunkline_runtime.errors import InvalidPayload
from trunkline_runtime.frozen import FrozenDict, NotPlain, freeze

__all__ = [
    "END_TYPES",
    "PAYLOADS",
    "AgentCompleted",
    "AgentError",
    "AgentStarted",
    "AgentThinking",
    "Event",
    "EventType",
    "FreePayload",
    "Payload",
    "ToolCompleted",
    "ToolExecuting",
    "validate_payload",
]


class EventType(StrEnum):
    """The types of events a run may send."""

    AGENT_STARTED = "agent_started"
    AGENT_THINKING = "agent_thinking"
    TOOL_EXECUTING = "tool_executing"
    TOOL_COMPLETED = "tool_completed"
    AGENT_COMPLETED = "agent_completed"
    AGENT_ERROR = "agent_error"
    PROGRESS_UPDATE = "progress_update"
    CUSTOM = "custom"


END_TYPES: Final = frozenset({EventType.AGENT_COMPLETED, EventType.AGENT_ERROR})
"""The types that end a run: exactly one of them comes, and it comes last."""


class Payload(BaseModel):
    """The schema of a payload: strict types, no unknown fields, read-only."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        arbitrary_types_allowed=True,  # FrozenDict: kept as it is, so that it stays read-only
        allow_inf_nan=False,
        hide_input_in_errors=True,  # payloads are the user's own data and stay out of logs
    )


_ToolCallId = Annotated[str, Field(min_length=1, max_length=256)]
_Name = Annotated[str, Field(min_length=1, max_length=256)]
_Milliseconds = Annotated[float, Field(ge=0)]


class AgentStarted(Payload):
    """An agent begins its run."""

    message: str


class AgentThinking(Payload):
    """What an agent considers; ``progress`` runs from 0 to 1."""

    reasoning: str
    step: Annotated[int, Field(ge=0)] | None = None
    progress: Annotated[float, Field(ge=0, le=1)] | None = None


class ToolExecuting(Payload):
    """A tool was called."""

    tool_call_id: _ToolCallId
    tool_name: _Name
    parameters: FrozenDict


class ToolCompleted(Payload):
    """A tool returned (``ok``) or failed; it answers the call with the same id."""

    tool_call_id: _ToolCallId
    tool_name: _Name
    result: Any
    duration_ms: _Milliseconds
    ok: bool


class AgentCompleted(Payload):
    """The run ended with a result."""

    result: Any
    duration_ms: _Milliseconds


class AgentError(Payload):
    """The run ended without a result; ``message`` is safe to show to the user."""

    code: _Name
    message: str
    retryable: bool


class FreePayload(Payload):
    """A payload of any JSON-like fields."""

    model_config = ConfigDict(extra="allow")


PAYLOADS: Final[Mapping[EventType, type[Payload]]] = MappingProxyType(
    {
        EventType.AGENT_STARTED: AgentStarted,
        EventType.AGENT_THINKING: AgentThinking,
        EventType.TOOL_EXECUTING: ToolExecuting,
        EventType.TOOL_COMPLETED: ToolCompleted,
        EventType.AGENT_COMPLETED: AgentCompleted,
        EventType.AGENT_ERROR: AgentError,
        EventType.PROGRESS_UPDATE: FreePayload,
        EventType.CUSTOM: FreePayload,
    }
)
"""The schema of each type's payload."""


def validate_payload(event_type: EventType, payload: Mapping[str, Any]) -> FrozenDict:
    """Check a payload against the schema of its type.

    Args:
        event_type: The type of the event.
        payload: JSON-like fields. Optional fields that are missing are filled in with None.

    Returns:
        A deep read-only copy.

    Raises:
        InvalidPayload: With every problem that was found.
    """
    try:
        frozen = freeze(payload)
    except NotPlain as fault:
        raise InvalidPayload(event_type, [str(fault).removeprefix(".")]) from None
    if not isinstance(frozen, FrozenDict):
        raise InvalidPayload(event_type, [f"it is no mapping but {type(payload).__name__}"])
    model = PAYLOADS[event_type]
    try:
        checked = model.model_validate(frozen)
    except ValidationError as fault:
        raise InvalidPayload(
            event_type,
            [
                f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
                for problem in fault.errors(include_url=False, include_input=False)
            ],
        ) from None
    return frozen if model is FreePayload else FrozenDict(checked.__dict__)


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


class Event(BaseModel):
    """One event of a run, as it is sent, stored for replay, and checked.

    Attributes:
        type: What happened.
        event_id: A uuid4, unless one is given.
        seq: Its number in the run: 1, 2, 3, without gaps.
        user_id: The user whose run it is; events reach no other.
        thread_id: The conversation the run belongs to.
        run_id: The run.
        request_id: The request the run belongs to.
        agent_name: The agent that runs.
        timestamp: When it happened; in UTC.
        payload: A deep read-only mapping, valid by the schema of ``type``: see `PAYLOADS`.
    """

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, hide_input_in_errors=True, allow_inf_nan=False
    )

    type: EventType
    event_id: _Name = Field(default_factory=lambda: str(uuid4()))
    seq: Annotated[int, Field(ge=1)]
    user_id: _Name
    thread_id: _Name
    run_id: _Name
    request_id: _Name
    agent_name: _Name
    timestamp: Annotated[AwareDatetime, AfterValidator(_in_utc)]
    payload: Mapping[str, Any]

    @field_validator("payload", mode="plain")
    @classmethod
    def _valid_payload(cls, payload: Any, info: ValidationInfo) -> FrozenDict:
        event_type = info.data.get("type")
        if event_type is None:  # the type itself is wrong, and that is reported
            return FrozenDict()
        try:
            return validate_payload(event_type, payload)
        except InvalidPayload as fault:
            raise ValueError("; ".join(fault.problems)) from None

    @cached_property
    def _frame(self) -> str:
        return json.dumps(
            {
                "type": self.type,
                "event_id": self.event_id,
                "seq": self.seq,
                "user_id": self.user_id,
                "thread_id": self.thread_id,
                "run_id": self.run_id,
                "request_id": self.request_id,
                "agent_name": self.agent_name,
                "timestamp": self.timestamp.isoformat(timespec="microseconds"),
                "payload": self.payload,
            },
            separators=(",", ":"),
        )

    def __copy__(self) -> Self:
        """Copy without the frame, which ``model_copy(update=...)`` would make untrue."""
        twin = super().__copy__()
        vars(twin).pop("_frame", None)
        return twin

    def to_json(self) -> str:
        """Return the frame that goes over the wire; it is drawn once and kept.

        It is pure ASCII: a file name that is no valid UTF-8 must not break a user's connection.
        """
        return self._frame

    @classmethod
    def from_json(cls, frame: str | bytes) -> Event:
        """Read a frame back.

        Args:
            frame: What `to_json` returned.

        Raises:
            pydantic.ValidationError: It is not an event.
        """
        return cls.model_validate_json(frame)
