"""What one user may ask of the engine."""

import math
from dataclasses import dataclass, fields
from typing import Final

__all__ = ["DEFAULT_LIMITS", "EngineLimits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineLimits:
    """The limits of an engine and of its user.

    Attributes:
        runs_per_user: Runs at once, over all engines of the user.
        run_seconds: Seconds a run may take, from its start to the agent's return.
        engines_per_user: Engines of the user that are in use at once: from the first run of each
            to its cleanup.
        idle_seconds: Seconds without a run after which an engine cleans itself up.
        queued_runs_per_user: Runs that may wait for a place; one more is refused at once.
        queue_seconds: Seconds a run may wait for a place before it is refused.
        history: Results an engine remembers.
        event_bytes: Bytes of JSON that a payload may hold.
        tool_bytes: Bytes of JSON that are shown of a tool's parameters, and of its result; what
            is larger is replaced by a note. The agent gets all of it.
        grace_seconds: Seconds a cancelled agent has to clean up before it is cancelled again.
        cancel_attempts: How often an agent is cancelled before it is given up and reported as
            abandoned.

    Raises:
        ValueError: A limit is not a positive, finite number (zero is allowed for the queue and
            the history).
    """

    runs_per_user: int = 3
    run_seconds: float = 25.0
    engines_per_user: int = 2
    idle_seconds: float = 300.0
    queued_runs_per_user: int = 16
    queue_seconds: float = 10.0
    history: int = 100
    event_bytes: int = 256 * 1024
    tool_bytes: int = 16 * 1024
    grace_seconds: float = 1.0
    cancel_attempts: int = 5

    def __post_init__(self) -> None:
        may_be_zero = {"queued_runs_per_user", "queue_seconds", "history"}
        problems = [
            f"{field.name} must be {'at least' if field.name in may_be_zero else 'more than'} 0 "
            f"and finite, not {value!r}"
            for field in fields(self)
            if not math.isfinite(value := getattr(self, field.name))
            or value < 0
            or (value == 0 and field.name not in may_be_zero)
        ]
        if problems:
            raise ValueError("EngineLimits: " + "; ".join(problems))


DEFAULT_LIMITS: Final = EngineLimits()
