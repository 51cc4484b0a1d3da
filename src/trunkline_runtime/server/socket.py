"""The websocket of one client, with a watchdog on its write buffer.

``send``, ``close`` and the keepalive of ``websockets`` all wait while the write buffer is full, and
the pongs it answers pings with do not wait at all. A peer that stops reading could so hold a
connection, and memory, for as long as it likes. The one place where all of them meet is the flow
control of the transport: it tells when the buffer has filled and when it has drained. The watchdog
sits there, and whoever does not read while the buffer is full is cut off.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any, cast

from websockets.asyncio.server import Server, ServerConnection
from websockets.server import ServerProtocol

from trunkline_runtime.server.auth import Identity

__all__ = ["ClientSocket"]

_UNREAD_PONGS = 64 * 1024  # bytes of pongs a peer may leave unread on top of a full buffer


class ClientSocket(ServerConnection):
    """A websocket that is aborted when its peer does not read.

    Args:
        protocol: The protocol's state, from ``websockets``.
        server: The server it belongs to, from ``websockets``.
        stall_seconds: In this time a peer has to read as much as the write buffer's limit, once
            the buffer is full.
        send_buffer_bytes: The size of the kernel's send buffer. The kernel would let it grow to
            megabytes a connection.
        opened: Called when the TCP connection is made; ``False`` refuses it at once.
        limits: What ``websockets`` passes on: timeouts and sizes.

    Attributes:
        identity: Who is at the other end; set by a successful handshake.
        stalled: Whether the watchdog cut the peer off.
    """

    def __init__(
        self,
        protocol: ServerProtocol,
        server: Server,
        *,
        stall_seconds: float,
        send_buffer_bytes: int,
        opened: Callable[[ClientSocket], bool],
        **limits: Any,
    ) -> None:
        super().__init__(protocol, server, **limits)
        self.identity: Identity | None = None
        self.stalled = False
        self._stall_seconds = stall_seconds
        self._send_buffer_bytes = send_buffer_bytes
        self._opened = opened
        self._watchdog: asyncio.TimerHandle | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._full_at = 0
        self._lost = False
        self._when_lost: list[Callable[[], None]] = []

    def when_lost(self, callback: Callable[[], None]) -> None:
        """Have something called once the TCP connection is gone, however it went.

        Args:
            callback: Called once, without arguments; at once if the connection is gone already,
                as it may be before its handshake has been looked at. It must not raise.
        """
        if self._lost:
            callback()
        else:
            self._when_lost.append(callback)

    def abort(self) -> None:
        """Drop the TCP connection at once, with whatever is still in its buffers."""
        self.transport.abort()

    def drop_within(self, seconds: float | None = None) -> None:
        """Drop the connection once the time is up, unless it has closed before.

        Args:
            seconds: The time; as long as a peer may stall, unless given. The earliest time stands.
        """
        when = self.loop.time() + (self._stall_seconds if seconds is None else seconds)
        if self._deadline is not None:
            if self._deadline.when() <= when:
                return
            self._deadline.cancel()
        if not self._lost:
            self._deadline = self.loop.call_at(when, self._cut_off)

    # what the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take up the connection, or refuse it where there are too many."""
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._send_buffer_bytes)
        super().connection_made(transport)
        if not self._opened(self):
            cast("asyncio.WriteTransport", transport).abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Disarm the watchdog and tell whoever waits for the end."""
        self._disarm()
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)
        self._lost = True
        for callback in self._when_lost:
            callback()

    def pause_writing(self) -> None:
        """Arm the watchdog: the write buffer is full."""
        super().pause_writing()
        self._arm()

    def resume_writing(self) -> None:
        """Disarm the watchdog: the write buffer has drained."""
        self._disarm()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Take in data, and stop a peer that sends pings and reads no pongs."""
        super().data_received(data)
        if self._watchdog is not None:
            unread = self.transport.get_write_buffer_size() - self._full_at
            if unread > _UNREAD_PONGS:
                self._cut_off()

    def _arm(self) -> None:
        self._full_at = self.transport.get_write_buffer_size()
        self._watchdog = self.loop.call_later(self._stall_seconds, self._look)

    def _look(self) -> None:
        """Give a peer that reads, however slowly, another turn."""
        _, limit = self.transport.get_write_buffer_limits()
        if self._full_at - self.transport.get_write_buffer_size() >= limit:
            self._arm()
        else:
            self._cut_off()

    def _disarm(self) -> None:
        if self._watchdog is not None:
            self._watchdog.cancel()
            self._watchdog = None

    def _cut_off(self) -> None:
        self._disarm()
        self.stalled = True
        self.transport.abort()
