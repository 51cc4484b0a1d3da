"""Every provider of dependency-injector in a ``ScopedContainer``: alone, injected, overridden."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from dependency_injector import containers, resources
from dependency_injector import providers as stock

import trunkline.providers
from trunkline import Scope, ScopedContainer, providers


class Thing:
    """Remembers what it was made with."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.args = args
        self.kwargs = kwargs
        self.mark: Any = None


class Held(Thing):
    """Holds what is injected."""


async def coroutine(*args: Any) -> Thing:
    return Thing(*args)


def start() -> Iterator[str]:
    yield "started"


class Started(resources.Resource[str]):
    """A resource of the older style."""

    def init(self, *args: Any, **kwargs: Any) -> str:
        return "initialised"


class Inner(containers.DeclarativeContainer):
    """A stock container inside."""

    base = stock.Dependency()
    thing = stock.Factory(Thing, base)


def of(cls: Any) -> Any:
    """A check that something is of a class."""
    return lambda value, scoped: type(value) is cls


def with_scoped(value: Any, scoped: Any) -> bool:
    return value.args == (scoped,)


MADE: dict[str, tuple[Any, Any]] = {
    "Callable": (lambda s: stock.Callable(Thing, s), with_scoped),
    "DelegatedCallable": (lambda s: stock.DelegatedCallable(Thing, s), with_scoped),
    "Factory": (lambda s: stock.Factory(Thing, s), with_scoped),
    "Factory with attributes": (
        lambda s: stock.Factory(Thing).add_attributes(mark=s),
        lambda value, scoped: value.mark is scoped,
    ),
    "DelegatedFactory": (lambda s: stock.DelegatedFactory(Thing, s), with_scoped),
    "Singleton": (lambda s: stock.Singleton(Thing), of(Thing)),
    "DelegatedSingleton": (lambda s: stock.DelegatedSingleton(Thing), of(Thing)),
    "ThreadSafeSingleton": (lambda s: stock.ThreadSafeSingleton(Thing), of(Thing)),
    "ThreadLocalSingleton": (lambda s: stock.ThreadLocalSingleton(Thing), of(Thing)),
    "ContextLocalSingleton": (lambda s: stock.ContextLocalSingleton(Thing), of(Thing)),
    "DelegatedThreadSafeSingleton": (
        lambda s: stock.DelegatedThreadSafeSingleton(Thing),
        of(Thing),
    ),
    "DelegatedThreadLocalSingleton": (
        lambda s: stock.DelegatedThreadLocalSingleton(Thing),
        of(Thing),
    ),
    "Object": (lambda s: stock.Object(5), lambda value, scoped: value == 5),
    "List": (lambda s: stock.List(s, s), lambda value, scoped: value == [scoped, scoped]),
    "Dict": (lambda s: stock.Dict(a=s), lambda value, scoped: value == {"a": scoped}),
    "Delegate": (
        stock.Delegate,
        lambda value, scoped: isinstance(value, providers.Scoped) and value() is scoped,
    ),
    "Selector": (
        lambda s: stock.Selector(lambda: "one", one=s, two=stock.Object(2)),
        lambda value, scoped: value is scoped,
    ),
    "Resource function": (
        lambda s: stock.Resource(lambda: "made"),
        lambda value, scoped: value == "made",
    ),
    "Resource generator": (
        lambda s: stock.Resource(start),
        lambda value, scoped: value == "started",
    ),
    "Resource class": (
        lambda s: stock.Resource(Started),
        lambda value, scoped: value == "initialised",
    ),
    "ContextLocalResource": (
        lambda s: stock.ContextLocalResource(start),
        lambda value, scoped: value == "started",
    ),
    "Dependency": (
        lambda s: stock.Dependency(default=s),
        lambda value, scoped: value is scoped,
    ),
    "Provided attribute": (
        lambda s: s.provided.args,
        lambda value, scoped: value == (),
    ),
    "Provided item": (
        lambda s: s.provided.kwargs["name"],
        lambda value, scoped: value == "scoped",
    ),
    "Provided call": (
        lambda s: s.provided.kwargs.get.call("none", 7),
        lambda value, scoped: value == 7,
    ),
    "our Factory": (lambda s: providers.Factory(Thing, s), with_scoped),
    "our Callable": (lambda s: providers.Callable(Thing, s), with_scoped),
    "our Object": (lambda s: providers.Object(5), lambda value, scoped: value == 5),
    "our Singleton": (lambda s: providers.Singleton(Thing), of(Thing)),
}


