"""``@inject``: what functions of every kind are given, and what it makes of them."""

from __future__ import annotations

import gc
import inspect
import linecache
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

import pytest

from tests.unit.wiring.parts import (
    Application,
    Engine,
    EngineOfTheScope,
    Report,
    Settings,
    User,
    open_bridge,
)
from trunkline import INJECTED, Inject, Scope, ScopedContainer, inject, providers
from trunkline.errors import (
    AsyncResolutionError,
    GraphError,
    ScopeNotOpenError,
    UnknownProviderError,
)


@inject
def sync(word: str, engine: Annotated[Engine, Inject(Application.engine)] = INJECTED) -> Any:
    return word, engine


@inject
async def coroutine(word: str, engine: EngineOfTheScope = INJECTED) -> Any:
    return word, engine


@inject
def generator(word: str, engine: EngineOfTheScope = INJECTED) -> Iterator[Any]:
    try:
        sent = yield word
        yield sent, engine
    except KeyError:
        yield "caught"


@inject
async def async_generator(word: str, engine: EngineOfTheScope = INJECTED) -> AsyncIterator[Any]:
    try:
        sent = yield word
        yield sent, engine
    except KeyError:
        yield "caught"


class Service:
    """Has methods of each kind."""

    @inject
    def method(self, engine: EngineOfTheScope = INJECTED) -> Any:
        return self, engine

    @classmethod
    @inject
    def of_class(cls, engine: EngineOfTheScope = INJECTED) -> Any:
        return cls, engine

    @staticmethod
    @inject
    def static(engine: EngineOfTheScope = INJECTED) -> Any:
        return engine

    @inject
    @classmethod
    def of_class_outside(cls, engine: EngineOfTheScope = INJECTED) -> Any:
        return cls, engine

    @inject
    @staticmethod
    def static_outside(engine: EngineOfTheScope = INJECTED) -> Any:
        return engine


@pytest.mark.asyncio
async def test_functions_of_every_kind_get_the_object_of_the_ambient_scope() -> None:
    async with Application() as app, app.enter(User("ann")) as request:
        engine = request.get(Application.engine)
        assert sync("a") == ("a", engine)
        assert await coroutine("a") == ("a", engine)
        made = generator("a")
        assert next(made) == "a"
        assert made.send("b") == ("b", engine)  # type: ignore[attr-defined]  # it is a generator
        amade = async_generator("a")
        assert await anext(amade) == "a"
        assert await amade.asend("b") == ("b", engine)  # type: ignore[attr-defined]  # as above
        with pytest.raises(StopAsyncIteration):
            await anext(amade)
        service = Service()
        assert service.method() == (service, engine)
        assert Service.of_class() == (Service, engine)
        assert Service.of_class_outside() == (Service, engine)
        assert Service.static() is engine
        assert Service.static_outside() is engine


@pytest.mark.asyncio
async def test_exceptions_thrown_into_generators_reach_their_bodies() -> None:
    async with Application() as app, app.enter(User("ann")):
        made: Any = generator("a")
        next(made)
        assert made.throw(KeyError()) == "caught"
        amade: Any = async_generator("a")
        await anext(amade)
        assert await amade.athrow(KeyError()) == "caught"
        await amade.aclose()
        with pytest.raises(StopAsyncIteration):
            await anext(amade)


@pytest.mark.asyncio
async def test_closing_an_async_generator_closes_the_functions_own() -> None:
    log: list[str] = []

    @inject
    async def stream(engine: EngineOfTheScope = INJECTED) -> AsyncIterator[Engine]:
        try:
            yield engine
        finally:
            log.append("closed")

    async with Application() as app, app.enter(User("ann")):
        made: Any = stream()
        await anext(made)
        await made.aclose()
        assert log == ["closed"]


def test_an_explicit_argument_wins_and_needs_no_scope() -> None:
    fake: Any = object()
    assert sync("a", fake) == ("a", fake)
    assert sync("a", engine=fake) == ("a", fake)
    assert sync(word="a", engine=None) == ("a", None)  # type: ignore[arg-type]  # None is a value too


