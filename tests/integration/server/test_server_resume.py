"""Clients that vanish and come back: their runs, and what they missed."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from dataclasses import replace
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.integration.server.conftest import Serve
from tests.integration.server.http_client import upgrade_request
from tests.integration.server.wiring import LIMITS, Client, Wired, WiredSession, problems, seqs
from trunkline_runtime.messages import END_TYPES


async def _vanish(client: Client) -> None:
    """Drop the TCP connection without a close frame."""
    client.socket.transport.abort()
    await client.socket.wait_closed()


@pytest.mark.asyncio
async def test_a_run_outlives_its_connection_and_is_collected_by_a_resume(wired: Wired) -> None:
    """The session stays open for its run; a client that comes back gets the rest, then live."""
    async with wired.client("ada") as client:
        await client.start("gated", "run-1")
        before = await client.until("progress_update")
        await wired.gate.reached.wait()
        await _vanish(client)
    await wired.until(lambda: wired.connections.count() == 0)
    assert (wired.sessions.open_sessions, wired.sessions.open_runs) == (1, 1)
    async with wired.client("ada") as client:
        answer = await client.ask("resume", run_id="run-1", after_seq=seqs(before)[-1])
        assert answer == {
            "type": "resumed",
            "run_id": "run-1",
            "after_seq": 2,
            "events": 0,
            "complete": True,
        }
        wired.gate.opened.set()
        after = await client.until_end()
        assert problems(before + after) == []
        assert after[-1]["payload"]["result"] == "through"
    await wired.until(lambda: wired.quiet)


@pytest.mark.asyncio
async def test_the_users_other_connections_go_on_with_a_run_whose_client_vanished(
    wired: Wired,
) -> None:
    """A run belongs to the session that started it, its events to all of its user."""
    async with wired.client("ada") as other:
        await other.ask("ping")
        async with wired.client("ada") as client:
            await client.start("gated", "run-1")
            await wired.gate.reached.wait()
            await _vanish(client)
        wired.gate.opened.set()
        assert problems(await other.until_end()) == []


@pytest.mark.asyncio
async def test_a_run_that_nobody_comes_back_for_is_cancelled_after_detach_seconds(
    serve: Serve,
) -> None:
    """It ends in agent_error, which is stored, and its scopes are closed."""
    wired = await serve(detach_seconds=0.05)
    async with wired.client("ada") as client:
        await client.start("hang", "run-1")
        await client.until("progress_update")
        await _vanish(client)
    await wired.until(lambda: wired.quiet)
    async with wired.client("ada") as client:
        await client.send("resume", run_id="run-1", after_seq=0)
        events = await client.until_end()
        assert problems(events) == []
        assert events[-1]["payload"]["code"] == "cancelled"
        assert "client" in events[-1]["payload"]["message"]


@pytest.mark.asyncio
async def test_without_detach_seconds_runs_end_with_their_connection(serve: Serve) -> None:
    """Zero means at once, also for a run that a client leaves in good order."""
    wired = await serve(detach_seconds=0.0)
    async with wired.client("ada") as client:
        await client.start("gated", "run-1")
        await wired.gate.reached.wait()
    await wired.until(lambda: wired.quiet)
    stored = wired.store.after("ada", "run-1", 0)
    assert stored is not None
    assert stored[-1].type == "agent_error"


@pytest.mark.asyncio
@pytest.mark.parametrize("seed", range(4))
async def test_a_client_that_keeps_losing_its_connection_misses_and_repeats_nothing(
    wired: Wired, seed: int
) -> None:
    """Cut at any point and resumed each time, the stream is that of an unbroken connection."""
    chance = random.Random(seed)
    received: list[dict[str, Any]] = []
    client = wired.client("ada")
    await client.__aenter__()
    await client.start("count", "run-1", to=150, pause=0.0005)
    while not received or received[-1]["type"] not in END_TYPES:
        for _ in range(chance.randrange(40)):
            frame = await client.recv()
            if "seq" in frame:
                received.append(frame)
                if frame["type"] in END_TYPES:
                    break
        await _vanish(client)
        client = wired.client("ada")
        await client.__aenter__()
        for _ in range(chance.randrange(3)):
            await asyncio.sleep(0)  # live events may come before the resume is asked for
        await client.send("resume", run_id="run-1", after_seq=len(received))
    await _vanish(client)
    assert len(received) == 152
    assert problems(received) == []


@pytest.mark.asyncio
async def test_a_resume_while_the_run_goes_on_joins_stored_and_live_events(wired: Wired) -> None:
    """A second connection that joins in the middle gets the whole run, in order."""
    async with wired.client("ada") as first:
        await first.start("count", "run-1", to=200, pause=0.0002)
        await first.until("progress_update")
        rest = asyncio.create_task(first.until_end())
        async with wired.client("ada") as second:
            await second.send("resume", run_id="run-1", after_seq=0)
            joined = [frame for frame in await second.until_end() if "seq" in frame]
            assert problems(joined) == []
        assert len(joined) == 202
        assert (await rest)[-1] == joined[-1]


@pytest.mark.asyncio
async def test_what_cannot_be_resumed_is_refused(serve: Serve) -> None:
    """Another user's run, none at all, one from beyond its end, and one no longer stored whole."""
    wired = await serve(replay_events=10)
    async with wired.client("ada") as ada, wired.client("bob") as bob:
        await ada.run("count", "run-1", to=20)
        for client, run_id, after_seq in (
            (bob, "run-1", 15),
            (ada, "run-2", 0),
            (ada, "run-1", 23),
            (ada, "run-1", 0),
        ):
            answer = await client.ask("resume", run_id=run_id, after_seq=after_seq)
            assert (answer["type"], answer["code"]) == ("error", "unknown_run")
        await ada.send("resume", run_id="run-1", after_seq=15)
        assert seqs(await ada.until_end()) == list(range(16, 23))


