"""The facts of a whole tree: read on both cores, kept between runs, unpacked when asked for."""

# Paths stay texts: pathlib is slow over thousands of files, and slow to import.
# ruff: noqa: PTH118, PTH123

import marshal
import os
import time
from collections.abc import Iterable
from typing import Final

from trunkline.audit.config import AuditConfig
from trunkline.audit.discovery import Discovery, Patterns, SourceFile
from trunkline.audit.modules import ModuleTable
from trunkline.audit.problems import CheckerError
from trunkline.audit.rule import CONTAINER_NAMES
from trunkline.audit.source.cache import Cache, Entry, content_digest
from trunkline.audit.source.facts import Facts, pack, unpack
from trunkline.audit.source.memory import keep_freed_memory
from trunkline.audit.source.needles import Needles
from trunkline.audit.source.on_demand import read_block, read_everything, read_names
from trunkline.audit.source.parsing import Unreadable
from trunkline.audit.source.processes import run_batches, usable_cores
from trunkline.audit.source.reader import Reader, Request

_BATCH_BYTES: Final = 600_000
_ROOM_BYTES: Final = 150_000_000
_PARALLEL_FILES: Final = 60
_TICK_NANOSECONDS: Final = 2_000_000_000
_NOTHING: Final = Facts(0)
_EVERYTHING: Final = 0
_NAMES: Final = -1
"""What may be asked of a file beyond the request; a line's number asks for the block it is in."""


