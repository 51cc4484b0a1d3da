"""What the graph says of a container's providers is what a program then does with them."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from dependency_injector import providers as stock

from trunkline import Scope, ScopedContainer, providers
from trunkline.errors import ResourceProtocolError
from trunkline.graph import Kind


class User:
    def __init__(self, name: str = "u") -> None:
        self.name = name


class Connection:
    pass


class Service:
    def __init__(self, *parts: Any) -> None:
        self.parts = parts


class Inner(ScopedContainer):
    connection = providers.Dependency()
    repository = providers.Scoped(Service, connection)


def kinds(container: type[ScopedContainer], **given: Any) -> list[tuple[str, str]]:
    """The checks that find a fault, each with the provider at fault."""
    return [(finding.check, finding.subject) for finding in container(**given).findings()]


# a provider that another one answers for


@pytest.mark.parametrize("kind", [providers.Singleton, providers.Scoped, stock.Singleton])
def test_a_dependency_filled_by_a_provider_of_the_same_container_is_that_provider(
    kind: Any,
) -> None:
    class Outer(ScopedContainer):
        connection = kind(Connection)
        inner = providers.Container(Inner, connection=connection)
        service = providers.Scoped(Service, connection, inner.repository)

    with Outer() as app, app.enter() as scope:
        own, repository = scope.get(Outer.service).parts
        assert repository.parts[0] is own
        assert scope.get(Outer.inner.connection) is own
        node = app.graph()["inner.connection"]
        assert (node.kind, node.scope) == (Kind.VIEW, None)
        assert [edge.target for edge in node.dependencies] == ["connection"]


def test_a_resource_behind_a_dependency_is_opened_and_closed_once() -> None:
    log: list[str] = []

    def connect() -> Iterator[Connection]:
        log.append("open")
        yield Connection()
        log.append("close")

    class Outer(ScopedContainer):
        connection = providers.ScopedResource(connect)
        inner = providers.Container(Inner, connection=connection)
        service = providers.Scoped(Service, connection, inner.repository)

    with Outer() as app, app.enter() as scope:
        scope.get(Outer.service)
    assert log == ["open", "close"]


def test_a_scope_value_behind_a_dependency_is_given_once() -> None:
    class Outer(ScopedContainer):
        user = providers.ScopeValue(User)
        inner = providers.Container(Inner, connection=user)
        service = providers.Scoped(Service, inner.repository)

    assert kinds(Outer) == []
    user = User()
    with Outer() as app, app.enter(user) as scope:
        assert scope.get(Outer.service).parts[0].parts == (user,)


def test_containers_that_share_gateways_share_their_objects() -> None:
    class Gateways(ScopedContainer):
        database = providers.Scoped(Connection)

    class Services(ScopedContainer):
        gateways = providers.DependenciesContainer()
        service = providers.Scoped(Service, gateways.database)

    class Outer(ScopedContainer):
        gateways = providers.Container(Gateways)
        services = providers.Container(Services, gateways=gateways)

    with Outer() as app, app.enter() as scope:
        assert scope.get(Outer.services.service).parts[0] is scope.get(Outer.gateways.database)


def test_a_provider_that_fills_two_dependencies_is_described_once() -> None:
    class Outer(ScopedContainer):
        first = providers.Dependency()
        second = providers.Dependency()
        service = providers.Scoped(Service, first, second)

    shared = providers.Scoped(Connection)
    with Outer(first=shared, second=shared) as app, app.enter() as scope:
        first, second = scope.get(Outer.service).parts
        assert first is second


def test_a_provider_overridden_by_another_of_its_container_shares_its_object() -> None:
    class Outer(ScopedContainer):
        old = providers.Scoped(Connection)
        new = providers.Scoped(Connection)
        service = providers.Scoped(Service, old, new)

    app = Outer()
    app.old.override(app.new)
    with app, app.enter() as scope:
        old, new = scope.get(Outer.service).parts
        assert old is new


# who keeps an object longer than what it is made from


SINGLETONS = [
    stock.Singleton,
    stock.ThreadSafeSingleton,
    stock.ThreadLocalSingleton,
    stock.ContextLocalSingleton,
    stock.DelegatedSingleton,
    stock.DelegatedThreadSafeSingleton,
    stock.DelegatedThreadLocalSingleton,
]


@pytest.mark.parametrize("kind", SINGLETONS)
def test_no_singleton_of_any_kind_may_hold_a_users_object(kind: Any) -> None:
    class Application(ScopedContainer):
        user = providers.ScopeValue(User)
        service = kind(Service, user)

    assert kinds(Application) == [("captive-dependency", "service")]


@pytest.mark.parametrize(
    ("kind", "captive"),
    [
        (stock.ThreadLocalSingleton, ["service"]),
        (stock.ContextLocalSingleton, ["service", "thread"]),
        (stock.DelegatedThreadLocalSingleton, []),  # injected itself
    ],
)
def test_no_singleton_of_all_may_hold_what_one_thread_or_context_has(
    kind: Any, captive: list[str]
) -> None:
    class Application(ScopedContainer):
        connection = kind(Connection)
        service = providers.Singleton(Service, stock.Factory(Service, connection.provided.parts))
        thread = stock.ThreadLocalSingleton(Service, connection)
        user = providers.Scoped(Service, connection)
        later = providers.Singleton(Service, connection.provider)

    assert kinds(Application) == [("captive-dependency", name) for name in captive]


def test_a_resource_of_a_context_is_none_of_the_application() -> None:
    class Application(ScopedContainer):
        session = stock.ContextLocalResource(Connection)
        service = providers.Singleton(Service, session)

    assert kinds(Application) == [("captive-dependency", "service")]


@pytest.mark.parametrize("kind", [providers.Factory, providers.Singleton, providers.Scoped])
def test_a_provider_may_call_what_is_read_from_another(kind: Any) -> None:
    """Such a view answers any name and any item: the look behind it went on for ever."""

    class Application(ScopedContainer):
        service = providers.Singleton(Service, "part")
        part = kind(service.provided.parts.index.call("part"))

    with Application() as app, app.enter() as scope:
        assert scope.get(Application.part) == 0


def test_looking_at_what_a_provider_calls_makes_nothing() -> None:
    made: list[Service] = []

    class Application(ScopedContainer):
        service = providers.Singleton(lambda: made.append(Service("part")) or made[-1])
        part = providers.Factory(service.provided.parts.index.call("part"))

    assert Application().findings() == []
    assert made == []


def test_an_abstract_singleton_counts_as_what_overrides_it() -> None:
    class Application(ScopedContainer):
        user = providers.ScopeValue(User)
        service = providers.AbstractSingleton(Service)
        service.override(stock.ThreadLocalSingleton(Service, user))

    assert kinds(Application) == [("captive-dependency", "service")]


def test_a_thread_local_singleton_still_gives_each_thread_its_own() -> None:
    class Application(ScopedContainer):
        connection = stock.ThreadLocalSingleton(Connection)
        service = providers.Scoped(Service, connection)

    def used() -> list[Any]:
        found = []
        for _ in range(2):
            with app.enter() as scope:
                found.append(scope.get(Application.service).parts[0])
        return found

    with Application() as app, ThreadPoolExecutor(1) as pool:
        here, there = used(), pool.submit(used).result()
    assert here[0] is here[1]
    assert there[0] is there[1]
    assert here[0] is not there[0]


def test_a_keyed_singleton_may_not_hold_what_another_user_with_its_key_would_get() -> None:
    class Application(ScopedContainer):
        user = providers.ScopeValue(User)
        scoped = providers.Scoped(Service, user)
        whole = providers.KeyedSingleton(Service, user, key=user.provided.name)
        part = providers.KeyedSingleton(Service, user.provided.mail, key=user.provided.name)
        behind = providers.KeyedSingleton(
            Service, providers.Factory(Service, scoped), key=user.provided.name
        )

    assert kinds(Application) == [
        ("captive-dependency", "whole"),
        ("captive-dependency", "part"),
        ("captive-dependency", "behind"),
    ]


def test_a_keyed_singleton_may_be_built_from_its_key_and_from_what_lives_longer() -> None:
    class Application(ScopedContainer):
        user = providers.ScopeValue(User)
        name = user.provided.name
        connection = providers.Singleton(Connection)
        again = providers.KeyedSingleton(
            Service, user.provided.name, connection, key=user.provided.name
        )
        from_name = providers.KeyedSingleton(
            Service, name, providers.Factory(Service, name), connection, key=name
        )
        itself = providers.KeyedSingleton(Service, user, key=user)
        later = providers.KeyedSingleton(Service, user.provider, key=name)

    assert kinds(Application) == []
    with Application() as app, app.enter(User("a")) as scope:
        assert scope.get(Application.again).parts[0] == "a"
        assert scope.get(Application.from_name).parts[1].parts == ("a",)


# what can't make an object


def test_what_lacks_something_to_make_an_object_with_is_found() -> None:
    class Application(ScopedContainer):
        undefined = providers.Dependency()
        factory = providers.AbstractFactory(Service)
        singleton = providers.AbstractSingleton(Service)
        scoped = providers.Scoped()
        made = providers.Factory()
        opened = providers.Resource()
        user = providers.ScopeValue(User, scope=Scope.APP)
        greeting = providers.Singleton(Service, user)

    findings = Application().findings()
    assert [(finding.check, finding.subject) for finding in findings] == [
        ("undefined-dependency", "undefined"),
        ("abstract-provider", "factory"),
        ("abstract-provider", "singleton"),
        ("nothing-provided", "scoped"),
        ("nothing-provided", "made"),
        ("nothing-provided", "opened"),
        ("value-without-giver", "user"),
    ]
    assert all(finding.location and finding.remedy for finding in findings)
    assert "providers.Object" in findings[-1].remedy


def test_what_is_supplied_from_outside_lacks_nothing() -> None:
    class Application(ScopedContainer):
        filled = providers.Dependency()
        default = providers.Dependency(default=providers.Object(1))
        factory = providers.AbstractFactory(Service)
        factory.override(providers.Factory(Service))
        singleton = providers.AbstractSingleton(Service)
        singleton.override(providers.Singleton(Service))

    assert kinds(Application, filled=providers.Singleton(Connection)) == []


# names


def test_the_graph_says_what_each_provider_gives_in_the_words_of_its_declaration() -> None:
    class Application(ScopedContainer):
        __self__ = providers.Self()
        user = providers.ScopeValue(User)
        name = user.provided.name
        first = user.provided.names["first"].strip.call()
        keyed = providers.KeyedSingleton(Connection, key=name)
        opened = providers.Resource(Connection)
        inner = providers.Container(Inner, connection=opened)
        service = providers.Scoped(Service, __self__, inner.repository)

    nodes = Application().graph().nodes
    assert nodes["name"].provides == "user.name"
    assert nodes["first"].provides == "user.names[first].strip()"
    assert nodes["keyed"].provides == f"{__name__}.Connection"
    assert nodes["opened"].provides == f"{__name__}.Connection"
    assert nodes["inner.connection"].provides == "opened"
    assert nodes["service"].dependencies[0].target == "self"


# how a resource is opened


class Manager:
    def __enter__(self) -> str:
        return "entered"

    def __exit__(self, *error: object) -> None:
        pass


def make_manager():  # type: ignore[no-untyped-def]  # the missing annotation is the case
    return Manager()


def traced(function: Any) -> Any:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return call


@traced
def generator() -> Iterator[str]:
    yield "yielded"


@traced
async def coroutine() -> str:
    return "awaited"


@traced
async def async_generator() -> AsyncIterator[str]:
    yield "yielded"


@traced
@contextlib.contextmanager
def manager() -> Iterator[str]:
    yield "entered"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        (providers.ScopedResource(generator), "yielded"),
        (providers.ScopedResource(async_generator), "yielded"),
        (providers.ScopedResource(coroutine), "awaited"),
        (providers.ScopedResource(manager), "entered"),
        (providers.Scoped(coroutine), "awaited"),
        (providers.Factory(coroutine), "awaited"),
        (providers.KeyedSingleton(generator, key=providers.Object("a")), "yielded"),
        (providers.KeyedSingleton(async_generator, key=providers.Object("a")), "yielded"),
        (providers.KeyedSingleton(coroutine, key=providers.Object("a")), "awaited"),
    ],
)
async def test_a_wrapped_function_is_used_as_what_it_wraps(provider: Any, expected: str) -> None:
    class Application(ScopedContainer):
        made = provider

    async with Application() as app, app.enter() as scope:
        assert await scope.aget(Application.made) == expected


@pytest.mark.parametrize("make", [make_manager, lambda: (part for part in "ab")])
def test_a_resource_that_nobody_opened_is_refused(make: Any) -> None:
    class Application(ScopedContainer):
        made = providers.ScopedResource(make)

    with Application() as app, app.enter() as scope:
        with pytest.raises(ResourceProtocolError, match="made is a resource") as caught:
            scope.get(Application.made)
        assert "annotate" in str(caught.value)


def test_an_annotated_context_manager_is_entered_and_a_scoped_one_is_not() -> None:
    def make() -> Manager:
        return Manager()

    class Application(ScopedContainer):
        annotated = providers.ScopedResource(make)
        plain = providers.Scoped(make_manager)

    with Application() as app, app.enter() as scope:
        assert scope.get(Application.annotated) == "entered"
        assert isinstance(scope.get(Application.plain), Manager)