def container_with(make: Any) -> Any:
    scoped = providers.Scoped(Thing, name="scoped")
    tested = make(scoped)
    return type(
        "Application",
        (ScopedContainer,),
        {"scoped": scoped, "tested": tested, "held": providers.Scoped(Held, tested)},
    )


@pytest.mark.parametrize("name", MADE)
def test_alone_and_injected(name: str) -> None:
    make, is_right = MADE[name]
    cls = container_with(make)
    with cls() as app:
        for _ in range(2):
            with app.enter() as request:
                scoped = request.get(cls.scoped)
                held = request.get(cls.held)
                assert is_right(request.get(cls.tested), scoped)
                assert is_right(request.tested(), scoped)
                assert is_right(app.tested(), scoped)
                if "Delegated" in name:
                    assert held.args[0] is app.tested
                else:
                    assert is_right(held.args[0], scoped)
                assert held is request.get(cls.held)


@pytest.mark.parametrize("name", [n for n in MADE if "Delegate" not in n and "Provided" not in n])
def test_overridden(name: str) -> None:
    make, is_right = MADE[name]
    cls = container_with(make)
    app = cls()
    with app.tested.override(stock.Object("fake")), app, app.enter() as request:
        assert app.tested() == "fake"
        assert request.get(cls.tested) == "fake"
        assert request.get(cls.held).args == ("fake",)
    with app, app.enter() as request:
        assert is_right(request.get(cls.held).args[0], request.get(cls.scoped))


@pytest.mark.parametrize(
    "make",
    [
        lambda s: stock.Factory(Thing, s, key=1),
        lambda s: stock.Callable(Thing, s, key=1),
        lambda s: providers.Factory(Thing, s, key=1),
        lambda s: providers.Callable(Thing, s, key=1),
    ],
)
def test_with_arguments_of_the_call(make: Any) -> None:
    cls = container_with(make)
    with cls() as app, app.enter() as request:
        scoped = request.get(cls.scoped)
        made = app.tested("more", key=2, other=3)
        assert made.args == (scoped, "more")
        assert made.kwargs == {"key": 2, "other": 3}
        assert app.tested().kwargs == {"key": 1}


def test_arguments_that_are_forwarded_further_down() -> None:
    class Application(ScopedContainer):
        inner = providers.Factory(Thing, key=1)
        outer = providers.Factory(Thing, inner=inner)

    with Application() as app:
        assert app.outer(inner__key=2).kwargs["inner"].kwargs == {"key": 2}
        assert app.get(Application.outer).kwargs["inner"].kwargs == {"key": 1}


def test_aggregates_choose_by_the_callers_argument() -> None:
    class Application(ScopedContainer):
        scoped = providers.Scoped(Thing)
        one = stock.Factory(Thing, scoped)
        two = stock.Object(2)
        aggregate = stock.Aggregate(one=one, two=two)
        factories = stock.FactoryAggregate(one=one)
        held = providers.Scoped(Held, aggregate, factories)

    with Application() as app, app.enter() as request:
        scoped = request.get(Application.scoped)
        assert app.aggregate("one").args == (scoped,)
        assert app.aggregate("two") == 2
        aggregate, factories = request.get(Application.held).args
        assert aggregate("one").args == factories("one").args == (scoped,)


def test_configuration_is_read_at_each_use() -> None:
    class Application(ScopedContainer):
        config = providers.Configuration()
        held = providers.Scoped(Held, config.limit, config.name.as_(str.upper))

    app = Application()
    app.config.from_dict({"limit": 1, "name": "a"})
    with app:
        with app.enter() as request:
            assert request.get(Application.held).args == (1, "A")
        app.config.from_dict({"limit": 2})
        with app.enter() as request:
            assert request.get(Application.held).args == (2, "A")
            assert app.config.limit() == 2


def test_a_nested_container_resolves_scoped_objects_of_the_outer_one() -> None:
    class Application(ScopedContainer):
        scoped = providers.Scoped(Thing)
        inner = providers.Container(Inner, base=scoped)
        held = providers.Scoped(Held, inner.thing)

    with Application() as app, app.enter() as request:
        scoped = request.get(Application.scoped)
        assert request.get(Application.held).args[0].args == (scoped,)
        assert app.inner.thing().args == (scoped,)
        assert app.inner().thing().args == (scoped,)


