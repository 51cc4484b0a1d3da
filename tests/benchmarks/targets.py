"""The targets, and whether a measurement meets them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tests.benchmarks import isolation, overriding
from tests.benchmarks.fresh import ALONE, TRUNKLINE_ALONE
from tests.benchmarks.rounds import Rounds

__all__ = ["LIBRARIES", "TARGETS", "Target", "Verdict", "verdicts"]

LIBRARIES = (
    "dependency-injector",
    "diwire",
    "diwire, strict, no locks",
    "dishka",
    "dishka, with `lock_factory`",
    "wireup",
    "wireup, `concurrent_scoped_access`",
    "rodi",
    "that-depends",
    "modern-di",
    "svcs",
)
"""The other containers, as tables name them."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of one target.

    Attributes:
        target: What is to hold.
        found: The figure, in words.
        met: Whether it holds; None where it could not be measured.
    """

    target: str
    found: str
    met: bool | None


@dataclass(frozen=True, slots=True)
class Target:
    """One sentence to hold.

    Attributes:
        scenario: Name of the scenario it is about.
        text: The sentence.
        judge: Says what was found and whether it is met.
    """

    scenario: str
    text: str
    judge: Callable[[Rounds], tuple[str, bool | None]]

    def verdict(self, rounds: Rounds) -> Verdict:
        """Hold a measurement against the target."""
        try:
            found, met = self.judge(rounds)
        except KeyError as missing:
            return Verdict(self.text, f"{missing.args[0]} was not measured", None)
        return Verdict(self.text, found, met)


def at_most(limit: float, of: str, contender: str = "trunkline") -> Callable[..., tuple[str, bool]]:
    """So many times another's time and no more."""

    def judge(rounds: Rounds) -> tuple[str, bool]:
        ratio = rounds.ratio(contender, of)
        return f"{ratio.median:.2f} times", ratio.median <= limit

    return judge


def faster_than(
    times: float, *others: str, contender: str = "trunkline"
) -> Callable[..., tuple[str, bool]]:
    """Every other one takes at least so many times the contender's time."""

    def judge(rounds: Rounds) -> tuple[str, bool]:
        present = [other for other in others if other in rounds.figures]
        if not present:
            raise KeyError(" or ".join(others))
        ratios = {other: rounds.ratio(other, contender).median for other in present}
        nearest = min(ratios, key=lambda other: ratios[other])
        listed = ", ".join(f"{other} {ratio:.2f}" for other, ratio in ratios.items())
        if len(ratios) > 3:
            listed = f"the nearest, {nearest}, takes {ratios[nearest]:.2f}"
        return f"{listed} times its time", ratios[nearest] >= times

    return judge


def seconds(limit: float, contender: str) -> Callable[..., tuple[str, bool]]:
    """So many seconds and no more."""

    def judge(rounds: Rounds) -> tuple[str, bool]:
        took = rounds.median(contender)
        return f"{took * 1e3:,.0f} ms", took <= limit

    return judge


IN_HAND = "trunkline, `ambient = False`"
STARTED = "trunkline, declared before"
AT_HAND = "trunkline, the provider at hand"
BOTH_OFF = "trunkline, `locked = False`, `ambient = False`"
BARE, STRICT_DIWIRE = "constructors, by hand", "diwire, strict, no locks"