@pytest.mark.asyncio
async def test_a_run_that_waits_for_its_place_can_be_resumed_from_its_beginning(
    serve: Serve,
) -> None:
    """It has sent nothing yet; a client that comes back gets it from the first event on."""
    wired = await serve(limits=replace(LIMITS, runs_per_user=1))
    async with wired.client("ada") as client:
        await client.start("gated", "run-1")
        await wired.gate.reached.wait()
        await client.send(
            "run_agent", agent="sum", thread_id="thread-1", run_id="run-2", input={"numbers": []}
        )
        await client.until("accepted")
        await _vanish(client)
    async with wired.client("ada") as client:
        answer = await client.ask("resume", run_id="run-2", after_seq=0)
        assert (answer["type"], answer["events"]) == ("resumed", 0)
        wired.gate.opened.set()
        assert problems(await client.until_end()) == []


@pytest.mark.asyncio
async def test_a_connection_that_dies_in_its_handshake_leaves_nothing(serve: Serve) -> None:
    """A peer that resets right after its request holds no place and opens no session for long."""
    wired = await serve(connections=2, connections_per_user=2)
    request = upgrade_request(wired, "ada")
    for _ in range(20):
        raw = socket.create_connection(wired.server.address)
        raw.sendall(request)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.close()  # a reset, which the server sees in the same turn as the request
        await asyncio.sleep(0.002)
    await wired.until(lambda: wired.server._admissions.admitted == 0)
    await wired.until(lambda: wired.quiet)
    async with wired.client("ada") as client:
        assert (await client.ask("ping"))["type"] == "pong"


@pytest.mark.asyncio
async def test_a_session_that_cannot_be_opened_closes_its_connection_with_1011(
    wired: Wired, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect of the composition root is told as an internal error, and ends nothing else."""

    def broken(*_: object) -> Any:
        raise RuntimeError("no database")

    monkeypatch.setattr(wired.sessions, "open_session", broken)
    async with wired.client("ada") as client:
        assert await client.closed() == 1011
    monkeypatch.undo()
    async with wired.client("ada") as client:
        assert (await client.ask("ping"))["type"] == "pong"


@pytest.mark.asyncio
async def test_a_run_whose_scope_cannot_be_opened_is_refused_without_details(
    wired: Wired, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client gets an error about the run; the exception stays in the log."""

    def broken(*_: object) -> Any:
        raise RuntimeError("no database at 10.0.0.1")

    monkeypatch.setattr(WiredSession, "open_run", broken)
    async with wired.client("ada") as client:
        await client.start("sum", "run-1")
        refusal = await client.recv()
        assert (refusal["type"], refusal["about"]) == ("error", "run-1")
        assert "database" not in str(refusal)
        assert (await client.ask("ping"))["type"] == "pong"


@pytest.mark.asyncio
async def test_the_end_of_a_connection_is_seen_by_a_client_that_waits(wired: Wired) -> None:
    """A client in recv learns of the server's close at once."""
    async with wired.client("ada") as client:
        waiting = asyncio.create_task(client.recv())
        await client.send("ping")
        assert (await waiting)["type"] == "pong"
        waiting = asyncio.create_task(client.recv())
        await wired.server.stop()
        with pytest.raises(ConnectionClosed):
            await waiting


@pytest.mark.asyncio
async def test_a_defect_while_writing_ends_the_connection(
    wired: Wired, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection without its writer would look alive and send nothing more."""
    async with wired.client("ada") as client:
        await client.run("count", "run-1", to=3)
    after, calls = wired.store.after, iter(range(100))

    def broken(*place: Any) -> Any:
        if next(calls):
            raise RuntimeError("a defect")
        return after(*place)

    monkeypatch.setattr(wired.store, "after", broken)
    async with wired.client("ada") as client:
        await client.send("resume", run_id="run-1", after_seq=0)
        assert await client.closed() == 1006
    await wired.until(lambda: wired.quiet)
