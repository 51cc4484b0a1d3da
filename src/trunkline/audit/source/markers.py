"""Lines that speak to tools: suppression comments, and what a merge left behind."""

import re
from typing import Final

from trunkline.audit.source.facts import Suppression
from trunkline.audit.source.reduction import comments

_SUPPRESSION: Final = re.compile(
    rb"#[ \t]*trunkline:[ \t]*ignore(?:\[([^\]\n]*)\])?[ \t]*([^\n]*)\Z"
)
_CONFLICT: Final = re.compile(rb"^(?:<{7} |={7}\r?$|>{7} )", re.MULTILINE)


def read_suppressions(data: bytes) -> tuple[Suppression, ...]:
    """Return the suppression comments of a file."""
    found: list[Suppression] = []
    for start, comment in comments(data):
        match = _SUPPRESSION.search(comment)
        if match is None:
            continue
        codes = (match[1] or b"").decode("utf-8", "replace")
        found.append(
            Suppression(
                data.count(b"\n", 0, start) + 1,
                tuple(code.strip() for code in codes.split(",") if code.strip()),
                match[2].decode("utf-8", "replace").strip(" -:\r"),
                not data[data.rfind(b"\n", 0, start) + 1 : start].strip(),
            )
        )
    return tuple(found)


def conflict_lines(data: bytes) -> tuple[int, ...]:
    """Return the lines of merge-conflict markers, where an opening one has its closing one."""
    found = [(data.count(b"\n", 0, m.start()) + 1, m[0][:1]) for m in _CONFLICT.finditer(data)]
    kinds = {kind for _, kind in found}
    return tuple(line for line, _ in found) if {b"<", b">"} <= kinds else ()
