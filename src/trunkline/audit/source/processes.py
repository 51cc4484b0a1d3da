"""Work shared between this process and forked ones, batch by batch.

Forking costs 4 ms where starting an interpreter costs 40 and a pool of them 80 (measured on Linux),
and the whole of a fast audit takes some hundred. Batches are handed out through a pipe, so that a
core which others use takes fewer of them. Each forked process writes to a file, in memory where
the system has such files: it never waits for a reader.
"""

import marshal
import os
import struct
import sys
from collections.abc import Callable, Iterator
from typing import Final

_NUMBER: Final = struct.Struct("<H")
_MAX_BATCHES: Final = 30_000
"""All batch numbers fit into the buffer of a pipe, so that filling it never waits."""


def usable_cores() -> int:
    """Return how many cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def can_fork() -> bool:
    """Tell whether a fork is safe here: the system has it and no other thread runs."""
    threading = sys.modules.get("threading")
    alone = threading is None or threading.active_count() == 1
    return alone and hasattr(os, "fork")


def run_batches(
    work: Callable[[int], object], count: int, processes: int
) -> Iterator[tuple[int, object]]:
    """Do the work of every batch, on several processes where that is safe.

    Args:
        work: Does one batch; what it returns must be something `marshal` takes.
        count: How many batches there are.
        processes: How many processes to use at most, this one among them.

    Yields:
        Each batch's number with its result. A batch whose process died is not among them.
    """
    if processes < 2 or count < 2 or count > _MAX_BATCHES or not can_fork():
        for number in range(count):
            yield number, work(number)
        return
    queue, feed = os.pipe()
    os.write(feed, b"".join(map(_NUMBER.pack, range(count))))
    os.close(feed)
    children = [_fork(work, queue) for _ in range(min(processes, count) - 1)]
    try:
        while True:
            chunk = os.read(queue, _NUMBER.size)
            if not chunk:
                break
            number = _NUMBER.unpack(chunk)[0]
            yield number, work(number)
    finally:
        os.close(queue)
        for process, _ in children:
            os.waitpid(process, 0)
    for _, results in children:
        os.lseek(results, 0, os.SEEK_SET)
        with os.fdopen(results, "rb") as file:
            yield from _read_results(file.read())


def _fork(work: Callable[[int], object], queue: int) -> tuple[int, int]:
    results = _results_file()
    process = os.fork()
    if process:
        return process, results
    status = 1
    try:
        while chunk := os.read(queue, _NUMBER.size):
            number = _NUMBER.unpack(chunk)[0]
            data = marshal.dumps((number, work(number)))  # type: ignore[arg-type] # as `work` promises
            _write(results, struct.pack("<Q", len(data)) + data)
        status = 0
    finally:
        # Nothing of the parent's is flushed or closed twice.
        os._exit(status)
    raise AssertionError("unreachable")


def _results_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("trunkline-audit")
    import tempfile

    with tempfile.TemporaryFile() as file:  # without a name, so that nobody has to remove it
        return os.dup(file.fileno())


def _write(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _read_results(data: bytes) -> Iterator[tuple[int, object]]:
    offset = 0
    while offset + 8 <= len(data):
        (size,) = struct.unpack_from("<Q", data, offset)
        offset += 8
        if offset + size > len(data):
            return
        yield marshal.loads(data[offset : offset + size])  # noqa: S302 # written by our own child
        offset += size
