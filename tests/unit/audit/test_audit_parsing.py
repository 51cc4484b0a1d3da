"""Threads parse at once, whatever interrupts them, and leave the warnings as they were."""

import gc
import threading
import warnings
from collections.abc import Iterator

import pytest

from trunkline.audit.source.parsing import Unreadable, parse

NESTED = b"x = " + b"[" * 40 + b"1" + b"]" * 40 + b"\n"
ESCAPES = b"x = '\\d'\n"


@pytest.fixture
def interrupted() -> Iterator[None]:
    """Let the collector run Python code, and with it other threads, amid every parse."""

    def callback(phase: str, info: dict[str, int]) -> None:
        for _ in range(50):
            pass

    thresholds = gc.get_threshold()
    gc.callbacks.append(callback)
    gc.set_threshold(40)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.callbacks.remove(callback)


@pytest.mark.usefixtures("interrupted", "quick_switches")
def test_threads_that_parse_at_once_each_get_their_tree() -> None:
    """The interpreter counts the depth of a tree under construction for all threads together."""
    failed: list[object] = []

    def work() -> None:
        for _ in range(60):
            try:
                tree = parse(NESTED * 10)
            except SystemError as error:
                failed.append(error)
            else:
                if isinstance(tree, Unreadable):
                    failed.append(tree)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


@pytest.mark.usefixtures("quick_switches")
def test_threads_leave_the_filters_of_warnings_as_they_were() -> None:
    """Filters belong to the process: two threads that restore them in turn may lose them."""
    before = list(warnings.filters)
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.extend(parse(ESCAPES) for _ in range(300)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before
    assert not any(isinstance(tree, Unreadable) for tree in found)
