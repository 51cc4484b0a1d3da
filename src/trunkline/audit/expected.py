"""Which lines of a test are meant to fail: those under ``pytest.raises`` and its like."""

import ast
from typing import TYPE_CHECKING

from trunkline.audit.source.parsing import parse_module
from trunkline.audit.source.syntax import suppresses

if TYPE_CHECKING:
    from trunkline.audit.source.library import Library


class ExpectedFailures:
    """Answers for one line at a time; a file is parsed when a rule first asks about it.

    Args:
        library: The files.
    """

    def __init__(self, library: "Library") -> None:
        self._library = library
        self._lines: dict[str, frozenset[int]] = {}

    def covers(self, path: str, line: int) -> bool:
        """Tell whether what stands on a line of a test is there to be seen failing."""
        if not self._library.is_test(path):
            return False
        known = self._lines.get(path)
        if known is None:
            known = self._lines[path] = _expecting(self._library.source(path) or b"")
        return line in known


def _expecting(data: bytes) -> frozenset[int]:
    if b"aises" not in data and b"suppress" not in data:
        return frozenset()
    try:
        tree = parse_module(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    return frozenset(
        line
        for node in ast.walk(tree)
        if isinstance(node, (ast.With, ast.AsyncWith)) and suppresses(node)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    )
