"""The server's scopes: a SESSION for each connection, a REQUEST for each run."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from containers.request import Request
from trunkline import OpenScope, Scope, ScopedContainer
from trunkline_runtime.bridge import Connection
from trunkline_runtime.context import UserExecutionContext
from trunkline_runtime.engine import UserExecutionEngine
from trunkline_runtime.server import Identity


class ScopedSessions:
    """Opens sessions as scopes of a started container.

    Args:
        container: The application; started before the first session opens.
    """

    def __init__(self, container: ScopedContainer) -> None:
        self._container = container

    @asynccontextmanager
    async def open_session(
        self,
        identity: Identity,
        connection: Connection,  # the server's contract; no provider needs it
    ) -> AsyncIterator["ScopedSession"]:
        """Open the SESSION scope of a connection."""
        async with self._container.enter(identity, scope=Scope.SESSION) as session:
            yield ScopedSession(session)


class ScopedSession:
    """One connection's SESSION scope."""

    def __init__(self, session: OpenScope) -> None:
        self._session = session

    @asynccontextmanager
    async def open_run(self, context: UserExecutionContext) -> AsyncIterator[UserExecutionEngine]:
        """Open the REQUEST scope of a run and give its engine."""
        self._session.get(Request.owner).require(context)
        async with self._session.enter(context) as request:
            yield request.get(Request.engine)
