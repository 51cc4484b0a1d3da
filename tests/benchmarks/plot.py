"""The plot: four rows of the tables, a dot for each contender, filled where it locks."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tests.benchmarks.contender import Contender
from tests.benchmarks.rounds import Rounds
from tests.benchmarks.scenarios import SCENARIOS

__all__ = ["draw"]

PANELS = ("request", "request_async", "warm_scoped", "grid")
OWN, OTHER, HAND = "#b3261e", "#3b4a5a", "#5f8a3c"


def draw(measured: Mapping[str, Rounds], everyone: Sequence[type[Contender]]) -> str:
    """Draw the plot.

    Args:
        measured: What was measured, by scenario.
        everyone: Every contender.

    Returns:
        An SVG, the same for the same figures.
    """
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": "trunkline",
            "font.family": ["DejaVu Sans"],
            "font.size": 8,
        }
    )
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(10, 8), layout="constrained")
    for panel, axis in zip(PANELS, axes.flat, strict=True):
        _panel(axis, panel, measured[panel], everyone)
    figure.suptitle("How many times as long as the constructor calls by hand", fontsize=9)
    figure.legend(
        handles=[
            axes.flat[0].plot([], [], "o", color=color, markerfacecolor=face, label=label)[0]
            for color, face, label in (
                (HAND, "white", "by hand"),
                (OWN, OWN, "trunkline, built once under threads and tasks"),
                (OWN, "white", "trunkline without that"),
                (OTHER, OTHER, "another library that locks"),
                (OTHER, "white", "one that doesn't"),
            )
        ],
        loc="outside lower center",
        ncols=5,
        frameon=False,
    )
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    return _smaller(drawn.getvalue())


def _smaller(svg: str) -> str:
    """The same drawing to a tenth of a point, without comments and indentation."""
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.1f}", svg)
    return re.sub(r"\s*\n\s*", "\n", svg)


def _panel(axis: Any, panel: str, rounds: Rounds, everyone: Sequence[type[Contender]]) -> None:
    scenario = next(scenario for scenario in SCENARIOS if scenario.name == panel)
    present = [contender for contender in everyone if contender.title in rounds.figures]
    present.sort(key=lambda contender: rounds.median(contender.title), reverse=True)
    for place, contender in enumerate(present):
        ratio = rounds.ratio(contender.title, scenario.baseline)
        color = _color(contender)
        locked = contender.locked.startswith(("yes", "one", "threads"))
        axis.plot([ratio.low, ratio.high], [place, place], color=color, linewidth=1)
        axis.plot(
            ratio.median, place, "o", color=color, markerfacecolor=color if locked else "white"
        )
        axis.annotate(
            f"{ratio.median:.2f}",
            (ratio.high, place),
            textcoords="offset points",
            xytext=(6, -3),
            color=color,
        )
    axis.set_yticks(
        range(len(present)), [contender.title.replace("`", "") for contender in present]
    )
    axis.set_xscale("log")
    axis.set_xlim(right=axis.get_xlim()[1] * 1.6)
    axis.set_title(scenario.title, fontsize=9)
    axis.grid(axis="x", alpha=0.3)
    axis.spines[["top", "right"]].set_visible(False)
    ticks = [tick for tick in (1, 2, 3, 5, 10, 20, 50, 100) if tick <= axis.get_xlim()[1]]
    axis.set_xticks(ticks, [str(tick) for tick in ticks])
    axis.minorticks_off()
    axis.tick_params(length=0)


def _color(contender: type[Contender]) -> str:
    if contender.title.startswith("trunkline"):
        return OWN
    return HAND if "by hand" in contender.title else OTHER
