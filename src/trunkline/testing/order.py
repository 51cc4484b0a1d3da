"""A checker of the order of events that knows no application: numbers, starts, ends, one user."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

__all__ = ["EventOrder"]


class EventOrder:
    """Checks events one by one as they come over one connection.

    Each run counts its events 1, 2, 3, ... without gaps; one start comes first, one end last; all
    events belong to one user. Messages that are no events (no number, and neither a start nor an
    end) are let through.

    Args:
        started: The type of a run's first event.
        ended: The types of a run's last event.
        type: The field that holds an event's type.
        seq: The field that holds its number in the run.
        run: The field that names the run.
        user: The field that names the user; empty where events name none.
    """

    def __init__(
        self,
        *,
        started: str = "agent_started",
        ended: Collection[str] = ("agent_completed", "agent_error"),
        type: str = "type",  # noqa: A002  # the name of the field, as it is in most protocols
        seq: str = "seq",
        run: str = "run_id",
        user: str = "user_id",
    ) -> None:
        self._started = started
        self._ended = frozenset(ended)
        self._type, self._seq, self._run, self._user = type, seq, run, user
        self._numbers: dict[Any, int] = {}
        self._over: set[Any] = set()
        self._owner: Any = None

    @property
    def open_runs(self) -> frozenset[Any]:
        """The runs that have started and not ended."""
        return frozenset(self._numbers.keys() - self._over)

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Take the next event.

        Args:
            event: What was received.

        Raises:
            AssertionError: It may not come now; the text says what was expected.
        """
        kind = event.get(self._type)
        if self._seq not in event and kind != self._started and kind not in self._ended:
            return
        self._check_user(event)
        run, number = event.get(self._run), event.get(self._seq)
        expected = self._numbers.get(run, 0) + 1
        if run in self._over:
            raise AssertionError(f"run {run!r} has ended before")
        if number != expected or isinstance(number, bool):
            raise AssertionError(f"{self._seq} of run {run!r} is {number!r}, expected {expected}")
        if expected == 1 and kind != self._started:
            raise AssertionError(f"run {run!r} begins without {self._started}")
        if expected > 1 and kind == self._started:
            raise AssertionError(f"run {run!r} has started before")
        self._numbers[run] = expected
        if kind in self._ended:
            self._over.add(run)

    def _check_user(self, event: Mapping[str, Any]) -> None:
        if not self._user:
            return
        user = event.get(self._user)
        if user is None:
            raise AssertionError(f"it has no {self._user}")
        if self._owner is None:
            self._owner = user
        if user != self._owner:
            raise AssertionError(
                f"{self._user} is {user!r}, but the connection is {self._owner!r}'s"
            )