def test_self_gives_the_container() -> None:
    class Application(ScopedContainer):
        itself = providers.Self()
        thing = providers.Factory(Thing, itself)

    with Application() as app:
        assert app.thing().args == (app,)


ABSTRACT = {
    stock.AbstractFactory: stock.Factory,
    stock.AbstractCallable: stock.Callable,
    stock.AbstractSingleton: stock.Singleton,
}


@pytest.mark.parametrize("abstract", ABSTRACT, ids=lambda abstract: abstract.__name__)
def test_an_abstract_provider_is_supplied_by_an_override(abstract: Any) -> None:
    class Application(ScopedContainer):
        supplied = abstract(Thing)
        held = providers.Scoped(Held, supplied)

    app = Application()
    app.supplied.override(ABSTRACT[abstract](Held))
    with app, app.enter() as request:
        assert type(request.get(Application.held).args[0]) is Held


DELEGATES: dict[Any, Any] = {
    stock.CallableDelegate: lambda: stock.Callable(Thing),
    stock.CoroutineDelegate: lambda: stock.Coroutine(coroutine),
    stock.FactoryDelegate: lambda: stock.Factory(Thing),
    stock.SingletonDelegate: lambda: stock.Singleton(Thing),
}


@pytest.mark.parametrize("base", [containers.DeclarativeContainer, ScopedContainer])
@pytest.mark.parametrize("delegate", DELEGATES, ids=lambda delegate: delegate.__name__)
def test_delegates_of_one_kind_fit_in_no_container(delegate: Any, base: Any) -> None:
    declared = type("Application", (base,), {"delegate": delegate(DELEGATES[delegate]())})
    with pytest.raises(TypeError):  # the stock container can't copy them
        declared()


def test_a_dependency_is_supplied_when_the_container_is_made() -> None:
    class Application(ScopedContainer):
        dependency = providers.Dependency(instance_of=Thing)
        held = providers.Scoped(Held, dependency)

    thing = Thing()
    with Application(dependency=thing) as app, app.enter() as request:
        assert request.get(Application.held).args == (thing,)


@pytest.mark.asyncio
async def test_stock_providers_of_async_objects_are_awaited() -> None:
    async def resource() -> AsyncIterator[str]:
        yield "resource"

    class Application(ScopedContainer):
        session = providers.ScopedResource(resource)
        coroutine = stock.Coroutine(coroutine, session)
        factory = stock.Factory(coroutine)
        through = stock.Factory(Thing, session)
        held = providers.Scoped(Held, coroutine, through)

    async with Application() as app, app.enter() as request:
        assert (await request.aget(Application.coroutine)).args == ("resource",)
        assert (await request.aget(Application.through)).args == ("resource",)
        assert (await app.through()).args == ("resource",)
        held = await request.aget(Application.held)
        assert held.args[0].args == held.args[1].args == ("resource",)


@pytest.mark.asyncio
async def test_a_stock_async_resource_is_started_and_stopped_with_the_application() -> None:
    log: list[str] = []

    async def resource() -> AsyncIterator[str]:
        log.append("open")
        yield "resource"
        log.append("close")

    class Application(ScopedContainer):
        resource_ = stock.Resource(resource)
        held = providers.Scoped(Held, resource_)

    app = Application()
    for _ in range(2):
        async with app, app.enter() as request:
            assert request.get(Application.held).args == ("resource",)
            assert log[-1] == "open"
        assert log[-1] == "close"
    assert log == ["open", "close"] * 2


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", [stock.Coroutine, stock.DelegatedCoroutine])
async def test_coroutine_providers_alone_injected_and_overridden(kind: Any) -> None:
    class Application(ScopedContainer):
        scoped = providers.Scoped(Thing)
        tested = kind(coroutine, scoped)
        held = providers.Scoped(Held, tested)

    app = Application()
    async with app, app.enter() as request:
        scoped = request.get(Application.scoped)
        assert (await request.aget(Application.tested)).args == (scoped,)
        assert (await app.tested()).args == (scoped,)
        assert (await app.tested("more")).args == (scoped, "more")
        held = await request.aget(Application.held)
        if kind is stock.DelegatedCoroutine:
            assert held.args[0] is app.tested
        else:
            assert held.args[0].args == (scoped,)
    with app.tested.override(stock.Object("fake")):
        async with app, app.enter() as request:
            assert await app.tested() == "fake"
            held = await request.aget(Application.held)
            assert held.args == ("fake" if kind is stock.Coroutine else app.tested,)


