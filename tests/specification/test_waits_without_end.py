"""Builders that wait for one another, in threads and in tasks: refused, with the whole circle."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

import pytest

from trunkline import INJECTED, Inject, Scope, ScopedContainer, inject, providers
from trunkline.compiler.planner import plan
from trunkline.errors import CircularResolutionError, ScopeCloseError
from trunkline.resolution.interpreter import Interpreter
from trunkline.waits import WAITS


class User:
    """Has the key."""

    def __init__(self, tenant: str) -> None:
        self.tenant = tenant


class Meeting:
    """Lets two builders go on once both have begun, and any that come later at once."""

    def __init__(self) -> None:
        self._begun = {name: threading.Event() for name in "ab"}

    def wait(self, name: str) -> None:
        self._begun[name].set()
        for event in self._begun.values():
            assert event.wait(10)

    async def await_(self, name: str) -> None:
        self._begun[name].set()
        while not all(event.is_set() for event in self._begun.values()):
            await asyncio.sleep(0)


def in_threads(*calls: Callable[[], Any]) -> list[Any]:
    """What each call gives or raises, all at the same time; it fails where one never ends."""
    answers: list[Any] = [None] * len(calls)

    def run(index: int, call: Callable[[], Any]) -> None:
        try:
            answers[index] = call()
        except CircularResolutionError as error:
            answers[index] = error

    threads = [
        threading.Thread(target=run, args=each, daemon=True)  # it may wait for ever
        for each in enumerate(calls)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not [thread for thread in threads if thread.is_alive()], "they wait for one another"
    assert not WAITS._waits, "a wait that has ended is forgotten"
    return answers


async def in_tasks(*calls: Any) -> list[Any]:
    async with asyncio.timeout(10):
        answers = await asyncio.gather(*calls, return_exceptions=True)
    assert not WAITS._waits, "a wait that has ended is forgotten"
    return answers


def circle_in(answers: list[Any]) -> str:
    """The circle that one of the answers tells."""
    told = [error.cause for error in answers if isinstance(error, CircularResolutionError)]
    (circle,) = [cause for cause in told if cause.startswith("each waits for the next: ")]
    return circle.removeprefix("each waits for the next: ").replace(f"{__file__}:", "")


OTHER = {"a": "b", "b": "a"}
COMPILED_OR_NOT = pytest.mark.parametrize(
    "compiled", [True, False], ids=["compiled", "interpreted"]
)


def runner(container: Any, *, compiled: bool) -> tuple[Any, Callable[[User], Any]]:
    """What starts, and how a request is opened in it."""
    if compiled:
        return container, lambda user: container.enter(user, ambient=False)
    outermost = Interpreter(plan(container.blueprint())).start()
    return outermost, lambda user: outermost.enter(user, scope="REQUEST")


# keyed objects


@COMPILED_OR_NOT
def test_two_keys_whose_builders_ask_for_each_other_in_two_threads(compiled: bool) -> None:
    meeting = Meeting()

    def build(tenant: str) -> Any:
        meeting.wait(tenant)
        return ask(OTHER[tenant])

    class Application(ScopedContainer):
        user = providers.ScopeValue(User)
        cache = providers.KeyedSingleton(build, user.provided.tenant, key=user.provided.tenant)

    def ask(tenant: str) -> Any:
        with enter(User(tenant)) as request:
            return request.get(Application.cache)

    app, enter = runner(Application(), compiled=compiled)
    with app:
        answers = in_threads(lambda: ask("a"), lambda: ask("b"))
    assert all(isinstance(answer, CircularResolutionError) for answer in answers)
    declared = Application.cache.location
    assert declared is not None
    label = r".*build of key '(\w)' \((\d+)\)"
    told = re.fullmatch(" -> ".join([label] * 3), circle_in(answers))
    assert told is not None, circle_in(answers)
    assert "".join(told.groups()[::2]) in {"aba", "bab"}
    assert set(told.groups()[1::2]) == {str(declared.line)}


@COMPILED_OR_NOT
def test_likewise_in_two_tasks(compiled: bool) -> None:
    meeting = Meeting()

    async def open_cache(tenant: str) -> AsyncIterator[Any]:
        await meeting.await_(tenant)
        yield await ask(OTHER[tenant])

    class Application(ScopedContainer):
        user = providers.ScopeValue(User)
        cache = providers.KeyedSingleton(open_cache, user.provided.tenant, key=user.provided.tenant)

    async def ask(tenant: str) -> Any:
        async with enter(User(tenant)) as request:
            return await request.aget(Application.cache)

    app, enter = runner(Application(), compiled=compiled)

    async def run() -> list[Any]:
        async with app:
            return await in_tasks(ask("a"), ask("b"))

    answers = asyncio.run(run())
    assert all(isinstance(answer, CircularResolutionError) for answer in answers)
    assert re.findall(r"key '(\w)'", circle_in(answers)) in (["a", "b", "a"], ["b", "a", "b"])


def test_a_key_whose_eviction_asks_for_one_that_waits_for_it() -> None:
    """The teardown of ``a`` asks for ``b``, whose builder waits for the next object of ``a``."""
    evicting = threading.Event()

    def open_cache(tenant: str) -> Iterator[str]:
        if tenant == "b":
            ask("a")
        yield tenant
        if tenant == "a" and not evicting.is_set():
            evicting.set()
            while not WAITS._waits:
                time.sleep(0)
            ask("b")

    class Application(ScopedContainer):
        user = providers.ScopeValue(User)
        cache = providers.KeyedSingleton(
            open_cache, user.provided.tenant, key=user.provided.tenant, limit=1
        )

    def ask(tenant: str) -> Any:
        with app.enter(User(tenant), ambient=False) as request:
            return request.get(Application.cache)

    def ask_for_b() -> Any:
        assert evicting.wait(10)
        return ask("b")

    app = Application()
    with pytest.raises(ScopeCloseError) as caught, app:
        ask("a")
        answers = in_threads(lambda: ask("c"), ask_for_b)
        assert answers == ["c", "b"], "the teardown's fault is no fault of who evicts"
    (group,) = caught.value.exceptions
    assert isinstance(group, ExceptionGroup)
    (circular,) = group.exceptions
    assert re.findall(r"key '(\w)'", circle_in([circular])) == ["a", "b", "a"]


# scoped objects, and both


def test_three_scoped_objects_of_which_each_waits_for_the_next() -> None:
    barrier = threading.Barrier(3)

    def build(wanted: str) -> Any:
        barrier.wait(10)
        return request.get(getattr(Application, wanted))

    class Application(ScopedContainer):
        a = providers.Scoped(build, "b")
        b = providers.Scoped(build, "c")
        c = providers.Scoped(build, "a")

    def ask(provider: Any) -> Any:
        try:
            return request.get(provider)
        except threading.BrokenBarrierError as error:
            return error
        finally:
            barrier.abort()  # who builds again meets nobody

    with Application() as app, app.enter(ambient=False) as request:
        providers_ = (Application.a, Application.b, Application.c)
        answers = in_threads(*((lambda each=each: ask(each)) for each in providers_))
    names = re.findall(r"(\w) \(\d+\)", circle_in(answers))
    assert "".join(names) in {"abca", "bcab", "cabc"}


def test_a_keyed_object_and_a_scoped_one_in_two_threads() -> None:
    meeting = Meeting()

    def build_keyed(tenant: str) -> Any:
        meeting.wait("a")
        return session.get(Application.scoped)

    def build_scoped() -> Any:
        meeting.wait("b")
        with session.enter(User("x"), ambient=False) as request:
            return request.get(Application.keyed)

    class Application(ScopedContainer):
        scoped = providers.Scoped(build_scoped, scope=Scope.SESSION)
        user = providers.ScopeValue(User)
        keyed = providers.KeyedSingleton(
            build_keyed, user.provided.tenant, key=user.provided.tenant
        )

    def ask_for_keyed() -> Any:
        with session.enter(User("x"), ambient=False) as request:
            return request.get(Application.keyed)

    with Application() as app, app.enter(scope=Scope.SESSION, ambient=False) as session:
        answers = in_threads(ask_for_keyed, lambda: session.get(Application.scoped))
    circle = circle_in(answers)
    assert "build_keyed of key 'x'" in circle
    assert "scoped (" in circle
    assert len(circle.split(" -> ")) == 3


@pytest.mark.asyncio
async def test_likewise_in_two_tasks_one_of_which_is_an_injected_function() -> None:
    meeting = Meeting()

    async def build_keyed(tenant: str) -> Any:
        await meeting.await_("a")
        return await session.aget(Application.scoped)

    async def build_scoped() -> Any:
        await meeting.await_("b")
        async with session.enter(User("x")):
            return await take()

    class Application(ScopedContainer):
        scoped = providers.Scoped(build_scoped, scope=Scope.SESSION)
        user = providers.ScopeValue(User)
        keyed = providers.KeyedSingleton(
            build_keyed, user.provided.tenant, key=user.provided.tenant
        )

    @inject
    async def take(keyed: Annotated[Any, Inject(Application.keyed)] = INJECTED) -> Any:
        return keyed

    async def ask_for_keyed() -> Any:
        async with session.enter(User("x")) as request:
            return await request.aget(Application.keyed)

    async with Application() as app, app.enter(scope=Scope.SESSION) as session:
        answers = await in_tasks(ask_for_keyed(), session.aget(Application.scoped))
    assert "build_keyed of key 'x'" in circle_in(answers)


def test_two_containers_whose_objects_wait_for_one_another() -> None:
    meeting = Meeting()

    def build(name: str) -> Any:
        meeting.wait(name)
        return ask(OTHER[name])

    class One(ScopedContainer):
        thing = providers.Scoped(build, "a")

    class Other(ScopedContainer):
        thing = providers.Scoped(build, "b")

    with One() as one, Other() as other:
        scopes = {"a": one.enter(ambient=False), "b": other.enter(ambient=False)}
        keys: dict[str, Any] = {"a": One.thing, "b": Other.thing}

        def ask(name: str) -> Any:
            return scopes[name].get(keys[name])

        answers = in_threads(lambda: ask("a"), lambda: ask("b"))
        for scope in scopes.values():
            scope.close()
    assert len(circle_in(answers).split(" -> ")) == 3


# what is no circle


@COMPILED_OR_NOT
def test_builders_that_wait_for_others_without_a_circle_are_left_alone(compiled: bool) -> None:
    begun, go_on = threading.Event(), threading.Event()
    built: list[str] = []

    def build(tenant: str) -> str:
        if tenant == "slow":
            begun.set()
            assert go_on.wait(10)
        else:
            ask("slow")
        built.append(tenant)
        return tenant

    class Application(ScopedContainer):
        user = providers.ScopeValue(User)
        cache = providers.KeyedSingleton(build, user.provided.tenant, key=user.provided.tenant)

    def ask(tenant: str) -> str:
        with enter(User(tenant)) as request:
            answer: str = request.get(Application.cache)
            return answer

    def ask_for_slow() -> str:
        return ask("slow")

    def end() -> None:
        assert begun.wait(10)
        go_on.set()

    app, enter = runner(Application(), compiled=compiled)
    with app:
        answers = in_threads(ask_for_slow, *(lambda t=t: ask(t) for t in "abab"), end)
    assert answers == ["slow", "a", "b", "a", "b", None]
    assert sorted(built) == ["a", "b", "slow"]
