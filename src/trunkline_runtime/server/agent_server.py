"""The server: takes connections, serves them, and stops in good order."""

from __future__ import annotations

import asyncio
import enum
import logging
from functools import partial
from types import TracebackType
from typing import Self, cast

from websockets.asyncio.server import Server, ServerConnection
from websockets.asyncio.server import serve as listen

from trunkline_runtime.backplane import Backplane
from trunkline_runtime.bridge import ConnectionRegistry, EventStore
from trunkline_runtime.engine import AgentRegistry
from trunkline_runtime.server.admissions import Admissions
from trunkline_runtime.server.auth import TokenVerifier
from trunkline_runtime.server.clients import ConnectedClients
from trunkline_runtime.server.handshake import Handshake
from trunkline_runtime.server.options import ServerOptions
from trunkline_runtime.server.runs import LiveRuns
from trunkline_runtime.server.sessions import Sessions
from trunkline_runtime.server.socket import ClientSocket
from trunkline_runtime.server.wire_log import WireLog

__all__ = ["AgentServer"]

logger = logging.getLogger(__name__)


class _State(enum.Enum):
    NEW = enum.auto()
    SERVING = enum.auto()
    STOPPING = enum.auto()
    STOPPED = enum.auto()


class AgentServer:
    """Serves agents over websockets, each connection in a session, each run in a request.

    A run belongs to the session of the connection that started it, and the session outlives its
    connection for as long as ``detach_seconds`` lets its runs go on: their events reach the user's
    other connections and are stored for a client that comes back and resumes. Then they are
    cancelled.

    A connection ends with close code 1000 when its client leaves, 1008 after too many malformed
    messages, 1009 after one too large, 1011 when its session failed, 1012 when the server stops,
    1013 when its client reads too slowly, and 4401 when its token expires.

    Args:
        options: Addresses and limits.
        tokens: Verifies who connects.
        sessions: Opens the SESSION and REQUEST scopes.
        agents: The agents there are.
        connections: Keeps the open connections; its limit is the server's.
        backplane: Brings a user's events to that user's connections. Whoever made it starts and
            stops it.
        store: Keeps events for clients that come back.
    """

    def __init__(
        self,
        options: ServerOptions,
        tokens: TokenVerifier,
        sessions: Sessions,
        agents: AgentRegistry,
        connections: ConnectionRegistry,
        backplane: Backplane,
        store: EventStore,
    ) -> None:
        self._options = options
        self._runs = LiveRuns(options.runs_per_user)
        self._admissions = Admissions(
            connections.limit, options.connections_per_user, options.handshakes
        )
        self._handshake = Handshake(tokens, options.origins, self._admissions, self._is_ready)
        self._clients = ConnectedClients(
            options,
            tokens,
            sessions,
            agents,
            self._runs,
            connections,
            backplane,
            store,
            self._is_ready,
        )
        self._state = _State.NEW
        self._listener: Server | None = None
        self._starting = asyncio.Lock()
        self._hurried = asyncio.Event()
        self._stopped = asyncio.Event()
        self._stopping: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def ready(self) -> bool:
        """Whether it takes new connections and runs."""
        return self._is_ready()

    @property
    def address(self) -> tuple[str, int]:
        """The host and the port it listens on, the real one where port 0 was asked for.

        Raises:
            RuntimeError: It does not listen.
        """
        if self._listener is None or not self._listener.sockets:
            raise RuntimeError("The server does not listen; start it first")
        host, port = self._listener.sockets[0].getsockname()[:2]
        return host, port

    async def start(self) -> None:
        """Listen, and serve whoever connects.

        Raises:
            OSError: It cannot listen on its address.
            RuntimeError: It was started before.
        """
        if self._state is not _State.NEW:
            raise RuntimeError("A server is started once; make another")
        self._state = _State.SERVING
        async with self._starting:
            try:
                self._listener = await self._listen()
            except BaseException:
                self._state = _State.STOPPED
                raise
        host, port = self.address
        logger.info("server listening", extra={"host": host, "port": port})

    async def _listen(self) -> Server:
        options = self._options
        return await listen(
            self._clients.serve,
            options.host,
            options.port,
            process_request=self._handshake.process_request,
            select_subprotocol=self._handshake.select_subprotocol,
            compression=None,  # a run's events are small, and a context a connection is not
            server_header=None,
            open_timeout=options.handshake_seconds,
            ping_interval=options.ping_seconds,
            ping_timeout=options.ping_seconds,
            close_timeout=options.stall_seconds,
            max_size=options.max_size_bytes,
            write_limit=options.write_bytes,
            logger=WireLog(logging.getLogger(f"{__package__}.wire")),
            create_connection=cast(  # documented to take a wrapper, annotated as a class
                "type[ServerConnection]",
                partial(
                    ClientSocket,
                    stall_seconds=options.stall_seconds,
                    send_buffer_bytes=options.send_buffer_bytes,
                    opened=self._admissions.open,
                ),
            ),
        )

    async def serve(self) -> None:
        """Serve until ``stop`` has been called, by anyone, and is done."""
        if self._state is _State.NEW:
            await self.start()
        await self._stopped.wait()

    async def stop(self) -> None:
        """Stop in good order; every step is bounded in time.

        At once: ``/readyz`` answers 503, no connection and no run is taken. Runs under way have
        ``stop_seconds`` to finish; then they are cancelled, and end in ``agent_error``. At last
        connections are closed with code 1012; a peer that does not go along within
        ``close_seconds`` is cut off. Called again, it waits for the same stop.
        """
        if self._stopping is None:
            self._state = _State.STOPPING
            self._stopping = asyncio.create_task(self._stop(), name="server stop")
        await asyncio.shield(self._stopping)

    def hurry(self) -> None:
        """Have a stop cancel the runs under way now instead of waiting for them."""
        self._hurried.set()

    def _is_ready(self) -> bool:
        return self._state is _State.SERVING

    # the stop

    async def _stop(self) -> None:
        logger.info("server stopping", extra={"runs": len(self._runs), "open": len(self._clients)})
        try:
            async with self._starting:  # where the stop comes during the start
                pass
            if self._listener is not None:
                await self._finish_runs()
                await self._clients.close()
                await self._close_listener(self._listener)
        finally:
            self._state = _State.STOPPED
            self._stopped.set()
        logger.info("server stopped")

    async def _finish_runs(self) -> None:
        """Wait for the runs under way, then cancel what is left of them."""
        waiting = asyncio.create_task(self._runs.wait(self._runs.all(), self._options.stop_seconds))
        hurried = asyncio.create_task(self._hurried.wait())
        await asyncio.wait((waiting, hurried), return_when=asyncio.FIRST_COMPLETED)
        for task in (waiting, hurried):
            task.cancel()
        await asyncio.wait((waiting, hurried))
        left = self._runs.all()
        if left:
            logger.warning("runs are cancelled", extra={"runs": len(left)})
        if not await self._runs.stop(left, "the server is stopping", self._options.close_seconds):
            logger.error("runs outlive the server", extra={"runs": len(self._runs)})

    async def _close_listener(self, listener: Server) -> None:
        """Stop listening; until now, health and readiness could be asked."""
        self._admissions.drop_waiting()
        listener.close(close_connections=False)
        try:
            async with asyncio.timeout(self._options.close_seconds):
                await listener.wait_closed()
        except TimeoutError:
            logger.error("sockets outlive the server")  # noqa: TRY400 - the trace says nothing
