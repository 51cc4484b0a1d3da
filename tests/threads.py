"""Threads that do one thing at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def together(call: Callable[[], T], count: int = 8) -> list[T]:
    """What so many threads get from a call that they make at the same moment."""
    barrier = threading.Barrier(count)

    def run(_: int) -> T:
        barrier.wait(10)
        return call()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))
