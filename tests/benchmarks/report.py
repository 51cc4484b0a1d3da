"""Tables of ratios, as a terminal shows them."""

from __future__ import annotations

from collections.abc import Sequence

from tests.benchmarks.contender import Contender
from tests.benchmarks.rounds import Rounds
from tests.benchmarks.scenarios import Scenario

__all__ = ["amount", "table"]


def amount(figure: float, unit: str) -> str:
    """A figure in a unit that suits its size; an orientation, since machines differ."""
    if unit == "bytes":
        return f"{figure:,.0f} B"
    for factor, name in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
        if figure * factor >= 1:
            return f"{figure * factor:,.2f} {name}"
    return f"{figure * 1e9:,.1f} ns"


def table(scenario: Scenario, rounds: Rounds, everyone: Sequence[type[Contender]]) -> str:
    """One scenario: each contender's ratio to the baseline, its spread, its safety."""
    by_title = {contender.title: contender for contender in everyone}
    baseline = amount(rounds.median(scenario.baseline), scenario.unit)
    lines = [f"\n{scenario.title} (1.00 is {scenario.baseline}, {baseline})"]
    for title in sorted(rounds.figures, key=rounds.median):
        ratio = rounds.ratio(title, scenario.baseline)
        contender = by_title.get(title)
        safety = (
            f"locked: {contender.locked}; value checked: {contender.checked}" if contender else ""
        )
        lines.append(
            f"  {title:<48}{ratio.median:8.2f}  ({ratio.low:.2f} to {ratio.high:.2f})  {safety}"
        )
    lines += [
        f"  {contender.title:<48}       -  {contender.why_not(scenario.name, scenario.asks)}"
        for contender in everyone
        if scenario.asks and contender.title not in rounds.figures
    ]
    return "\n".join(lines)
