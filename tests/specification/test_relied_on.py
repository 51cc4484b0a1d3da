"""What trunkline relies on in dependency-injector, fact by fact, on whichever version is installed.

``trunkline.introspection`` says it in one place. These tests know nothing of trunkline: where one
of them fails on another version, that fact has to be relied on no more.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from dependency_injector import containers, resources
from dependency_injector import providers as stock


class Thing:
    """Takes anything."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.args, self.kwargs = args, kwargs


def generate() -> Iterator[Thing]:
    yield Thing()


async def generate_async() -> AsyncIterator[Thing]:
    yield Thing()


OBJECT: Any = stock.Object(1)

MAKERS = [
    stock.Factory,
    stock.Singleton,
    stock.ThreadSafeSingleton,
    stock.ThreadLocalSingleton,
    stock.ContextLocalSingleton,
]


@pytest.mark.parametrize("kind", [*MAKERS, stock.Callable, stock.Resource])
def test_what_makes_objects_shows_what_it_calls_and_with_what(kind: Any) -> None:
    provider = kind(Thing, OBJECT, 2, key=OBJECT)
    assert provider.provides is Thing
    assert (provider.args, provider.kwargs) == ((OBJECT, 2), {"key": OBJECT})


@pytest.mark.parametrize("kind", MAKERS)
def test_what_makes_objects_shows_the_attributes_that_it_sets(kind: Any) -> None:
    provider = kind(Thing)
    provider.add_attributes(mark=OBJECT)
    assert provider.attributes == {"mark": OBJECT}


def test_collections_and_choices_show_their_providers() -> None:
    assert stock.List(OBJECT, 2).args == (OBJECT, 2)
    assert stock.Dict(key=OBJECT).kwargs == {"key": OBJECT}
    selector: Any = stock.Selector(OBJECT, one=OBJECT)
    assert (selector.selector, selector.providers) == (OBJECT, {"one": OBJECT})
    aggregate: Any = stock.Aggregate(one=stock.Factory(Thing))
    assert [*aggregate.providers] == ["one"]


def test_views_show_what_they_read_and_lead_to_it() -> None:
    single: Any = stock.Singleton(Thing)
    instance = single.provided
    attribute, item, called = instance.name, instance["key"], instance.method.call(1, key=OBJECT)
    assert type(instance) is stock.ProvidedInstance
    assert instance.provides is single
    assert (type(attribute), attribute.name) == (stock.AttributeGetter, "name")
    assert (type(item), item.name) == (stock.ItemGetter, "key")
    assert (type(called), called.args, called.kwargs) == (stock.MethodCaller, (1,), {"key": OBJECT})
    assert attribute.provides is item.provides is instance
    assert type(called.provides) is stock.AttributeGetter
    assert [*attribute.related] == [instance]
    assert [*instance.related] == [single]


def test_what_is_injected_as_a_provider_is_told_from_the_rest() -> None:
    single: Any = stock.Singleton(Thing)
    assert type(single.provider) is stock.Delegate
    assert single.provider.provides is single.provider() is single
    delegated = stock.DelegatedSingleton(Thing)
    assert stock.is_delegated(delegated)
    assert stock.Factory(Thing, delegated)().args == (delegated,)
    assert not stock.is_delegated(single)
    assert not stock.is_delegated(1)


def test_a_dependency_shows_its_default_and_what_fills_it() -> None:
    empty: Any = stock.Dependency()
    assert empty.default is None
    assert empty.last_overriding is None
    assert stock.Dependency(default=OBJECT).default is OBJECT
    empty.override(OBJECT)
    assert empty.last_overriding is OBJECT


def test_overrides_are_shown_in_order_and_the_last_one_answers() -> None:
    single: Any = stock.Singleton(Thing)
    first, second = stock.Object(1), stock.Object(2)
    single.override(first)
    single.override(second)
    assert single.overridden == (first, second)
    assert single.last_overriding is second
    assert single() == 2
    assert isinstance(single._provide((), {}), Thing), "the provider itself"
    single.reset_last_overriding()
    assert single() == 1
    single.reset_override()
    assert single.overridden == ()


