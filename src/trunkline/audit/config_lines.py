"""Where a key stands in a ``pyproject.toml``: TOML's own reader does not say."""

import tomllib
from collections import Counter
from collections.abc import Iterator
from typing import Final

_CLOSING: Final = ("]", "}", '"""', "'''")
"""What the last line of a value holds that takes several."""
_DEEPEST: Final = 6
"""No key of ours lies deeper than ``tool.trunkline.canonical[0].type``."""


class KeyLines:
    """The lines on which the keys of a document stand, however they are written.

    Args:
        text: A valid document.
    """

    def __init__(self, text: str) -> None:
        self._lines: dict[str, int] = {}
        self._tables: Counter[str] = Counter()  # how many each array of tables has so far
        table = ""
        for number, statement in _statements(text):
            document = tomllib.loads(statement)
            if statement.lstrip().startswith("["):
                table = self._header(document, number)
            else:
                self._keep(document, table, number)

    def line_of(self, key: str) -> int:
        """Return the line on which a key stands, or that of the table around it.

        Args:
            key: The key, as messages show it: ``tool.trunkline.canonical[0].type``.

        Returns:
            A line from 1; 0 where neither is found.
        """
        while key and key not in self._lines:
            key = key[: max(key.rfind("."), key.rfind("["), 0)]
        return self._lines.get(key, 0)

    def _header(self, document: object, number: int) -> str:
        """Keep the line of a table's header, and return the table's key."""
        path = ""
        while document and isinstance(document, dict):
            ((name, document),) = document.items()
            path = f"{path}.{name}" if path else name
            if isinstance(document, list):  # the header of one more of an array
                self._lines.setdefault(path, number)
                self._tables[path] += 1
                document = None
            if self._tables[path]:
                path = f"{path}[{self._tables[path] - 1}]"
            self._lines.setdefault(path, number)
        return path

    def _keep(self, value: object, key: str, number: int, depth: int = 0) -> None:
        if key:
            self._lines.setdefault(key, number)
        if depth == _DEEPEST:
            return
        if isinstance(value, dict):
            for name, inner in value.items():
                self._keep(inner, f"{key}.{name}" if key else name, number, depth + 1)
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                self._keep(inner, f"{key}[{index}]", number, depth + 1)


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield the headers and pairs of a document, each with the number of its first line."""
    first = 0
    rows: list[str] = []
    for number, row in enumerate(text.split("\n"), 1):
        if not rows:
            if not row.strip() or row.lstrip().startswith("#"):
                continue
            first = number
        rows.append(row.removesuffix("\r"))
        if first == number or any(sign in row for sign in _CLOSING):
            statement = "\n".join(rows)
            try:
                tomllib.loads(statement)
            except tomllib.TOMLDecodeError:
                continue  # the value goes on
            yield first, statement
            rows = []
