"""Facts kept between runs, by content.

One file holds the facts of one tree for one request. It is written whole to a temporary file and
renamed, so that concurrent runs never see half of one; a damaged file, or one of somebody else's,
is as good as none.
"""

# Paths stay texts: pathlib is slow over thousands of files, and slow to import.
# ruff: noqa: PTH103, PTH108, PTH110, PTH118, PTH120, PTH123

import hashlib
import marshal
import os
import sys
from typing import Final, NamedTuple

from trunkline.audit.replacing import replace_file
from trunkline.audit.source.facts import FORMAT
from trunkline.audit.source.reader import Request
from trunkline.audit.source.signing import SIZE, sign

_MAGIC: Final = b"trunkline-audit\n"
_KEPT_FILES: Final = 6


class Entry(NamedTuple):
    """What is known of one file.

    Attributes:
        size: Bytes.
        stamp: Times and inode of the file when it was read; None when it may have changed unseen
            within the same tick of the clock.
        digest: Hash of the content.
        packed: Marshalled facts; empty where nothing in the file matters.
        error: Line, column and problem of a file that was passed over.
        more: Marshalled facts beyond the request, by what rules asked for: see the library.
    """

    size: int
    stamp: tuple[int, int, int] | None
    digest: bytes
    packed: bytes
    error: tuple[int, int, str] | None
    more: tuple[tuple[int, bytes], ...] = ()


class Cache:
    """The kept facts of one tree.

    Args:
        root: The project's folder; the cache is kept in its ``.trunkline`` folder.
        request: What the facts were read for.
        settings: What else they depend on: where modules begin, which files are tests.
    """

    def __init__(self, root: str, request: Request, settings: tuple[object, ...]) -> None:
        key = repr((FORMAT, sys.version_info[:3], request._replace(program=False), settings))
        name = hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()[:16]
        self._folder = os.path.join(os.path.realpath(root), ".trunkline", "cache")
        self._path = os.path.join(self._folder, f"audit-{name}.bin")
        self.entries: dict[str, Entry] = {}
        self.program = False
        self.names: tuple[bytes, ...] = ()

    def load(self) -> None:
        """Read what was kept; nothing where there is none, or it is damaged."""
        try:
            with open(self._path, "rb") as file:
                data = file.read()
        except OSError:
            return
        start = len(_MAGIC) + SIZE
        if not data.startswith(_MAGIC) or sign(data[start:]) != data[len(_MAGIC) : start]:
            return
        # Nobody but this program has the key to sign content with.
        program, names, rows = marshal.loads(memoryview(data)[start:])  # noqa: S302 # see above
        self.program, self.names = program, names
        self.entries = {path: Entry._make(row) for path, row in rows.items()}

    def save(self) -> None:
        """Write everything, atomically; a folder that cannot be written to keeps no cache."""
        rows = {path: tuple(entry) for path, entry in self.entries.items()}
        body = marshal.dumps((self.program, self.names, rows))
        signature = sign(body)
        if signature is None:
            return
        try:
            os.makedirs(self._folder, exist_ok=True)
            if os.path.realpath(self._folder) != self._folder:
                return  # a link of the tree's leads elsewhere, where nothing of ours belongs
            _ignore_folder(os.path.dirname(self._folder))
            replace_file(self._path, _MAGIC + signature + body)
            self._prune()
        except OSError:
            pass  # read-only trees are audited all the same, only never warm

    def _prune(self) -> None:
        files = [entry for entry in os.scandir(self._folder) if entry.name.endswith(".bin")]
        files.sort(key=lambda entry: entry.stat().st_mtime, reverse=True)
        for entry in files[_KEPT_FILES:]:
            os.unlink(entry.path)


def content_digest(data: bytes) -> bytes:
    """Return the hash that stands for a file's content."""
    return hashlib.sha1(data, usedforsecurity=False).digest()


def _ignore_folder(folder: str) -> None:
    """Keep the folder out of version control, without touching the project's own lists."""
    path = os.path.join(folder, ".gitignore")
    if not os.path.exists(path):
        with open(path, "w", encoding="utf-8") as file:
            file.write("*\n")
