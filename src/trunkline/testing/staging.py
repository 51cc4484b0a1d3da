"""The container on its staging settings, started for tests."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from trunkline.errors import ScopeNotOpenError
from trunkline.overrides import override
from trunkline.testing.live import LiveServer
from trunkline.testing.variables import variables

__all__ = ["NO_STAGING", "staging_server"]

NO_STAGING = (
    "no staging server: give its address by --trunkline-staging ADDRESS, or its settings in "
    "config/staging.toml"
)
"""Why tests of a staging server are skipped where there is none."""


@asynccontextmanager
async def staging_server(
    container: Any,
    provider: Any,
    settings: str,
    environment: Mapping[str, str],
    fakes: Mapping[Any, Any],
) -> AsyncIterator[LiveServer]:
    """Start a container and its server on the settings of staging.

    Skips the test, with the reason, where the settings can't be loaded.

    Args:
        container: The declared container.
        provider: The provider of the server.
        settings: The name of the provider of the settings; the container may have none.
        environment: Environment variables that hold while the server starts.
        fakes: What replaces providers.
    """
    instance = container()
    async with override(instance, dict(fakes), everywhere=True):
        with variables(environment):
            await _load(getattr(instance, settings, None))
            await instance.__aenter__()
        try:
            with variables(environment):
                server = LiveServer(instance, provider)
                await server.__aenter__()
            try:
                yield server
            finally:
                await server.__aexit__(None, None, None)
        finally:
            await instance.__aexit__(None, None, None)


async def _load(settings: Any) -> None:
    if settings is None:
        return
    try:
        made = settings()
        if inspect.isawaitable(made):
            await made
    except ScopeNotOpenError:  # they are made on the start, which fails where they can't be
        return
    except Exception as problem:  # noqa: BLE001  # whatever it is, it is the reason of the skip
        pytest.skip(f"the staging settings can't be loaded: {type(problem).__name__}: {problem}")
