"""Finds the source files of a tree, a piece at a time."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

__all__ = ["FileListing", "FileWalk", "shown_path"]

_SKIPPED: Final = frozenset({"__pycache__", "node_modules"})
_LISTED_PROBLEMS: Final = 1000
_SHOWN_CHARACTERS: Final = 240


@dataclass(slots=True)
class FileListing:
    """The source files of a tree.

    Attributes:
        root: The tree.
        paths: The files, relative to the root, in order.
        unreadable: Directories that could not be listed, with the reason; the first of them.
        unreadable_total: How many there were.
        links: Symbolic links that were not followed.
        skipped: Directories that hold no sources of the tree's own: hidden ones, caches, virtual
            environments, installed JavaScript.
        complete: Whether the whole tree was seen.
    """

    root: Path
    paths: list[str] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    unreadable_total: int = 0
    links: int = 0
    skipped: int = 0
    complete: bool = True


class FileWalk:
    """Walks a tree in the order of its names.

    Symbolic links are counted and not followed, so that a loop of them is nothing special and no
    file is read twice.

    Args:
        root: A directory.
        max_files: How many files are listed.
        max_entries: How many directory entries are looked at.
    """

    def __init__(self, root: Path, max_files: int, max_entries: int) -> None:
        self.listing = FileListing(root)
        self._max_files = max_files
        self._left = max_entries
        self._steps = self._walk()

    def advance(self, entries: int) -> bool:
        """Look at some more entries; blocks while the file system answers.

        Args:
            entries: How many.

        Returns:
            Whether there may be more to look at.
        """
        return sum(1 for _ in islice(self._steps, entries)) == entries

    def _walk(self) -> Iterator[None]:
        """Yield once for each entry that was looked at."""
        listing = self.listing
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            inner: list[str] = []
            for entry in self._entries(folder):
                yield
                self._left -= 1
                if self._left < 0 or len(listing.paths) >= self._max_files:
                    listing.complete = False
                    return
                path = os.path.join(folder, entry.name)  # noqa: PTH118  # ten times as fast as Path
                mode = _mode(entry)
                if stat.S_ISLNK(mode):
                    listing.links += 1
                elif stat.S_ISDIR(mode):
                    if _is_foreign(entry):
                        listing.skipped += 1
                    else:
                        inner.append(path)
                elif entry.name.endswith(".py"):
                    listing.paths.append(path)
            waiting.extend(reversed(inner))

    def _entries(self, folder: str) -> list["os.DirEntry[str]"]:
        try:
            with os.scandir(self.listing.root / folder) as entries:
                # One folder can be larger than all that will be looked at.
                return sorted(islice(entries, self._left + 1), key=lambda entry: entry.name)
        except OSError as error:
            self.listing.unreadable_total += 1
            if len(self.listing.unreadable) < _LISTED_PROBLEMS:
                reason = error.strerror or type(error).__name__
                self.listing.unreadable.append((folder or ".", reason))
            return []


def shown_path(path: str) -> str:
    """Return a path as text that can be sent and printed, its middle left out if it is long."""
    text = path.encode("utf-8", "backslashreplace").decode()
    if len(text) <= _SHOWN_CHARACTERS:
        return text
    half = _SHOWN_CHARACTERS // 2
    return f"{text[:half]}...{text[-half:]}"


def _mode(entry: "os.DirEntry[str]") -> int:
    try:
        return entry.stat(follow_symlinks=False).st_mode
    except OSError:  # it has vanished since it was listed
        return 0


def _is_foreign(entry: "os.DirEntry[str]") -> bool:
    name = entry.name
    if name.startswith(".") or name in _SKIPPED:
        return True
    return os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))  # noqa: PTH110, PTH118  # as above
