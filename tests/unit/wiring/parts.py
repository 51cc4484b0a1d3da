"""A container that injected functions are filled from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from trunkline import Inject, ScopedContainer, providers


class User:
    """Given to each request."""

    def __init__(self, name: str) -> None:
        self.name = name


class Settings:
    """Of the application."""

    limit = 3


class Engine:
    """One a request."""

    def __init__(self, user: User, settings: Settings) -> None:
        self.user = user
        self.settings = settings


async def open_bridge(user: User) -> AsyncIterator[str]:
    yield f"bridge of {user.name}"


async def connect() -> str:
    return "connected"


class Report:
    """Needs the async bridge."""

    def __init__(self, bridge: str) -> None:
        self.bridge = bridge


class Application(ScopedContainer):
    """What the functions below are filled from."""

    config = providers.Configuration()
    settings = providers.Singleton(Settings)
    connection = providers.Singleton(connect)
    user = providers.ScopeValue(User)
    engine = providers.Scoped(Engine, user, settings)
    bridge = providers.ScopedResource(open_bridge, user)
    report = providers.Scoped(Report, bridge)


EngineOfTheScope = Annotated[Engine, Inject(Application.engine)]