@pytest.mark.asyncio
async def test_the_default_that_is_passed_on_is_filled_like_one_left_out() -> None:
    def calls(engine: Engine = INJECTED) -> Any:
        return sync("a", engine), sync("a", engine=engine)

    async with Application() as app, app.enter(User("ann")) as request:
        assert calls() == (("a", request.get(Application.engine)),) * 2


@pytest.mark.parametrize("call", [lambda: sync("a"), lambda: next(generator("a"))])
def test_a_call_where_no_scope_is_open_says_what_is_missing(call: Callable[[], Any]) -> None:
    with pytest.raises(ScopeNotOpenError, match=r"was called without engine where no scope"):
        call()


@pytest.mark.asyncio
async def test_a_coroutine_likewise() -> None:
    with pytest.raises(ScopeNotOpenError) as caught:
        await coroutine("a")
    assert caught.value.location is not None
    assert caught.value.location.file == __file__


def test_an_outer_scope_that_can_not_hold_the_object_is_a_clear_error() -> None:
    class Light(ScopedContainer):
        user = providers.ScopeValue(User)
        name = providers.Scoped(str, user)

    @inject
    def name(name: Annotated[str, Inject(Light.name)] = INJECTED) -> str:
        return name

    with Light():
        for _ in range(2):
            with pytest.raises(ScopeNotOpenError, match="lives in a REQUEST scope") as caught:
                name()
            (note,) = caught.value.__notes__
            (injection,) = name.__trunkline_injections__  # type: ignore[attr-defined]  # it is a function
            assert note == f"trunkline: while {injection.function} was given name"


@pytest.mark.asyncio
async def test_what_must_be_awaited_is_awaited_in_async_functions() -> None:
    @inject
    async def take(
        bridge: Annotated[str, Inject(Application.bridge)] = INJECTED,
        report: Annotated[Report, Inject(Application.report)] = INJECTED,
        settings: Annotated[Settings, Inject(Application.settings)] = INJECTED,
        connection: Annotated[str, Inject(Application.connection)] = INJECTED,
    ) -> Any:
        return bridge, report, settings, connection

    async with Application() as app:
        for name in ("ann", "bob"):
            async with app.enter(User(name)) as request:
                for _ in range(2):
                    bridge, report, settings, connection = await take()
                    assert bridge == f"bridge of {name}" == report.bridge
                    assert report is await request.aget(Application.report)
                    assert settings is app.settings()
                    assert connection == "connected"


def test_a_sync_function_may_take_what_the_start_has_awaited() -> None:
    @inject
    def take(connection: Annotated[str, Inject(Application.connection)] = INJECTED) -> str:
        return connection

    assert take(connection="explicit") == "explicit"


def test_a_sync_function_that_is_to_be_given_an_async_object_is_refused() -> None:
    with pytest.raises(AsyncResolutionError, match="can't be given bridge"):

        @inject
        def take(bridge: Annotated[str, Inject(Application.bridge)] = INJECTED) -> str:
            return bridge


def test_one_that_is_async_only_through_its_dependencies_is_found_by_the_check() -> None:
    class Deep(ScopedContainer):
        user = providers.ScopeValue(User)
        bridge = providers.ScopedResource(open_bridge, user)
        report = providers.Scoped(Report, bridge)

    assert Deep().findings() == []

    @inject
    def take(report: Annotated[Report, Inject(Deep.report)] = INJECTED) -> Report:
        return report

    with pytest.raises(GraphError) as caught:
        Deep().check()
    (finding,) = caught.value.findings
    assert finding.check == "async-from-sync"
    assert "take" in str(finding)
    assert __file__ in str(finding)
    del take
    gc.collect()
    assert Deep().findings() == [], "a function that is gone is forgotten"


def test_a_value_that_only_a_function_uses_counts_as_used() -> None:
    class Lone(ScopedContainer):
        user = providers.ScopeValue(User)

    assert [finding.check for finding in Lone().findings()] == ["unused-scope-value"]

    @inject
    def take(name: Annotated[str, Inject(Lone.user.provided.name)] = INJECTED) -> str:
        return name

    with Lone() as app, app.enter(User("ann")):
        assert take() == "ann"


