"""Promise 3: closed means closed; a detached task takes a lease or opens its own scope."""

from __future__ import annotations

import asyncio
import gc
import inspect
import warnings
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from contextvars import Context, ContextVar, copy_context
from pathlib import Path
from typing import Annotated, Any

import pytest

from trunkline import INJECTED, Inject, OpenScope, Scope, ScopedContainer, inject, providers
from trunkline.errors import ScopeClosedError, ScopeCloseError, ScopeNotOpenError
from trunkline.testing import override


class Thing:
    """Anything."""


class Value:
    """What a request is given."""


def resource() -> Iterator[Thing]:
    yield Thing()


async def aresource() -> AsyncIterator[Thing]:
    yield Thing()


class Application(ScopedContainer):
    """Objects of every scope."""

    single = providers.Singleton(Thing)
    session_thing = providers.Scoped(Thing, scope=Scope.SESSION)
    thing = providers.Scoped(Thing)
    fresh = providers.Factory(dict, thing=thing)
    unbuilt = providers.Scoped(Thing)
    resource = providers.ScopedResource(resource)
    step = providers.Scoped(Thing, scope=Scope.STEP)
    likeliest = providers.Scoped(dict, thing=thing)
    other = providers.Scoped(Thing)


class Valued(Application):
    """With a value of each request."""

    person = providers.ScopeValue(Value)
    user = providers.Scoped(dict, person=person)


class Unlocked(Valued):
    """For one thread."""

    locked = False


class Crowded(Valued):
    """With so many objects that they stand on pages."""

    for _number in range(100):
        locals()[f"thing{_number}"] = providers.Scoped(Thing)


class AsyncApplication(Application):
    """With an async resource besides."""

    aresource = providers.ScopedResource(aresource)


USES: dict[str, Callable[[OpenScope], Any]] = {
    "get": lambda scope: scope.get(Application.thing),
    "get unbuilt": lambda scope: scope.get(Application.unbuilt),
    "get resource": lambda scope: scope.get(Application.resource),
    "get factory": lambda scope: scope.get(Application.fresh),
    "get of an inner scope": lambda scope: scope.get(Application.step),
    "get what nothing else uses": lambda scope: scope.get(Application.likeliest),
    "by name": lambda scope: scope.thing(),  # type: ignore[attr-defined]  # by name
    "resolve": lambda scope: scope.resolve(Application.thing),
    "enter": lambda scope: scope.enter(),
    "with": lambda scope: scope.__enter__(),
    "lease": lambda scope: scope.lease(),
}
VALUE_USES: dict[str, Callable[[OpenScope], Any]] = {
    "get value": lambda scope: scope.get(Valued.person),
    "value by name": lambda scope: scope.person(),  # type: ignore[attr-defined]  # by name
}


@pytest.mark.parametrize("use", USES)
def test_a_closed_scope_refuses_every_use(use: str) -> None:
    with Application() as app:
        with app.enter() as request:
            request.get(Application.thing)
        with pytest.raises(ScopeClosedError, match="a REQUEST scope"):
            USES[use](request)
        assert request.closed
        assert "closed REQUEST" in repr(request).replace("APP > ", "")


@pytest.mark.asyncio
async def test_a_closed_scope_refuses_to_be_awaited() -> None:
    async with AsyncApplication() as app:
        async with app.enter() as request:
            await request.aget(AsyncApplication.aresource)
        for provider in (AsyncApplication.aresource, AsyncApplication.thing):
            with pytest.raises(ScopeClosedError):
                await request.aget(provider)
        with pytest.raises(ScopeClosedError):
            await request.__aenter__()


@pytest.mark.parametrize("use", USES)
def test_a_scope_refuses_use_when_the_application_has_ended(use: str) -> None:
    with Application() as app:
        request = app.enter()
        request.get(Application.thing)
    with pytest.raises(ScopeClosedError):
        USES[use](request)
    with pytest.raises(ScopeCloseError):  # closed too late; see test_leaving_order.py
        request.close()
    assert request.closed


