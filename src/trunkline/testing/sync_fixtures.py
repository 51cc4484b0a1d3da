"""The plugin's fixtures where pytest-asyncio does not run: what can be had without a loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

__all__: list[str] = []


@pytest.fixture(scope="session")
def application(
    container: Any, application_fakes: dict[Any, Any], application_environment: dict[str, str]
) -> Iterator[Any]:
    """The started container, one for the session, on its test settings."""
    import warnings
    from contextlib import ExitStack

    from trunkline.overrides import UnusedOverrideWarning, override
    from trunkline.testing.variables import variables

    instance = container()
    with warnings.catch_warnings(), ExitStack() as stack:
        warnings.simplefilter("ignore", UnusedOverrideWarning)
        stack.enter_context(override(instance, application_fakes, everywhere=True))
        with variables(application_environment):
            stack.enter_context(instance)
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
