"""The facts of a whole tree: read on both cores, kept between runs, unpacked when asked for."""

# Paths stay texts: pathlib is slow over thousands of files, and slow to import.
# ruff: noqa: PTH118, PTH123

import marshal
import os
import time
from collections.abc import Callable, Iterable
from typing import Final

from trunkline.audit.config import AuditConfig
from trunkline.audit.discovery import Discovery, Patterns, SourceFile
from trunkline.audit.modules import ModuleTable
from trunkline.audit.problems import CheckerError
from trunkline.audit.source.cache import Cache, Entry, content_digest
from trunkline.audit.source.facts import Facts, pack, unpack
from trunkline.audit.source.needles import CONTAINER_NAMES, Needles
from trunkline.audit.source.on_demand import read_block, read_everything, read_names
from trunkline.audit.source.parsing import Unreadable
from trunkline.audit.source.reader import Request
from trunkline.audit.source.tree import TreeReader

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
        self._reader = TreeReader(config, table, self.is_test, digests=cached)
        self._unkept: list[tuple[str, bytes, int, Facts]] = []
        self._errors: dict[str, CheckerError] = {}
        self._unsaved = False
        self.read_files = 0

    def load(self, names: Callable[[], Iterable[bytes]] = tuple) -> None:
        """Read every file whose facts are not kept from an earlier run.

        Args:
            names: Returns what matters besides the request's names, as far as that can be known
                before; asked where nothing is kept, which says it better.
        """
        started = time.time_ns()
        kept = self._cache
        if self._cached:
            kept.load()
        if not kept.entries:
            kept.names = tuple(sorted({*names()} - {*self._request.names}))
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

    def container(self, path: str, line: int) -> Facts:
        """Return facts that hold at least what one container declares.

        Args:
            path: Path of the file.
            line: Number of a line of the container.
        """
        facts = self.facts(path)
        asked = set(CONTAINER_NAMES) <= set(self._request.names)
        return facts if facts.level > 1 and asked else self.block(path, line)

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
            # What is read before the kept entries are at hand may be among them.
            if entry is not None and entry.digest == digest and part not in dict(entry.more):
                packed = marshal.dumps(pack(facts))  # type: ignore[arg-type] # plain tuples
                entries[path] = entry._replace(more=(*entry.more, (part, packed)))
                self._unsaved = True
        self._unkept.clear()
        if self._unsaved:
            self._unsaved = False
            if self._cached:
                self._cache.save()

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

    def forget_sources(self) -> None:
        """Let go of the bytes that were kept for a second look."""
        self._reader.forget()

    def _read(
        self,
        files: list[SourceFile],
        extra: tuple[bytes, ...],
        started: int,
        only: Needles | None = None,
    ) -> dict[str, Entry]:
        self.read_files += len(files)
        request = self._request._replace(names=(*self._request.names, *extra))
        known = self._known if only is None and self._cached else None
        entries, lost = self._reader.read(files, request, started, known, only)
        for file in lost:
            problem = "the process that read it, or a file beside it, died"
            self._errors[file.path] = CheckerError(file.path, 0, 0, problem)
        return entries

    def _known(self, path: str, digest: bytes) -> Entry | None:
        """Return what is kept of a file with this content, where it is all that is asked for."""
        entry = self._cache.entries.get(path)
        if entry is None or entry.digest != digest:
            return None
        complete = not self._request.program or self._cache.program or _complete(entry)
        return entry if complete else None


def _complete(entry: Entry) -> bool:
    """Tell whether an entry holds at least the imports and names of its file."""
    if entry.error is not None:
        return True
    return bool(entry.packed) and marshal.loads(entry.packed)[0] >= 1  # noqa: S302 # our own bytes
