"""How many faults a client may commit before its connection ends."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["FaultBudget"]


class FaultBudget:
    """A token bucket: so many faults at once, and so many a second in the long run.

    Args:
        burst: Faults that are forgiven at once.
        per_second: Faults that are forgiven each second after that.
        clock: Gives the time in seconds; it never goes back.
    """

    def __init__(self, burst: int, per_second: float, clock: Callable[[], float]) -> None:
        self._burst = float(burst)
        self._per_second = per_second
        self._clock = clock
        self._left = self._burst
        self._at = clock()

    def spend(self) -> bool:
        """Count a fault.

        Returns:
            Whether it is forgiven.
        """
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
