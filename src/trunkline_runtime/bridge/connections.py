"""Which connections are open, and whose they are."""

from typing import Protocol

from trunkline_runtime.context import ConnectionId, UserId
from trunkline_runtime.errors import EngineBusy, ForeignContext

__all__ = ["Connection", "ConnectionRegistry"]


class Connection(Protocol):
    """One open websocket, as the runtime sees it."""

    @property
    def connection_id(self) -> ConnectionId:
        """Names this connection among all."""
        ...

    @property
    def user_id(self) -> UserId:
        """Whose connection it is, from the token of its handshake."""
        ...

    def offer(self, frame: str) -> bool:
        """Take a frame for sending, without blocking; False where full or closed."""
        ...


class ConnectionRegistry:
    """The accounting of open connections, for a whole process.

    It counts and lists. What a connection receives comes from the backplane, to which the server
    subscribes the connection's ``offer``.

    Args:
        limit: How many connections may be open at once, of all users together.
    """

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"ConnectionRegistry: limit must be at least 1, not {limit}")
        self._limit = limit
        self._users: dict[str, dict[ConnectionId, Connection]] = {}
        self._count = 0

    @property
    def limit(self) -> int:
        """How many connections may be open at once."""
        return self._limit

    def open(self, user_id: UserId, connection: Connection) -> None:
        """Enter a connection. Entering the same one again does nothing.

        Args:
            user_id: The user of the session.
            connection: The connection, which must be that user's.

        Raises:
            ForeignContext: The connection belongs to another user.
            EngineBusy: The limit of connections is reached.
            ValueError: Another connection of the user has the same identifier.
        """
        if connection.user_id != user_id:
            raise ForeignContext(connection.user_id, user_id, "connection")
        present = self._users.get(user_id, {}).get(connection.connection_id)
        if present is connection:
            return
        if present is not None:
            raise ValueError(f"Connection {connection.connection_id} is already open")
        if self._count >= self._limit:
            raise EngineBusy("connections", self._limit, "none of them has closed")
        self._users.setdefault(user_id, {})[connection.connection_id] = connection
        self._count += 1

    def close(self, connection: Connection) -> None:
        """Remove a connection. Removing one that is not entered does nothing."""
        mine = self._users.get(connection.user_id, {})
        if mine.get(connection.connection_id) is not connection:
            return
        del mine[connection.connection_id]
        self._count -= 1
        if not mine:
            del self._users[connection.user_id]

    def connections(self, user_id: UserId) -> tuple[Connection, ...]:
        """List the open connections of a user, oldest first."""
        return tuple(self._users.get(user_id, {}).values())

    def count(self) -> int:
        """Count the open connections of all users."""
        return self._count