TARGETS: tuple[Target, ...] = (
    Target(
        "request",
        "a request without the ambient variable takes at most 2.0 times the bare constructors",
        at_most(2.0, BARE, IN_HAND),
    ),
    Target(
        "request",
        "a request with the ambient variable takes at most 2.8 times the bare constructors",
        at_most(2.8, BARE),
    ),
    Target(
        "request",
        "a request without the ambient variable is faster than diwire's without locks, which has "
        "none",
        faster_than(1.0, STRICT_DIWIRE, contender=IN_HAND),
    ),
    Target(
        "request",
        "with the ambient variable too",
        faster_than(1.0, STRICT_DIWIRE),
    ),
    Target(
        "request",
        "a request without the ambient variable is at least 3 times faster than dishka's, "
        "wireup's and rodi's, which have none",
        faster_than(3.0, "dishka", "wireup", "rodi", contender=IN_HAND),
    ),
    Target(
        "request",
        "with the ambient variable too",
        faster_than(3.0, "dishka", "wireup", "rodi"),
    ),
    Target(
        "request_async",
        "an async request takes at most 2.0 times hand-written `async with`",
        at_most(2.0, BARE),
    ),
    Target(
        "request_async",
        "an async request without the ambient variable is at least 3 times faster than dishka's, "
        "which has none",
        faster_than(3.0, "dishka", contender=IN_HAND),
    ),
    Target(
        "request_async",
        "with the ambient variable too",
        faster_than(3.0, "dishka"),
    ),
    Target(
        "warm_scoped",
        "a warm `get` of a provider at hand takes at most 1.5 times a slot read through a method",
        at_most(1.5, BARE, AT_HAND),
    ),
    Target(
        "warm_scoped",
        "with `Application.engine` looked up each time too",
        at_most(1.5, BARE),
    ),
    Target(
        "warm_scoped",
        "a warm `get` of a scoped object is faster than every other container's",
        faster_than(1.0, *LIBRARIES),
    ),
    Target(
        "warm_singleton",
        "a warm `get` of a singleton is faster than every other container's",
        faster_than(1.0, *LIBRARIES),
    ),
    Target(
        "request",
        "building once costs at most 1.25 times the same without locks",
        at_most(1.25, BOTH_OFF, IN_HAND),
    ),
    *(
        Target(scenario, text, faster_than(1.0, *LIBRARIES, contender=contender))
        for scenario, name in (
            ("deep", "deep chain"),
            ("wide", "wide node"),
            ("grid", "grid"),
            ("sparse", "3 of 200"),
            ("mixed", "mixed lifetimes"),
        )
        for text, contender in (
            (f"{name}, without the ambient variable: first in the row", IN_HAND),
            ("with it too, which those next to it don't have", "trunkline"),
        )
    ),
    Target(
        "inject",
        "an `@inject` call takes at most 1.5 times reading from the scope by hand",
        at_most(1.5, "trunkline, read by hand"),
    ),
    Target(
        "inject",
        "an `@inject` call is at least 4 times faster than dependency-injector's",
        faster_than(4.0, "dependency-injector"),
    ),
    Target(
        "compile_1000",
        "a declared container of 1,000 providers is checked, compiled and serves its first "
        "request in 150 ms",
        seconds(0.150, STARTED),
    ),
    Target(
        "compile_1000",
        "with declaring and copying the providers too",
        seconds(0.150, "trunkline"),
    ),
    Target(
        "compile_10000",
        "one of 10,000 in proportion, 1,500 ms",
        seconds(1.5, STARTED),
    ),
    Target(
        "compile_10000",
        "with declaring and copying the providers too",
        seconds(1.5, "trunkline"),
    ),
    Target(
        "imports",
        "importing trunkline and a first container takes at most 1.3 times importing "
        "dependency-injector's containers and providers",
        at_most(1.3, "dependency-injector"),
    ),
    Target(
        "imports",
        "where neither pydantic nor yaml is installed, which dependency-injector imports, too",
        at_most(1.3, ALONE, TRUNKLINE_ALONE),
    ),
    *(
        target
        for scenario, name in (
            ("overriding", "a request"),
            ("overriding_async", "an async request"),
        )
        for target in (
            Target(
                scenario,
                f"{name} where no override is active costs what it did before there was one: at "
                "most 1.05 times, which is the noise",
                at_most(1.05, overriding.NEVER, overriding.ENDED),
            ),
            Target(
                scenario,
                f"under an override, after the first, {name} takes at most 1.5 times that",
                at_most(1.5, overriding.NEVER, overriding.INSIDE),
            ),
        )
    ),
    Target(
        "isolation",
        f"`assert_isolated` walks {isolation.OBJECTS:,} objects in 2 seconds",
        seconds(2.0, isolation.WALKED),
    ),
)


def verdicts(measured: Mapping[str, Rounds]) -> Iterator[Verdict]:
    """What was found of each target whose scenario was measured."""
    for target in TARGETS:
        if target.scenario in measured:
            yield target.verdict(measured[target.scenario])
