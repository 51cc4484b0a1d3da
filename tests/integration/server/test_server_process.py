"""A real process and real signals."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.server.http_client import fetch, open_socket
from tests.integration.server.wiring import PATIENCE, SECRET, Client, make_signer

FOR_EVER = 3600.0


@dataclass
class Process:
    """A server process."""

    inner: asyncio.subprocess.Process
    url: str
    token: str

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.url.removeprefix("ws://").removesuffix("/ws").rpartition(":")
        return host, int(port)

    def client(self) -> Client:
        return Client(self.url, self.token)

    async def ended(self) -> tuple[int, list[dict[str, Any]]]:
        """Wait for the end; return the exit code and the log."""
        async with asyncio.timeout(PATIENCE):
            _, log = await self.inner.communicate()
        assert self.inner.returncode is not None
        return self.inner.returncode, [json.loads(line) for line in log.decode().splitlines()]


@asynccontextmanager
async def _process(**options: Any) -> AsyncIterator[Process]:
    inner = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.server.process",
        json.dumps(options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert inner.stdout is not None
        async with asyncio.timeout(PATIENCE):
            line = (await inner.stdout.readline()).decode().strip()
        assert line.startswith("Listening on ws://127.0.0.1:"), line
        yield Process(inner, line.removeprefix("Listening on "), make_signer().sign("ada"))
    finally:
        if inner.returncode is None:
            inner.kill()
            await inner.communicate()


@pytest.mark.asyncio
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_the_process_in_good_order(number: signal.Signals) -> None:
    """The run finishes, its client gets every event and 1012, and the process ends with 0."""
    async with _process(stop_seconds=FOR_EVER) as process, process.client() as client:
        await client.start("count", "run-1", to=100, pause=0.002)
        before = await client.until("progress_update")
        process.inner.send_signal(number)
        events = before + await client.until_end()
        assert events[-1]["type"] == "agent_completed"
        assert await client.closed() == 1012
        code, log = await process.ended()
    assert code == 0
    assert [entry["message"] for entry in log][-1] == "server stopped"


@pytest.mark.asyncio
async def test_a_second_signal_hurries_the_stop() -> None:
    """The first lets a run go on for as long as it likes; the second cancels it."""
    async with _process(stop_seconds=FOR_EVER) as process, process.client() as client:
        await client.start("hang", "run-1")
        await client.until("progress_update")
        process.inner.send_signal(signal.SIGTERM)
        while (await fetch(process.address, "/readyz")).status != 503:
            await asyncio.sleep(0.01)
        assert (await client.ask("ping"))["type"] == "pong"
        process.inner.send_signal(signal.SIGINT)
        events = await client.until_end()
        assert events[-1]["payload"]["code"] == "cancelled"
        assert await client.closed() == 1012
        assert (await process.ended())[0] == 0


@pytest.mark.asyncio
async def test_a_third_signal_ends_the_process() -> None:
    """Whoever is told twice and still has not ended does not hold up its operator."""
    bounds = {"close_seconds": FOR_EVER, "stall_seconds": FOR_EVER}
    async with _process(**bounds) as process, process.client() as client:
        await client.ask("ping")
        client.socket.transport.pause_reading()  # it never answers the close
        process.inner.send_signal(signal.SIGTERM)
        while (await fetch(process.address, "/readyz")).status != 503:
            await asyncio.sleep(0.01)
        async with asyncio.timeout(PATIENCE):
            while process.inner.returncode is None:
                process.inner.send_signal(signal.SIGTERM)
                await asyncio.sleep(0.05)
        assert process.inner.returncode == -signal.SIGTERM
        client.socket.transport.abort()


@pytest.mark.asyncio
async def test_an_idle_process_stops_at_once_whoever_is_connected() -> None:
    """Silent sockets and idle clients do not hold it up."""
    async with _process(stop_seconds=FOR_EVER, handshake_seconds=FOR_EVER) as process:
        _, silent = await open_socket(process.address)
        async with process.client() as client:
            await client.ask("ping")
            process.inner.send_signal(signal.SIGTERM)
            assert await client.closed() == 1012
        assert (await process.ended())[0] == 0
        silent.close()


@pytest.mark.asyncio
async def test_a_port_that_is_taken_is_said_and_ends_the_process() -> None:
    """The process says why it cannot listen and ends with 1."""
    async with _process() as process:
        inner = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.integration.server.process",
            json.dumps({"port": process.address[1]}),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(PATIENCE):
            said, _ = await inner.communicate()
        assert inner.returncode == 1
        assert said.decode().startswith("Cannot listen: ")


@pytest.mark.asyncio
async def test_the_log_names_who_and_what_and_tells_no_secret() -> None:
    """At DEBUG every line is one JSON object, with identifiers, without token, secret or input."""
    async with _process() as process:
        async with process.client() as client:
            await client.run("sum", "run-1", numbers=[123456789])
            await client.socket.send('{"type": "ping", "nonce": "a\\nforged line"')
            await client.recv()
            await client.ask("run_agent", agent="a\nforged\x1b[31m", thread_id="thread-1")
        await fetch(process.address, f"/ws?token={process.token}")
        bad = make_signer(audience="another").sign("ada")
        await fetch(process.address, "/ws", headers={"Authorization": f"Bearer {bad}"})
        process.inner.send_signal(signal.SIGTERM)
        code, log = await process.ended()
    assert code == 0
    text = json.dumps(log)
    for secret in (process.token, bad, SECRET, process.token.rpartition(".")[2], "123456789"):
        assert secret not in text
    assert "\x1b" not in text
    lines = {entry["message"]: entry for entry in log}
    for message in ("connection opened", "connection closed", "run accepted", "run ended"):
        assert lines[message]["user_id"] == "ada"
        assert lines[message]["connection_id"].startswith("connection-")
    for message in ("run accepted", "run ended"):
        assert lines[message]["run_id"] == "run-1"
        assert lines[message]["request_id"]
        assert lines[message]["thread_id"] == "thread-1"
    assert lines["connection closed"]["code"] == 1000
    assert lines["handshake refused"]["problem"] == "Authentication failed: wrong audience"