@pytest.mark.asyncio
async def test_a_choice_of_an_async_object_and_a_view_injects_the_view_itself() -> None:
    class Application(ScopedContainer):
        scoped = providers.Scoped(Thing)
        choice = stock.Selector(
            lambda: "view", made=stock.Coroutine(coroutine), view=stock.Delegate(scoped.provided)
        )
        held = providers.Scoped(Held, choice)

    async with Application() as app, app.enter() as request:
        held = await request.aget(Application.held)
        assert isinstance(held.args[0], stock.ProvidedInstance)


@pytest.mark.asyncio
async def test_an_abstract_coroutine_is_supplied_by_an_override() -> None:
    class Application(ScopedContainer):
        supplied = stock.AbstractCoroutine(coroutine)
        held = providers.Scoped(Held, supplied)

    app = Application()
    app.supplied.override(stock.Coroutine(coroutine, 1))
    async with app, app.enter() as request:
        assert (await request.aget(Application.held)).args[0].args == (1,)


def test_a_container_of_dependencies_is_supplied_when_the_container_is_made() -> None:
    class Application(ScopedContainer):
        gateways = providers.DependenciesContainer()
        held = providers.Scoped(Held, gateways.thing)

    with Application(gateways=Inner(base=stock.Object(5))) as app, app.enter() as request:
        assert request.get(Application.held).args[0].args == (5,)


STOCK = {
    name
    for name, value in vars(stock).items()
    if isinstance(value, type) and issubclass(value, stock.Provider)
}
ELSEWHERE = {
    "Aggregate", "FactoryAggregate", "Configuration", "ConfigurationOption",
    "TypedConfigurationOption", "Container", "DependenciesContainer", "Self", "Coroutine",
    "DelegatedCoroutine", "AbstractCoroutine",
}  # fmt: skip
"""Tested by tests of their own, here or among the stock faults."""
BASES = {"Provider", "BaseResource", "BaseSingleton", "ProvidedInstance", "ExternalDependency"}
"""What others derive from, a view of nothing yet, and another name."""


def test_every_stock_provider_is_tested_here() -> None:
    made = {type(make(providers.Scoped(Thing))).__name__ for make, _ in MADE.values()}
    kinds = {kind.__name__ for kind in (*ABSTRACT, *DELEGATES)}
    assert made | kinds | ELSEWHERE | BASES >= STOCK


def test_the_face_offers_everything_of_the_stock_module() -> None:
    assert set(dir(trunkline.providers)) >= STOCK
    ours = {"Scoped", "ScopedResource", "ScopeValue", "KeyedSingleton"}
    assert ours <= set(dir(trunkline.providers))


def test_inherited_containers_have_the_providers_of_their_bases() -> None:
    class Base(ScopedContainer):
        thing = providers.Scoped(Thing, "base")
        part = providers.Scoped(Thing)
        held = providers.Scoped(Held, part)

    class Application(Base):
        thing = providers.Scoped(Thing, "derived")

    with Application() as app, app.enter() as request:
        assert request.get(Application.thing).args == ("derived",)
        assert request.get(Base.held) is request.get(Application.held)
        assert isinstance(app, Base)
        assert not isinstance(app, Inner)


def test_changes_before_the_start_are_seen() -> None:
    class Application(ScopedContainer):
        thing = providers.Scoped(Thing, 1)
        single = providers.Singleton(Thing, 1)

    app = Application()
    app.program()
    app.thing.add_args(2)
    app.single.set_args(3)
    app.program()
    app.thing.add_attributes(mark="set")
    app.single.add_attributes(mark="set")
    with app, app.enter() as request:
        assert request.get(Application.thing).args == (1, 2)
        assert request.get(Application.thing).mark == "set"
        assert app.single().args == (3,)
        assert app.single().mark == "set"


def test_stock_scopes_and_ours_in_one_graph() -> None:
    class Application(ScopedContainer):
        session = providers.Scoped(Thing, scope=Scope.SESSION)
        listing = stock.List(session)
        held = providers.Scoped(Held, listing)

    with Application() as app, app.enter(scope=Scope.SESSION) as session, session.enter() as one:
        assert one.get(Application.held).args == ([session.get(Application.session)],)
