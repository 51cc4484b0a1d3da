"""The plugin's fixtures that need an event loop; registered where pytest-asyncio runs."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio

__all__: list[str] = []


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def application(
    container: Any, application_fakes: dict[Any, Any], application_environment: dict[str, str]
) -> AsyncIterator[Any]:
    """The started container, one for the session and in its event loop, on its test settings."""
    from trunkline.overrides import UnusedOverrideWarning, override
    from trunkline.testing.variables import variables

    instance = container()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnusedOverrideWarning)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(override(instance, application_fakes, everywhere=True))
            with variables(application_environment):
                await stack.enter_async_context(instance)
            yield instance


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def live_server(application: Any, server_provider: Any) -> AsyncIterator[Any]:
    """The container's real server, started; its ``url`` says where it listens."""
    from trunkline.testing.live import LiveServer

    async with LiveServer(application, server_provider) as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def staging(
    request: pytest.FixtureRequest, pytestconfig: pytest.Config
) -> AsyncIterator[Any]:
    """The server at the address that was given, else the container's on its staging settings.

    Tests that use it are skipped where there is neither.
    """
    from trunkline.testing.live import RunningServer

    if address := pytestconfig.getoption("--trunkline-staging"):
        yield RunningServer.at(str(address))
        return
    from trunkline.testing.staging import staging_server

    names = ("container", "server_provider", "staging_settings")
    environment = request.getfixturevalue("staging_environment")
    container, provider, settings = (request.getfixturevalue(name) for name in names)
    fakes = request.getfixturevalue("staging_fakes")
    async with staging_server(container, provider, settings, environment, fakes) as server:
        yield server
