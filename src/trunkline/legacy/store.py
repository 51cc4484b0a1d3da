"""Counts that outlive the process: a file of lines, each what one process counted since its last.

Every line is a JSON object on its own, appended under a lock in one write, so that many processes
can keep one file and a crash can spoil the last line alone, which a reader passes over.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import json
import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from trunkline.legacy.errors import UsageFileError
from trunkline.legacy.sites import PROCESS, Difference, SiteUse, Usage

__all__ = ["DEFAULT_FILE", "Record", "UsageFile", "keep_counts", "merged"]

DEFAULT_FILE: Final = Path(".trunkline") / "legacy-usage.jsonl"
"""Where counts are kept, relative to the project's folder."""
_COMPACT_BYTES: Final = 4 * 1024 * 1024
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Record:
    """What one process counted at one site between two writes.

    Attributes:
        name: The old name.
        target: What it leads to.
        file: Path of the calling file, relative to the project where it lies in it.
        line: The calling line.
        function: The calling function.
        count: Calls in that time.
        last: Time of the last of them, in seconds since the epoch.
    """

    name: str
    target: str
    file: str
    line: int
    function: str
    count: int
    last: float

    @property
    def site(self) -> tuple[str, str, int]:
        """What tells sites apart."""
        return self.name, self.file, self.line


class UsageFile:
    """A file of counts.

    Args:
        path: The file; its folder is made when it is first written.
        root: Folder that paths of calling files are relative to; the current one unless given.
    """

    def __init__(self, path: Path, root: Path | None = None) -> None:
        self.path = path
        self._root = Path.cwd() if root is None else root
        self._written: dict[tuple[str, str, int], int] = {}
        self._differences = 0
        self._lock = threading.Lock()

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
        """
        with self._lock:
            lines = []
            for use in usage.uses():
                key = (use.name, use.file, use.line)
                new = use.count - self._written.get(key, 0)
                if new > 0:
                    self._written[key] = use.count
                    lines.append(_line("use", asdict(self._record(use, new))))
            count = len(lines)
            total = sum(usage.difference_counts.values())
            fresh = min(total - self._differences, len(usage.differences))
            self._differences = total
            latest = list(usage.differences)[len(usage.differences) - fresh :]
            lines += [_line("difference", asdict(difference)) for difference in latest]
            if lines or not self.path.exists():  # an empty file says that no old name was used
                self._append("".join(lines).encode())
        return count

    def read(self) -> tuple[list[Record], list[Difference]]:
        """Everything in the file; nothing where there is none.

        Raises:
            UsageFileError: It can't be read, or a line in its middle is no record.
        """
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return [], []
        except (OSError, UnicodeDecodeError) as error:
            raise UsageFileError(f"{self.path} can't be read", cause=str(error)) from error
        records: list[Record] = []
        differences: list[Difference] = []
        lines = text.split("\n")
        for number, line in enumerate(lines, 1):
            if not line:
                continue
            try:
                data = json.loads(line)
                kind = data.pop("kind")
                if kind == "use":
                    records.append(Record(**data))
                else:
                    differences.append(Difference(**data))
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                if number == len(lines):  # without its end: a process died while it wrote
                    continue
                raise UsageFileError(
                    f"line {number} of {self.path} is no record of uses",
                    cause=str(error),
                    remedy="remove the line, or the file: counts begin anew",
                ) from error
        return records, differences

    def _record(self, use: SiteUse, count: int) -> Record:
        file = Path(use.file)
        with contextlib.suppress(ValueError):
            file = file.relative_to(self._root)
        return Record(
            use.name, use.target, file.as_posix(), use.line, use.function, count, use.last
        )

    def _append(self, data: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._locked():
            self._mend_end()
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(descriptor, data)
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
        records, differences = self.read()
        merged: dict[tuple[int, str, str, int], Record] = {}
        for record in records:
            key = (int(record.last // _DAY), *record.site)
            seen = merged.get(key)
            merged[key] = record if seen is None else _sum(seen, record)
        lines = [_line("use", asdict(record)) for record in merged.values()]
        lines += [_line("difference", asdict(difference)) for difference in differences[-1_000:]]
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
            yield


def keep_counts(file: UsageFile) -> None:
    """Write this process's counts to a file when the interpreter exits.

    Args:
        file: The file.
    """
    atexit.register(lambda: file.write(PROCESS.usage))


def merged(records: Iterable[Record]) -> list[Record]:
    """One record a site, most used first."""
    sites: dict[tuple[str, str, int], Record] = {}
    for record in records:
        seen = sites.get(record.site)
        sites[record.site] = record if seen is None else _sum(seen, record)
    return sorted(sites.values(), key=lambda r: (-r.count, r.name, r.file, r.line))


def _sum(one: Record, other: Record) -> Record:
    late = one if one.last >= other.last else other
    return Record(
        late.name,
        late.target,
        late.file,
        late.line,
        late.function,
        one.count + other.count,
        late.last,
    )


def _line(kind: str, data: dict[str, object]) -> str:
    return json.dumps({"kind": kind, **data}, ensure_ascii=False) + "\n"
