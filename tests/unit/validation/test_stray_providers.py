"""An object that is another provider's than one thinks is found before anything is built."""

from __future__ import annotations

import re
from typing import Any

import pytest

from trunkline import ScopedContainer, providers
from trunkline.errors import GraphError


class Pool:
    pass


class Wrapped(Pool):
    def __init__(self, pool: Pool) -> None:
        self.pool = pool


class Engine:
    def __init__(self, pool: Pool) -> None:
        self.pool = pool


class Other(ScopedContainer):
    pool = providers.Singleton(Pool)
    settings = providers.Object(3)
    wrapped = providers.Factory(Wrapped, pool)


class Base(ScopedContainer):
    pool = providers.Singleton(Pool)
    engine = providers.Scoped(Engine, pool)


def kinds(container: type[ScopedContainer]) -> list[tuple[str, str]]:
    return [(finding.check, finding.subject) for finding in container().findings()]  # type: ignore[attr-defined]  # of instances


def test_a_provider_of_another_container_is_found_with_all_who_use_it() -> None:
    class Application(ScopedContainer):
        engine = providers.Scoped(Engine, Other.pool)
        second = providers.Scoped(Engine, Other.pool)

    app: Any = Application()
    (finding,) = app.findings()
    assert (finding.check, finding.subject) == ("other-container", "engine")
    assert finding.message == (
        "engine is made from Other.pool, a provider of another container: Application copies it "
        "and makes objects of its own by it"
    )
    hops = [re.sub(r" \S*:\d+$", " here", hop) for hop in finding.hops]
    assert hops == ["engine uses it  here", "second uses it  here", "Other.pool  here"]
    assert finding.location == app.graph()["engine"].location
    with pytest.raises(GraphError, match=r"providers\.Container\(Other\)"):
        app.__enter__()


def test_one_behind_a_factory_of_another_container_is_found() -> None:
    class Application(ScopedContainer):
        engine = providers.Scoped(Engine, Other.wrapped)

    assert kinds(Application) == [("other-container", "engine[0]")]


def test_what_keeps_no_objects_may_come_from_anywhere() -> None:
    class Application(ScopedContainer):
        engine = providers.Scoped(Engine, Other.settings)

    class Untyped(ScopedContainer):
        engine = providers.Scoped(lambda settings: settings, Other.settings)

    assert ("other-container", "engine") not in kinds(Application)
    assert kinds(Untyped) == []


def test_a_nested_container_shares_its_providers() -> None:
    class Application(ScopedContainer):
        other = providers.Container(Other)
        engine = providers.Scoped(Engine, other.pool)

    assert kinds(Application) == []


def test_what_fills_a_dependency_of_a_nested_container_is_no_stray() -> None:
    class Inner(ScopedContainer):
        pool = providers.Dependency()
        engine = providers.Scoped(Engine, pool)

    class Application(ScopedContainer):
        pool = providers.Singleton(Pool)
        inner = providers.Container(Inner, pool=pool)

    assert kinds(Application) == []


def test_a_name_that_a_subclass_gives_to_another_provider_is_found_where_the_old_one_is_used() -> (
    None
):
    class Derived(Base):
        pool = providers.Singleton(Wrapped, Other.settings)

    found = [f for f in Derived().findings() if f.check == "shadowed-provider"]  # type: ignore[attr-defined]  # of instances
    (finding,) = found
    assert finding.subject == "engine"
    assert finding.message == (
        "engine is made from Base.pool, not from the pool that Derived declares in its place"
    )
    hops = [re.sub(r" \S*:\d+$", " here", hop) for hop in finding.hops]
    assert hops == ["engine uses it  here", "Base.pool  here", "Derived.pool  here"]


def test_a_subclass_may_wrap_what_it_replaces_for_those_that_it_declares_anew() -> None:
    class Derived(Base):
        pool = providers.Singleton(Wrapped, Base.pool)
        engine = providers.Scoped(Engine, pool)

    assert kinds(Derived) == []
    with Derived() as app, app.enter() as request:
        engine = request.get(Derived.engine)
        assert isinstance(engine.pool, Wrapped)


def test_a_subclass_that_wraps_what_others_go_on_using_is_told() -> None:
    class Derived(Base):
        pool = providers.Singleton(Wrapped, Base.pool)

    assert kinds(Derived) == [("shadowed-provider", "engine")]


def test_an_override_by_a_provider_of_another_container_is_meant() -> None:
    app: Any = Base()
    app.pool.override(Other.pool)
    assert app.findings() == []
    app.pool.reset_override()


def test_a_subclass_that_changes_nothing_has_no_strays() -> None:
    class Derived(Base):
        second = providers.Scoped(Engine, Base.pool)

    assert kinds(Derived) == []
