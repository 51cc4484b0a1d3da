"""Which files are audited: a walk over folders that names what it cannot enter."""

# Paths stay texts: pathlib is slow over thousands of files, and slow to import.
# ruff: noqa: PTH110, PTH116, PTH118, PTH120

import os
import re
from collections.abc import Iterable, Iterator
from fnmatch import translate
from typing import Final, NamedTuple

from trunkline.audit.problems import CheckerError

DEFAULT_EXCLUDES: Final = (
    ".*", "__pycache__", "__pypackages__", "node_modules", "site-packages", "*.egg-info", "_build",
    "/build", "/dist",
)  # fmt: skip
"""Patterns of folders that are passed over; virtual environments are known by their
``pyvenv.cfg``. What would be imported from an excluded folder counts as unknown, not as missing."""

OPAQUE_SUFFIXES: Final = (".so", ".pyd", ".pyi", ".pyx", ".c", ".cpp", ".pxd", ".rs")
"""Ends of the names of files that stand for modules and are not read."""


class SourceFile(NamedTuple):
    """One file to read.

    Attributes:
        path: Path relative to the root, with ``/``.
        size: Bytes.
        stamp: Modification time, change time (both nanoseconds) and inode: while these and the
            size stand, the content does.
    """

    path: str
    size: int
    stamp: tuple[int, int, int]


class Discovery(NamedTuple):
    """What a walk found.

    Attributes:
        files: The Python files, sorted by path.
        opaque: Paths without suffix of modules that exist in another form (compiled, stubs).
        folders: Every folder: any may be imported as a namespace package.
        errors: Folders and files that could not be read, and loops of symbolic links.
    """

    files: tuple[SourceFile, ...]
    opaque: frozenset[str]
    folders: frozenset[str]
    errors: tuple[CheckerError, ...]


def discover(root: str, excludes: Iterable[str]) -> Discovery:
    """Walk the tree below a root.

    Args:
        root: Absolute path of the folder.
        excludes: Patterns of names (``node_modules``) or of paths from the root (``tests/data/*``).

    Returns:
        What was found; nothing is read but folders.
    """
    walk = _Walk(root, excludes)
    walk.run()
    files = tuple(sorted(walk.files))
    return Discovery(files, frozenset(walk.opaque), frozenset(walk.folders), tuple(walk.errors))


class Patterns:
    """Patterns of paths, compiled: ``name`` matches at any depth, ``a/b*`` from the root.

    Args:
        patterns: The patterns, with ``*`` and ``?``; ``**`` stands for any number of folders.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        names: list[str] = []
        paths: list[str] = []
        for pattern in patterns:
            if "/" in pattern.rstrip("/"):
                paths.extend(_path_regexes(pattern.strip("/")))
            else:
                names.append(translate(pattern.rstrip("/")))
        self._names = re.compile("|".join(names)) if names else None
        self._paths = re.compile("|".join(paths)) if paths else None

    def match(self, path: str, name: str) -> bool:
        """Tell whether a path, or its last name, is matched."""
        if self._names is not None and self._names.match(name):
            return True
        return self._paths is not None and self._paths.match(path) is not None

    def match_any(self, path: str) -> bool:
        """Tell whether a path or any of its folders is matched."""
        parts = path.split("/")
        return any(self.match("/".join(parts[: end + 1]), part) for end, part in enumerate(parts))


def _path_regexes(pattern: str) -> Iterator[str]:
    if pattern.startswith("**/"):
        yield translate(pattern[3:])
    if pattern.endswith("/**"):
        yield translate(pattern[:-3])
    yield translate(pattern)


class _Walk:
    def __init__(self, root: str, excludes: Iterable[str]) -> None:
        self.root = root
        self.excludes = Patterns(excludes)
        self.files: list[SourceFile] = []
        self.opaque: set[str] = set()
        self.folders: set[str] = {""}
        self.errors: list[CheckerError] = []
        self.visited: set[tuple[int, int]] = set()

    def run(self) -> None:
        stack = [""]
        status = os.stat(self.root)
        self.visited.add((status.st_dev, status.st_ino))
        while stack:
            folder = stack.pop()
            try:
                with os.scandir(os.path.join(self.root, folder)) as entries:
                    prefix = f"{folder}/" if folder else ""
                    for entry in entries:
                        self._entry(entry, prefix, stack)
            except OSError as error:
                self._error(folder or ".", _reason("folder", error))

    def _entry(self, entry: os.DirEntry[str], prefix: str, stack: list[str]) -> None:
        name = entry.name
        path = prefix + name
        try:
            if name.endswith(".py"):
                if self.excludes.match(path, name):
                    self.opaque.add(path[:-3])
                else:
                    self._file(entry, path)
            elif name.endswith(OPAQUE_SUFFIXES):
                self.opaque.add(prefix + name.partition(".")[0])
            elif entry.is_dir():
                if self.excludes.match(path, name) or self._is_environment(entry):
                    self.opaque.add(path)
                elif self._enter(entry, path):
                    stack.append(path)
                    self.folders.add(path)
        except OSError as error:
            self._error(path, _reason("file", error))

    @staticmethod
    def _is_environment(entry: os.DirEntry[str]) -> bool:
        """Tell whether a folder is a virtual environment, by the file that every one has."""
        return entry.name.endswith(("env", "ENV")) and os.path.exists(
            os.path.join(entry.path, "pyvenv.cfg")
        )

    def _file(self, entry: os.DirEntry[str], path: str) -> None:
        if not _printable(path):
            self._error(path, "the file's name is not text")
            return
        if not entry.is_file():
            if entry.is_dir():
                return
            if entry.is_symlink() and not os.path.exists(entry.path):
                self._error(path, "symbolic link that leads nowhere")
            else:
                self._error(path, "not a regular file")
            return
        status = entry.stat()
        stamp = (status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        self.files.append(SourceFile(path, status.st_size, stamp))

    def _enter(self, entry: os.DirEntry[str], path: str) -> bool:
        """Tell whether a folder was not entered before; a link back up is named."""
        if not entry.is_symlink():
            return True
        target = os.path.realpath(entry.path)
        own = os.path.realpath(os.path.dirname(entry.path))
        if os.path.commonpath((own, target)) == target:
            self._error(path, "symbolic link that loops back to a folder above it")
            return False
        status = entry.stat()
        identity = (status.st_dev, status.st_ino)
        if identity in self.visited or target.startswith(os.path.realpath(self.root) + os.sep):
            # The folder is read under its own name.
            return False
        self.visited.add(identity)
        return True

    def _error(self, path: str, problem: str) -> None:
        """Keep what was passed over, under a name that any report can show."""
        safe = path.encode("utf-8", "backslashreplace").decode()
        self.errors.append(CheckerError(safe, 0, 0, problem))


def _printable(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _reason(kind: str, error: OSError) -> str:
    return f"{kind} cannot be read: {(error.strerror or str(error)).lower()}"
