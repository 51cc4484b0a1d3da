"""The real application with the settings of the tests, and clients for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import pytest
import pytest_asyncio

from containers.application import Application
from tests.integration.server.wiring import Client, register_agents
from trunkline import providers
from trunkline_runtime.server import AgentServer
from trunkline_runtime.settings import Settings, load_settings


@pytest.fixture(scope="session")
def settings() -> Settings:
    return load_settings("test")


@dataclass
class Running:
    """A started application, its server listening."""

    app: Application
    server: AgentServer

    @property
    def url(self) -> str:
        host, port = self.server.address
        return f"ws://{host}:{port}/ws"

    def client(self, user: str) -> Client:
        """A client with a token of that user, not connected yet."""
        return Client(self.url, self.app.get(Application.signer).sign(user))


@asynccontextmanager
async def run_application(settings: Settings) -> AsyncIterator[Running]:
    """Start the application and its server; stop both."""
    async with Application(settings=providers.Object(settings)) as app:
        register_agents(app.get(Application.agents))
        async with app.get(Application.agent_server) as server:
            yield Running(app, server)


@pytest_asyncio.fixture
async def running(settings: Settings) -> AsyncIterator[Running]:
    started: AbstractAsyncContextManager[Running] = run_application(settings)
    async with started as running:
        yield running
