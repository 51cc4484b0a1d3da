"""Where a key stands in a ``pyproject.toml``: TOML's own reader does not say."""

import re
from collections.abc import Sequence


def line_of(lines: Sequence[str], key: str) -> int:
    """Return the line on which a key stands, or that of its table.

    Args:
        lines: The lines of the file.
        key: The key, as messages show it: ``tool.trunkline.canonical[0].type``.

    Returns:
        A line from 1; 0 where neither is found.
    """
    match = re.match(r"tool\.trunkline(?:\.(\w+)(?:\[(\d+)\])?)?(?:\.([\w-]+))?\Z", key)
    if match is None:
        return 0
    table, index, field = match[1], int(match[2] or 0), match[3]
    starts = _headers(lines, table)
    if not starts:  # written inline, in the table around it
        starts, index, field = _headers(lines, None), 0, table
    if not starts:
        return 0
    start = starts[min(index, len(starts) - 1)]
    for number in range(start + 1, len(lines)):
        if lines[number].lstrip().startswith("["):
            break
        if field and re.match(rf"\s*[\"']?{re.escape(field)}[\"']?\s*[=.]", lines[number]):
            return number + 1
    return start + 1


def _headers(lines: Sequence[str], table: str | None) -> list[int]:
    inner = rf"\.\s*{table}\s*" if table else ""
    header = re.compile(rf"\s*\[+\s*tool\s*\.\s*trunkline\s*{inner}\]+")
    return [number for number, line in enumerate(lines) if header.match(line)]
