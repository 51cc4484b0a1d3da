"""A small shop: a container of the kind that old names lead to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from trunkline import ScopedContainer, providers
from trunkline.legacy import Agrees, Arguments, Dropped, Value

HERE = __name__


class User:
    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"User({self.name})"


class Registry:
    pass


class Bridge:
    def __init__(self, user: User) -> None:
        self.user = user


class Engine:
    """The canonical engine."""

    kind = "canonical"

    def __init__(self, user: User, bridge: Bridge, registry: Registry, *, limit: int = 3) -> None:
        self.user = user
        self.bridge = bridge
        self.registry = registry
        self.limit = limit
        self.closed = False

    def run(self) -> str:
        return f"ran for {self.user.name}"

    async def cleanup(self) -> None:
        self.closed = True


class Shop(ScopedContainer):
    registry = providers.Singleton(Registry)
    user = providers.ScopeValue(User)
    bridge = providers.ScopedResource(Bridge, user)
    engine = providers.ScopedResource(Engine, user, bridge, registry, close="cleanup")
    report = providers.Factory(dict, of=user)


async def open_waiting(user: User) -> AsyncIterator[Engine]:
    """An engine that has to wait while it is made."""
    import asyncio

    await asyncio.sleep(0)
    yield Engine(user, Bridge(user), Registry())


async def open_ready(user: User) -> AsyncIterator[Engine]:
    """An engine that is made by await, without a wait."""
    yield Engine(user, Bridge(user), Registry())


class Waiting(ScopedContainer):
    user = providers.ScopeValue(User)
    engine = providers.ScopedResource(open_waiting, user)
    ready = providers.ScopedResource(open_ready, user)


class Till:
    def __init__(self, user: User) -> None:
        self.user = user


class PlainShop(ScopedContainer):
    """Nothing in it is closed by await, so that it starts and stops by `with`."""

    user = providers.ScopeValue(User)
    till = providers.Scoped(Till, user)


def same_user(bridge: Any, values: Mapping[str, Any]) -> None:
    if bridge is not None and bridge.user is not values["user"]:
        raise PermissionError("a bridge of another user")


FORMS = Arguments(
    "user",
    "registry, bridge, user",
    "registry, bridge",
    "registry, bridge, *, for_user",
    user=Value("user"),
    for_user=Value("user"),
    registry=Dropped("the shop has its own"),
    bridge=Agrees("bridge", same_user),
)
ENGINE = f"{HERE}:Shop.engine"
