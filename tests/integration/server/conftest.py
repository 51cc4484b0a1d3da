"""Servers for the tests of this folder, stopped when the test is over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, TypeAlias

import pytest_asyncio

from tests.integration.server.wiring import OPTIONS, Wired, wire

Serve: TypeAlias = Callable[..., Awaitable[Wired]]


@pytest_asyncio.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start servers: ``await serve(stall_seconds=0.2, limits=...)``."""
    async with AsyncExitStack() as servers:

        async def start(
            *,
            limits: Any = None,
            connections: int = 200,
            replay_events: int = 10_000,
            clock: Callable[[], float] | None = None,
            **options: Any,
        ) -> Wired:
            changed = {field: getattr(OPTIONS, field) for field in OPTIONS.__dataclass_fields__}
            wiring: dict[str, Any] = {} if limits is None else {"limits": limits}
            wired = wire(
                type(OPTIONS)(**{**changed, **options}),
                connections=connections,
                replay_events=replay_events,
                clock=clock,
                **wiring,
            )
            await servers.enter_async_context(wired.server)
            return wired

        yield start


@pytest_asyncio.fixture
async def wired(serve: Serve) -> Wired:
    """A server with the options of the tests."""
    return await serve()
