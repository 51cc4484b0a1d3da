"""A live server: the container's own, started for tests."""

from __future__ import annotations

import inspect
from types import TracebackType
from typing import Any, Self

__all__ = ["LiveServer"]


class LiveServer:
    """Starts the server that a container provides, and knows where it listens.

    Args:
        application: The started container; its settings say which port, 0 for a free one.
        provider: The provider of the server: an async context manager with an ``address``, host
            and port.

    Attributes:
        application: The container.
        server: The server, while it runs.
    """

    def __init__(self, application: Any, provider: Any) -> None:
        self.application = application
        self._provider = provider
        self.server: Any = None

    @property
    def url(self) -> str:
        """Where it listens, for example ``ws://127.0.0.1:49321``."""
        host, port = self.server.address[:2]
        return f"ws://[{host}]:{port}" if ":" in host else f"ws://{host}:{port}"

    async def __aenter__(self) -> Self:
        made = self.application.aget(self._provider)
        self.server = await made if inspect.isawaitable(made) else made
        await self.server.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.server.__aexit__(kind, error, traceback)