@pytest.mark.parametrize("kind", [Valued, Unlocked, Crowded])
@pytest.mark.parametrize("is_overridden", [False, True])
@pytest.mark.parametrize("use", [*USES, *VALUE_USES])
def test_a_scope_refuses_every_use_once_a_scope_around_it_has_closed(
    use: str, is_overridden: bool, kind: type[Valued]
) -> None:
    with kind() as app, ExitStack() as stack:
        if is_overridden:
            stack.enter_context(override(app, {kind.other: Thing}))
        session = app.enter(scope=Scope.SESSION)
        request = session.enter(Value())
        for provider in (kind.thing, kind.likeliest, kind.resource, kind.person, kind.other):
            request.get(provider)
        session.close()
        assert request.closed
        with pytest.raises(ScopeClosedError, match="after the SESSION around it closed"):
            {**USES, **VALUE_USES}[use](request)
        with pytest.raises(ScopeCloseError):  # closed too late; see test_leaving_order.py
            request.close()


@pytest.mark.asyncio
async def test_nor_can_it_be_awaited_nor_injected() -> None:
    @inject
    def injected(thing: Annotated[Thing, Inject(AsyncApplication.thing)] = INJECTED) -> Thing:
        return thing

    async with AsyncApplication() as app:
        session = app.enter(scope=Scope.SESSION)
        request = await session.enter().__aenter__()
        for _ in range(2):  # the second time by what the first has learnt
            assert injected() is request.get(AsyncApplication.thing)
        await request.aget(AsyncApplication.aresource)
        await session.aclose()
        for provider in (AsyncApplication.aresource, AsyncApplication.thing):
            with pytest.raises(ScopeClosedError):
                await request.aget(provider)
        with pytest.raises(ScopeClosedError):
            injected()
        with pytest.raises(ScopeCloseError):  # closed too late; see test_leaving_order.py
            await request.__aexit__(None, None, None)


def test_what_a_scope_around_closes_may_read_what_the_scope_has_built() -> None:
    """Its teardowns still run, in which what it opened may end the scopes inside it."""
    found: list[object] = []

    def session_resource() -> Iterator[str]:
        yield "open"
        found.append(request.get(Closing.thing))
        request.close()

    class Closing(ScopedContainer):
        resource = providers.ScopedResource(session_resource, scope=Scope.SESSION)
        thing = providers.Scoped(Thing)

    with Closing() as app, app.enter(scope=Scope.SESSION) as session:
        request = session.enter(ambient=False)
        thing = request.get(Closing.thing)
        session.get(Closing.resource)
    assert found == [thing]


def test_a_stopped_application_refuses_use_and_can_be_started_again() -> None:
    app = Application()
    with app:
        first = app.get(Application.single)
        root = app.root_scope()
    for use in (lambda: app.get(Application.single), app.enter):
        with pytest.raises(ScopeNotOpenError, match="is not started"):
            use()
    with pytest.raises(ScopeClosedError):
        root.get(Application.single)
    with app:
        assert app.get(Application.single) is not first


def test_an_application_is_not_started_twice_at_once() -> None:
    with Application() as app:
        with pytest.raises(ScopeNotOpenError, match="started already"), app:
            pass
        assert app.enter().get(Application.thing)


def test_a_closed_scope_keeps_nothing_alive() -> None:
    with Application() as app:
        with app.enter() as request:
            thing = weakref.ref(request.get(Application.thing))
            resource = weakref.ref(request.get(Application.resource))
        gc.collect()
        assert thing() is None
        assert resource() is None
        scope = weakref.ref(request)
        del request
        gc.collect()
        assert scope() is None, "nor does the application keep its closed scopes"


# tasks that outlive their scope


async def late(scope: OpenScope, ended: asyncio.Event) -> None:
    await ended.wait()
    scope.get(Application.thing)


@pytest.mark.asyncio
async def test_a_task_that_outlives_its_scope_is_reported_by_name() -> None:
    async with Application() as app:
        ended = asyncio.Event()
        async with app.enter() as request:
            task = asyncio.create_task(late(request, ended), name="mailing")
        ended.set()
        with pytest.raises(ScopeClosedError, match="by task 'mailing'") as caught:
            await task
        assert "lease()" in str(caught.value)
        assert "started at" not in str(caught.value)


