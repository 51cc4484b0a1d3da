"""What an engine remembers of the runs that are over."""

from collections import Counter, deque
from typing import Final

from trunkline_runtime.engine.results import AgentResult, EngineStats

__all__ = ["RunTally"]

_COUNTED_AS: Final = {None: "completed", "cancelled": "cancelled", "timeout": "timed_out"}
"""By the error code of a run; one with any other has failed."""


class RunTally:
    """The results and the figures of one engine.

    Args:
        history: How many results are kept.
    """

    def __init__(self, history: int) -> None:
        self._results: deque[AgentResult] = deque(maxlen=history)
        self._counts: Counter[str] = Counter()
        self._busy_ms = 0.0

    def ended(self, result: AgentResult) -> None:
        """A run has ended."""
        self._results.append(result)
        self._busy_ms += result.duration_ms
        self._counts[_COUNTED_AS.get(result.error_code, "failed")] += 1

    def refused(self) -> None:
        """A run was asked for that never began."""
        self._counts["refused"] += 1

    def abandoned(self, tasks: int) -> None:
        """Tasks and threads of a run would not stop and were given up."""
        self._counts["abandoned"] += tasks

    def results(self) -> tuple[AgentResult, ...]:
        """The last results, oldest first."""
        return tuple(self._results)

    def stats(self, *, running: int, queued: int, closed: bool) -> EngineStats:
        """The figures, with those of the runs under way.

        Args:
            running: Runs that have begun and not ended.
            queued: Runs that wait for a place.
            closed: Whether the engine takes no more runs.
        """
        return EngineStats(
            running=running,
            queued=queued,
            completed=self._counts["completed"],
            failed=self._counts["failed"],
            cancelled=self._counts["cancelled"],
            timed_out=self._counts["timed_out"],
            refused=self._counts["refused"],
            abandoned=self._counts["abandoned"],
            busy_ms=round(self._busy_ms, 3),
            closed=closed,
        )
