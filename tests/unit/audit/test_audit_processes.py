"""Batches are done once each, on several processes, and a dying process is survived."""

import os
import select

import pytest

from trunkline.audit.source.processes import run_batches


def _square(number: int) -> object:
    return number * number


def test_every_batch_is_done_once() -> None:
    for processes in (1, 2, 4):
        found = dict(run_batches(_square, 50, processes))
        assert found == {number: number * number for number in range(50)}


def test_systems_without_files_in_memory_use_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create")
    parent = os.getpid()
    seen, tell = os.pipe()
    heard, answer = os.pipe()

    def work(number: int) -> object:
        mine = os.getpid() == parent
        os.write(answer if mine else tell, b"x")
        select.select([seen if mine else heard], [], [], 30)  # until the other one has begun
        return os.getpid(), "x" * 100_000

    found = dict(run_batches(work, 50, 2))
    for end in (seen, tell, heard, answer):
        os.close(end)
    assert sorted(found) == list(range(50))
    assert len({process for process, _ in found.values()}) == 2  # type: ignore[misc] # rows of the work


def test_a_process_that_dies_loses_its_own_batches_only() -> None:
    parent = os.getpid()

    def work(number: int) -> object:
        if os.getpid() != parent and number > 3:
            os._exit(9)
        return number

    found = dict(run_batches(work, 40, 2))
    assert len(found) >= 39 - 1
    assert all(key == value for key, value in found.items())
