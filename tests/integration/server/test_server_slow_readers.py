"""Peers that read slowly or not at all: they cost bounded memory, and nobody else waits."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.integration.server.conftest import Serve
from tests.integration.server.http_client import client_frame, upgrade
from tests.integration.server.wiring import PATIENCE, Wired, problems, seqs
from trunkline_runtime.server.connection import ClientConnection

FOR_EVER = 3600.0


def _run(agent: str, run_id: str, **given: Any) -> bytes:
    request = {
        "type": "run_agent",
        "agent": agent,
        "thread_id": "thread-1",
        "run_id": run_id,
        "input": given,
    }
    return client_frame(1, json.dumps(request).encode())


class Watch:
    """Follows how much a connection holds in memory."""

    def __init__(self, wired: Wired) -> None:
        self._wired = wired
        self.most_queued = 0
        self.most_buffered = 0

    def look(self) -> bool:
        for connection in self._wired.sessions.connections:
            assert isinstance(connection, ClientConnection)
            self.most_queued = max(self.most_queued, connection._outbox.characters)
            buffered = connection._socket.transport.get_write_buffer_size()
            self.most_buffered = max(self.most_buffered, buffered)
        return self._wired.connections.count() == 0


@pytest.mark.asyncio
async def test_a_stalled_reader_is_cut_off_and_memory_stays_bounded(serve: Serve) -> None:
    """A peer that stops reading holds at most its queue and its buffer, and is then aborted."""
    wired = await serve(
        stall_seconds=0.2, queue_frames=64, queue_characters=200_000, send_buffer_bytes=4096
    )
    watch = Watch(wired)
    reader, writer = await upgrade(wired, "ada", receive_buffer=2048)
    reader._transport.pause_reading()  # type: ignore[attr-defined]  # not even into our own buffer
    writer.write(_run("count", "run-1", to=40, size=10_000, pause=0.002))
    await wired.until(lambda: wired.connections.count() == 1)
    await wired.until(watch.look)
    assert 0 < watch.most_queued <= 200_000 + 11_000
    assert watch.most_buffered <= 32 * 1024 + 11_000
    await wired.until(lambda: wired.quiet)
    stored = wired.store.after("ada", "run-1", 0)
    assert stored is not None
    assert len(stored) == 42
    writer.transport.abort()


@pytest.mark.asyncio
async def test_a_client_that_asks_and_never_reads_is_cut_off(serve: Serve) -> None:
    """Its answers wait for room, so the queue never overruns; the watchdog ends it all the same.

    What it asked for waits in its own kernel: the server has stopped reading from it.
    """
    wired = await serve(stall_seconds=0.2, send_buffer_bytes=4096)
    reader, writer = await upgrade(wired, "ada", receive_buffer=2048)
    reader._transport.pause_reading()  # type: ignore[attr-defined]  # not even into our own buffer
    ping = client_frame(1, json.dumps({"type": "ping", "nonce": "x" * 128}).encode()) * 100
    with pytest.raises(ConnectionError):
        async with asyncio.timeout(PATIENCE):
            while True:
                writer.write(ping)
                await writer.drain()
                (connection,) = wired.sessions.connections
                assert isinstance(connection, ClientConnection)
                assert len(connection._outbox) <= 128
    await wired.until(lambda: wired.quiet)


@pytest.mark.asyncio
async def test_a_stalled_reader_delays_nobody(serve: Serve) -> None:
    """Another connection of the same user gets every event while the first one is stuck."""
    wired = await serve(stall_seconds=FOR_EVER, send_buffer_bytes=4096, queue_frames=1000)
    reader, writer = await upgrade(wired, "ada", receive_buffer=2048)
    reader._transport.pause_reading()  # type: ignore[attr-defined]  # not even into our own buffer
    async with wired.client("ada") as client:
        events = await client.run("count", to=50, size=5_000)
        assert problems(events) == []
    writer.transport.abort()
    await wired.until(lambda: wired.quiet)


@pytest.mark.asyncio
async def test_a_reader_slower_than_its_agents_is_told_and_can_resume(serve: Serve) -> None:
    """Its queue overruns, it is closed with 1013, and a resume brings the rest without a gap."""
    wired = await serve(
        stall_seconds=FOR_EVER, queue_frames=4, send_buffer_bytes=4096, write_bytes=1024
    )
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, wired.server.address)
    received: list[dict[str, Any]] = []
    async with wired.client("ada", sock=raw, max_queue=1) as client:
        await client.start("count", "run-1", to=60, size=5_000)
        await wired.until(lambda: wired.sessions.open_runs == 0)
        with pytest.raises(ConnectionClosed):
            while True:
                received.append(await client.recv())
        assert client.socket.close_code == 1013
    assert seqs(received) == list(range(1, len(received) + 1))
    assert len(received) < 62
    async with wired.client("ada") as client:
        await client.send("resume", run_id="run-1", after_seq=len(received))
        received += await client.until_end()
    assert problems(received) == []


@pytest.mark.asyncio
async def test_a_peer_that_sends_pings_and_reads_no_pongs_is_cut_off(serve: Serve) -> None:
    """Pongs are written without waiting; a peer cannot fill memory with them."""
    wired = await serve(stall_seconds=FOR_EVER, send_buffer_bytes=4096)
    watch = Watch(wired)
    reader, writer = await upgrade(wired, "ada", receive_buffer=2048)
    reader._transport.pause_reading()  # type: ignore[attr-defined]  # not even into our own buffer
    ping = client_frame(9, b"x" * 125) * 100
    with pytest.raises(ConnectionError):
        async with asyncio.timeout(PATIENCE):
            while True:
                writer.write(ping)
                await writer.drain()
                watch.look()
    assert watch.most_buffered < 1024 * 1024
    await wired.until(lambda: wired.quiet)


@pytest.mark.asyncio
async def test_a_peer_that_is_gone_without_a_word_is_noticed(serve: Serve) -> None:
    """Half-open: no packet says that it went; the keepalive finds out."""
    wired = await serve(ping_seconds=0.1, stall_seconds=0.1)
    _, writer = await upgrade(wired, "ada")
    await wired.until(lambda: wired.connections.count() == 1)
    await wired.until(lambda: wired.quiet)
    writer.transport.abort()


@pytest.mark.asyncio
async def test_a_peer_that_never_answers_the_close_is_dropped(serve: Serve) -> None:
    """A connection that the server ends is gone after stall_seconds whatever its peer does."""
    wired = await serve(stall_seconds=0.1, faults=1, faults_per_second=0.001)
    _, writer = await upgrade(wired, "ada")
    writer.write(client_frame(1, b"{") * 3)
    await wired.until(lambda: bool(wired.sessions.connections))
    await wired.until(lambda: wired.quiet)
    writer.transport.abort()
