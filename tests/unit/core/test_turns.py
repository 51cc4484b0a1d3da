"""Taking turns: one task at a time, of whichever loop, and nobody is left behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.providers.turns import Turn


@asynccontextmanager
async def held(turn: Turn) -> AsyncIterator[None]:
    await turn.wait()
    try:
        yield
    finally:
        turn.release()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@given(st.lists(st.integers(0, 7), max_size=8), st.integers(0, 5))
def test_one_at_a_time_whoever_is_cancelled_and_whenever(cancelled: list[int], steps: int) -> None:
    inside: list[int] = []
    done: list[int] = []

    async def use(turn: Turn, index: int) -> None:
        async with held(turn):
            inside.append(index)
            assert inside == [index]
            await asyncio.sleep(0)
            inside.remove(index)
        done.append(index)

    async def run() -> None:
        turn = Turn()
        tasks = [asyncio.create_task(use(turn, index)) for index in range(8)]
        for index in cancelled:
            for _ in range(steps):
                await asyncio.sleep(0)
            if tasks[index].cancel() and index in inside:
                inside.remove(index)
        await asyncio.gather(*tasks, return_exceptions=True)
        assert set(done) == {index for index, task in enumerate(tasks) if not task.cancelled()}
        async with asyncio.timeout(10), held(turn):
            pass

    asyncio.run(run())


@pytest.mark.asyncio
async def test_a_loop_that_stands_still_holds_nobody_up() -> None:
    turn = Turn()
    standing, closed = asyncio.new_event_loop(), asyncio.new_event_loop()

    async def wait() -> None:
        async with held(turn):
            pass

    async with held(turn):
        waiting = []
        for loop in (standing, closed):
            task = loop.create_task(wait())
            await asyncio.to_thread(loop.run_until_complete, asyncio.sleep(0.001))
            waiting.append(task)
        closed.close()
        mine = asyncio.create_task(wait())
        await settle()
    await asyncio.wait_for(mine, 10)
    await asyncio.to_thread(standing.run_until_complete, waiting[0])
    standing.close()
    waiting[1]._log_destroy_pending = False  # type: ignore[attr-defined]  # it is meant to be


def test_threads_with_loops_of_their_own_take_turns() -> None:
    turn = Turn()
    counter = {"value": 0}

    async def count() -> None:
        for _ in range(100):
            async with held(turn):
                before = counter["value"]
                await asyncio.sleep(0)
                counter["value"] = before + 1

    threads = [threading.Thread(target=lambda: asyncio.run(count())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter["value"] == 400
