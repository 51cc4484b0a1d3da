"""The graceful stop: nothing new, what runs may finish, everybody is told, and it ends in time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from tests.integration.server.conftest import Serve
from tests.integration.server.http_client import client_frame, fetch, open_socket, upgrade
from tests.integration.server.wiring import PATIENCE, problems, wire
from trunkline_runtime.bridge import Connection
from trunkline_runtime.server import Identity, Session

FOR_EVER = 3600.0


@pytest.mark.asyncio
async def test_a_stop_lets_runs_finish_and_takes_nothing_new(serve: Serve) -> None:
    """readyz says so at once, new runs and connections are refused, runs under way end well."""
    wired = await serve(stop_seconds=FOR_EVER)
    async with wired.client("ada") as client:
        await client.start("gated", "run-1")
        before = await client.until("progress_update")
        stopping = asyncio.create_task(wired.server.stop())
        await asyncio.sleep(0)
        address = wired.server.address
        assert (await fetch(address, "/readyz")).status == 503
        assert (await fetch(address, "/readyz")).json() == {"status": "stopping"}
        assert (await fetch(address, "/healthz")).status == 200
        refusal = await client.ask("run_agent", agent="sum", thread_id="thread-1")
        assert (refusal["code"], refusal["retryable"]) == ("shutting_down", True)
        with pytest.raises(InvalidStatus) as refused:
            await wired.client("bob").__aenter__()
        assert refused.value.response.status_code == 503
        assert json.loads(refused.value.response.body)["error"] == "shutting_down"
        assert not stopping.done()
        wired.gate.opened.set()
        events = before + await client.until_end()
        assert problems(events) == []
        assert events[-1]["type"] == "agent_completed"
        assert await client.closed() == 1012
        await stopping
    assert wired.quiet
    with pytest.raises(ConnectionRefusedError):
        await open_socket(address)


@pytest.mark.asyncio
async def test_runs_that_do_not_finish_in_time_end_in_agent_error(serve: Serve) -> None:
    """After stop_seconds a run is cancelled; its client is told before it is disconnected."""
    wired = await serve(stop_seconds=0.05)
    async with wired.client("ada") as client:
        await client.start("hang")
        before = await client.until("progress_update")
        await wired.server.stop()
        events = before + await client.until_end()
        assert problems(events) == []
        assert events[-1]["payload"]["code"] == "cancelled"
        assert "stopping" in events[-1]["payload"]["message"]
        assert await client.closed() == 1012
    assert wired.quiet


@pytest.mark.asyncio
async def test_a_hurried_stop_waits_for_no_run(serve: Serve) -> None:
    """hurry() cancels at once what stop_seconds would let go on."""
    wired = await serve(stop_seconds=FOR_EVER)
    async with wired.client("ada") as client:
        await client.start("hang")
        before = await client.until("progress_update")
        stopping = asyncio.create_task(wired.server.stop())
        await asyncio.sleep(0.05)
        assert not stopping.done()
        wired.server.hurry()
        await stopping
        events = before + await client.until_end()
        assert events[-1]["payload"]["code"] == "cancelled"
        assert await client.closed() == 1012


@pytest.mark.asyncio
async def test_a_stop_is_bounded_whatever_the_peers_do(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """Peers with full buffers, peers that ignore the close, silent sockets: all are dropped.

    Their sessions end in good order: none has to be interrupted, nothing is left over.
    """
    wired = await serve(
        stop_seconds=0.05,
        close_seconds=0.1,
        stall_seconds=FOR_EVER,
        handshake_seconds=FOR_EVER,
        send_buffer_bytes=4096,
        connections_per_user=50,
    )
    request: dict[str, Any] = {
        "type": "run_agent",
        "agent": "count",
        "thread_id": "thread-1",
        "run_id": "run-1",
        "input": {"to": 100, "size": 5_000, "pause": 0.001},
    }
    peers = []
    for _ in range(5):
        reader, writer = await upgrade(wired, "ada", receive_buffer=2048)
        reader._transport.pause_reading()  # type: ignore[attr-defined]  # a stalled peer
        peers.append(writer)
    peers[0].write(client_frame(1, json.dumps(request).encode()))
    peers += [(await upgrade(wired, "bob"))[1] for _ in range(5)]  # answer no close frame
    peers += [(await open_socket(wired.server.address))[1] for _ in range(5)]  # say nothing
    await wired.until(lambda: wired.connections.count() == 10)
    await wired.until(lambda: wired.sessions.open_runs == 1)
    async with asyncio.timeout(PATIENCE):
        await wired.server.stop()
    assert wired.quiet
    assert wired.connections.count() == 0
    assert wired.sessions.interrupted == 0
    assert "outlive" not in caplog.text
    for writer in peers:
        writer.transport.abort()


@pytest.mark.asyncio
async def test_a_stop_waits_for_sessions_whose_connection_is_gone(serve: Serve) -> None:
    """Runs of clients that vanished are runs under way: they may finish, and are stored."""
    wired = await serve(stop_seconds=FOR_EVER)
    async with wired.client("ada") as client:
        await client.start("gated", "run-1")
        await wired.gate.reached.wait()
        client.socket.transport.abort()
    await wired.until(lambda: wired.connections.count() == 0)
    stopping = asyncio.create_task(wired.server.stop())
    await asyncio.sleep(0.02)
    wired.gate.opened.set()
    await stopping
    stored = wired.store.after("ada", "run-1", 0)
    assert stored is not None
    assert stored[-1].type == "agent_completed"
    assert wired.quiet


@pytest.mark.asyncio
async def test_stopping_twice_is_stopping_once(serve: Serve) -> None:
    """Every caller waits for the same stop; a caller that gives up does not undo it."""
    wired = await serve(stop_seconds=FOR_EVER)
    async with wired.client("ada") as client:
        await client.start("gated")
        await wired.gate.reached.wait()
        impatient = asyncio.create_task(wired.server.stop())
        await asyncio.sleep(0)
        impatient.cancel()
        first, second = (asyncio.create_task(wired.server.stop()) for _ in range(2))
        serving = asyncio.create_task(wired.server.serve())
        wired.gate.opened.set()
        await asyncio.gather(first, second, serving)
    await wired.server.stop()
    assert not wired.server.ready
    with pytest.raises(RuntimeError, match="once"):
        await wired.server.start()


@pytest.mark.asyncio
async def test_a_stop_while_the_server_starts_leaves_nothing_listening() -> None:
    """The stop waits until the server listens, and then ends that."""
    wired = wire()
    starting = asyncio.create_task(wired.server.start())
    await asyncio.sleep(0)
    await wired.server.stop()
    assert starting.done()
    await starting
    assert not wired.server.ready
    with pytest.raises(RuntimeError, match="does not listen"):
        _ = wired.server.address


@pytest.mark.asyncio
async def test_a_stop_leaves_no_task_behind(serve: Serve) -> None:
    """After a stop in the middle of everything, the loop has the tasks it had before."""
    before = asyncio.all_tasks()
    wired = await serve(stop_seconds=0.05, detach_seconds=FOR_EVER)
    clients = [wired.client(f"user-{number}") for number in range(10)]
    for number, client in enumerate(clients):
        await client.__aenter__()
        await client.start(("hang", "count", "gated")[number % 3], to=1000, pause=0.001)
        if number % 2:
            client.socket.transport.abort()
    await wired.server.stop()
    for client in clients:
        client.socket.transport.abort()
    assert wired.quiet
    await wired.until(lambda: asyncio.all_tasks() <= before)


@pytest.mark.asyncio
async def test_a_session_that_hangs_in_its_opening_is_given_up(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stop drops the connection and cancels what would open its session."""
    wired = await serve(close_seconds=0.05)
    reached = asyncio.Event()
    cancelled = asyncio.Event()

    class Hanging:
        async def __aenter__(self) -> None:
            reached.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.set()
                raise

        async def __aexit__(self, *error: object) -> None: ...

    monkeypatch.setattr(wired.sessions, "open_session", lambda *_: Hanging())
    async with wired.client("ada"):
        await reached.wait()
        async with asyncio.timeout(PATIENCE):
            await wired.server.stop()
    assert cancelled.is_set()


@pytest.mark.asyncio
async def test_a_connection_that_opens_while_the_server_stops_is_sent_away(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its handshake was before the stop, its session after: it is closed while runs go on."""
    wired = await serve(stop_seconds=FOR_EVER)
    async with wired.client("ada") as ada:
        await ada.start("gated")
        await wired.gate.reached.wait()
        open_session = wired.sessions.open_session
        reached, let_go = asyncio.Event(), asyncio.Event()

        @asynccontextmanager
        async def slow(identity: Identity, connection: Connection) -> AsyncIterator[Session]:
            reached.set()
            await let_go.wait()
            async with open_session(identity, connection) as session:
                yield session

        monkeypatch.setattr(wired.sessions, "open_session", slow)
        async with wired.client("bob") as bob:
            await reached.wait()
            stopping = asyncio.create_task(wired.server.stop())
            await asyncio.sleep(0)
            let_go.set()
            assert await bob.closed() == 1012
            assert not stopping.done()
        wired.gate.opened.set()
        await stopping
