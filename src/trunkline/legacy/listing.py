"""Counts as people read them: plain lines in columns, which a pipe can search as well."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from trunkline.legacy.exports import Day
from trunkline.legacy.records import merged
from trunkline.legacy.sites import Difference, SiteUse

__all__ = ["counted", "days_listing", "sites_listing"]

_BAR: Final = 40
"""Characters of the longest bar, and differences that are shown."""
_HEADINGS: Final = ("calls", "last use", "called at", "old name", "in")


def sites_listing(records: Iterable[SiteUse], differences: Sequence[Difference]) -> str:
    """Sites with their last use in UTC, what to use instead, and the last differences.

    Args:
        records: What was counted.
        differences: What shadow calls have shown.
    """
    sites = merged(records)
    rows = [
        (
            f"{use.count:,}",
            f"{datetime.fromtimestamp(use.last, UTC):%Y-%m-%d %H:%M}",
            f"{use.file}:{use.line}",
            use.name,
            use.function,
        )
        for use in sites
    ]
    names = {use.name: use.target for use in sorted(sites, key=lambda use: use.name)}
    calls = sum(use.count for use in sites)
    found = f"{counted(len(sites), 'site')} of {counted(len(names), 'old name')}"
    parts = [
        [*_columns([_HEADINGS, *rows], right={0}), "", f"{found}, {counted(calls, 'call')}"],
        ["Use instead:", *(f"  {line}" for line in _columns(names.items()))],
    ]
    if differences:
        shown = [
            f"  {d.file}:{d.line} {d.name} {d.aspect}: {d.old} -> {d.new}"
            for d in differences[-_BAR:]
        ]
        noun = counted(len(differences), "difference")
        parts.append([f"{noun} between the old way and the new:", *shown])
    return "\n\n".join("\n".join(part) for part in parts)


def days_listing(days: Sequence[Day]) -> str:
    """Sites, names and calls by day, with a bar for the sites."""
    most = max(day.sites for day in days)
    rows = [
        (
            str(day.day),
            str(day.sites),
            str(day.names),
            f"{day.calls:,}",
            "#" * round(_BAR * day.sites / most),
        )
        for day in days
    ]
    return "\n".join(_columns([("day", "sites", "names", "calls", ""), *rows], right={1, 2, 3}))


def counted(number: int, noun: str) -> str:
    """A number of things in words: ``1 site``, ``2 sites``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _columns(rows: Iterable[Sequence[str]], *, right: Collection[int] = ()) -> Iterator[str]:
    """Lines of cells, two spaces between columns."""
    lines = list(rows)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()
