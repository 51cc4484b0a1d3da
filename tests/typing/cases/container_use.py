"""What users write, as type checkers see it: each ``assert_type`` is a claim."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated, assert_type

from trunkline import (
    INJECTED,
    Inject,
    Lease,
    OpenScope,
    Scope,
    ScopedContainer,
    inject,
    providers,
)


class Settings:
    """A singleton."""

    limit: int = 3


class User:
    """A value."""

    name: str = "ann"


class Bridge:
    """A resource."""

    async def aclose(self) -> None:
        """Its own method."""


class Engine:
    """Made from the others."""

    def __init__(self, user: User, bridge: Bridge) -> None:
        self.user = user
        self.bridge = bridge


async def open_bridge(user: User) -> AsyncIterator[Bridge]:
    yield Bridge()


def open_sync(user: User) -> Iterator[Bridge]:
    yield Bridge()


@asynccontextmanager
async def managed_async(user: User) -> AsyncIterator[Bridge]:
    yield Bridge()


@contextmanager
def managed(user: User) -> Iterator[Bridge]:
    yield Bridge()


async def connect() -> Bridge:
    return Bridge()


def make_engine(user: User) -> Engine:
    return Engine(user, Bridge())


class Application(ScopedContainer):
    """One provider of each kind."""

    settings = providers.Singleton(Settings)
    user = providers.ScopeValue(User)
    engine = providers.Scoped(Engine, user, Bridge)
    by_function = providers.Scoped(make_engine, user)
    by_coroutine = providers.Scoped(connect)
    bridge = providers.ScopedResource(open_bridge, user)
    sync_bridge = providers.ScopedResource(open_sync, user, scope=Scope.SESSION)
    managed_async = providers.ScopedResource(managed_async, user, close_seconds=2)
    managed = providers.ScopedResource(managed, user)
    factory = providers.Factory(Engine, user, Bridge)
    keyed = providers.KeyedSingleton(Engine, key=user.provided.name)
    keyed_bridge = providers.KeyedSingleton(open_bridge, user, key=user.provided.name)
    callable = providers.Callable(make_engine, user)
    constant = providers.Object(5)


async def resolving() -> None:
    async with Application() as app:
        assert_type(app.get(Application.settings), Settings)
        with app.enter(User()) as request:
            assert_type(request, OpenScope)
            assert_type(request.get(Application.user), User)
            assert_type(request.get(Application.engine), Engine)
            assert_type(request.get(Application.by_function), Engine)
            assert_type(request.get(Application.factory), Engine)
            assert_type(request.get(Application.sync_bridge), Bridge)
            assert_type(request.get(Application.managed), Bridge)
            assert_type(request.get(Application.keyed), Engine)
            assert_type(await request.aget(Application.keyed_bridge), Bridge)
            assert_type(request.get(Application.callable), Engine)
            assert_type(request.get(Application.constant), int)
            assert_type(await request.aget(Application.engine), Engine)
            assert_type(await request.aget(Application.bridge), Bridge)
            assert_type(await request.aget(Application.managed_async), Bridge)
            assert_type(await request.aget(Application.by_coroutine), Bridge)
            assert_type(request.lease(), Lease)
        async with app.enter(User(), scope=Scope.SESSION) as session:
            assert_type(session, OpenScope)
            async with session.enter(given={Application.user: User()}, ambient=False) as inner:
                assert_type(inner, OpenScope)


@inject
def sync(word: str, engine: Annotated[Engine, Inject(Application.engine)] = INJECTED) -> int:
    assert_type(engine, Engine)
    return len(word)


@inject
async def coroutine(
    word: str, bridge: Annotated[Bridge, Inject(Application.bridge)] = INJECTED
) -> Bridge:
    return bridge


class Service:
    """Has injected methods."""

    @inject
    def method(self, limit: int, engine: Annotated[Engine, Inject(Application.engine)]) -> Engine:
        return engine

    @staticmethod
    @inject
    def static(engine: Annotated[Engine, Inject(Application.engine)] = INJECTED) -> Engine:
        return engine


async def calling(engine: Engine, bridge: Bridge) -> None:
    assert_type(sync("a"), int)
    assert_type(sync("a", engine), int)
    assert_type(await coroutine("a"), Bridge)
    assert_type(await coroutine("a", bridge=bridge), Bridge)
    assert_type(Service().method(1, engine), Engine)
    assert_type(Service.static(), Engine)


def unknown(container: ScopedContainer, provider: providers.Provider[str]) -> None:
    assert_type(container.get(provider), str)
