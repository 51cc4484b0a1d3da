"""Counts that outlive the process: a file of lines, each what one process counted since its last.

Every line is a JSON object on its own, appended under a lock in one write, so that many processes
can keep one file and a crash can spoil the last line alone, which a reader passes over.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final
from weakref import WeakSet

from trunkline.legacy.counting import PROCESS, Usage
from trunkline.legacy.errors import UsageFileError
from trunkline.legacy.records import by_day, line_of, merged, parsed
from trunkline.legacy.sites import Difference, SiteUse, Written

__all__ = ["DEFAULT_FILE", "UsageFile"]

logger = logging.getLogger(__name__)

DEFAULT_FILE: Final = Path(".trunkline") / "legacy-usage.jsonl"
"""Where counts are kept, relative to the project's folder."""
_COMPACT_BYTES: Final = 4 * 1024 * 1024
_KEPT_DIFFERENCES: Final = 1_000
_FILES: Final[WeakSet[UsageFile]] = WeakSet()
"""The files of this process: what was counted before a fork is the parent's to write."""


class UsageFile:
    """A file of counts.

    A forked process counts anew if its parent has a file, which then writes what it counted.

    Args:
        path: The file; its folder is made when it is first written.
        root: Folder that paths of calling files are relative to; the current one unless given.
    """

    def __init__(self, path: Path, root: Path | None = None) -> None:
        self.path = path
        self._root = Path.cwd() if root is None else root
        _follow_forks()
        _FILES.add(self)

    @classmethod
    def of_project(cls, start: Path | None = None) -> UsageFile:
        """The usual file of a project: in the nearest folder that has a ``pyproject.toml``.

        Args:
            start: Where to look from, upwards; the current folder unless given. It is taken
                itself where no folder has one.
        """
        here = Path.cwd() if start is None else start.resolve()
        folders = (here, *here.parents)
        root = next((folder for folder in folders if (folder / "pyproject.toml").is_file()), here)
        return cls(root / DEFAULT_FILE, root)

    @property
    def root(self) -> Path:
        """The folder that paths of calling files are relative to."""
        return self._root

    def write(self, usage: Usage) -> int:
        """Append what was counted since this was last done.

        Args:
            usage: The counts.

        Returns:
            How many sites have new uses.

        Raises:
            OSError: The file can't be written. Nothing is lost: the next write has it all.
        """
        known = usage.written.setdefault(str(self.path.resolve()), Written())
        with known.lock:
            counts = dict(known.counts)
            records = []
            for use in usage.uses():
                new = use.count - counts.get(use.site, 0)
                if new > 0:
                    counts[use.site] = use.count
                    records.append(self._record(use, new))
            total = sum(usage.difference_counts.values())
            fresh = min(total - known.differences, len(usage.differences))
            latest = list(usage.differences)[len(usage.differences) - fresh :]
            lines = [*map(line_of, records), *map(line_of, latest)]
            if lines or not self.path.exists():  # an empty file says that no old name was used
                self._append("".join(lines).encode())
            known.counts, known.differences = counts, total
        return len(records)

    def read(self) -> tuple[list[SiteUse], list[Difference]]:
        """Everything in the file; nothing where there is none.

        Raises:
            UsageFileError: It can't be read, or a line in its middle is no record.
        """
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return [], []
        except OSError as error:
            raise UsageFileError(f"{self.path} can't be read", cause=str(error)) from error
        records: list[SiteUse] = []
        differences: list[Difference] = []
        lines = data.split(b"\n")
        for number, line in enumerate(lines, 1):
            if not line:
                continue
            try:
                one = parsed(line)
            except ValueError as error:
                if number == len(lines):  # without its end: a process died while it wrote
                    continue
                raise UsageFileError(
                    f"line {number} of {self.path} is no record of uses",
                    cause=str(error),
                    remedy="remove the line, or the file: counts begin anew",
                ) from error
            if isinstance(one, SiteUse):
                records.append(one)
            else:
                differences.append(one)
        return records, differences

    def _record(self, use: SiteUse, count: int) -> SiteUse:
        file = Path(use.file)
        with contextlib.suppress(ValueError):
            file = file.relative_to(self._root)
        return replace(use, file=file.as_posix(), count=count)

    def _append(self, data: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._locked():
            self._mend_end()
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                before = os.fstat(descriptor).st_size
                try:
                    _write_all(descriptor, data)
                except OSError:
                    os.ftruncate(descriptor, before)  # all or nothing, so that nothing is twice
                    raise
                size = os.fstat(descriptor).st_size
            finally:
                os.close(descriptor)
            if size > _COMPACT_BYTES:
                self._compact()

    def _mend_end(self) -> None:
        """Cut off a last line that a dying process did not end."""
        try:
            data = self.path.read_bytes() if self.path.stat().st_size else b"\n"
        except FileNotFoundError:
            return
        if not data.endswith(b"\n"):
            self._replace(data[: data.rfind(b"\n") + 1])

    def _compact(self) -> None:
        """Make one line of all that a site has in a day."""
        try:
            records, differences = self.read()
        except UsageFileError as error:  # what is new is written; only its reader can mend the rest
            logger.warning("the counts can't be made smaller: %s", error)
            return
        one_a_day = [record for day in by_day(records).values() for record in merged(day)]
        lines = [*map(line_of, one_a_day), *map(line_of, differences[-_KEPT_DIFFERENCES:])]
        self._replace("".join(lines).encode())

    def _replace(self, data: bytes) -> None:
        temporary = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        temporary.write_bytes(data)
        temporary.replace(self.path)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the file against other processes."""
        lock = self.path.with_name(f"{self.path.name}.lock")
        with lock.open("a") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(held, fcntl.LOCK_UN)  # a process that was forked meanwhile has it too


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


@functools.cache
def _follow_forks() -> None:
    os.register_at_fork(after_in_child=_begin_anew)


def _begin_anew() -> None:
    """Count from zero in a forked process, if the parent has a file to write its own counts to."""
    if len(_FILES):
        PROCESS.usage.begin_anew()
