"""An application's life: one start, one stop, and nothing of one run in the next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import pytest

from trunkline import BaseScope, Inject, Scope, ScopedContainer, inject, providers
from trunkline.ambient import ambient_scope
from trunkline.errors import (
    DeclarationError,
    ScopeClosedError,
    ScopeNotOpenError,
    ScopeOrderError,
    UnknownProviderError,
)


class Thing:
    """Anything."""


@pytest.mark.asyncio
async def test_a_start_during_the_stop_is_refused_and_works_after_it() -> None:
    reached, opened = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[Thing]:
        yield Thing()
        reached.set()
        await opened.wait()

    class Application(ScopedContainer):
        resource = providers.ScopedResource(slow, scope=Scope.APP)
        thing = providers.Scoped(Thing)

    app = Application()
    await app.__aenter__()
    await app.aget(Application.resource)
    stop = asyncio.create_task(app.__aexit__(None, None, None))
    await reached.wait()
    with pytest.raises(ScopeNotOpenError, match="being stopped"):
        await app.__aenter__()
    with pytest.raises(ScopeNotOpenError, match="being stopped"):
        await app.__aexit__(None, None, None)
    with pytest.raises(ScopeClosedError):
        app.enter()
    opened.set()
    await stop
    async with app:
        with app.enter() as request:
            assert isinstance(request.get(Application.thing), Thing)


@pytest.mark.parametrize("ask", ["call", "get"])
def test_teardowns_read_the_singletons_of_their_run_and_build_none(ask: str) -> None:
    built: list[Thing] = []
    seen: list[Any] = []

    def make() -> Thing:
        built.append(Thing())
        return built[-1]

    def closing(thing: Thing) -> Iterator[Thing]:
        yield thing
        uses: dict[str, Callable[[Any], Any]] = {"call": lambda p: p(), "get": app.get}
        seen.append(uses[ask](app.thing))

    class Application(ScopedContainer):
        thing = providers.Singleton(make)
        resource = providers.ScopedResource(closing, thing, scope=Scope.APP)

    app = Application()
    with app:
        app.get(Application.resource)
    assert seen == built
    assert len(built) == 1


def test_a_singleton_built_before_the_start_belongs_to_one_run() -> None:
    class Application(ScopedContainer):
        thing = providers.Singleton(Thing)

    app = Application()
    early = app.thing()
    with app:
        assert app.thing() is early
    with app:
        assert app.thing() is not early


class OnlyApp(BaseScope):
    """A chain of one scope."""

    APP = "app"


def test_a_chain_of_one_scope_starts_and_stops() -> None:
    class Application(ScopedContainer):
        scopes = OnlyApp
        thing = providers.Singleton(Thing)

    with Application() as app:
        assert app.get(Application.thing) is app.thing()
        with pytest.raises(ScopeOrderError, match="innermost"):
            app.enter()
    assert app.root_scope() is None


def test_a_container_says_whether_it_is_started() -> None:
    class Application(ScopedContainer):
        pass

    app = Application()
    name = Application.__qualname__
    assert repr(app) == f"<{name}, not started>"
    with app:
        assert repr(app) == f"<{name}, started>"
    assert repr(app) == f"<{name}, not started>"


def test_the_class_itself_opens_no_scope() -> None:
    with pytest.raises(DeclarationError, match="enter was called on a container's class"):
        ScopedContainer.enter(1)  # type: ignore[arg-type]  # the mistake itself


def test_an_overridden_provider_resolves_its_fake_in_the_scope() -> None:
    class Application(ScopedContainer):
        thing = providers.Scoped(Thing)

    with (
        Application() as app,
        app.thing.override(providers.Scoped(dict)),
        app.enter() as request,
    ):
        made = request.get(Application.thing)
        assert type(made) is dict
        assert app.thing() is Application.thing() is request.thing() is made  # type: ignore[attr-defined]  # by name


class First(ScopedContainer):
    """A container."""

    single = providers.Singleton(Thing)
    thing = providers.Scoped(Thing)


class Second(ScopedContainer):
    """A container of other things."""

    other = providers.Scoped(dict)


@inject
def injected(thing: Annotated[Thing, Inject(First.thing)]) -> Thing:
    return thing


@inject
async def ainjected(thing: Annotated[Thing, Inject(First.thing)]) -> Thing:
    return thing


@pytest.mark.asyncio
async def test_the_scope_of_another_container_hides_none_of_this_one() -> None:
    with First() as first, Second() as second, first.enter() as request, second.enter():
        thing = request.get(First.thing)
        assert first.thing() is First.thing() is injected() is thing  # type: ignore[call-arg]  # injected
        assert await ainjected() is thing  # type: ignore[call-arg]  # injected
        assert First.single() is first.single()
        with pytest.raises(UnknownProviderError):
            providers.Scoped(Thing)()


def in_a_bare_thread(call: Callable[[], Any]) -> Any:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()


def test_a_bare_thread_gets_the_singleton_of_the_one_started_instance() -> None:
    with First() as first:
        assert in_a_bare_thread(First.single) is first.single()
        with First(), pytest.raises(ScopeNotOpenError, match="2 containers"):
            in_a_bare_thread(First.single)


@pytest.mark.parametrize("name", ["graph", "enter", "scopes", "program", "wire", "providers"])
def test_a_provider_takes_no_name_of_the_container(name: str) -> None:
    with pytest.raises(DeclarationError, match=f"settings for: {name}"):
        type("Application", (ScopedContainer,), {name: providers.Scoped(Thing)})


def test_a_scope_is_entered_once() -> None:
    with First() as first, first.enter() as request:
        with pytest.raises(ScopeOrderError, match="entered already"):
            request.__enter__()
        assert First.thing() is request.get(First.thing)
    assert ambient_scope.get() is None
