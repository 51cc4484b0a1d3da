"""Servers that tests talk to: the container's own, started for them, or one that runs already."""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

__all__ = ["LiveServer", "RunningServer", "Server"]

_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # nothing is bound to them here
"""How to reach a server of this machine that listens on all its addresses."""


class Server(Protocol):
    """What clients need to know of a server."""

    @property
    def url(self) -> str:
        """Where it listens, for example ``ws://127.0.0.1:49321``."""
        ...

    @property
    def application(self) -> Any:
        """The container it belongs to; None where it runs elsewhere."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The event loop it runs in; None where it runs elsewhere."""


class LiveServer:
    """Starts the server that a container provides, and knows where it listens.

    Args:
        application: The started container; its settings say which port, 0 for a free one.
        provider: The provider of the server: an async context manager with an ``address``, host
            and port.

    Attributes:
        application: The container.
        server: The server, while it runs.
        loop: The event loop that it runs in.

    Raises:
        TypeError: On entering: what is provided is no such object.
    """

    def __init__(self, application: Any, provider: Any) -> None:
        self.application = application
        self._provider = provider
        self.server: Any = None
        self.loop: asyncio.AbstractEventLoop | None = None

    @property
    def url(self) -> str:
        """Where it listens, for example ``ws://127.0.0.1:49321``."""
        host, port = self.server.address[:2]
        host = _ANY.get(host) or host
        return f"ws://[{host}]:{port}" if ":" in host else f"ws://{host}:{port}"

    async def __aenter__(self) -> Self:
        made = self.application.aget(self._provider)
        server = await made if inspect.isawaitable(made) else made
        missing = [
            name
            for name in ("__aenter__", "__aexit__", "address")
            # by the class: the address of a server that does not listen yet may raise
            if not hasattr(type(server), name) and name not in getattr(server, "__dict__", ())
        ]
        if missing:
            raise TypeError(
                f"{type(server).__qualname__} can't be started for tests: it has no "
                f"{' and no '.join(missing)}; name the provider of a server with `async with` and "
                "`address` by trunkline_server in the pytest configuration, or by the fixture "
                "server_provider"
            )
        await server.__aenter__()
        self.server, self.loop = server, asyncio.get_running_loop()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.server.__aexit__(kind, error, traceback)


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that runs already, in a process of its own.

    Attributes:
        url: Where it listens, for example ``wss://staging.example.com``.
        application: None: its container is out of reach.
        loop: None: it runs in no event loop of the tests.
    """

    url: str
    application: None = None
    loop: None = None

    @classmethod
    def at(cls, address: str) -> Self:
        """Take an address as people write it.

        Args:
            address: ``host:port`` or a URL: ``https`` means ``wss``, and ``http`` means ``ws``.
        """
        scheme, slashes, rest = address.partition("://")
        if not slashes:
            scheme, rest = "ws", address
        scheme = {"http": "ws", "https": "wss"}.get(scheme, scheme)
        return cls(f"{scheme}://{rest.rstrip('/')}")
