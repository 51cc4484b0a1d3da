"""Keeps the last events of each user's runs, for clients that come back."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice

from trunkline_runtime.messages import Event

__all__ = ["EventStore"]


@dataclass(slots=True)
class _Kept:
    events: deque[tuple[Event, int]] = field(default_factory=deque)  # with their sizes in bytes
    bytes: int = 0
    touched: float = 0.0


class EventStore:
    """A replay store in memory, bounded in every direction.

    What it no longer has it never pretends to have: ``after`` gives events without a gap, or None.

    Args:
        limit_runs: Runs kept for a user; a further one replaces that without news for longest.
        limit_events: Events kept of a run; further ones replace the oldest.
        seconds: Seconds a run is kept after its last event.
        limit_bytes: Bytes of frames kept for all users together; beyond it, the run without news
            for longest is dropped, whosever it is.
        clock: Seconds that never go back.

    Raises:
        ValueError: A limit is not positive.
    """

    def __init__(
        self,
        limit_runs: int,
        limit_events: int,
        seconds: float,
        *,
        limit_bytes: int = 64 * 1024 * 1024,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if min(limit_runs, limit_events, seconds, limit_bytes) <= 0:
            raise ValueError("EventStore: every limit must be positive")
        self._limit_runs = limit_runs
        self._limit_events = limit_events
        self._limit_bytes = limit_bytes
        self._seconds = seconds
        self._clock = clock
        self._bytes = 0
        # Both are ordered by the last event, oldest first.
        self._runs: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self._users: dict[str, OrderedDict[str, None]] = {}

    def append(self, event: Event) -> None:
        """Keep an event.

        An event that does not follow the last one kept of its run begins the run anew: what is
        kept of a run never has a gap.

        Args:
            event: The event, with its place in its run.
        """
        now = self._clock()
        self._expire(now)
        key = (str(event.user_id), str(event.run_id))
        kept = self._runs.get(key)
        if kept is not None and kept.events and event.seq != kept.events[-1][0].seq + 1:
            self._drop(key)
            kept = None
        if kept is None:
            kept = self._runs[key] = _Kept()
            mine = self._users.setdefault(key[0], OrderedDict())
            mine[key[1]] = None
            if len(mine) > self._limit_runs:
                self._drop((key[0], next(iter(mine))))
        size = len(event.to_json())  # ASCII: characters are bytes
        kept.events.append((event, size))
        kept.bytes += size
        kept.touched = now
        self._bytes += size
        self._runs.move_to_end(key)
        self._users[key[0]].move_to_end(key[1])
        if len(kept.events) > self._limit_events:
            self._shorten(kept)
        while self._bytes > self._limit_bytes:
            oldest = next(iter(self._runs))
            if oldest == key and len(kept.events) > 1:
                self._shorten(kept)
            else:
                self._drop(oldest)

    def after(self, user_id: str, run_id: str, seq: int) -> tuple[Event, ...] | None:
        """Return what followed an event of a run.

        Args:
            user_id: Who asks. Another user's run is as unknown as one that never was.
            run_id: The run.
            seq: The sequence number of the last event the client has; 0 for none.

        Returns:
            The events after it, without a gap; empty if there are none yet. None if the run is
            not kept, if the events right after ``seq`` are no longer kept, or if the run has not
            come as far as ``seq``.
        """
        self._expire(self._clock())
        kept = self._runs.get((str(user_id), str(run_id)))
        if kept is None or not kept.events:
            return None
        first, last = kept.events[0][0].seq, kept.events[-1][0].seq
        if not first - 1 <= seq <= last:
            return None
        return tuple(event for event, _ in islice(kept.events, seq - first + 1, None))

    def forget(self, user_id: str) -> None:
        """Drop everything that is kept for a user."""
        for run_id in tuple(self._users.get(str(user_id), ())):
            self._drop((str(user_id), run_id))

    def runs(self, user_id: str) -> tuple[str, ...]:
        """Return the runs kept for a user, that without news for longest first."""
        self._expire(self._clock())
        return tuple(self._users.get(str(user_id), ()))

    @property
    def bytes(self) -> int:
        """How many bytes of frames are kept."""
        return self._bytes

    def _expire(self, now: float) -> None:
        while self._runs:
            key, kept = next(iter(self._runs.items()))
            if now - kept.touched < self._seconds:
                return
            self._drop(key)

    def _shorten(self, kept: _Kept) -> None:
        _, size = kept.events.popleft()
        kept.bytes -= size
        self._bytes -= size

    def _drop(self, key: tuple[str, str]) -> None:
        self._bytes -= self._runs.pop(key).bytes
        mine = self._users[key[0]]
        del mine[key[1]]
        if not mine:
            del self._users[key[0]]
