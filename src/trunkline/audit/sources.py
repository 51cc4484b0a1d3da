"""Source lines, for those who draw findings."""

# Paths stay texts: pathlib is slow over thousands of files, and slow to import.
# ruff: noqa: PTH118, PTH123

import os

from trunkline.audit.source.encoding import source_lines


class SourceLines:
    """Lines of the files below a root, read when asked for.

    Args:
        root: Absolute path of the folder.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._files: dict[str, list[str]] = {}

    def line(self, path: str, number: int) -> str:
        """Return a line of a file, without its end; empty where there is none.

        Args:
            path: Path from the root.
            number: Number of the line, from 1.
        """
        lines = self._files.get(path)
        if lines is None:
            lines = self._files[path] = self._read(path)
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def _read(self, path: str) -> list[str]:
        try:
            with open(os.path.join(self._root, path), "rb") as file:
                data = file.read()
        except OSError:
            return []
        return source_lines(data)
