"""The plugin's fixtures of containers, scopes, overrides and canaries.

It imports pytest alone, as the plugin does, which registers it in every run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from trunkline.resolution.scope import OpenScope
    from trunkline.testing.canary import Canary
    from trunkline.testing.recorder import EventRecorder

__all__: list[str] = []


@pytest.fixture(scope="session")
def container(pytestconfig: pytest.Config) -> Any:
    """The declared container; override the fixture to name another than the configuration."""
    from trunkline.testing.configured import configured_container

    return configured_container(pytestconfig)


@pytest.fixture(scope="session")
def application_fakes() -> dict[Any, Any]:
    """What replaces providers for all tests, such as the settings; override it in a conftest."""
    return {}


@pytest.fixture
def scope_values() -> tuple[object, ...]:
    """The values that the `scope` fixture gives to `enter`; override it in a conftest."""
    return ()


@pytest.fixture
def scope(application: Any, scope_values: tuple[object, ...]) -> Iterator[OpenScope]:
    """A scope of the test's own, opened by the application with `scope_values`."""
    with application.enter(*scope_values) as opened:
        yield opened


@pytest.fixture
def override(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A function that overrides providers until the test ends.

    ``override({Application.bridge: Fake})`` means the `application` fixture's container where the
    test uses it, else the declared one; ``override(app, {...})`` means `app`.
    """
    from trunkline.testing.guarding import Overriding

    overriding = Overriding(request)
    yield overriding
    overriding.end()


@pytest.fixture
def canary() -> Iterator[Canary]:
    """Marks for the data of users; a mark that another user is shown fails the test.

    Watched are log lines and exceptions that nobody handles, what `websocket_client` reads and what
    `event_recorder` records.
    """
    from trunkline.testing.canary import Canary

    made = Canary()
    with made.watching():
        yield made


@pytest.fixture
def event_recorder(request: pytest.FixtureRequest) -> EventRecorder:
    """Records what is sent to it, by user; with the `canary` fixture it checks each event."""
    from trunkline.testing.canary import canary_of
    from trunkline.testing.recorder import EventRecorder

    return EventRecorder(canary_of(request))
