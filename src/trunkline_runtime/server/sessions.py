"""What the server asks of the composition root: a scope for each connection and for each run.

The server knows nothing of containers. Whoever wires the application hands it something that opens
these two scopes, and the server enters and leaves them around its connections and runs.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from trunkline_runtime.bridge import Connection
from trunkline_runtime.context import UserExecutionContext
from trunkline_runtime.engine import UserExecutionEngine
from trunkline_runtime.errors import ForeignContext
from trunkline_runtime.server.auth import Identity

__all__ = ["Session", "SessionOwner", "Sessions"]


class Session(Protocol):
    """The SESSION scope of one connection. It stays open until the last of its runs has ended."""

    def open_run(
        self, context: UserExecutionContext
    ) -> AbstractAsyncContextManager[UserExecutionEngine]:
        """Open the REQUEST scope of one run.

        Args:
            context: The run's context; its user is the session's.

        Returns:
            A context manager that gives the run's engine, and ends the scope when left.
        """
        ...


class Sessions(Protocol):
    """Opens sessions; the composition root is one."""

    def open_session(
        self, identity: Identity, connection: Connection
    ) -> AbstractAsyncContextManager[Session]:
        """Open the SESSION scope of a connection.

        Args:
            identity: Who is at the other end, from the token of the handshake.
            connection: The connection.

        Returns:
            A context manager that gives the session, and ends the scope when left. It is entered
            and left in one task.
        """
        ...


class SessionOwner:
    """Whose session it is: lets no request of anyone else be opened in it.

    Args:
        identity: Who is at the other end, from the token of the handshake.
    """

    def __init__(self, identity: Identity) -> None:
        self._user_id = identity.user_id

    def require(self, context: UserExecutionContext) -> None:
        """Refuse a context of another user.

        Args:
            context: The context of a request that is to be opened.

        Raises:
            ForeignContext: It is another user's.
        """
        if context.user_id != self._user_id:
            raise ForeignContext(self._user_id, context.user_id, "session")
