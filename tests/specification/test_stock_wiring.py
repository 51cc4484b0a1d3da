"""``wire()`` and ``Provide[...]`` of dependency-injector, with objects of the ambient scope."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from dependency_injector.wiring import Provide, Provider, inject

from trunkline import ScopedContainer, providers
from trunkline.errors import ScopeNotOpenError


class User:
    """Given to each request."""

    def __init__(self, name: str) -> None:
        self.name = name


class Engine:
    """One a request."""

    def __init__(self, user: User) -> None:
        self.user = user


async def open_bridge(user: User) -> AsyncIterator[str]:
    await asyncio.sleep(0)
    yield f"bridge of {user.name}"


class Application(ScopedContainer):
    """Wired into this module."""

    settings = providers.Singleton(dict, limit=3)
    user = providers.ScopeValue(User)
    engine = providers.Scoped(Engine, user)
    bridge = providers.ScopedResource(open_bridge, user)


@inject
def sync(engine: Engine = Provide[Application.engine]) -> Engine:
    return engine


@inject
def sync_by_name(engine: Engine = Provide["engine"]) -> Engine:
    return engine


@inject
def sync_view(name: str = Provide[Application.user.provided.name]) -> str:
    return name


@inject
def sync_provider(engine: Any = Provider[Application.engine]) -> Engine:
    made: Engine = engine()
    return made


@inject
async def coroutine(
    engine: Engine = Provide[Application.engine], bridge: str = Provide[Application.bridge]
) -> tuple[Engine, str]:
    return engine, bridge


@pytest.fixture
def app() -> Iterator[Any]:
    container = Application()
    container.wire(modules=[sys.modules[__name__]])
    yield container
    container.unwire()


@pytest.mark.asyncio
async def test_wired_functions_get_the_objects_of_the_ambient_scope(app: Any) -> None:
    async with app:
        for name in ("ann", "bob"):
            async with app.enter(User(name)) as request:
                engine = request.get(Application.engine)
                assert sync() is sync_by_name() is sync_provider() is engine
                assert sync_view() == name
                assert await coroutine() == (engine, f"bridge of {name}")
                assert await coroutine(bridge="explicit") == (engine, "explicit")


@pytest.mark.asyncio
async def test_concurrent_requests_get_their_own(app: Any) -> None:
    async def serve(index: int) -> bool:
        async with app.enter(User(f"user {index}")) as request:
            engine, bridge = await coroutine()
            await asyncio.sleep(0)
            return bool(
                engine is request.get(Application.engine) is sync()
                and bridge == f"bridge of user {index}"
            )

    async with app:
        assert all(await asyncio.gather(*(serve(index) for index in range(50))))


def test_where_no_scope_is_open_the_error_says_so(app: Any) -> None:
    with pytest.raises(ScopeNotOpenError, match="no scope is open"):
        sync()
