"""A fake of a keyed object is keyed too: shared by scopes of one key, bounded and torn down."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from trunkline import ScopedContainer, providers
from trunkline.errors import OverrideError
from trunkline.overrides import override


class User:
    """Has the key."""

    def __init__(self, tenant: str) -> None:
        self.tenant = tenant


class Cache:
    def __init__(self, tenant: str, size: int) -> None:
        self.tenant, self.size = tenant, size


class FakeCache(Cache):
    """A fake with the parameters of what it replaces."""


class Application(ScopedContainer):
    user = providers.ScopeValue(User)
    tenant = user.provided.tenant
    size = providers.Object(3)
    cache = providers.KeyedSingleton(Cache, tenant, size, key=tenant, limit=1)
    reader = providers.Scoped(lambda cache: cache, cache)


def a_function(tenant: str, size: int) -> FakeCache:
    return FakeCache(tenant, size)


@pytest.mark.parametrize("fake", [FakeCache, a_function], ids=["a class", "a function"])
def test_a_fake_that_is_called_is_built_once_a_key(fake: Any) -> None:
    with Application() as app, app.enter(User("a")) as before:
        real = before.get(Application.cache)
        with override(app, {Application.cache: fake}):
            with app.enter(User("a")) as first, app.enter(User("a")) as second:
                made = first.get(Application.cache)
                assert type(made) is FakeCache
                assert (made.tenant, made.size) == ("a", 3)
                assert second.get(Application.reader) is made
                assert before.get(Application.cache) is made
            with app.enter(User("b")) as other:
                assert other.get(Application.cache).tenant == "b"
        assert before.get(Application.cache) is real


def test_a_generator_is_torn_down_as_the_limit_of_what_it_replaces_says() -> None:
    closed: list[str] = []

    def open_fake(tenant: str) -> Iterator[FakeCache]:
        yield FakeCache(tenant, 0)
        closed.append(tenant)

    with Application() as app:
        with override(app, {Application.cache: open_fake}):
            for tenant in "abc":
                with app.enter(User(tenant)) as request:
                    request.get(Application.cache)
            assert closed == ["a", "b"]
        assert closed == ["a", "b", "c"]


@pytest.mark.asyncio
async def test_an_async_one_likewise() -> None:
    closed: list[str] = []

    async def open_cache(tenant: str) -> AsyncIterator[Cache]:
        yield Cache(tenant, 0)

    async def open_fake(tenant: str) -> AsyncIterator[FakeCache]:
        yield FakeCache(tenant, 0)
        closed.append(tenant)

    class AsyncApplication(ScopedContainer):
        user = providers.ScopeValue(User)
        tenant = user.provided.tenant
        cache = providers.KeyedSingleton(open_cache, tenant, key=tenant)

    async with AsyncApplication() as app:
        async with (
            override(app, {AsyncApplication.cache: open_fake}),
            app.enter(User("a")) as first,
            app.enter(User("a")) as second,
        ):
            made = await first.aget(AsyncApplication.cache)
            assert type(made) is FakeCache
            assert await second.aget(AsyncApplication.cache) is made
        assert closed == ["a"]


def test_a_fake_that_would_hold_one_user_for_all_is_refused() -> None:
    def holding(user: User) -> FakeCache:
        raise AssertionError(user)

    with (
        Application() as app,
        pytest.raises(OverrideError, match="cache is shared by all scopes that give its key but"),
        override(app, {Application.cache: holding}),
    ):
        pass
