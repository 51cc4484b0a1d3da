"""Records in a file of counts: what one process counted at one site between two writes."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, fields, replace
from typing import Any, Final

from trunkline.legacy.sites import Difference, SiteUse

__all__ = ["by_day", "line_of", "merged", "parsed"]

_DAY: Final = 86_400
"""Seconds of a day."""


_KINDS: Final[dict[str, type[Any]]] = {"use": SiteUse, "difference": Difference}
_TYPES: Final = {"str": (str,), "int": (int,), "float": (int, float)}
"""What JSON makes of the fields' types."""


def line_of(one: SiteUse | Difference) -> str:
    """A line of a file of counts, with its end."""
    kind = next(kind for kind, of in _KINDS.items() if isinstance(one, of))
    data = {name: _printable(value) for name, value in asdict(one).items()}
    return json.dumps({"kind": kind, **data}, ensure_ascii=False) + "\n"


def parsed(line: bytes) -> SiteUse | Difference:
    """Read a line of a file of counts.

    Raises:
        ValueError: It is none.
    """
    data = json.loads(line)
    kind = data.pop("kind", None) if isinstance(data, dict) else None
    of = _KINDS.get(kind) if isinstance(kind, str) else None
    if of is None:
        raise ValueError("it is neither a use nor a difference")
    wanted = {field.name: str(field.type) for field in fields(of)}
    if data.keys() != wanted.keys():
        raise ValueError(f"its fields are not {', '.join(wanted)}")
    for name, value in data.items():
        if type(value) not in _TYPES[wanted[name]] or not _is_sound(value):
            raise ValueError(f"its {name} is {value!r}")
    made: SiteUse | Difference = of(**data)
    return made


def _is_sound(value: str | float) -> bool:
    return isinstance(value, str) or (math.isfinite(value) and value >= 0)


def merged(records: Iterable[SiteUse]) -> list[SiteUse]:
    """One record a site, most used first."""
    sites: dict[tuple[str, str, int], SiteUse] = {}
    for record in records:
        seen = sites.get(record.site)
        sites[record.site] = record if seen is None else _sum(seen, record)
    return sorted(sites.values(), key=lambda r: (-r.count, r.name, r.file, r.line))


def by_day(records: Iterable[SiteUse]) -> dict[int, list[SiteUse]]:
    """Records by the day of their last call, counted from the epoch."""
    days: dict[int, list[SiteUse]] = {}
    for record in records:
        days.setdefault(int(record.last // _DAY), []).append(record)
    return days


def _sum(one: SiteUse, other: SiteUse) -> SiteUse:
    late = one if one.last >= other.last else other
    return replace(late, count=one.count + other.count)


def _printable(value: object) -> object:
    """Text that every encoding of it can write: names of files need not be Unicode."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value
