"""The clients that are connected: each is served until its session ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from typing import Any, cast
from uuid import uuid4

from websockets.asyncio.server import ServerConnection

from trunkline_runtime.backplane import Backplane
from trunkline_runtime.bridge import ConnectionRegistry, EventStore
from trunkline_runtime.context import ConnectionId
from trunkline_runtime.engine import AgentRegistry
from trunkline_runtime.logs import log_fields
from trunkline_runtime.messages import Resumed
from trunkline_runtime.server.auth import Identity, TokenVerifier
from trunkline_runtime.server.connection import ClientConnection, Closing
from trunkline_runtime.server.conversation import Conversation
from trunkline_runtime.server.options import ServerOptions
from trunkline_runtime.server.outbox import Outbox
from trunkline_runtime.server.runs import LiveRuns
from trunkline_runtime.server.sessions import Session, Sessions
from trunkline_runtime.server.socket import ClientSocket

__all__ = ["ConnectedClients"]

logger = logging.getLogger(__name__)

_GONE = Closing(1000, "")
_FAILED = Closing(1011, "internal error")
_RESTARTING = Closing(1012, "the server is restarting")
_EXPIRED = Closing(4401, "the token has expired")


class ConnectedClients:
    """Serves each connection from its handshake to the end of its session.

    Args:
        options: Limits.
        tokens: Tells when a client's token expires.
        sessions: Opens the SESSION and REQUEST scopes.
        agents: The agents there are.
        runs: The runs of this process.
        connections: Keeps the open connections, for bridges to find.
        backplane: Brings a user's events to that user's connections.
        store: Keeps events for clients that come back.
        ready: Tells whether new connections and runs are taken.
    """

    def __init__(
        self,
        options: ServerOptions,
        tokens: TokenVerifier,
        sessions: Sessions,
        agents: AgentRegistry,
        runs: LiveRuns,
        connections: ConnectionRegistry,
        backplane: Backplane,
        store: EventStore,
        ready: Callable[[], bool],
    ) -> None:
        self._options = options
        self._tokens = tokens
        self._sessions = sessions
        self._agents = agents
        self._runs = runs
        self._connections = connections
        self._backplane = backplane
        self._store = store
        self._ready = ready
        self._open: dict[ClientConnection, asyncio.Task[Any]] = {}

    def __len__(self) -> int:
        return len(self._open)

    async def serve(self, socket: ServerConnection) -> None:
        """Serve one connection, from its handshake to the end of its session."""
        assert isinstance(socket, ClientSocket)  # noqa: S101 - what serve() was told to create
        assert socket.identity is not None  # noqa: S101 - its handshake was accepted
        connection = self._connection(socket, socket.identity)
        self._open[connection] = cast("asyncio.Task[Any]", asyncio.current_task())
        with log_fields(user_id=connection.user_id, connection_id=connection.connection_id):
            try:
                await self._serve_session(socket, socket.identity, connection)
            finally:
                del self._open[connection]

    async def close(self) -> None:
        """Close every connection with code 1012, and cut off whoever does not go along."""
        patience = self._options.close_seconds
        for connection in self._open:
            connection.end(_RESTARTING, patience)
        if not await _ended(self._open.values(), patience * 2):
            for connection, task in self._open.items():
                connection.abort()
                task.cancel()
            if not await _ended(self._open.values(), patience):
                logger.error("sessions outlive the server", extra={"open": len(self._open)})

    async def _serve_session(
        self, socket: ClientSocket, identity: Identity, connection: ClientConnection
    ) -> None:
        try:
            async with self._sessions.open_session(identity, connection) as session:
                try:
                    async with self._writing(connection, socket):
                        await self._converse(socket, identity, connection, session)
                finally:
                    await self._let_go(connection)
        except Exception:
            logger.exception("the session of a connection failed")
            connection.end(_FAILED)
            await connection.write()

    def _connection(self, socket: ClientSocket, identity: Identity) -> ClientConnection:
        outbox = Outbox(
            self._options.queue_frames,
            self._options.queue_characters,
            read=partial(self._store.after, identity.user_id),
            resumed=_draw_resumed,
        )
        connection_id = ConnectionId(f"connection-{uuid4().hex}")
        return ClientConnection(connection_id, identity.user_id, socket, outbox)

    @asynccontextmanager
    async def _writing(
        self, connection: ClientConnection, socket: ClientSocket
    ) -> AsyncIterator[None]:
        """Write what the connection is given, and close it in the end."""
        logger.info("connection opened")
        writer = asyncio.create_task(connection.write(), name=f"{connection.connection_id} writer")
        try:
            yield
        except Exception:
            connection.end(_FAILED)
            raise
        finally:
            connection.end(_GONE)
            await writer
            logger.info(
                "connection closed",
                extra={"code": socket.close_code, "stalled": socket.stalled},
            )

    async def _converse(
        self,
        socket: ClientSocket,
        identity: Identity,
        connection: ClientConnection,
        session: Session,
    ) -> None:
        """Put the connection on the backplane and serve its requests until it ends."""
        conversation = Conversation(
            socket,
            connection,
            session,
            self._agents,
            self._runs,
            self._store,
            self._ready,
            self._options,
        )
        if not self._ready():  # the stop began while the handshake was under way
            connection.end(_RESTARTING)
        with ExitStack() as ends:
            self._connections.open(connection.user_id, connection)
            ends.callback(self._connections.close, connection)
            subscription = self._backplane.subscribe(connection.user_id, connection.offer)
            ends.callback(subscription.close)
            remaining = self._tokens.remaining(identity)
            expiry = socket.loop.call_later(remaining, connection.end, _EXPIRED)
            ends.callback(expiry.cancel)
            await conversation.hold()

    async def _let_go(self, connection: ClientConnection) -> None:
        """Let the runs of a connection that is gone go on for a while, then cancel them."""
        runs = self._runs.started_by(connection.user_id, connection.connection_id)
        if await self._runs.wait(runs, self._options.detach_seconds):
            return
        left = self._runs.started_by(connection.user_id, connection.connection_id)
        if not await self._runs.stop(left, "its client has gone", self._options.close_seconds):
            logger.error("runs outlive their session")


async def _ended(tasks: Collection[asyncio.Task[Any]], seconds: float) -> bool:
    if not tasks:
        return True
    _, pending = await asyncio.wait(tasks, timeout=seconds)
    return not pending


def _draw_resumed(run_id: str, after_seq: int, events: int, complete: bool) -> str:
    return Resumed(run_id=run_id, after_seq=after_seq, events=events, complete=complete).to_json()
