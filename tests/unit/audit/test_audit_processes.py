"""Batches are done once each, on several processes, and a dying process is survived."""

import os

from trunkline.audit.source.processes import run_batches


def _square(number: int) -> object:
    return number * number


def test_every_batch_is_done_once() -> None:
    for processes in (1, 2, 4):
        found = dict(run_batches(_square, 50, processes))
        assert found == {number: number * number for number in range(50)}


def test_a_process_that_dies_loses_its_own_batches_only() -> None:
    parent = os.getpid()

    def work(number: int) -> object:
        if os.getpid() != parent and number > 3:
            os._exit(9)
        return number

    found = dict(run_batches(work, 40, 2))
    assert len(found) >= 39 - 1
    assert all(key == value for key, value in found.items())
