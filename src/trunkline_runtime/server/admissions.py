"""How many sockets may be open: in the handshake, in all, and for each user."""

from __future__ import annotations

from collections import Counter
from functools import partial

from trunkline_runtime.context import UserId
from trunkline_runtime.errors import EngineBusy
from trunkline_runtime.server.socket import ClientSocket

__all__ = ["Admissions"]


class Admissions:
    """Counts open sockets and refuses those over a limit.

    A place is tied to the TCP connection: it is given back when that is gone, whichever way the
    handshake or the connection ended, so that none can leak.

    Args:
        connections: How many websockets may be open in all.
        per_user: How many websockets a user may have open.
        waiting: How many sockets may be open that have not been admitted: handshakes under way
            and health checks.
    """

    def __init__(self, connections: int, per_user: int, waiting: int) -> None:
        self._connections = connections
        self._per_user = per_user
        self._waiting = waiting
        self._unadmitted: set[ClientSocket] = set()
        self._admitted = 0
        self._users: Counter[UserId] = Counter()

    @property
    def admitted(self) -> int:
        """How many admitted sockets are open."""
        return self._admitted

    def open(self, socket: ClientSocket) -> bool:
        """Count a new socket.

        Args:
            socket: The socket, before its handshake.

        Returns:
            Whether it may go on to its handshake.
        """
        if len(self._unadmitted) >= self._waiting:
            return False
        self._unadmitted.add(socket)
        socket.when_lost(partial(self._unadmitted.discard, socket))
        return True

    def admit(self, socket: ClientSocket, user_id: UserId) -> None:
        """Give a socket its place as a user's connection.

        Args:
            socket: The socket, in its handshake.
            user_id: Its user.

        Raises:
            EngineBusy: The user's connections, or all of them, are at their limit.
        """
        if self._users[user_id] >= self._per_user:
            raise EngineBusy("connections a user", self._per_user, "none may wait")
        if self._admitted >= self._connections:
            raise EngineBusy("connections", self._connections, "none may wait")
        self._unadmitted.discard(socket)
        self._admitted += 1
        self._users[user_id] += 1
        socket.when_lost(partial(self._leave, user_id))

    def drop_waiting(self) -> None:
        """Drop every socket that has not been admitted."""
        for socket in tuple(self._unadmitted):
            socket.abort()

    def _leave(self, user_id: UserId) -> None:
        self._admitted -= 1
        self._users[user_id] -= 1
        if not self._users[user_id]:
            del self._users[user_id]
