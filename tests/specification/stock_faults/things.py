"""What the tests of stock faults declare things with."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

THREADS = 8


def together(call: Callable[[], Any]) -> list[Any]:
    """What so many threads get from a call that they make at the same moment."""
    barrier = threading.Barrier(THREADS)

    def run(_: int) -> Any:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


class Log(list[str]):
    """What happened, in order."""

    def __deepcopy__(self, memo: object) -> Log:
        return self


class Thing:
    """Remembers what it was made with."""

    def __init__(self, *args: Any) -> None:
        self.args = args
