"""A connection's queue and its writer, with a socket that says what was written."""

from __future__ import annotations

import asyncio
import json
from typing import cast

import pytest

from trunkline_runtime.context import ConnectionId, UserId
from trunkline_runtime.server.connection import ClientConnection, Closing
from trunkline_runtime.server.outbox import Outbox
from trunkline_runtime.server.socket import ClientSocket

LEAVING = Closing(1012, "leaving")


class Stored:
    """A stored event."""

    type = "custom"

    def __init__(self, seq: int) -> None:
        self.seq = seq

    def to_json(self) -> str:
        return json.dumps({"seq": self.seq})


class Paper:
    """A socket that writes on paper, as long as its gate is open."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.sent: list[str] = []
        self.closed: tuple[int, str] | None = None

    async def send(self, frame: str) -> None:
        await self.gate.wait()
        self.sent.append(frame)

    async def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)

    def drop_within(self, seconds: float | None = None) -> None: ...

    def abort(self) -> None: ...


def _connection(paper: Paper, frames: int = 8, stored: int = 0) -> ClientConnection:
    events = [Stored(seq) for seq in range(1, stored + 1)]
    outbox = Outbox(
        frames,
        1_000_000,
        read=lambda _, seq: events[seq:],
        resumed=lambda run_id, after_seq, sent, complete: f"resumed {sent}",
    )
    return ClientConnection(
        ConnectionId("connection-1"), UserId("ada"), cast("ClientSocket", paper), outbox
    )


@pytest.mark.asyncio
async def test_what_was_taken_is_sent_before_the_close_and_nothing_after_it() -> None:
    """The end lets the queue drain; what is offered later is refused; the first reason stands."""
    paper = Paper()
    connection = _connection(paper)
    assert connection.offer('{"a":1}')
    await connection.answer('{"b":1}')
    connection.end(LEAVING)
    connection.end(Closing(1000, "another"))
    assert not connection.offer('{"c":1}')
    await connection.answer('{"d":1}')
    await connection.write()
    assert paper.sent == ['{"a":1}', '{"b":1}']
    assert paper.closed == (1012, "leaving")


@pytest.mark.asyncio
async def test_an_event_too_many_ends_the_connection_and_drops_its_queue() -> None:
    """The client is told that it reads too slowly; the queue's memory is free at once."""
    paper = Paper()
    connection = _connection(paper, frames=2)
    assert [connection.offer("{}") for _ in range(4)] == [True, True, False, False]
    await connection.write()
    assert paper.sent == []
    assert paper.closed == (1013, "reads too slowly")


@pytest.mark.asyncio
async def test_answers_wait_for_room_and_are_let_go_by_the_end() -> None:
    """Whoever waits to answer is woken by the writer, and by the writer's end."""
    paper = Paper()
    connection = _connection(paper, frames=2)
    writer = asyncio.create_task(connection.write())
    paper.gate.clear()
    answers = [asyncio.create_task(connection.answer(f"{number}")) for number in range(6)]
    await asyncio.sleep(0.01)
    assert sum(task.done() for task in answers) == 2  # one in the queue, one with the writer
    paper.gate.set()
    await asyncio.gather(*answers)
    paper.gate.clear()
    waiting = [asyncio.create_task(connection.answer("late")) for _ in range(4)]
    await asyncio.sleep(0.01)
    writer.cancel()
    await asyncio.gather(*waiting)
    await asyncio.gather(writer, return_exceptions=True)
    assert sorted(paper.sent[:6]) == [str(number) for number in range(6)]


@pytest.mark.asyncio
async def test_a_long_replay_gives_others_their_turn() -> None:
    """Although no send has to wait, the loop goes round between two batches."""
    paper = Paper()
    connection = _connection(paper, stored=160)
    rounds = 0

    async def others() -> None:
        nonlocal rounds
        while len(paper.sent) < 161:
            rounds += 1
            await asyncio.sleep(0)

    await connection.resume("run-1", 0)
    writer = asyncio.create_task(connection.write())
    await others()
    assert rounds >= 10
    assert paper.sent[-1] == "resumed 160"
    connection.end(LEAVING)
    await writer
