"""Writes what was measured into the marked places of ``docs/benchmarks.md``, and the plot."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks.contender import Contender
from tests.benchmarks.plot import draw
from tests.benchmarks.report import amount
from tests.benchmarks.rounds import Ratio, Rounds
from tests.benchmarks.scenarios import SCENARIOS, Scenario
from tests.benchmarks.targets import verdicts

__all__ = ["PAGE", "PLOT", "write"]

DOCS = Path(__file__).parents[2] / "docs"
PAGE, PLOT = DOCS / "benchmarks.md", DOCS / "benchmarks.svg"

TABLES = {
    "requests": ("open_close", "request", "request_minimal", "request_async", "threads", "tasks"),
    "resolution": (
        "warm_scoped",
        "warm_singleton",
        "hundred",
        "deep",
        "wide",
        "grid",
        "sparse",
        "mixed",
        "inject",
        "inject_async",
    ),
    "starting": ("compile_100", "compile_1000", "compile_10000", "memory"),
}
"""The columns of each table of contenders."""

PLAIN = ("imports", "steps", "promises", "overriding", "overriding_async", "isolation")
"""Tables of their own, in which no contenders are compared."""

DISTRIBUTIONS = (
    "dependency-injector",
    "diwire",
    "dishka",
    "modern-di",
    "rodi",
    "svcs",
    "that-depends",
    "wireup",
)


def write(measured: Mapping[str, Rounds], everyone: Sequence[type[Contender]], rounds: int) -> None:
    """Write the page's tables and the plot.

    Args:
        measured: What was measured, by scenario; places of what wasn't stay as they are.
        everyone: Every contender, in the order of the tables.
        rounds: How many rounds were asked for.
    """
    places = {"setting": _setting(rounds), "scenarios": "\n".join(_scenarios())}
    for name, columns in TABLES.items():
        if all(column in measured for column in columns):
            places[name] = "\n".join(_contenders(measured, columns, everyone))
    for name in PLAIN:
        if name in measured:
            scenario = next(scenario for scenario in SCENARIOS if scenario.name == name)
            places[name] = "\n".join(_plain(scenario, measured[name]))
    if len(measured) == len(SCENARIOS):
        places["targets"] = "\n".join(_targets(measured))
        PLOT.write_text(draw(measured, everyone), encoding="utf-8")
    text = PAGE.read_text(encoding="utf-8")
    for name, body in places.items():
        text = _placed(text, name, body)
    PAGE.write_text(text, encoding="utf-8")


def _placed(text: str, name: str, body: str) -> str:
    """The text with another body between the marks of that name."""
    begin, end = f"<!-- {name}: written by the benchmarks -->", f"<!-- {name}: end -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    changed, count = pattern.subn(lambda _: f"{begin}\n{body}\n{end}", text)
    if count != 1:
        raise ValueError(f"{PAGE} has {count} places for {name}")
    return changed


def _setting(rounds: int) -> str:
    listed = ", ".join(f"{name} {version(name)}" for name in DISTRIBUTIONS)
    return (
        f"{platform.python_implementation()} {platform.python_version()} on "
        f"{platform.system()} {platform.machine()}; {rounds} rounds (fewer for what takes long); "
        f"{listed}."
    )


def _scenarios() -> Iterator[str]:
    yield "| row | 1.00 is | what is done |"
    yield "| --- | --- | --- |"
    for scenario in SCENARIOS:
        yield f"| {scenario.title} | {scenario.baseline} | {scenario.about} |"


def _targets(measured: Mapping[str, Rounds]) -> Iterator[str]:
    yield "| target | found | |"
    yield "| --- | --- | --- |"
    words = {True: "met", False: "**not met**", None: "not measured"}
    for verdict in verdicts(measured):
        yield f"| {verdict.target} | {verdict.found} | {words[verdict.met]} |"


def _contenders(
    measured: Mapping[str, Rounds], columns: Sequence[str], everyone: Sequence[type[Contender]]
) -> Iterator[str]:
    scenarios = [scenario for scenario in SCENARIOS if scenario.name in columns]
    reasons: dict[str, int] = {}
    heads = [f"{s.title}<br>1.00 = {_baseline(s, measured[s.name])}" for s in scenarios]
    yield f"| contender | locked | value checked | {' | '.join(heads)} |"
    yield f"| --- | --- | --- |{' ---: |' * len(scenarios)}"
    for contender in everyone:
        if not any(contender.title in measured[column].figures for column in columns):
            continue
        cells = []
        for scenario in scenarios:
            rounds = measured[scenario.name]
            if contender.title in rounds.figures:
                cells.append(_cell(rounds.ratio(contender.title, scenario.baseline)))
            else:
                reason = contender.why_not(scenario.name, scenario.asks)
                cells.append(f"- ({reasons.setdefault(reason, len(reasons) + 1)})")
        safety = f"{contender.locked} | {contender.checked}"
        yield f"| {contender.title} | {safety} | {' | '.join(cells)} |"
    yield ""
    listed = [f"({number}) {reason}" for reason, number in reasons.items()]
    yield "; ".join(listed) + "." if listed else ""


def _plain(scenario: Scenario, rounds: Rounds) -> Iterator[str]:
    yield f"| | 1.00 = {_baseline(scenario, rounds)} |"
    yield "| --- | ---: |"
    for title in sorted(rounds.figures, key=rounds.median):
        yield f"| {title} | {_cell(rounds.ratio(title, scenario.baseline))} |"


def _baseline(scenario: Scenario, rounds: Rounds) -> str:
    return f"{scenario.baseline}, about {amount(rounds.median(scenario.baseline), scenario.unit)}"


def _cell(ratio: Ratio) -> str:
    if ratio.low == ratio.high:
        return f"{ratio.median:.2f}"
    digits = 2 if ratio.median < 100 else 0
    spread = f"{ratio.low:.{digits}f} to {ratio.high:.{digits}f}"
    return f"{ratio.median:.{digits}f} <sub>{spread}</sub>"
