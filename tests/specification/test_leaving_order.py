"""Scopes that are left in another order than they were entered."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline import OpenScope, Scope, ScopedContainer, providers
from trunkline.ambient import ambient_scope
from trunkline.errors import ScopeCloseError, ScopeOrderError

LOG: list[str] = []


@pytest.fixture(autouse=True)
def _log() -> None:
    LOG.clear()


class Thing:
    """Anything."""


def opened(name: str, *_: str) -> Iterator[str]:
    LOG.append(f"open {name}")
    yield name
    LOG.append(f"close {name}")


class Application(ScopedContainer):
    """A resource in each scope."""

    thing = providers.Scoped(Thing)
    connection = providers.ScopedResource(opened, "connection", scope=Scope.SESSION)
    transaction = providers.ScopedResource(opened, "transaction", connection)


# which scope is ambient


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_ambient_scope_is_the_latest_that_is_open_whichever_is_left_first(
    order: tuple[int, ...],
) -> None:
    with Application() as app:
        scopes = [app.enter() for _ in range(3)]
        for scope in scopes:
            scope.__enter__()
        still = list(scopes)
        for index in order:
            scopes[index].__exit__(None, None, None)
            still.remove(scopes[index])
            assert ambient_scope.get() is (still[-1] if still else app.root_scope())
            if still:
                assert app.thing() is still[-1].get(Application.thing)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_entering_and_leaving_in_any_order(choices: list[int]) -> None:
    with Application() as app:
        open_: list[OpenScope] = []
        for choice in choices:
            if choice >= len(open_):
                open_.append(app.enter().__enter__())
            else:
                open_.pop(choice).__exit__(None, None, None)
            assert ambient_scope.get() is (open_[-1] if open_ else app.root_scope())
        for scope in open_:
            scope.close()
        assert ambient_scope.get() is app.root_scope()


@pytest.mark.asyncio
async def test_async_scopes_and_those_of_several_containers_likewise() -> None:
    class Other(ScopedContainer):
        thing = providers.Scoped(Thing)

    async with Application() as app, Other() as other:
        first, second = app.enter(), other.enter()
        await first.__aenter__()
        await second.__aenter__()
        await first.__aexit__(None, None, None)
        assert other.thing() is second.get(Other.thing)
        await second.__aexit__(None, None, None)
        assert ambient_scope.get() is other.root_scope()


@pytest.mark.asyncio
async def test_a_task_keeps_the_scope_that_it_was_started_in() -> None:
    async with Application() as app:
        first, second = app.enter().__enter__(), app.enter().__enter__()
        may_go_on = asyncio.Event()

        async def ask() -> object:
            await may_go_on.wait()
            return app.thing()

        task = asyncio.create_task(ask())
        await asyncio.sleep(0)
        first.close()
        may_go_on.set()
        assert await task is second.get(Application.thing)
        second.close()


# a scope that closes under one that is open inside it


def nested(app: Any) -> tuple[OpenScope, OpenScope]:
    session = app.enter(scope=Scope.SESSION)
    request = session.enter()
    request.get(Application.transaction)
    return session, request


def test_a_scope_that_closes_under_an_open_inner_one_is_reported() -> None:
    with Application() as app:
        session, request = nested(app)
        session.close()
        with pytest.raises(ScopeCloseError) as caught:
            request.close()
    (report,) = caught.value.exceptions
    assert isinstance(report, ScopeOrderError)
    assert "a REQUEST scope was left after the SESSION around it had closed" in str(report)
    assert LOG[-2:] == ["close connection", "close transaction"], "all are torn down nevertheless"


@pytest.mark.asyncio
async def test_so_is_an_application_that_stops_under_an_open_scope() -> None:
    async with Application() as app:
        _, request = nested(app)
        entered = app.enter()
        await entered.__aenter__()
    for scope in (request, entered):
        with pytest.raises(ScopeCloseError, match="1 teardown") as caught:
            await scope.aclose()
        assert "after the APP around it had closed" in str(caught.value.exceptions[0])
        assert scope.closed
    assert "close transaction" in LOG
    assert ambient_scope.get() is None


def test_an_exception_of_the_inner_body_goes_on_and_says_so_in_a_note() -> None:
    with Application() as app:
        session, request = nested(app)
        with pytest.raises(KeyError) as caught, request:
            session.close()
            raise KeyError("body")
    assert any("after the SESSION around it had closed" in note for note in caught.value.__notes__)
    assert LOG[-1] == "close connection"


def test_scopes_that_are_left_in_order_say_nothing() -> None:
    with Application() as app:
        session, request = nested(app)
        request.close()
        session.close()
    assert LOG == ["open connection", "open transaction", "close transaction", "close connection"]


@pytest.mark.asyncio
@pytest.mark.parametrize("awaits", [False, True])
async def test_so_does_a_resource_that_closes_a_scope_inside_its_own(awaits: bool) -> None:
    inner: list[OpenScope] = []

    def owner() -> Iterator[str]:
        yield "owner"
        inner.pop().close()

    class Owning(ScopedContainer):
        owner_ = providers.ScopedResource(owner, scope=Scope.SESSION)
        transaction = providers.ScopedResource(opened, "transaction")

    with Owning() as app:
        session = app.enter(scope=Scope.SESSION)
        session.get(Owning.owner_)
        inner.append(session.enter())
        inner[0].get(Owning.transaction)
        await session.aclose() if awaits else session.close()
    assert LOG == ["open transaction", "close transaction"]