def test_views_read_the_containers_own_objects() -> None:
    @inject
    def take(
        limit: Annotated[int, Inject(Application.settings.provided.limit)] = INJECTED,
        name: Annotated[str, Inject(Application.user.provided.name)] = INJECTED,
        mode: Annotated[str, Inject(Application.config.mode)] = INJECTED,
    ) -> Any:
        return limit, name, mode

    class Sync(Application):
        connection = providers.Singleton(str)

    for mode in ("one", "two"):
        app = Sync()
        app.config.from_dict({"mode": mode})
        with app, app.enter(User("ann")):
            assert take() == (3, "ann", mode)


@pytest.mark.asyncio
async def test_views_of_async_objects_are_awaited() -> None:
    @inject
    async def take(
        bridge: Annotated[str, Inject(Application.report.provided.bridge)] = INJECTED,
    ) -> str:
        return bridge

    async with Application() as app, app.enter(User("ann")):
        assert await take() == "bridge of ann"


def test_a_provider_of_another_container_is_refused_at_the_call() -> None:
    class Other(ScopedContainer):
        thing = providers.Scoped(Settings)

    @inject
    def take(
        thing: Annotated[Settings, Inject(Other.thing)] = INJECTED,
        limit: Annotated[int, Inject(Other.thing.provided.limit)] = INJECTED,
    ) -> Any:
        return thing, limit

    class Mine(ScopedContainer):
        mine = providers.Scoped(Settings)

    with Mine() as app, app.enter():
        with pytest.raises(UnknownProviderError):
            take()
        with pytest.raises(UnknownProviderError):
            take(thing=Settings())


def test_two_containers_and_two_scopes_take_turns() -> None:
    class Sync(ScopedContainer):
        settings = providers.Singleton(Settings)

    @inject
    def take(settings: Annotated[Settings, Inject(Sync.settings)] = INJECTED) -> Settings:
        return settings

    with Sync() as one:
        with Sync() as two:
            assert take() is two.settings() is not one.settings()
            with one.enter(scope=Scope.SESSION) as session:
                assert take() is one.settings()
                with session.enter():
                    assert take() is one.settings()
            assert take() is two.settings()
        assert take() is one.settings()


def test_an_inner_function_may_name_what_its_maker_calls_by_a_local_name() -> None:
    class Local(ScopedContainer):
        settings = providers.Singleton(Settings)

    def make() -> Callable[[], Settings]:
        provider = Local.settings

        @inject
        def take(settings: Annotated[Settings, Inject(provider)] = INJECTED) -> Settings:
            return settings

        return take

    with Local() as app:
        assert make()() is app.settings()


# signatures


def every(
    a: int,
    /,
    b: EngineOfTheScope,
    c: str,
    d: list[int] = [1],  # noqa: B006  # its identity is looked at
    *rest: int,
    e: EngineOfTheScope,
    f: int,
    g: int = 7,
    **more: int,
) -> Any:
    return a, b, c, d, rest, e, f, g, more


def test_every_kind_of_parameter_is_passed_on() -> None:
    class Sync(Application):
        connection = providers.Singleton(str)

    wrapped: Any = inject(every)
    with Sync() as app, app.enter(User("ann")) as request:
        engine = request.engine()  # type: ignore[attr-defined]  # by name
        assert wrapped(1, c="c", f=6) == (1, engine, "c", [1], (), engine, 6, 7, {})
        assert wrapped(1, 2, 3, 4, 5, e=6, f=7, g=8, h=9) == (1, 2, 3, 4, (5,), 6, 7, 8, {"h": 9})
        assert wrapped(1, c="c", f=6)[3] is every.__defaults__[0]  # type: ignore[index]  # it has defaults
        with pytest.raises(TypeError, match="misses the required argument c"):
            wrapped(1, f=6)
        with pytest.raises(TypeError):
            wrapped(f=6)


