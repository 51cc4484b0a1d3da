"""Interleaved rounds: every contender once a round, in rotated order, compared within the round.

Other programs run on the same machine. So a figure is never a time but a ratio to the baseline of
the same round, and what is given is the median of these ratios with their tenth and ninetieth
percentiles. Time is the processor time of this process, which other programs do not stretch.

Where small objects come to lie in memory is luck, and may cost a tenth: CPython takes them from
pools, and a loop that empties and refills one pays for that each time. So each measurement is
taken with other pools half full, and the median of many rounds is free of that luck.
"""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import repeat
from statistics import median, quantiles

from tests.benchmarks.contender import Repeat

__all__ = ["Ratio", "Rounds", "interleaved", "loops_of"]

SLICE_SECONDS = 0.02
"""How long one measurement shall take."""

SMALL, POOL = 512, 16_384
"""Bytes of the largest object that CPython takes from a pool, and of a pool."""

Timed = Callable[[Repeat], object]


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times the other's time something takes.

    Attributes:
        median: Of the ratios of all rounds.
        low: Their tenth percentile.
        high: Their ninetieth.
    """

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> Ratio:
        """The ratio that these rounds show."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        deciles = quantiles(values, n=10, method="inclusive")
        return cls(median(values), deciles[0], deciles[-1])


@dataclass(frozen=True, slots=True)
class Rounds:
    """What interleaved rounds found.

    Attributes:
        figures: By contender: one figure a round (seconds for one run, or bytes), in order.
    """

    figures: Mapping[str, list[float]]

    def ratio(self, contender: str, to: str) -> Ratio:
        """One contender's figures over another's, paired by round."""
        pairs = zip(self.figures[contender], self.figures[to], strict=True)
        return Ratio.of([figure / other for figure, other in pairs])

    def median(self, contender: str) -> float:
        """The middle figure of a contender."""
        return median(self.figures[contender])


def interleaved(
    runs: Mapping[str, Timed], rounds: int, loops: Mapping[str, int] | None = None
) -> Rounds:
    """Time runs against one another.

    The garbage collector stays on, as users have it, and is run before each measurement so that
    nobody pays for another's garbage.

    Args:
        runs: What to time, by contender.
        rounds: How often each is timed.
        loops: How many loops a measurement is; found out unless given.
    """
    loops = loops or {name: loops_of(run) for name, run in runs.items()}
    figures: dict[str, list[float]] = {name: [] for name in runs}
    names = list(runs)
    luck = random.Random(rounds)
    for number in range(rounds):
        start = number % len(names)
        for name in names[start:] + names[:start]:
            run, times = runs[name], repeat(None, loops[name])
            gc.collect()
            ballast = _ballast(luck)
            began = time.process_time_ns()
            run(times)
            figures[name].append((time.process_time_ns() - began) / loops[name] / 1e9)
            del ballast
    return Rounds(figures)


def _ballast(luck: random.Random) -> list[object]:
    """Objects that leave CPython's pools of small objects, one a size, filled at random."""
    held: list[object] = []
    for size in range(16, SMALL + 1, 16):
        count = luck.randrange(POOL // size)
        if size == 16:
            held += [object() for _ in range(count)]
        elif size == 32:
            held += [complex(number, 1) for number in range(count)]
        else:
            held += [bytes(size - 33) for _ in range(count)]
    return held


def loops_of(run: Timed) -> int:
    """How many loops take the time of a slice; the loops on the way there warm the code up."""
    loops = 1
    while True:
        began = time.process_time_ns()
        run(repeat(None, loops))
        seconds = (time.process_time_ns() - began) / 1e9
        if seconds > SLICE_SECONDS / 4:
            return max(1, round(loops * SLICE_SECONDS / seconds))
        loops *= 4
