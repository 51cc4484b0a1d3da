"""The fixtures of servers and of their clients; those that need no event loop of their own.

It imports pytest alone, as the plugin does, which registers it in every run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from trunkline.testing.websocket import WebsocketClients

__all__: list[str] = []


@pytest.fixture(scope="session")
def server_provider(container: Any, pytestconfig: pytest.Config) -> Any:
    """The provider of the server: the one that ``trunkline_server`` names; or override it."""
    name = pytestconfig.getini("trunkline_server")
    provider = getattr(container, name, None)
    if provider is None:
        raise pytest.UsageError(
            f"trunkline: {container.__qualname__} has no provider named {name}; name the server's "
            "by trunkline_server in the pytest configuration, or by the fixture server_provider"
        )
    return provider


@pytest.fixture(scope="session")
def application_environment(pytestconfig: pytest.Config) -> dict[str, str]:
    """Environment variables that hold while the `application` starts; override it to choose.

    By default the one that chooses the test settings, where there is a ``config/test.toml``.
    """
    there = (pytestconfig.rootpath / "config" / "test.toml").is_file()
    return {"TRUNKLINE_ENVIRONMENT": "test"} if there else {}


@pytest.fixture(scope="session")
def staging_environment(pytestconfig: pytest.Config) -> dict[str, str]:
    """Environment variables that hold while the `staging` server starts; override it to choose.

    By default those that ``trunkline serve`` sets, where there is a ``config/staging.toml``.
    """
    if not (pytestconfig.rootpath / "config" / "staging.toml").is_file():
        from trunkline.testing.staging import NO_STAGING

        pytest.skip(NO_STAGING)
    return {
        "TRUNKLINE_ENVIRONMENT": "staging",
        "TRUNKLINE_SERVER__HOST": "127.0.0.1",
        "TRUNKLINE_SERVER__PORT": "0",
    }


@pytest.fixture(scope="session")
def staging_settings() -> str:
    """The name of the settings' provider: tests are skipped where it fails on staging's."""
    return "settings"


@pytest.fixture(scope="session")
def staging_fakes() -> dict[Any, Any]:
    """What replaces providers of the `staging` server; override it in a conftest."""
    return {}


@pytest.fixture
def websocket_server(request: pytest.FixtureRequest) -> Any:
    """Where `websocket_client` connects: `staging` if the test asks for it, else `live_server`."""
    return request.getfixturevalue(
        "staging" if "staging" in request.fixturenames else "live_server"
    )


@pytest.fixture
def websocket_path() -> str:
    """The path that `websocket_client` connects to."""
    return "/ws"


@pytest.fixture
def websocket_headers() -> Any:
    """A function that gives the headers of a handshake, from the server and the user.

    Override it where users need a token: ``server.application`` is the container.
    """
    return lambda _server, _user: {}


@pytest.fixture
def websocket_options() -> dict[str, Any]:
    """More arguments of ``websockets.asyncio.client.connect``, such as ``subprotocols``."""
    return {}


@pytest.fixture
def event_checker() -> Any:
    """Makes the checker of a connection: called with each message, it raises where one is wrong."""
    from trunkline.testing.order import EventOrder

    return EventOrder


@pytest.fixture
def websocket_client(
    request: pytest.FixtureRequest,
    websocket_server: Any,
    websocket_path: str,
    websocket_headers: Any,
    websocket_options: dict[str, Any],
    event_checker: Any,
) -> WebsocketClients:
    """Connects clients, each in an ``async with``, that check events as they read them."""
    from trunkline.testing.canary import canary_of
    from trunkline.testing.websocket import WebsocketClients

    return WebsocketClients(
        websocket_server,
        path=websocket_path,
        headers=websocket_headers,
        options=websocket_options,
        checker=event_checker,
        canary=canary_of(request),
    )