def test_frameworks_see_the_signature_without_the_injected_parameters() -> None:
    assert str(inspect.signature(sync)) == "(word: str) -> Any"
    wrapped = inject(every)
    assert list(inspect.signature(wrapped).parameters) == ["a", "c", "d", "rest", "f", "g", "more"]
    assert wrapped.__wrapped__ is every  # type: ignore[attr-defined]  # functools.wraps sets it
    assert wrapped.__name__ == "every"
    assert wrapped.__module__ == __name__
    assert "engine" in sync.__annotations__, "what type checkers and tools read is all there"


def test_the_kind_of_function_is_kept() -> None:
    assert inspect.iscoroutinefunction(coroutine)
    assert inspect.isgeneratorfunction(generator)
    assert inspect.isasyncgenfunction(async_generator)
    assert not inspect.iscoroutinefunction(sync)


@pytest.mark.parametrize(
    "name", ["scope_", "AMBIENT_", "MISSING_", "FUNCTION_", "KEY_0_", "wrapper_", "error__"]
)
def test_no_parameter_name_clashes_with_the_wrappers_own(name: str) -> None:
    namespace = {"E": EngineOfTheScope, "Any": Any}
    exec(f"def plain({name}, engine: E): return {name}, engine", namespace)
    wrapped: Any = inject(namespace["plain"])  # type: ignore[arg-type]  # it is a function
    assert wrapped(1, 2) == (1, 2)

    class Sync(Application):
        connection = providers.Singleton(str)

    with Sync() as app, app.enter(User("ann")) as request:
        assert wrapped(1) == (1, request.get(Application.engine))


def test_the_wrapper_can_be_stepped_through() -> None:
    file = sync.__code__.co_filename  # type: ignore[attr-defined]  # it is a function
    assert "injection into" in file
    assert "def wrapper" in linecache.getline(file, 1)


# overrides


def test_an_override_is_seen_by_a_function_that_has_learned_where_objects_are() -> None:
    from trunkline.overrides import override

    class Sync(ScopedContainer):
        user = providers.ScopeValue(User)
        settings = providers.Scoped(Settings)
        engine = providers.Scoped(Engine, user, settings)

    @inject
    def take(
        engine: Annotated[Engine, Inject(Sync.engine)] = INJECTED,
        settings: Annotated[Settings, Inject(Sync.settings)] = INJECTED,
    ) -> Any:
        return engine, settings

    class Fake(Settings):
        """Not the real ones."""

    fake = Fake()
    with Sync() as app, app.enter(User("ann")):
        for _ in range(2):
            real = take()
            assert take() == real
            with override(app, {Sync.settings: fake}):
                for _ in range(3):
                    engine, settings = take()
                    assert settings is fake
                    assert engine.settings is fake
            assert take() == real
    with Sync() as app, override(Sync, {Sync.settings: fake}), app.enter(User("ann")):
        assert take()[1] is fake


def test_threads_learn_at_the_same_time() -> None:
    from concurrent.futures import ThreadPoolExecutor

    class Sync(ScopedContainer):
        settings = providers.Scoped(Settings)
        other = providers.Scoped(Settings)

    with ThreadPoolExecutor(8) as pool:
        for _ in range(20):

            @inject
            def take(
                settings: Annotated[Settings, Inject(Sync.settings)] = INJECTED,
                other: Annotated[Settings, Inject(Sync.other)] = INJECTED,
            ) -> Any:
                return settings, other

            def use(take: Any = take) -> bool:
                with app.enter() as request:
                    mine = (request.get(Sync.settings), request.get(Sync.other))
                    return all(take() == mine for _ in range(5))

            with Sync() as app:
                assert all(pool.map(lambda _: use(), range(8)))


@pytest.mark.asyncio
async def test_a_collected_function_leaves_nothing_in_the_program() -> None:
    async with Application() as app, app.enter(User("ann")):
        readers = app.program()._direct_readers
        gc.collect()
        before = len(readers)

        def call_one() -> None:
            @inject
            def inner(context: Annotated[User, Inject(Application.user)] = INJECTED) -> User:
                return context

            assert inner().name == "ann"
            assert len(readers) == before + 1

        for _ in range(3):
            call_one()
            gc.collect()
            assert len(readers) == before
