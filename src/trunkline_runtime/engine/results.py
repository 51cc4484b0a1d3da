"""What runs leave behind: their results, and the figures of an engine."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trunkline_runtime.context import RunId

__all__ = ["AgentResult", "EngineStats"]


@dataclass(frozen=True, slots=True)
class AgentResult:
    """How a run that began has ended.

    Attributes:
        run_id: The run.
        agent_name: The agent.
        ok: Whether the agent returned.
        result: What it returned, as plain data; None unless ``ok``.
        error_code: A stable word for why it did not: "agent_failed", "timeout", "cancelled" or
            the code of another fault; None if ``ok``.
        error_message: The same for a person, safe to show; None if ``ok``.
        retryable: Whether the same request may succeed later.
        duration_ms: Milliseconds from the start to the end.
        events: How many events the run has sent, its start and end included.
        started_at: When it started, in UTC.
    """

    run_id: RunId
    agent_name: str
    ok: bool
    result: Any
    error_code: str | None
    error_message: str | None
    retryable: bool
    duration_ms: float
    events: int
    started_at: datetime


@dataclass(frozen=True, slots=True)
class EngineStats:
    """The figures of one engine since it was made.

    Attributes:
        running: Runs that have begun and not ended.
        queued: Runs that wait for a place.
        completed: Runs whose agent returned.
        failed: Runs whose agent raised, or returned what cannot be sent.
        cancelled: Runs that were cancelled after they began.
        timed_out: Runs that took too long.
        refused: Runs that never began: no place, cancelled while they waited, bridge closed.
        abandoned: Tasks and threads that would not stop and were given up; each is in the log.
        busy_ms: Milliseconds of all ended runs together.
        closed: Whether the engine takes no more runs.
    """

    running: int
    queued: int
    completed: int
    failed: int
    cancelled: int
    timed_out: int
    refused: int
    abandoned: int
    busy_ms: float
    closed: bool
