"""A bare client: HTTP as it goes over the wire, and sockets that misbehave."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.integration.server.wiring import PATIENCE, Wired


@dataclass
class Answer:
    """An HTTP response."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        document = json.loads(self.body)
        assert isinstance(document, dict)
        return document


async def open_socket(
    address: tuple[str, int], receive_buffer: int | None = None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect; with a small receive buffer where the peer is to notice soon that nobody reads."""
    raw = socket.socket()
    raw.setblocking(False)
    if receive_buffer is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    try:
        await asyncio.get_running_loop().sock_connect(raw, address)
    except OSError:
        raw.close()
        raise
    return await asyncio.open_connection(sock=raw, limit=2**20)


async def fetch(
    address: tuple[str, int],
    path: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Ask for a path and read the whole answer, until the server closes."""
    reader, writer = await open_socket(address)
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    async with asyncio.timeout(PATIENCE):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    status_line, *fields = head.decode().split("\r\n")
    return Answer(
        int(status_line.split()[1]),
        {name.lower(): value for name, _, value in (field.partition(": ") for field in fields)},
        body,
    )


def upgrade_request(wired: Wired, user: str) -> bytes:
    """Draw a request for a websocket."""
    lines = (
        "GET /ws HTTP/1.1",
        "Host: localhost",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        f"Authorization: Bearer {wired.signer.sign(user)}",
        "",
        "",
    )
    return "\r\n".join(lines).encode()


async def upgrade(
    wired: Wired, user: str, receive_buffer: int | None = None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a websocket by hand and return its bare streams."""
    reader, writer = await open_socket(wired.server.address, receive_buffer)
    writer.write(upgrade_request(wired, user))
    async with asyncio.timeout(PATIENCE):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
    return reader, writer


def client_frame(opcode: int, payload: bytes) -> bytes:
    """Draw a client's frame, masked with zeros."""
    length = len(payload)
    if length < 126:
        head = bytes((0x80 | opcode, 0x80 | length))
    else:
        head = bytes((0x80 | opcode, 0x80 | 126)) + length.to_bytes(2, "big")
    return head + b"\0\0\0\0" + payload
