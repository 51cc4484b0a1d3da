"""How many bytes are allocated, and by which lines."""

from __future__ import annotations

import gc
import logging
import tracemalloc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

__all__ = ["Memory"]

SHOWN = 5
"""How many lines a story names."""


class Memory:
    """Counts what Python allocates while it is traced."""

    def __init__(self) -> None:
        self._first: tracemalloc.Snapshot | None = None

    @contextmanager
    def traced(self) -> Iterator[None]:
        """Trace allocations in a block; what was allocated before it does not count.

        Log lines are handed to nobody meanwhile: what pytest captures of them, for the report of a
        failure, is no memory of the application.
        """
        handlers, nobody = tuple(logging.getLogger().handlers), logging.NullHandler()
        _replace(handlers, [nobody])
        started_here = not tracemalloc.is_tracing()
        if started_here:
            tracemalloc.start()
        try:
            yield
        finally:
            if started_here:
                tracemalloc.stop()
            _replace([nobody], handlers)

    def now(self) -> int:
        """The bytes that are allocated, with no garbage among them."""
        gc.collect()
        size, _ = tracemalloc.get_traced_memory()
        if self._first is None:
            self._first = tracemalloc.take_snapshot()
            after, _ = tracemalloc.get_traced_memory()
            size += after - size  # the snapshot itself is there from now on
        return size

    def story(self) -> str:
        """The lines whose allocations have grown most since the first look."""
        if self._first is None:
            return ""
        grown = tracemalloc.take_snapshot().compare_to(self._first, "lineno")
        lines = [entry for entry in grown if entry.size_diff > 0][:SHOWN]
        return "\n".join(
            f"    {entry.size_diff:,} bytes in {entry.count_diff:,} pieces by "
            f"{entry.traceback[0].filename}:{entry.traceback[0].lineno}"
            for entry in lines
        )


def _replace(former: Iterable[logging.Handler], handlers: Iterable[logging.Handler]) -> None:
    root = logging.getLogger()
    for handler in former:
        root.removeHandler(handler)
    for handler in handlers:
        root.addHandler(handler)
