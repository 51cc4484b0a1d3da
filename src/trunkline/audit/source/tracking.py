"""Which names of a module may lead to something that matters, though they do not spell it."""

import re
from bisect import bisect_right
from collections.abc import Callable
from typing import Final

from trunkline.audit.source import facts
from trunkline.audit.source.structure import StructureReader

_STEP: Final = re.compile(r"[.()\[\]~^]")
_RETURN: Final = re.compile(r"\s+return\s+[\w.]+\s*(?:#.*)?")
_GIVEN: Final = re.compile(r"\s+return\b|.*->")
"""What a function gives stands behind it."""
_SET: Final = re.compile(r"\s+(\w+)\s*(?::[^=]+)?=(?!=)")


def interest(
    module: str, pattern: re.Pattern[str], tracked: frozenset[str]
) -> Callable[[str], bool]:
    """Return a test of whether a path may lead to something that matters."""
    prefix = f"{module}:"
    known: dict[str, bool] = {}

    def interesting(path: str) -> bool:
        answer = known.get(path)
        if answer is None:
            local = path.removeprefix(prefix) if path.startswith(prefix) else path
            answer = bool(pattern.search(local))
            if not answer and local is not path:
                answer = _first_name(local) in tracked
            known[path] = answer
        return answer

    return interesting


def _first_name(path: str) -> str:
    return _STEP.split(path, maxsplit=1)[0]


def tracked_names(
    structure: StructureReader, pattern: re.Pattern[str], lines: list[int], rows: list[str]
) -> frozenset[str]:
    """Return the module's own names for things that matter, which do not spell them.

    Args:
        structure: The module's imports and names.
        pattern: What matters.
        lines: Numbers of the lines on which something that matters stands.
        rows: The lines of the file.
    """
    tracked: set[str] = set()
    for item in structure.imports:
        if pattern.search(f"{item.module}.{item.member or ''}") and item.member != "*":
            tracked.add(item.bound)
    starts = sorted({0, *(definition.line for definition in structure.definitions)})
    # An assignment may go on over several lines, so that its name stands above the line.
    begun = {starts[bisect_right(starts, line) - 1] for line in lines}
    # A function that returns such a name, and no object, stands for it.
    returns = [line for line in lines if _RETURN.fullmatch(rows[line - 1])]
    given = {starts[bisect_right(starts, line) - 1] for line in returns}
    defined = {item.name for item in structure.definitions if item.kind == "def"}
    tracked |= {item.name for item in structure.definitions if item.line in given} & defined
    tracked |= _factories(structure, pattern, lines, rows, starts)
    assigned = [item for item in structure.definitions if item.kind == "assign"]
    tracked.update(item.name for item in assigned if item.line in begun)
    aliases = [
        (item.name, _first_name(item.value.partition(":")[2])) for item in assigned if item.value
    ]
    known = 0
    while known < len(tracked):
        known = len(tracked)
        tracked.update(name for name, of in aliases if of in tracked)
    return frozenset(name for name in tracked if not pattern.search(name))


def _factories(
    structure: StructureReader,
    pattern: re.Pattern[str],
    lines: list[int],
    rows: list[str],
    starts: list[int],
) -> set[str]:
    """Return the module's functions that give a thing that matters: returned, or annotated so.

    What decorators make of a function is not known.
    """
    plain = {
        item.line: item.name
        for item in structure.definitions
        if item.kind == "def" and not item.flags & facts.DECORATED
    }
    found: set[str] = set()
    for line in lines if plain else ():
        row, at = rows[line - 1], bisect_right(starts, line)
        name = plain.get(starts[at - 1])
        if name is None or name in found:
            continue
        given = _GIVEN.match(row)
        if given is not None and pattern.search(row, given.end()):
            found.add(name)
        elif (local := _SET.match(row)) is not None and pattern.search(row, local.end()):
            last = starts[at] - 1 if at < len(starts) else len(rows)
            returns = re.compile(rf"\s+return {local[1]}\s*(?:#.*)?")
            if any(returns.fullmatch(other) for other in rows[line:last]):
                found.add(name)
    return found
