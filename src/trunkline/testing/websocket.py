"""A websocket client that checks the order of events at the moment each is read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from trunkline.testing.canary import Canary, CrossUserError
from trunkline.testing.live import Server

__all__ = ["Checker", "EventClient", "WebsocketClients"]

Checker = Callable[[Mapping[str, Any]], object]
"""Called with each message; raises where it is an event that may not come now."""

PATIENCE = 30.0
"""Seconds that a client waits for what should come at once."""


class EventClient:
    """A connected client of one user.

    Args:
        connection: A connection of the ``websockets`` library.
        checker: Given every message that is read.

    Attributes:
        connection: The connection.
        received: Every message that was read, in order.
        patience: Seconds it waits for a message.
    """

    def __init__(self, connection: Any, checker: Checker) -> None:
        self.connection = connection
        self.received: list[dict[str, Any]] = []
        self.patience = PATIENCE
        self._checker = checker

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send a message as JSON."""
        await self.connection.send(json.dumps(message))

    async def receive(self) -> dict[str, Any]:
        """Read the next message and check it.

        Raises:
            AssertionError: It is no JSON object, or an event out of order; nothing came in time.
            websockets.exceptions.ConnectionClosed: The server closed the connection.
        """
        try:
            async with asyncio.timeout(self.patience):
                text = await self.connection.recv()
        except TimeoutError:
            raise AssertionError(
                f"no message came in {self.patience:g} seconds, after {self._story()}"
            ) from None
        message = _decoded(text)
        self.received.append(message)
        try:
            self._checker(message)
        except CrossUserError:  # it is not the order that is wrong
            raise
        except Exception as problem:  # a project's checker raises what it likes
            raise AssertionError(
                f"event out of order: message {len(self.received)} ({_named(message)}): {problem}\n"
                f"  received before: {self._story(but=1)}\n"
                f"  the message: {json.dumps(message)[:500]}"
            ) from problem
        return message

    async def until(self, *types: str, field: str = "type") -> list[dict[str, Any]]:
        """Read messages up to the first of one of these types.

        Args:
            *types: For example those that end a run.
            field: The field that holds a message's type.

        Returns:
            The messages that were read, that one included.

        Raises:
            AssertionError: As `receive`; or the connection was closed before.
        """
        from websockets.exceptions import ConnectionClosed

        read: list[dict[str, Any]] = []
        while not read or read[-1].get(field) not in types:
            try:
                read.append(await self.receive())
            except ConnectionClosed as closed:
                raise AssertionError(
                    f"the connection was closed before {' or '.join(types)} came "
                    f"({closed}), after {self._story()}"
                ) from closed
        return read

    def _story(self, but: int = 0) -> str:
        told = [_named(message) for message in self.received[: len(self.received) - but]]
        return ", ".join(told[-10:]) or "nothing"


class WebsocketClients:
    """Connects clients to a server: what the ``websocket_client`` fixture gives.

    Args:
        server: Where to.
        path: The path of the address, for example ``/ws``.
        headers: The headers of a user's handshake, such as the token, from server and user.
        options: More arguments of ``websockets.asyncio.client.connect``.
        checker: Makes a checker for each connection.
        canary: Checks that no user is shown another's mark.
    """

    def __init__(
        self,
        server: Server,
        *,
        path: str,
        headers: Callable[[Server, str], Mapping[str, str]],
        options: Mapping[str, Any],
        checker: Callable[[], Checker],
        canary: Canary | None = None,
    ) -> None:
        self.server = server
        self._path = path
        self._headers = headers
        self._options = options
        self._checker = checker
        self._canary = canary

    @asynccontextmanager
    async def __call__(
        self, user: str = "user", *, checker: Checker | None = None
    ) -> AsyncIterator[EventClient]:
        """Connect a client of a user; it is closed when the block ends.

        Args:
            user: Given to ``websocket_headers``.
            checker: One that has seen events before, for a user who comes back; else a new one.

        Raises:
            ImportError: ``websockets`` is not installed.
            RuntimeError: The test runs in another event loop than the server.
        """
        try:
            from websockets.asyncio.client import connect
        except ImportError as absent:
            raise ImportError(
                "the websocket_client fixture needs the package websockets; install it, "
                "for example by: pip install websockets"
            ) from absent
        loop = self.server.loop
        if loop is not None and loop is not asyncio.get_running_loop():
            raise RuntimeError(
                "the server runs in the session's event loop, which stands still while this test "
                'runs; mark the test @pytest.mark.asyncio(loop_scope="session")'
            )
        headers = dict(self._headers(self.server, user))
        options = {"proxy": None, **self._options}
        address = self.server.url + self._path
        async with connect(address, additional_headers=headers, **options) as connection:
            yield EventClient(connection, self._checking(user, checker or self._checker()))

    def _checking(self, user: str, checker: Checker) -> Checker:
        canary = self._canary
        if canary is None:
            return checker

        def check(message: Mapping[str, Any]) -> None:
            canary.check(user, message)
            checker(message)

        return check


def _decoded(text: str | bytes) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except ValueError:
        message = None
    if isinstance(message, dict):
        return message
    raise AssertionError(f"the server sent what is no JSON object: {text[:200]!r}")


def _named(message: Mapping[str, Any]) -> str:
    number = f" {message['seq']}" if "seq" in message else ""
    return f"{message.get('type', 'a message')}{number}"
