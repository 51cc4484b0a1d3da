"""The waiting room: nobody is left behind, whoever fails, leaves or is cancelled."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from trunkline.resolution.waiting import WaitingRoom, Wanted

NOTHING: frozenset[Any] = frozenset()


def scope() -> Any:
    return SimpleNamespace(_attention=None)


def wanted(scope: Any, *, is_over: bool = False) -> Wanted:
    return Wanted(scope, "thing", "thing", NOTHING, lambda: is_over)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.mark.asyncio
async def test_a_success_wakes_all_and_a_failure_one_of_each_loop() -> None:
    room, held = WaitingRoom(), scope()
    tasks = [asyncio.create_task(room.await_(wanted(held))) for _ in range(4)]
    await settle()
    room.wake_next(held, "thing")
    await settle()
    assert [task.done() for task in tasks] == [True, False, False, False]
    room.wake(held, "thing")
    assert await asyncio.gather(*tasks) == [[]] * 4
    assert not room._waiters


@pytest.mark.asyncio
async def test_whoever_is_cancelled_after_the_wake_passes_it_on() -> None:
    room, held = WaitingRoom(), scope()
    tasks = [asyncio.create_task(room.await_(wanted(held))) for _ in range(3)]
    await settle()
    room.wake_next(held, "thing")
    tasks[0].cancel()
    await settle()
    assert tasks[0].cancelled()
    assert tasks[1].done()
    assert not tasks[2].done()
    room.wake(held, "thing")
    await tasks[2]


@pytest.mark.asyncio
async def test_whoever_is_cancelled_before_leaves_the_others_waiting() -> None:
    room, held = WaitingRoom(), scope()
    tasks = [asyncio.create_task(room.await_(wanted(held))) for _ in range(2)]
    await settle()
    tasks[0].cancel()
    await settle()
    assert not tasks[1].done()
    room.wake(held, "thing")
    await tasks[1]


@pytest.mark.asyncio
async def test_a_wait_that_is_over_already_is_none() -> None:
    room, held = WaitingRoom(), scope()
    assert not await room.await_(wanted(held, is_over=True))
    assert not room.wait(wanted(held, is_over=True))
    assert held._attention is True
    assert not room._waiters


def test_a_waiter_whose_loop_has_closed_holds_nobody_up() -> None:
    room, held = WaitingRoom(), scope()
    loop = asyncio.new_event_loop()
    task = loop.create_task(room.await_(wanted(held)))
    loop.run_until_complete(asyncio.sleep(0.001))
    task.cancel()
    loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
    loop.close()
    done = threading.Event()

    def wait() -> None:
        room.wait(wanted(held))
        done.set()

    thread = threading.Thread(target=wait)
    thread.start()
    while not room._waiters:
        pass
    room.wake_next(held, "thing")
    thread.join(10)
    assert done.is_set()


def test_a_circle_of_waiters_is_refused_however_long() -> None:
    room = WaitingRoom()
    a, b, c = scope(), scope(), scope()
    refused: list[list[str]] = []

    def wait(name: str, on: Any, holding: Any) -> threading.Thread:
        def run() -> None:
            held = frozenset({(id(holding), "thing")})
            refused.append(room.wait(Wanted(on, "thing", name, held, lambda: False)))

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    threads = [wait("b", b, a), wait("c", c, b)]
    while len(room._waiters) < 2:
        pass
    wait("a", a, c).join()
    assert refused == [["c", "a", "b", "c"]]
    for held in (b, c):
        room.wake(held, "thing")
    for thread in threads:
        thread.join()
    assert refused[1:] == [[], []]
