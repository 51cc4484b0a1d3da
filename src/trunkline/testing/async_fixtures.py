"""The plugin's fixtures that need an event loop; registered where pytest-asyncio runs."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

__all__: list[str] = []


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def application(container: Any, application_fakes: dict[Any, Any]) -> AsyncIterator[Any]:
    """The started container, one for the session, in the session's event loop."""
    from trunkline.overrides import UnusedOverrideWarning, override

    instance = container()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnusedOverrideWarning)
        async with override(instance, application_fakes, everywhere=True), instance:
            yield instance


@pytest.fixture(scope="session")
def server_provider(container: Any) -> Any:
    """The provider of the server; override it where it isn't called `server`."""
    return container.server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def live_server(application: Any, server_provider: Any) -> AsyncIterator[Any]:
    """The container's real server, started; its ``url`` says where it listens."""
    from trunkline.testing.live import LiveServer

    async with LiveServer(application, server_provider) as server:
        yield server
