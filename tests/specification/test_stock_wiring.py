"""``wire()`` and ``Provide[...]`` of dependency-injector, with objects of the ambient scope."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from dependency_injector.wiring import (
    Closing,
    Provide,
    Provider,
    inject,
    register_loader_containers,
    unregister_loader_containers,
)

from trunkline import ScopedContainer, override, providers
from trunkline.errors import ScopeNotOpenError


class User:
    """Given to each request."""

    def __init__(self, name: str) -> None:
        self.name = name


class Engine:
    """One a request."""

    def __init__(self, user: User) -> None:
        self.user = user


closed: list[str] = []
"""Whose bridges were closed."""


async def open_bridge(user: User) -> AsyncIterator[str]:
    await asyncio.sleep(0)
    yield f"bridge of {user.name}"
    closed.append(user.name)


class Application(ScopedContainer):
    """Wired into this module."""

    settings = providers.Singleton(dict, limit=3)
    user = providers.ScopeValue(User)
    engine = providers.Scoped(Engine, user)
    bridge = providers.ScopedResource(open_bridge, user)


def sync_application() -> Any:
    """One that can be started by ``with``."""

    class Light(Application):
        """Has no async resource."""

        bridge = providers.Object("bridge")

    return Light()


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
    closed.clear()
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


def test_once_it_is_unwired_a_function_is_as_it_was_written(app: Any) -> None:
    app.unwire()
    assert isinstance(sync(), Provide), "the marker itself, as dependency-injector has it"
    engine = Engine(User("ann"))
    assert sync(engine) is engine


class Service:
    """Has methods of each kind."""

    @inject
    def __init__(self, engine: Engine = Provide[Application.engine]) -> None:
        self.engine = engine

    @inject
    def method(self, engine: Engine = Provide[Application.engine]) -> Engine:
        return engine

    @classmethod
    @inject
    def of_class(cls, engine: Engine = Provide[Application.engine]) -> Engine:
        return engine

    @staticmethod
    @inject
    def static(engine: Engine = Provide[Application.engine]) -> Engine:
        return engine


@inject
async def generator(
    engine: Engine = Provide[Application.engine], bridge: str = Provide[Application.bridge]
) -> AsyncIterator[tuple[Engine, str]]:
    yield engine, bridge


@inject
async def closing(bridge: str = Closing[Provide[Application.bridge]]) -> str:
    return bridge


@pytest.mark.asyncio
async def test_methods_and_generators_too(app: Any) -> None:
    async with app, app.enter(User("ann")) as request:
        engine = request.get(Application.engine)
        service = Service()
        assert service.engine is service.method() is engine
        assert Service.of_class() is Service.static() is engine
        assert [each async for each in generator()] == [(engine, "bridge of ann")]


@pytest.mark.asyncio
async def test_closing_leaves_a_scoped_resource_to_its_scope(app: Any) -> None:
    """The stock marker closes what all others go on using; see ``stock_faults``."""
    async with app, app.enter(User("ann")) as request:
        bridge = await request.aget(Application.bridge)
        assert await closing() is await closing() is bridge
        assert closed == []
    assert closed == ["ann"]


def test_overrides_of_either_kind_are_seen(app: Any) -> None:
    fake = Engine(User("fake"))
    app.unwire()
    light = sync_application()
    light.wire(modules=[sys.modules[__name__]])
    with light as started, started.enter(User("ann")) as request:
        engine = request.get(Application.engine)
        assert sync() is sync_by_name() is engine
        with override(started, {Application.engine: fake}):
            assert sync() is sync_by_name() is fake
        with started.engine.override(providers.Object(fake)):
            assert sync() is sync_by_name() is fake
        assert sync() is engine
    light.unwire()


def test_an_attribute_of_a_module_can_not_hold_what_lives_in_a_request() -> None:
    """dependency-injector reads such attributes once, when it wires: that is no request's time."""
    module: Any = ModuleType("with_an_attribute")
    module.engine = Provide["engine"]
    module.settings = Provide["settings"]
    app = Application()
    with pytest.raises(ScopeNotOpenError, match=r"Scoped\(Engine\) was called"):
        app.wire(modules=[module])
    del module.engine
    app.wire(modules=[module])
    assert module.settings == {"limit": 3}
    app.unwire()


HANDLERS = """
from dependency_injector.wiring import Provide, inject

@inject
def handle(engine=Provide["engine"]):
    return engine
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package with a module of handlers in a package inside it, not imported yet."""
    name = f"wired_{tmp_path.name.replace('-', '_')}"
    inner = tmp_path / name / "inner"
    inner.mkdir(parents=True)
    for folder in (tmp_path / name, inner):
        (folder / "__init__.py").touch()
    (inner / "handlers.py").write_text(HANDLERS, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    for each in [each for each in sys.modules if each.startswith(name)]:
        del sys.modules[each]


def test_whole_packages_are_wired(package: str) -> None:
    app = sync_application()
    app.wire(packages=[import_module(package)])
    handlers: Any = import_module(f"{package}.inner.handlers")
    with app, app.enter(User("ann")) as request:
        assert handlers.handle() is request.get(Application.engine)
    app.unwire()


def test_so_is_a_module_that_is_imported_later_where_that_is_asked_for(package: str) -> None:
    app = sync_application()
    register_loader_containers(app)
    try:
        handlers: Any = import_module(f"{package}.inner.handlers")
    finally:
        unregister_loader_containers(app)
    with app, app.enter(User("ann")) as request:
        assert handlers.handle() is request.get(Application.engine)
    app.unwire()