class Library:
    """The facts of every file of a tree.

    Args:
        config: The audit's configuration.
        discovery: The files.
        table: Their modules.
        request: What to read of them.
        cached: False to read everything anew and keep nothing.
    """

    def __init__(
        self,
        config: AuditConfig,
        discovery: Discovery,
        table: ModuleTable,
        request: Request,
        *,
        cached: bool = True,
    ) -> None:
        self._config = config
        self._files = {file.path: file for file in discovery.files}
        self._table = table
        self._request = request
        self._tests = Patterns(config.tests)
        self._test_paths: dict[str, bool] = {}
        self._facts: dict[str, Facts] = {}
        self._known_more: dict[str, dict[int, Facts]] = {}
        settings = (config.sources, config.tests, config.max_bytes)
        self._cache = Cache(config.root, request, settings)
        self._cached = cached
        self._unkept: list[tuple[str, bytes, int, Facts]] = []
        self._errors: dict[str, CheckerError] = {}
        self._at_hand: dict[str, bytes] = {}
        self._room = _ROOM_BYTES
        self._unsaved = False
        self.read_files = 0

    def load(self, names: Iterable[bytes] = ()) -> None:
        """Read every file whose facts are not kept from an earlier run.

        Args:
            names: What matters besides the request's names, as far as it is known by now.
        """
        started = time.time_ns()
        kept = self._cache
        if self._cached:
            kept.load()
        if not kept.entries:
            kept.names = tuple(sorted({*names} - {*self._request.names}))
        entries: dict[str, Entry] = {}
        stale: list[SourceFile] = []
        for path, file in self._files.items():
            entry = kept.entries.get(path)
            if (
                entry is None
                or entry.size != file.size
                or entry.stamp != file.stamp
                or (self._request.program and not kept.program and not _complete(entry))
            ):
                stale.append(file)
            else:
                entries[path] = entry
        entries.update(self._read(stale, kept.names, started))
        changed = bool(stale) or len(entries) != len(kept.entries)
        old_program = kept.program
        kept.entries = entries
        self._facts.clear()
        kept.program = self._request.program or (kept.program and not self._request.program)
        if changed or kept.program != old_program:
            self._unsaved = True

    def extend(self, names: Iterable[bytes]) -> bool:
        """Read again what also matters because of these names, such as aliases found by reading.

        Returns:
            True when anything was read that was not before.
        """
        known = {*self._request.names, *self._cache.names}
        new = tuple(sorted(name for name in set(names) if name not in known))
        if not new:
            return False
        extra = tuple(sorted({*self._cache.names, *new}))
        found = self._read(list(self._files.values()), extra, time.time_ns(), only=Needles(new))
        self._cache.entries.update(found)
        self._cache.names = extra
        for path in found:
            self._facts.pop(path, None)
        self._unsaved = True
        return bool(found)

    def paths(self) -> Iterable[str]:
        """Return the paths of all files."""
        return self._files

    def is_test(self, path: str) -> bool:
        """Tell whether a file belongs to the tests."""
        known = self._test_paths.get(path)
        if known is None:
            known = self._test_paths[path] = self._tests.match_any(path)
        return known

    def facts(self, path: str) -> Facts:
        """Return the kept facts of a file; those of a file in which nothing matters are empty."""
        facts = self._facts.get(path)
        if facts is None:
            entry = self._cache.entries.get(path)
            packed = entry.packed if entry is not None else b""
            # The bytes come from this program, this run or one that signed them.
            facts = unpack(marshal.loads(packed)) if packed else _NOTHING  # noqa: S302 # see above
            self._facts[path] = facts
        return facts

    def names(self, path: str) -> Facts:
        """Return facts that hold at least the file's imports and names, reading it if need be."""
        facts = self.facts(path)
        return facts if facts.level else self._more(path, _NAMES)

    def detailed(self, path: str) -> Facts:
        """Return facts that hold at least the file's classes and functions."""
        facts = self.facts(path)
        return facts if facts.level > 1 else self.full(path)

    def full(self, path: str) -> Facts:
        """Return all facts of a file: every class, function and use, whatever their names."""
        return self._more(path, _EVERYTHING)

    def block(self, path: str, line: int) -> Facts:
        """Return facts that hold at least all of one class or function.

        Args:
            path: Path of the file.
            line: Number of a line of it.
        """
        return self._more(path, line)

    def containers(self, path: str) -> Facts:
        """Return facts that hold at least what the file's containers declare."""
        facts = self.facts(path)
        asked = set(CONTAINER_NAMES) <= set(self._request.names)
        return facts if facts.level > 1 and asked else self.full(path)

    def _more(self, path: str, part: int) -> Facts:
        """Return what one file holds beyond the request, as far as it was asked for.

        Args:
            path: Path of the file.
            part: What of it: everything, the names, or the block of a line.
        """
        known = self._known_more.setdefault(path, {})
        facts = known.get(_EVERYTHING) or known.get(part)
        if facts is None:
            facts = known[part] = self._read_more(path, part)
        return facts

    def _kept_more(self, path: str, part: int, digest: bytes) -> Facts | None:
        entry = self._cache.entries.get(path)
        kept = dict(entry.more) if entry is not None and entry.digest == digest else {}
        packed = kept.get(part)
        return unpack(marshal.loads(packed)) if packed else None  # noqa: S302 # our own, signed

    def _read_more(self, path: str, part: int) -> Facts:
        data = self.source(path)
        if data is None or len(data) > self._config.max_bytes:
            return _NOTHING
        digest = content_digest(data) if self._cached else b""
        kept = self._kept_more(path, part, digest) if digest else None
        if kept is not None:
            return kept
        module, is_package = self._table.names[path], path.endswith("__init__.py")
        result: Facts | Unreadable | None
        if part == _EVERYTHING:
            result = read_everything(data, module, is_package)
        elif part == _NAMES:
            result = read_names(data, module, is_package)
        else:
            result = read_block(data, module, is_package, part)
            if result is None:
                return self.full(path)
        facts = result if isinstance(result, Facts) else _NOTHING
        if digest:
            self._unkept.append((path, digest, part, facts))
        return facts

    def flush(self) -> None:
        """Keep what was read since the last time, for the next run."""
        entries = self._cache.entries
        for path, digest, part, facts in self._unkept:
            entry = entries.get(path)
            if entry is not None and entry.digest == digest:
                packed = marshal.dumps(pack(facts))  # type: ignore[arg-type] # plain tuples
                entries[path] = entry._replace(more=(*entry.more, (part, packed)))
                self._unsaved = True
        self._unkept.clear()
        if self._unsaved:
            self._unsaved = False
            self._save()

    def source(self, path: str) -> bytes | None:
        """Return the bytes of a file; None when it is gone."""
        try:
            with open(os.path.join(self._config.root, path), "rb") as file:
                return file.read()
        except OSError:
            return None

    def broken(self, path: str) -> bool:
        """Tell whether a file was passed over because it cannot be read."""
        entry = self._cache.entries.get(path)
        return entry is not None and entry.error is not None

    def errors(self) -> tuple[CheckerError, ...]:
        """Return the files that were passed over, sorted by path."""
        kept = [
            CheckerError(path, *entry.error)
            for path, entry in self._cache.entries.items()
            if entry.error is not None
        ]
        return tuple(sorted([*kept, *self._errors.values()]))

    # Reading.

    def _read(
        self,
        files: list[SourceFile],
        extra: tuple[bytes, ...],
        started: int,
        only: Needles | None = None,
    ) -> dict[str, Entry]:
        if not files:
            return {}
        self.read_files += len(files)
        request = self._request._replace(names=(*self._request.names, *extra))
        batches = _batches(files)
        work = _BatchReader(self, Reader(request), batches, started, only)
        processes = usable_cores() if len(files) >= _PARALLEL_FILES else 1
        if processes > 1:
            keep_freed_memory()
        entries: dict[str, Entry] = {}
        done: set[int] = set()
        for number, rows in run_batches(work, len(batches), processes):
            done.add(number)
            for path, *row in rows:  # type: ignore[attr-defined] # rows of _BatchReader
                entries[path] = Entry(*row)
        for number in set(range(len(batches))) - done:
            for file in batches[number]:
                problem = "the process that read it, or a file beside it, died"
                self._errors[file.path] = CheckerError(file.path, 0, 0, problem)
        return entries

    def read_one(
        self, reader: Reader, file: SourceFile, started: int, only: Needles | None
    ) -> tuple[object, ...] | None:
        """Read one file; return the row of its entry, None where it is to stay as it was."""
        path = file.path
        stamp = file.stamp if max(file.stamp[:2]) < started - _TICK_NANOSECONDS else None
        if file.size > self._config.max_bytes:
            limit = self._config.max_bytes // 1_000_000
            problem = f"larger than {limit} MB ({file.size // 1_000_000} MB): not read"
            return path, file.size, file.stamp, b"", b"", (0, 0, problem)
        try:
            data = self._read_bytes(path, file.size)
        except OSError as error:
            problem = f"cannot be read: {(error.strerror or str(error)).lower()}"
            return path, file.size, None, b"", b"", (0, 0, problem)
        if only is not None and not only.stand_in(data):
            return None
        digest = content_digest(data) if self._cached else b""
        entry = self._cache.entries.get(path)
        if only is None and entry is not None and entry.digest == digest and digest:
            complete = not self._request.program or self._cache.program or _complete(entry)
            if complete:
                return path, file.size, stamp, digest, entry.packed, entry.error, entry.more
        facts = reader.read(
            data, self._table.names[path], path.endswith("__init__.py"), self.is_test(path)
        )
        if isinstance(facts, Unreadable):
            return path, file.size, stamp, digest, b"", tuple(facts)
        packed = marshal.dumps(pack(facts)) if facts is not None else b""  # type: ignore[arg-type] # plain tuples
        return path, file.size, stamp, digest, packed, None

    def _read_bytes(self, path: str, size: int) -> bytes:
        """Return the bytes of a file; what this process read lately it has at hand."""
        data = self._at_hand.get(path)
        if data is None:
            descriptor = os.open(os.path.join(self._config.root, path), os.O_RDONLY)
            try:
                data = os.read(descriptor, size + 1)
            finally:
                os.close(descriptor)
            if self._room > 0:
                self._room -= len(data)
                self._at_hand[path] = data
        return data

    def forget_sources(self) -> None:
        """Let go of the bytes that were kept for a second look."""
        self._at_hand.clear()
        self._room = 0

    def _save(self) -> None:
        if self._cached:
            self._cache.save()


class _BatchReader:
    def __init__(
        self,
        library: Library,
        reader: Reader,
        batches: list[list[SourceFile]],
        started: int,
        only: Needles | None,
    ) -> None:
        self._library = library
        self._reader = reader
        self._batches = batches
        self._started = started
        self._only = only

    def __call__(self, number: int) -> object:
        rows = [
            self._library.read_one(self._reader, file, self._started, self._only)
            for file in self._batches[number]
        ]
        return [row for row in rows if row is not None]


def _complete(entry: Entry) -> bool:
    """Tell whether an entry holds at least the imports and names of its file."""
    if entry.error is not None:
        return True
    return bool(entry.packed) and marshal.loads(entry.packed)[0] >= 1  # noqa: S302 # our own bytes


def _batches(files: list[SourceFile]) -> list[list[SourceFile]]:
    batches: list[list[SourceFile]] = [[]]
    size = 0
    for file in files:
        if size > _BATCH_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(file)
        size += file.size + 2_000
    return batches
