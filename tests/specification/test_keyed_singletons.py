"""``KeyedSingleton``: one object a key, evicted when idle or too many, never while in use."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest

from trunkline import Scope, ScopedContainer, providers
from trunkline.errors import (
    CircularResolutionError,
    DeclarationError,
    ResourceProtocolError,
    ScopeCloseError,
)


class User:
    """Has the key."""

    def __init__(self, tenant: str) -> None:
        self.tenant = tenant


class Log(list[str]):
    """What happened, in order."""

    def __deepcopy__(self, memo: object) -> Log:
        return self


class Cache:
    """One a tenant."""

    def __init__(self, log: Log) -> None:
        self.log = log


def open_cache(tenant: str, log: Log) -> Iterator[str]:
    log.append(f"open {tenant}")
    yield f"cache of {tenant}"
    log.append(f"close {tenant}")
    if tenant == "bad":
        raise ValueError(tenant)


async def aopen_cache(tenant: str, log: Log) -> AsyncIterator[str]:
    log.append(f"open {tenant}")
    await asyncio.sleep(0)
    yield f"cache of {tenant}"
    await asyncio.sleep(0)
    log.append(f"close {tenant}")
    if tenant == "bad":
        raise ValueError(tenant)


class Limited(ScopedContainer):
    """Two caches at once."""

    log = providers.Singleton(Log)
    user = providers.ScopeValue(User)
    tenant = user.provided.tenant
    cache = providers.KeyedSingleton(open_cache, tenant, log, key=tenant, limit=2)


class ALimited(ScopedContainer):
    """The same, async."""

    log = providers.Singleton(Log)
    user = providers.ScopeValue(User)
    tenant = user.provided.tenant
    cache = providers.KeyedSingleton(aopen_cache, tenant, log, key=tenant, limit=2)


def test_scopes_of_one_key_share_an_object_and_others_have_their_own() -> None:
    class Application(ScopedContainer):
        log = providers.Singleton(Log)
        user = providers.ScopeValue(User)
        cache = providers.KeyedSingleton(Cache, log, key=user.provided.tenant)

    with Application() as app:
        with app.enter(User("a")) as one, app.enter(User("a")) as two, app.enter(User("b")) as b:
            assert one.get(Application.cache) is two.get(Application.cache)
            assert one.get(Application.cache) is not b.get(Application.cache)
            before = one.get(Application.cache)
        with app.enter(User("a")) as later:
            assert later.get(Application.cache) is before


def test_the_least_recently_used_is_torn_down_over_the_limit() -> None:
    with Limited() as app:
        log = app.get(Limited.log)
        for tenant in ("a", "b", "a", "c"):
            with app.enter(User(tenant)) as request:
                assert request.get(Limited.cache) == f"cache of {tenant}"
        assert log == ["open a", "open b", "open c", "close b"]
    assert log[4:] == ["close c", "close a"], "the rest when the application ends, latest first"


@pytest.mark.asyncio
async def test_the_same_with_async_objects() -> None:
    async with ALimited() as app:
        log = app.get(ALimited.log)
        for tenant in ("a", "b", "a", "c"):
            async with app.enter(User(tenant)) as request:
                assert await request.aget(ALimited.cache) == f"cache of {tenant}"
        assert log == ["open a", "open b", "open c", "close b"]
    assert log[4:] == ["close c", "close a"]


def test_what_is_in_use_is_never_torn_down_and_what_is_over_goes_as_its_scopes_close() -> None:
    with Limited() as app:
        log = app.get(Limited.log)
        requests = [app.enter(User(tenant)) for tenant in "abcd"]
        for request in requests:
            request.get(Limited.cache)
        assert not [line for line in log if line.startswith("close")]
        for request in requests:
            request.close()
        assert log[4:] == ["close a", "close b"]


def test_what_is_idle_for_too_long_goes_at_the_next_use() -> None:
    class Application(ScopedContainer):
        log = providers.Singleton(Log)
        user = providers.ScopeValue(User)
        tenant = user.provided.tenant
        cache = providers.KeyedSingleton(open_cache, tenant, log, key=tenant, idle_seconds=10)

    with Application() as app:
        now = 100.0
        app.cache.pool._entries._clock = lambda: now
        log = app.get(Application.log)
        for tenant in ("a", "b"):
            with app.enter(User(tenant)) as request:
                request.get(Application.cache)
            now += 6
        with app.enter(User("c")) as request:
            request.get(Application.cache)
            assert log[3:] == ["close a"]


@pytest.mark.asyncio
@pytest.mark.parametrize("container", [Limited, ALimited])
async def test_a_failing_teardown_is_no_fault_of_the_scope_that_evicts_and_is_not_lost(
    container: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "trunkline"), pytest.raises(ScopeCloseError) as caught:
        async with container() as app:
            log = app.get(container.log)
            for tenant in ("bad", "a", "b", "c"):
                async with app.enter(User(tenant)) as request:
                    assert await request.aget(container.cache) == f"cache of {tenant}"
            assert "close bad" in log
    (group,) = caught.value.exceptions
    assert isinstance(group, ExceptionGroup)
    assert [str(failure) for failure in group.exceptions] == ["bad"]
    assert "failed to close an evicted object" in caplog.text
    assert {"close a", "close b", "close c"} <= set(log)


def test_objects_are_torn_down_before_what_they_are_made_from() -> None:
    class Application(ScopedContainer):
        log = providers.Object(Log())
        user = providers.ScopeValue(User)
        base = providers.ScopedResource(open_cache, "base", log, scope=Scope.APP)
        cache = providers.KeyedSingleton(
            open_cache, user.provided.tenant, log, key=user.provided.tenant
        )

    with Application() as app, app.enter(User("a")) as request:
        request.get(Application.cache)
    assert Application.log()[2:] == ["close a", "close base"]


@pytest.mark.asyncio
async def test_what_a_scope_still_uses_when_the_application_ends_goes_with_that_scope() -> None:
    async with ALimited() as app:
        log = app.get(ALimited.log)
        request = app.enter(User("a"))
        await request.aget(ALimited.cache)
    assert log == ["open a"]
    with pytest.raises(ScopeCloseError):  # closed too late
        await request.aclose()
    assert log == ["open a", "close a"]


def test_a_key_that_is_asked_for_while_its_object_is_evicted_waits_for_the_teardown() -> None:
    log: list[str] = []
    closing, go_on = threading.Event(), threading.Event()

    def build(tenant: str) -> Iterator[str]:
        log.append(f"open {tenant}")
        yield tenant
        if tenant == "a" and not closing.is_set():
            closing.set()
            assert go_on.wait(10)
        log.append(f"close {tenant}")

    class Application(ScopedContainer):
        user = providers.ScopeValue(User)
        tenant = user.provided.tenant
        cache = providers.KeyedSingleton(build, tenant, key=tenant, limit=1)

    def use(tenant: str) -> None:
        with app.enter(User(tenant), ambient=False) as request:
            assert request.get(Application.cache) == tenant

    with Application() as app, ThreadPoolExecutor(2) as pool:
        use("a")
        evicting = pool.submit(use, "b")
        assert closing.wait(10)
        asking = pool.submit(use, "a")
        assert not wait([asking], 0.05).done
        go_on.set()
        evicting.result()
        asking.result()
    assert log[:3] == ["open a", "open b", "close a"]
    assert log[3:].count("open a") == 1


def test_threads_that_ask_for_one_key_build_one_object() -> None:
    built: list[str] = []
    barrier = threading.Barrier(16)

    def build(tenant: str) -> object:
        built.append(tenant)
        return object()

    class Application(ScopedContainer):
        user = providers.ScopeValue(User)
        tenant = user.provided.tenant
        cache = providers.KeyedSingleton(build, tenant, key=tenant)

    def ask(index: int) -> object:
        with app.enter(User("ab"[index % 2]), ambient=False) as request:
            barrier.wait()
            return request.get(Application.cache)

    with Application() as app, ThreadPoolExecutor(16) as pool:
        objects = list(pool.map(ask, range(16)))
    assert sorted(built) == ["a", "b"]
    assert len(set(map(id, objects))) == 2


@pytest.mark.asyncio
async def test_tasks_that_ask_for_one_key_build_one_object_also_where_one_is_cancelled() -> None:
    built: list[str] = []

    async def build(tenant: str) -> object:
        built.append(tenant)
        await asyncio.sleep(0.001)
        return object()

    class Application(ScopedContainer):
        user = providers.ScopeValue(User)
        tenant = user.provided.tenant
        cache = providers.KeyedSingleton(build, tenant, key=tenant)

    async def ask() -> object:
        async with app.enter(User("a")) as request:
            return await request.aget(Application.cache)

    async with Application() as app:
        tasks = [asyncio.create_task(ask()) for _ in range(100)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        tasks[0].cancel()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert len(set(map(id, answers[1:]))) == 1
    assert built == ["a", "a"]


@pytest.mark.asyncio
async def test_tasks_of_several_event_loops_build_one_object_a_key() -> None:
    built: list[str] = []
    barrier = threading.Barrier(4)

    async def build(tenant: str) -> object:
        built.append(tenant)
        await asyncio.sleep(0.01)
        if len(built) < 3:
            raise ConnectionError(tenant)
        return object()

    class Application(ScopedContainer):
        user = providers.ScopeValue(User)
        tenant = user.provided.tenant
        cache = providers.KeyedSingleton(build, tenant, key=tenant)

    async def ask() -> object:
        async with app.enter(User("a"), ambient=False) as request:
            return await request.aget(Application.cache)

    async def ask_often() -> list[object]:
        barrier.wait(10)
        return await asyncio.gather(*(ask() for _ in range(5)), return_exceptions=True)

    async with Application() as app:
        loops = [asyncio.to_thread(lambda: asyncio.run(ask_often())) for _ in range(4)]
        answers = [answer for answers in await asyncio.gather(*loops) for answer in answers]
    failures = [answer for answer in answers if isinstance(answer, BaseException)]
    assert [type(failure) for failure in failures] == [ConnectionError] * 2
    assert len(set(map(id, answers)) - set(map(id, failures))) == 1
    assert built == ["a"] * 3


def test_a_build_that_fails_is_retried() -> None:
    calls: list[int] = []

    def build() -> str:
        calls.append(1)
        if len(calls) == 1:
            raise ConnectionError
        return "built"

    class Application(ScopedContainer):
        user = providers.ScopeValue(User)
        cache = providers.KeyedSingleton(build, key=user.provided.tenant)

    with Application() as app, app.enter(User("a")) as request:
        with pytest.raises(ConnectionError):
            request.get(Application.cache)
        assert len(app.cache.pool) == 0
        assert request.get(Application.cache) == "built"


def never(tenant: str) -> Iterator[str]:
    return
    yield tenant


def twice(tenant: str) -> Iterator[str]:
    yield tenant
    yield tenant


async def anever(tenant: str) -> AsyncIterator[str]:
    return
    yield tenant


async def atwice(tenant: str) -> AsyncIterator[str]:
    yield tenant
    yield tenant


@pytest.mark.asyncio
@pytest.mark.parametrize("function", [never, anever])
async def test_a_generator_that_never_yields_is_a_clear_error(function: Any) -> None:
    class Application(ScopedContainer):
        user = providers.ScopeValue(User)
        cache = providers.KeyedSingleton(function, user.provided.tenant, key=user.provided.tenant)

    async with Application() as app, app.enter(User("a")) as request:
        with pytest.raises(ResourceProtocolError, match="without yielding"):
            await request.aget(Application.cache)


@pytest.mark.asyncio
@pytest.mark.parametrize("function", [twice, atwice])
async def test_a_generator_that_yields_twice_is_a_clear_error(function: Any) -> None:
    class Application(ScopedContainer):
        user = providers.ScopeValue(User)
        cache = providers.KeyedSingleton(function, user.provided.tenant, key=user.provided.tenant)

    with pytest.raises(ScopeCloseError) as caught:
        async with Application() as app, app.enter(User("a")) as request:
            await request.aget(Application.cache)
    (group,) = caught.value.exceptions
    assert isinstance(group, ExceptionGroup)
    assert isinstance(group.exceptions[0], ResourceProtocolError)


@pytest.mark.asyncio
async def test_a_builder_that_comes_back_to_its_own_key_is_a_clear_error() -> None:
    def build() -> object:
        with app.enter(User("a")) as inner:
            return inner.get(Application.cache)

    async def abuild() -> object:
        async with app.enter(User("a")) as inner:
            return await inner.aget(Application.acache)

    class Application(ScopedContainer):
        user = providers.ScopeValue(User)
        cache = providers.KeyedSingleton(build, key=user.provided.tenant)
        acache = providers.KeyedSingleton(abuild, key=user.provided.tenant)

    async with Application() as app, app.enter(User("a")) as request:
        with pytest.raises(CircularResolutionError, match="key 'a'"):
            request.get(Application.cache)
        with pytest.raises(CircularResolutionError, match="key 'a'"):
            await request.aget(Application.acache)


def test_a_container_that_is_started_again_starts_with_no_objects() -> None:
    app = Limited()
    for _ in range(2):
        with app, app.enter(User("a")) as request:
            request.get(Limited.cache)
            log = app.get(Limited.log)
        assert log == ["open a", "close a"]


@pytest.mark.parametrize("options", [{"limit": 0}, {"idle_seconds": -1}, {"limit": float("nan")}])
def test_bounds_that_are_no_bounds_are_refused(options: Any) -> None:
    with pytest.raises(DeclarationError):
        providers.KeyedSingleton(Cache, key=providers.Object("a"), **options)


def test_a_key_is_required() -> None:
    with pytest.raises(DeclarationError, match="has no key"):
        providers.KeyedSingleton(Cache)


def test_attributes_of_one_scope_can_not_be_set_on_what_scopes_share() -> None:
    class Application(ScopedContainer):
        user = providers.ScopeValue(User)
        cache = providers.KeyedSingleton(Cache, "log", key=user.provided.tenant)
        cache.add_attributes(user=user)

    with pytest.raises(DeclarationError, match="attributes to set"):
        Application().check()


def test_what_is_called_may_change_until_there_are_objects() -> None:
    class Application(ScopedContainer):
        user = providers.ScopeValue(User)
        cache = providers.KeyedSingleton(dict, key=user.provided.tenant)

    app = Application()
    app.check()
    app.cache.set_provides(list)
    with app, app.enter(User("a")) as request:
        assert request.get(Application.cache) == []
        with pytest.raises(DeclarationError, match="built objects already"):
            app.cache.set_provides(dict)
