"""Memory while thousands of files are read: what is soon asked for again is not given back."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_BLOCK_BYTES: Final = 31 * 1024 * 1024
"""Just under what the C library still takes for a sign (``DEFAULT_MMAP_THRESHOLD_MAX``)."""


def keep_freed_memory() -> None:
    """Let the C library keep what the parser frees after each file, for the next one.

    Otherwise the pages go back to the system and are faulted in again, file by file, which costs a
    sixth of the time. glibc raises its threshold for giving memory back when a large block is freed
    (mallopt(3), *dynamic mmap threshold*); elsewhere this does nothing. The block is never touched,
    so it takes no memory.
    """
    bytearray(_BLOCK_BYTES)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Look for no cycles of garbage meanwhile: trees of syntax and facts hold hardly any."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