class Seen(stock.Factory[Any]):
    """A subclass in Python: made without arguments by copies, asked through ``_provide``."""

    def __init__(self, provides: Any = None, *args: Any, **kwargs: Any) -> None:
        self.calls: list[str] = []
        super().__init__(provides, *args, **kwargs)

    def _provide(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return "ours"

    def set_args(self, *args: Any) -> Any:
        self.calls.append("set_args")
        return super().set_args(*args)

    def override(self, provider: Any) -> Any:
        self.calls.append("override")
        return super().override(provider)

    def reset_last_overriding(self) -> None:
        self.calls.append("reset_last_overriding")
        super().reset_last_overriding()


def test_a_subclass_answers_by_its_own_method_also_where_it_is_injected() -> None:
    seen = Seen(Thing)
    assert seen() == "ours"
    assert stock.Factory(Thing, seen)().args == ("ours",)
    assert stock.List(seen)() == ["ours"]


def test_a_subclass_sees_changes() -> None:
    seen = Seen(Thing)
    seen.calls.clear()
    seen.set_args(1)
    with seen.override(OBJECT):
        assert seen() == 1
    assert seen.calls == ["set_args", "override", "reset_last_overriding"]


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (stock.Provider, "override"),
        (stock.Provider, "reset_last_overriding"),
        (stock.Provider, "reset_override"),
        (stock.Container, "apply_overridings"),
        (containers.DeclarativeContainer, "__new__"),
    ],
)
def test_a_class_shows_the_methods_by_which_tests_see_what_is_overridden(
    owner: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are attributes of the very class, and the interpreter asks it for them."""
    plain = vars(owner)[name]
    asked: list[str] = []

    def extended(*args: Any, **kwargs: Any) -> Any:
        asked.append(name)
        return getattr(plain, "__func__", plain)(*args, **kwargs)

    monkeypatch.setattr(owner, name, staticmethod(extended) if name == "__new__" else extended)

    class Inner(containers.DeclarativeContainer):
        thing = stock.Object(1)

    class Outer(containers.DeclarativeContainer):
        inner = stock.Container(Inner, thing=stock.Object(2))

    outer = Outer()
    outer.inner.thing.override(stock.Object(3))
    outer.inner.thing.reset_last_overriding()
    outer.inner.thing.reset_override()
    assert name in asked


def test_copies_are_made_without_arguments_and_kept_in_the_memo() -> None:
    inner = Seen(Thing)
    outer = stock.Factory(Thing, inner, inner)
    memo: dict[int, Any] = {}
    copied = copy.deepcopy(outer, memo)
    first, second = copied.args
    assert first is second
    assert first is not inner
    assert type(first) is Seen
    assert first.provides is Thing
    known: Any = stock.Object(3)
    assert stock.deepcopy(outer, {id(inner): known}).args == (known, known)


def test_a_resource_keeps_the_function_that_it_wraps() -> None:
    assert inspect.isasyncgenfunction(inspect.unwrap(stock.Resource(generate_async).provides))

    class Connected(resources.AsyncResource[Thing]):
        async def init(self) -> Thing:
            return Thing()

    assert inspect.unwrap(stock.Resource(Connected).provides) is Connected


def test_a_resource_is_started_and_stopped_by_its_own_methods() -> None:
    resource: Any = stock.Resource(generate)
    made = resource.init()
    assert resource.initialized
    assert resource() is made
    resource.shutdown()
    assert not resource.initialized


class Instance(containers.DynamicContainer):
    """What a declared container makes."""


class Inner(containers.DeclarativeContainer):
    """Nested in the other."""

    thing = stock.Factory(Thing)


class Declared(containers.DeclarativeContainer):
    """One of everything that a container's own structure has."""

    instance_type = Instance
    __self__ = stock.Self()
    single = stock.Singleton(Thing)
    user = stock.Factory(Thing, single)
    inner = stock.Container(Inner)
    config = stock.Configuration()


class Derived(Declared):
    """Gives a name to another provider."""

    single = stock.Singleton(Thing, 2)


def test_an_instance_is_of_the_class_that_the_declared_one_names() -> None:
    instance: Any = Declared()
    assert type(instance) is Instance
    assert instance.declarative_parent is Declared


def test_an_instance_has_copies_of_the_providers_and_of_what_they_refer_to() -> None:
    instance: Any = Declared()
    assert [*instance.providers] == [*Declared.providers]
    assert instance.single is not Declared.single
    assert instance.user.args == (instance.single,)
    assert instance.inner.container.providers["thing"] is instance.inner.thing


def test_each_declared_class_has_providers_of_its_own_by_name() -> None:
    assert vars(Declared)["providers"]["single"] is Declared.single is vars(Declared)["single"]
    assert vars(Derived)["providers"]["single"] is Derived.single
    assert Derived.providers["user"] is Declared.user


def test_options_of_a_configuration_answer_every_name() -> None:
    """Which is why nothing asks an instance with ``hasattr`` or ``getattr``."""
    config: Any = stock.Configuration()
    assert isinstance(config.any_name.another, stock.ConfigurationOption)
    assert isinstance(stock.Singleton(Thing).provided.provides, stock.Singleton)
