"""One client's connection as the runtime sees it: a bounded queue and its one writer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from websockets.exceptions import ConnectionClosed

from trunkline_runtime.context import ConnectionId, UserId
from trunkline_runtime.server.outbox import Outbox
from trunkline_runtime.server.socket import ClientSocket

__all__ = ["TOO_SLOW", "ClientConnection", "Closing"]


@dataclass(frozen=True, slots=True)
class Closing:
    """Why a connection ends, as its client is told.

    Attributes:
        code: The websocket close code (RFC 6455, section 7.4).
        reason: One phrase, at most 123 bytes.
    """

    code: int
    reason: str


_NORMAL = Closing(1000, "")
TOO_SLOW = Closing(1013, "reads too slowly")


class ClientConnection:
    """Sends to one client, in order, without ever making the sender wait.

    Agents' events come by ``offer``, which never blocks: a client that reads more slowly than its
    agents speak fills its queue, misses an event, and is told to come back and resume (close code
    1013). Answers to the client's own requests come by ``answer``, which waits for room, so that a
    client cannot ask faster than it reads.

    Args:
        connection_id: Names the connection.
        user_id: Whose it is.
        socket: The websocket; its watchdog bounds every wait here.
        outbox: What is to be sent.
    """

    def __init__(
        self, connection_id: ConnectionId, user_id: UserId, socket: ClientSocket, outbox: Outbox
    ) -> None:
        self._connection_id = connection_id
        self._user_id = user_id
        self._socket = socket
        self._outbox = outbox
        self._closing: Closing | None = None
        self._work = asyncio.Event()
        self._room = asyncio.Event()

    @property
    def connection_id(self) -> ConnectionId:
        """Names this connection among all."""
        return self._connection_id

    @property
    def user_id(self) -> UserId:
        """Whose connection it is."""
        return self._user_id

    @property
    def closing(self) -> Closing | None:
        """Why it ends, or None while it goes on."""
        return self._closing

    def offer(self, frame: str) -> bool:
        """Take an event's frame, at once or not at all.

        Args:
            frame: The text of one websocket message.

        Returns:
            Whether this connection sends it. False where the queue is full, which also ends the
            connection; where it is closing; and for a run that it has to resume first.
        """
        taken = self._outbox.offer(frame)
        if self._outbox.overrun:
            self._outbox.close()
            self.end(TOO_SLOW)
        self._work.set()
        return taken

    async def answer(self, frame: str) -> None:
        """Take an answer to the client, waiting for room.

        Args:
            frame: The text of one websocket message. It is dropped if the connection is closing.
        """
        await self._once_taken(partial(self._outbox.put, frame))

    async def resume(self, run_id: str, after_seq: int) -> None:
        """Send a run's stored events after a sequence number, then its live ones.

        Waits for room, as ``answer`` does.

        Args:
            run_id: The run.
            after_seq: The sequence number of the last event the client has.
        """
        await self._once_taken(partial(self._outbox.resume, run_id, after_seq))

    async def _once_taken(self, take: Callable[[], bool]) -> None:
        while not take():
            if self._outbox.closed:
                return
            self._room.clear()
            await self._room.wait()
        self._work.set()

    def end(self, closing: Closing, within_seconds: float | None = None) -> None:
        """Take nothing more, send what waits, and close. The first reason given stands.

        Args:
            closing: What the client is told.
            within_seconds: When the connection is dropped, however far it has got; as long as the
                socket lets a peer stall unless given.
        """
        if self._closing is None:
            self._closing = closing
        self._socket.drop_within(within_seconds)
        self._outbox.stop()
        self._work.set()

    def abort(self) -> None:
        """Drop the connection without a word."""
        self._outbox.close()
        self.end(_NORMAL)
        self._socket.abort()

    async def write(self) -> None:
        """Send what comes until the connection ends; run by exactly one task."""
        try:
            while True:
                while batch := self._outbox.pop():
                    self._room.set()
                    for frame in batch:
                        await self._socket.send(frame)
                    if len(batch) > 1:
                        await asyncio.sleep(0)  # a long replay must not hold up everybody else
                if self._closing is not None:
                    break
                self._work.clear()
                await self._work.wait()
            await self._socket.close(self._closing.code, self._closing.reason)
        except ConnectionClosed:
            pass  # the reader learns of it too, and knows why
        finally:
            # Closed in every case but one: a defect here, of which the reader would never learn.
            self._socket.abort()
            self._outbox.close()
            self._room.set()
