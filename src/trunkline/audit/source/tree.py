"""The files of a tree read into entries of the cache, in batches, on the cores there are."""

# Paths stay texts: pathlib is slow over thousands of files, and slow to import.
# ruff: noqa: PTH118

import marshal
import os
from collections.abc import Callable
from typing import Final

from trunkline.audit.config import AuditConfig
from trunkline.audit.discovery import SourceFile
from trunkline.audit.modules import ModuleTable
from trunkline.audit.source.cache import Entry, content_digest
from trunkline.audit.source.facts import pack
from trunkline.audit.source.memory import keep_freed_memory
from trunkline.audit.source.needles import Needles
from trunkline.audit.source.parsing import Unreadable
from trunkline.audit.source.processes import run_batches, usable_cores
from trunkline.audit.source.reader import Reader, Request

_BATCH_BYTES: Final = 600_000
_ROOM_BYTES: Final = 150_000_000
_PARALLEL_FILES: Final = 60
_TICK_NANOSECONDS: Final = 2_000_000_000

Known = Callable[[str, bytes], Entry | None]
"""Returns what is kept of a file, given its path and the digest of its content."""


class TreeReader:
    """Reads the files of a tree; keeps at hand the bytes of what it read lately.

    Args:
        config: The audit's configuration.
        table: The modules of the files.
        is_test: Tells whether a file belongs to the tests.
        digests: True to note the digest of every content.
    """

    def __init__(
        self,
        config: AuditConfig,
        table: ModuleTable,
        is_test: Callable[[str], bool],
        *,
        digests: bool,
    ) -> None:
        self._config = config
        self._table = table
        self._is_test = is_test
        self._digests = digests
        self._at_hand: dict[str, bytes] = {}
        self._room = _ROOM_BYTES

    def read(
        self,
        files: list[SourceFile],
        request: Request,
        started: int,
        known: Known | None = None,
        only: Needles | None = None,
    ) -> tuple[dict[str, Entry], list[SourceFile]]:
        """Read files.

        Args:
            files: The files.
            request: What to read of them.
            started: When the run began, in nanoseconds since 1970: a file changed later, or just
                before, may change again without its times showing it.
            known: What an earlier run kept, by content.
            only: Where given, only files in which any of these names stands are read.

        Returns:
            The entries of the files that were read, and the files whose process died.
        """
        batches = _batches(files)
        reader = Reader(request)

        def work(number: int) -> object:
            rows = [self._one(reader, file, started, known, only) for file in batches[number]]
            return [row for row in rows if row is not None]

        processes = usable_cores() if len(files) >= _PARALLEL_FILES else 1
        if processes > 1:
            keep_freed_memory()
        entries: dict[str, Entry] = {}
        done: set[int] = set()
        for number, rows in run_batches(work, len(batches), processes):
            done.add(number)
            for path, *row in rows:  # type: ignore[attr-defined] # rows of `work`
                entries[path] = Entry(*row)
        lost = [file for n, batch in enumerate(batches) if n not in done for file in batch]
        return entries, lost

    def forget(self) -> None:
        """Let go of the bytes at hand, and keep no more of them."""
        self._at_hand.clear()
        self._room = 0

    def _one(
        self,
        reader: Reader,
        file: SourceFile,
        started: int,
        known: Known | None,
        only: Needles | None,
    ) -> tuple[object, ...] | None:
        """Read one file; return the row of its entry, None where it is to stay as it was."""
        path = file.path
        stamp = file.stamp if max(file.stamp[:2]) < started - _TICK_NANOSECONDS else None
        if file.size > self._config.max_bytes:
            limit = self._config.max_bytes // 1_000_000
            problem = f"larger than {limit} MB ({file.size // 1_000_000} MB): not read"
            return path, file.size, file.stamp, b"", b"", (0, 0, problem)
        try:
            data = self._bytes(path, file.size)
        except OSError as error:
            problem = f"cannot be read: {(error.strerror or str(error)).lower()}"
            return path, file.size, None, b"", b"", (0, 0, problem)
        if only is not None and not only.stand_in(data):
            return None
        digest = content_digest(data) if self._digests else b""
        kept = known(path, digest) if known is not None else None
        if kept is not None:
            return path, file.size, stamp, digest, kept.packed, kept.error, kept.more
        module, is_package = self._table.names[path], path.endswith("__init__.py")
        facts = reader.read(data, module, is_package, self._is_test(path))
        if isinstance(facts, Unreadable):
            return path, file.size, stamp, digest, b"", tuple(facts)
        packed = marshal.dumps(pack(facts)) if facts is not None else b""  # type: ignore[arg-type] # plain tuples
        return path, file.size, stamp, digest, packed, None

    def _bytes(self, path: str, size: int) -> bytes:
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
