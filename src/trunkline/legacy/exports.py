"""Counts as other programs read them: JSON, Prometheus text, and the burn-down by days."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from trunkline.legacy.records import by_day, merged
from trunkline.legacy.sites import Difference, SiteUse

__all__ = ["Day", "burn_down", "to_json", "to_prometheus"]

_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Day:
    """How much old code ran on one day.

    Attributes:
        day: The day, in UTC.
        sites: Call sites that were used.
        names: Old names that were used.
        calls: Calls.
    """

    day: date
    sites: int
    names: int
    calls: int


def burn_down(records: Iterable[SiteUse]) -> list[Day]:
    """Sites, names and calls by day, from the first day to the last, quiet days included."""
    days = by_day(records)
    if not days:
        return []
    return [
        _day(_EPOCH + timedelta(days=day), days.get(day, []))
        for day in range(min(days), max(days) + 1)
    ]


def to_json(records: Sequence[SiteUse], differences: Iterable[Difference]) -> str:
    """Sites, days and differences as one JSON object."""
    return json.dumps(
        {
            "sites": [{**asdict(record), "last": _iso(record.last)} for record in merged(records)],
            "days": [{**asdict(day), "day": day.day.isoformat()} for day in burn_down(records)],
            "differences": [asdict(difference) for difference in differences],
        },
        indent=2,
    )


def to_prometheus(records: Sequence[SiteUse], differences: Iterable[Difference]) -> str:
    """Sites and differences in Prometheus' text format.

    The format is that of https://prometheus.io/docs/instrumenting/exposition_formats/, 0.0.4.
    """
    sites = merged(records)
    names = Counter(record.name for record in sites)
    found = Counter((d.name, d.aspect) for d in differences)
    lines = [
        *_family("trunkline_legacy_calls_total", "counter", "Calls of old names by call site."),
        *(_sample("trunkline_legacy_calls_total", _labels(r), r.count) for r in sites),
        *_family("trunkline_legacy_last_call_timestamp_seconds", "gauge", "Time of the last call."),
        *(
            _sample("trunkline_legacy_last_call_timestamp_seconds", _labels(r), r.last)
            for r in sites
        ),
        *_family("trunkline_legacy_sites", "gauge", "Call sites of an old name."),
        *(_sample("trunkline_legacy_sites", {"name": n}, c) for n, c in sorted(names.items())),
        *_family(
            "trunkline_legacy_shadow_differences_total",
            "counter",
            "Differences between the old way and the new that shadow calls showed.",
        ),
        *(
            _sample(
                "trunkline_legacy_shadow_differences_total", {"name": n, "aspect": aspect}, count
            )
            for (n, aspect), count in sorted(found.items())
        ),
    ]
    return "\n".join(lines) + "\n"


def _day(day: date, records: Sequence[SiteUse]) -> Day:
    return Day(
        day=day,
        sites=len({record.site for record in records}),
        names=len({record.name for record in records}),
        calls=sum(record.count for record in records),
    )


def _family(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"


def _sample(name: str, labels: dict[str, str], value: float) -> str:
    listed = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
    return f"{name}{{{listed}}} {value!r}"


def _labels(record: SiteUse) -> dict[str, str]:
    return {"name": record.name, "file": record.file, "line": str(record.line)}


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
