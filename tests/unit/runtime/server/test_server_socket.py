"""The socket of a client: its watchdog, its deadline and its end, over a real socket pair."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from websockets.asyncio.server import Server, ServerConnection
from websockets.server import ServerProtocol

from trunkline_runtime.context import UserId
from trunkline_runtime.errors import EngineBusy
from trunkline_runtime.server.admissions import Admissions
from trunkline_runtime.server.socket import ClientSocket

FOR_EVER = 3600.0


class _Listener:
    """What a socket asks of the listener of ``websockets``: somebody to handle it."""

    def __init__(self) -> None:
        self.handler_tasks: set[asyncio.Task[None]] = set()

    async def handler(self, _: ServerConnection) -> None:
        """Handle nothing."""


@asynccontextmanager
async def _pair(
    stall_seconds: float = FOR_EVER, admissions: Admissions | None = None
) -> AsyncIterator[tuple[ClientSocket, socket.socket]]:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    loop = asyncio.get_running_loop()

    def make() -> ClientSocket:
        return ClientSocket(
            ServerProtocol(),
            cast("Server", _Listener()),
            stall_seconds=stall_seconds,
            send_buffer_bytes=4096,
            opened=(lambda _: True) if admissions is None else admissions.open,
        )

    _, client = await loop.create_connection(make, sock=ours)
    try:
        yield client, theirs
    finally:
        client.abort()
        await client.wait_closed()
        theirs.close()


@pytest.mark.asyncio
async def test_the_watchdog_drops_a_peer_that_leaves_the_buffer_full() -> None:
    """Whatever fills the buffer, the watchdog is armed by the transport itself."""
    async with _pair(stall_seconds=0.05) as (client, _):
        client.transport.write(b"x" * 1_000_000)
        await client.wait_closed()
        assert client.stalled


@pytest.mark.asyncio
async def test_a_peer_that_reads_is_left_alone() -> None:
    """A buffer that drains disarms the watchdog, each time."""
    async with _pair(stall_seconds=0.2) as (client, peer):
        loop = asyncio.get_running_loop()
        for _ in range(3):
            client.transport.write(b"x" * 100_000)
            assert client._watchdog is not None
            received = 0
            while received < 100_000:
                received += len(await loop.sock_recv(peer, 65536))
        await asyncio.sleep(0)
        assert client._watchdog is None
        assert not client.stalled


@pytest.mark.asyncio
async def test_a_slow_reader_is_left_alone_and_a_trickle_is_not_enough() -> None:
    """Reading as much as the buffer's limit in each turn counts as reading; a byte does not."""
    loop = asyncio.get_running_loop()
    async with _pair() as (client, peer):
        client.transport.write(b"x" * 2_000_000)
        turns = 0
        while (timer := client._watchdog) is not None:
            received = 0
            while received < 100_000 and client._watchdog is not None:
                received += len(await loop.sock_recv(peer, 65536))
            if client._watchdog is timer:
                timer.cancel()
                client._look()  # the turn is over
                turns += 1
        assert turns > 5
        assert not client.stalled
    async with _pair(stall_seconds=0.05) as (client, peer):
        client.transport.write(b"x" * 2_000_000)
        while not client.stalled:
            await loop.sock_recv(peer, 16)
            await asyncio.sleep(0.005)


@pytest.mark.asyncio
async def test_the_earliest_deadline_stands() -> None:
    """A later one does not put off an earlier one."""
    async with _pair() as (client, _):
        client.drop_within(0.02)
        client.drop_within()
        await client.wait_closed()
    async with _pair() as (client, _):
        client.drop_within()
        client.drop_within(0.02)
        await client.wait_closed()


@pytest.mark.asyncio
async def test_nothing_is_armed_once_the_connection_is_gone() -> None:
    """Neither a deadline nor the watchdog outlives its connection."""
    async with _pair() as (client, _):
        client.drop_within(FOR_EVER)
        client.transport.write(b"x" * 1_000_000)
        client.abort()
        await client.wait_closed()
        deadline = client._deadline
        assert deadline is not None
        assert deadline.cancelled()
        assert client._watchdog is None
        client.drop_within(0.0)
        assert client._deadline is deadline


@pytest.mark.asyncio
async def test_a_place_given_to_a_connection_that_is_gone_already_comes_back() -> None:
    """A peer may reset between its request and the look at it; its place must not leak."""
    admissions = Admissions(connections=1, per_user=1, waiting=10)
    for _ in range(3):
        async with _pair(admissions=admissions) as (client, peer):
            peer.close()
            await client.wait_closed()
            admissions.admit(client, UserId("ada"))
            assert admissions.admitted == 0


@pytest.mark.asyncio
async def test_places_are_counted_by_user_and_in_all() -> None:
    """A refused connection takes none; one that ends gives it back."""
    admissions = Admissions(connections=2, per_user=1, waiting=10)
    ada, bob, eve = UserId("ada"), UserId("bob"), UserId("eve")
    async with _pair(admissions=admissions) as (first, _):
        admissions.admit(first, ada)
        async with _pair(admissions=admissions) as (second, _):
            with pytest.raises(EngineBusy, match="connections a user"):
                admissions.admit(second, ada)
            admissions.admit(second, bob)
            async with _pair(admissions=admissions) as (third, _):
                with pytest.raises(EngineBusy):
                    admissions.admit(third, eve)
        assert admissions.admitted == 1
        async with _pair(admissions=admissions) as (third, _):
            admissions.admit(third, eve)
    assert admissions.admitted == 0
    assert admissions._users == {}


@pytest.mark.asyncio
async def test_a_socket_too_many_is_refused_before_its_handshake() -> None:
    """It is dropped when it is made, and is not counted."""
    admissions = Admissions(connections=1, per_user=1, waiting=1)
    async with (
        _pair(admissions=admissions) as (first, _),
        _pair(admissions=admissions) as (second, _),
    ):
        await second.wait_closed()
        assert cast("Any", first.transport).is_closing() is False
        admissions.drop_waiting()
        await first.wait_closed()
