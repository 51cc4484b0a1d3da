"""Serves the requests of one connection, one after the other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import assert_never
from uuid import uuid4

from websockets.exceptions import ConnectionClosed

from trunkline_runtime.bridge import EventStore
from trunkline_runtime.context import UserExecutionContext
from trunkline_runtime.engine import AgentRegistry, RunIdInUse
from trunkline_runtime.errors import RequestRefused, RuntimeFault
from trunkline_runtime.messages import (
    Accepted,
    CancelRun,
    ClientRequest,
    ErrorReply,
    Ping,
    Pong,
    Reply,
    Resume,
    Resumed,
    RunAgent,
    parse_request,
)
from trunkline_runtime.server.budget import FaultBudget
from trunkline_runtime.server.connection import ClientConnection, Closing
from trunkline_runtime.server.options import ServerOptions
from trunkline_runtime.server.runs import LiveRun, LiveRuns
from trunkline_runtime.server.sessions import Session
from trunkline_runtime.server.socket import ClientSocket

__all__ = ["TOO_MANY_FAULTS", "Conversation"]

logger = logging.getLogger(__name__)

TOO_MANY_FAULTS = Closing(1008, "too many malformed messages")


class Conversation:
    """What one client asks and what it is answered.

    A request that cannot be served is answered by an error frame, and the connection lives on. A
    client that keeps sending what cannot be read uses up its budget of faults and is cut off with
    close code 1008.

    Args:
        socket: Where requests come from.
        connection: Where answers go.
        session: The session, in which runs are started.
        agents: The agents there are.
        runs: The runs of this process.
        store: Keeps the events of runs.
        ready: Tells whether new runs are taken.
        options: Limits.
    """

    def __init__(
        self,
        socket: ClientSocket,
        connection: ClientConnection,
        session: Session,
        agents: AgentRegistry,
        runs: LiveRuns,
        store: EventStore,
        ready: Callable[[], bool],
        options: ServerOptions,
    ) -> None:
        self._socket = socket
        self._connection = connection
        self._session = session
        self._agents = agents
        self._runs = runs
        self._store = store
        self._ready = ready
        self._options = options
        self._faults = FaultBudget(
            options.faults, options.faults_per_second, asyncio.get_running_loop().time
        )

    async def hold(self) -> None:
        """Serve requests until the connection ends."""
        try:
            while True:
                message = await self._socket.recv()
                if self._connection.closing is None:
                    await self._receive(message)
                # What comes later is read, so that the peer's close gets through, and dropped.
        except ConnectionClosed:
            pass  # this is how a connection ends

    async def _receive(self, message: str | bytes) -> None:
        try:
            request = self._parse(message)
        except RequestRefused as fault:
            logger.info("request malformed", extra={"code": fault.code})
            if self._faults.spend():
                await self._answer(ErrorReply.of(fault))
            else:
                self._connection.end(TOO_MANY_FAULTS)
            return
        try:
            await self._serve(request)
        except RuntimeFault as fault:
            logger.info("request refused", extra={"code": fault.code, "problem": fault.summary})
            await self._answer(ErrorReply.of(fault, getattr(request, "run_id", None)))

    def _parse(self, message: str | bytes) -> ClientRequest:
        if not isinstance(message, str):
            raise RequestRefused("binary_frame", "Requests are JSON in text frames, not binary.")
        return parse_request(
            message, max_bytes=self._options.max_size_bytes, max_depth=self._options.max_depth
        )

    async def _serve(self, request: ClientRequest) -> None:
        match request:
            case Ping():
                await self._answer(Pong(nonce=request.nonce))
            case RunAgent():
                self._start(request)
            case CancelRun():
                self._cancel(request)
            case Resume():
                await self._resume(request)
            case _:
                assert_never(request)

    def _start(self, request: RunAgent) -> None:
        if not self._ready():
            raise RequestRefused(
                "shutting_down", "The server is stopping and starts no runs.", retryable=True
            )
        self._agents.get(request.agent)
        run_id = f"run-{uuid4().hex}" if request.run_id is None else request.run_id
        context = UserExecutionContext(
            self._connection.user_id,
            request.thread_id,
            run_id,
            websocket_client_id=self._connection.connection_id,
            environment=self._options.environment,
        )
        if run_id in self._store.runs(self._connection.user_id):
            raise RunIdInUse(run_id)  # its events would be taken for the earlier run's
        run = LiveRun(
            context,
            request.agent,
            request.input,
            self._connection.connection_id,
            accepted=partial(self._answer, Accepted(run_id=run_id)),
            refused=partial(self._refuse, about=run_id),
        )
        self._runs.start(run, self._session)

    def _cancel(self, request: CancelRun) -> None:
        if not self._runs.cancel(self._connection.user_id, request.run_id, "by the user"):
            raise _unknown_run(request.run_id)

    async def _resume(self, request: Resume) -> None:
        user_id = self._connection.user_id
        if self._store.after(user_id, request.run_id, request.after_seq) is not None:
            await self._connection.resume(request.run_id, request.after_seq)
        elif request.after_seq == 0 and self._runs.under_way(user_id, request.run_id):
            # It has sent nothing yet: whatever it sends, this connection gets from the first on.
            await self._answer(Resumed(run_id=request.run_id, after_seq=0, events=0))
        else:
            raise _unknown_run(request.run_id)

    async def _refuse(self, fault: RuntimeFault, about: str) -> None:
        await self._answer(ErrorReply.of(fault, about))

    async def _answer(self, reply: Reply) -> None:
        await self._connection.answer(reply.to_json())


def _unknown_run(run_id: str) -> RequestRefused:
    return RequestRefused(
        "unknown_run",
        "There is no such run, or its events are no longer stored.",
        about=run_id,
    )