@pytest.mark.asyncio
async def test_in_debug_mode_it_is_reported_with_the_place_that_started_it() -> None:
    class Debugged(Application):
        debug = True

    loop = asyncio.get_running_loop()
    before = loop.get_task_factory()
    async with Debugged() as app:
        ended = asyncio.Event()
        async with app.enter() as request:
            async with asyncio.TaskGroup() as group:
                inner = group.create_task(asyncio.sleep(0))
            task = asyncio.create_task(late(request, ended), name="mailing")
            line = task_line()
        ended.set()
        with pytest.raises(ScopeClosedError) as caught:
            await task
        assert f"started at {__file__}:{line - 1}" in str(caught.value)
        assert task.get_name() == "mailing"
        assert inner.done()
    assert loop.get_task_factory() is before


def task_line() -> int:
    """The line of the caller."""
    import inspect

    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return frame.f_back.f_lineno


@pytest.mark.asyncio
async def test_debug_mode_gets_on_with_another_task_factory() -> None:
    made: list[str] = []

    def factory(loop: Any, coroutine: Any, **options: Any) -> Any:
        made.append(coroutine.__name__)
        return asyncio.Task(coroutine, loop=loop, **options)

    class Debugged(Application):
        debug = True

    loop = asyncio.get_running_loop()
    loop.set_task_factory(factory)
    try:
        async with Debugged():
            await asyncio.create_task(asyncio.sleep(0))
        assert made == ["sleep"]
        assert loop.get_task_factory() is factory
    finally:
        loop.set_task_factory(None)


@pytest.mark.asyncio
async def test_debug_mode_gets_on_with_a_task_factory_that_knows_of_no_context() -> None:
    class Debugged(Application):
        debug = True

    loop = asyncio.get_running_loop()
    loop.set_task_factory(lambda loop, coroutine: asyncio.Task(coroutine, loop=loop))
    try:
        async with Debugged():
            assert await asyncio.create_task(asyncio.sleep(0, "done")) == "done"
    finally:
        loop.set_task_factory(None)


@pytest.mark.asyncio
async def test_in_debug_mode_a_task_runs_in_the_context_that_it_is_given() -> None:
    variable: ContextVar[str] = ContextVar("variable", default="nothing")

    async def read() -> str:
        return variable.get()

    class Debugged(Application):
        debug = True

    async with Debugged():
        variable.set("the caller's")
        shared = copy_context()
        shared.run(variable.set, "shared")
        for context, found in ((Context(), "nothing"), (shared, "shared")):
            assert await asyncio.create_task(read(), context=context) == found
        assert await asyncio.create_task(read()) == "the caller's"

        async def start_in_its_own() -> str:
            return await asyncio.create_task(read(), context=shared)

        assert await asyncio.create_task(start_in_its_own(), context=shared) == "shared"


def test_debug_mode_without_an_event_loop_changes_nothing() -> None:
    class Debugged(Application):
        debug = True

    with Debugged() as app, app.enter() as request:
        assert isinstance(request.get(Debugged.thing), Thing)


@pytest.mark.parametrize("overridden", [False, True])
def test_in_debug_mode_a_lost_scope_is_reported_with_the_place_that_opened_it(
    overridden: bool,
) -> None:
    closed: list[str] = []

    def resource() -> Iterator[str]:
        yield "open"
        closed.append("closed")  # which does not run: the generator is collected

    class Debugged(ScopedContainer):
        debug = True
        resource_ = providers.ScopedResource(resource)
        other = providers.Scoped(object)

    with Debugged() as app, ExitStack() as stack:
        if overridden:
            stack.enter_context(override(app, {Debugged.other: object}))
        scopes = [app.enter()]
        line = inspect.currentframe().f_lineno - 1  # type: ignore[union-attr]  # of CPython
        assert scopes[0].get(Debugged.resource_) == "open"
        with pytest.warns(ResourceWarning, match=rf"{Path(__file__).name}:{line}, was never left"):
            scopes.clear()
        assert not closed
        with warnings.catch_warnings():
            warnings.simplefilter("error", ResourceWarning)
            with app.enter() as left:
                left.get(Debugged.resource_)
                left.get(Debugged.other)
            app.enter().close()
            del left
            gc.collect()
        assert closed == ["closed"]
