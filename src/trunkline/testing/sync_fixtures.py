"""The plugin's fixtures where pytest-asyncio does not run: what can be had without a loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

__all__: list[str] = []


@pytest.fixture(scope="session")
def application(container: Any, application_fakes: dict[Any, Any]) -> Iterator[Any]:
    """The started container, one for the session."""
    import warnings

    from trunkline.overrides import UnusedOverrideWarning, override

    instance = container()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnusedOverrideWarning)
        with override(instance, application_fakes, everywhere=True), instance:
            yield instance


@pytest.fixture(scope="session")
def live_server() -> Any:
    """Fails: a server needs an event loop."""
    raise pytest.UsageError("trunkline: the live_server fixture needs pytest-asyncio; install it")


@pytest.fixture(scope="session")
def staging(pytestconfig: pytest.Config) -> Any:
    """The running server at the address that was given; to start one takes pytest-asyncio."""
    from trunkline.testing.live import RunningServer

    address = pytestconfig.getoption("--trunkline-staging")
    if not address:
        pytest.skip("no staging server: without pytest-asyncio, --trunkline-staging has to name it")
    return RunningServer.at(str(address))
