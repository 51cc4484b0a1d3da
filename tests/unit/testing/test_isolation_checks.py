"""The isolation checks find what is shared, show the way to it, and leave alone what may be."""

from __future__ import annotations

import contextvars
import decimal
import functools
import logging
import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar

import pytest

from trunkline import Scope, ScopedContainer, override, providers
from trunkline.testing import Allowed, assert_collected, assert_isolated


class User:
    def __init__(self, name: str) -> None:
        self.name = name


class Engine:
    def __init__(self, user: User, held: Any) -> None:
        self.user, self.held = user, held


class Slotted:
    __slots__ = ("held",)

    def __init__(self, held: Any) -> None:
        self.held = held


@dataclass(frozen=True)
class Frozen:
    held: Any


class SharedByClass:
    cache: ClassVar[dict[str, str]] = {}
    LIMITS: ClassVar[dict[str, int]] = {"runs": 3}


class Registry:
    def __init__(self) -> None:
        self.items: list[str] = []


class SharedObjectOfClass:
    registry = Registry()
    LIMITS = Registry()
    lock = threading.Lock()


class Noted(str):  # noqa: SLOT000  # what it keeps beside is what is tested
    note: Any


def noted(text: str, note: Any) -> Noted:
    made = Noted(text)
    made.note = note
    return made


def suspended() -> Iterator[None]:
    held = SHARED
    yield
    held.clear()


def delegating() -> Iterator[None]:
    yield from suspended()


def started(generator: Iterator[None]) -> Iterator[None]:
    next(generator)
    return generator


@functools.lru_cache
def kept_in_a_cache(user: str) -> list[str]:
    return [user]


SHARED: dict[str, str] = {"secret": "of ann"}
VARIABLE: contextvars.ContextVar[Any] = contextvars.ContextVar("variable", default=SHARED)


class Weakly:
    def __init__(self) -> None:
        self.state = "state"


WEAKLY = Weakly()


def scopes_holding(*held: Any) -> Iterator[tuple[Any, Any]]:
    makers = list(held)

    class Application(ScopedContainer):
        registry = providers.Singleton(dict)
        session = providers.Scoped(lambda r: {"registry": r}, registry, scope=Scope.SESSION)
        user = providers.ScopeValue(User)
        engine = providers.Scoped(lambda user: Engine(user, makers.pop(0)()), user)

    with Application() as app, app.enter(User("ann")) as a, app.enter(User("bob")) as b:
        a.engine()
        b.engine()
        yield a, b


def check(make: Any, **options: Any) -> None:
    for a, b in scopes_holding(make, make):
        assert_isolated(a, b, **options)


def enclosing(held: Any) -> Any:
    return lambda: held


def default(shared: Any = SHARED) -> Any:
    return shared


@pytest.mark.parametrize(
    ("make", "path"),
    [
        (lambda: SHARED, "a.engine.held is b.engine.held"),
        (lambda: {"x": [SHARED]}, "a.engine.held['x'][0] is b.engine.held['x'][0]"),
        (lambda: Slotted(SHARED), "a.engine.held.held is b.engine.held.held"),
        (lambda: Frozen((SHARED,)), "a.engine.held.held[0] is b.engine.held.held[0]"),
        (lambda: lambda: SHARED, None),
        (lambda: enclosing(SHARED), "a.engine.held.closure(held) is"),
        (lambda: default, "a.engine.held.__defaults__[0] is"),
        (lambda: partial(print, SHARED), "a.engine.held.args[0] is"),
        (lambda: SHARED.get, "a.engine.held.__self__ is b.engine.held.__self__"),
        (lambda: print, None),
        (lambda: Slotted(SHARED).__class__, None),
        (lambda: WEAKLY.__init__, "a.engine.held.__self__ is b.engine.held.__self__"),
        (lambda: weakref.ref(WEAKLY), "a.engine.held() is b.engine.held()"),
        (lambda: weakref.WeakValueDictionary(x=WEAKLY), "a.engine.held['x'] is"),
        (lambda: VARIABLE, "a.engine.held.get() is b.engine.held.get()"),
        (SharedByClass, "a.engine.held.cache is b.engine.held.cache"),
        (SharedObjectOfClass, "a.engine.held.registry is b.engine.held.registry"),
        (lambda: (x for x in [SHARED]), "a.engine.held.locals(.0).referents[0][0] is"),
        (lambda: started(delegating()), "a.engine.held.gi_yieldfrom.locals(held) is"),
        (lambda: map(str, [SHARED]), "a.engine.held.referents"),
        (SHARED.values, "a.engine.held.referents[0] is b.engine.held.referents[0]"),
        (lambda: MappingProxyType(SHARED), "a.engine.held is b.engine.held"),
        (lambda: ValueError(SHARED), "a.engine.held.referents"),
        (lambda: noted("text", SHARED), "a.engine.held.note is b.engine.held.note"),
        (lambda: weakref.WeakSet([WEAKLY]), "a.engine.held.data.member(ReferenceType)() is"),
        (lambda: weakref.WeakKeyDictionary({WEAKLY: 1}), ".keys(ReferenceType)() is"),
        (lambda: kept_in_a_cache, "a.engine.held is b.engine.held"),
    ],
)
def test_the_way_to_a_shared_object_is_shown(make: Any, path: str | None) -> None:
    if path is None:
        return check(make)
    with pytest.raises(AssertionError) as failed:
        check(make)
    assert path in str(failed.value)
    return None


@pytest.mark.parametrize(
    "make",
    [
        lambda: ("text", 1, b"", None, Scope.APP),
        lambda: logging.getLogger("shared"),
        lambda: Frozen("text"),
        lambda: {"own": []},
        lambda: object,
        lambda: frozenset({1}),
    ],
)
def test_what_can_not_change_may_be_shared(make: Any) -> None:
    check(make)


def test_what_the_container_declares_for_longer_is_theirs_to_share() -> None:
    """Stock singletons and resources, configurations, objects of a key that both have."""

    class Application(ScopedContainer):
        stock = providers.ThreadSafeSingleton(dict)
        resource = providers.Resource(lambda: {"opened": 1})
        given = providers.Object({"given": 1})
        config = providers.Configuration(default={"limits": {"runs": [3]}})
        user = providers.ScopeValue(User)
        tenant = providers.KeyedSingleton(
            lambda name: {"tenant": name}, user.provided.name, key=user.provided.name
        )
        engine = providers.Scoped(
            lambda *held: list(held), stock, resource, given, config.limits, config, tenant
        )

    with Application() as app, app.enter(User("ann")) as a, app.enter(User("ann")) as b:
        assert a.engine()[-1] is b.engine()[-1]
        assert_isolated(a, b)


def test_objects_of_different_keys_share_nothing() -> None:
    class Application(ScopedContainer):
        user = providers.ScopeValue(User)
        tenant = providers.KeyedSingleton(
            lambda _: Slotted(SHARED), user.provided.name, key=user.provided.name
        )

    with Application() as app, app.enter(User("ann")) as a, app.enter(User("bob")) as b:
        a.tenant(), b.tenant()
        with pytest.raises(AssertionError, match=r"a\.tenant\.held is b\.tenant\.held"):
            assert_isolated(a, b)


def test_a_context_that_was_copied_is_no_sharing_of_its_machinery() -> None:
    """Tasks hold copies of the context: of decimal arithmetic, and of an override around both."""

    class Application(ScopedContainer):
        other = providers.Singleton(dict)
        context = providers.Scoped(contextvars.copy_context)

    def check() -> None:
        decimal.getcontext()
        with Application() as app, override(app, {Application.other: dict}):
            app.other()
            with app.enter() as a, app.enter() as b:
                assert a.context() is not b.context()
                assert_isolated(a, b)

    contextvars.Context().run(check)  # other tests may have left something in this one


def test_what_is_allowed_has_a_reason() -> None:
    check(lambda: SHARED, allowed=[Allowed(SHARED, reason="read only")])
    check(lambda: WEAKLY, allowed=[Allowed(Weakly, reason="keeps nothing of users")])
    with pytest.raises(ValueError, match="say why"):
        Allowed(SHARED, reason=" ")


def test_what_a_scope_around_both_holds_is_theirs_to_share() -> None:
    class Application(ScopedContainer):
        registry = providers.Singleton(dict)
        session = providers.Scoped(lambda r: {"registry": r}, registry, scope=Scope.SESSION)
        user = providers.ScopeValue(User)
        engine = providers.Scoped(Engine, user, session)

    with Application() as app, app.enter(scope=Scope.SESSION) as session:
        with session.enter(User("ann")) as a, session.enter(User("bob")) as b:
            assert a.engine().held is b.engine().held
            assert_isolated(a, b)
        same = User("both")
        a, b = session.enter(same), session.enter(same)
        with a, b, pytest.raises(AssertionError, match=r"a\.user is b\.user"):
            assert_isolated(a, b)


KEPT: list[Any] = []


def test_an_object_that_outlives_its_scope_is_shown_with_its_holder() -> None:
    class Application(ScopedContainer):
        engine = providers.Scoped(Weakly)

    with Application() as app:
        scope = app.enter(ambient=False)
        scope.engine()
        with assert_collected(scope):
            scope.close()
        scope = app.enter(ambient=False)
        KEPT.append(scope.engine())
        with pytest.raises(AssertionError, match=r"engine \(Weakly\) is alive") as failed:  # noqa: SIM117
            with assert_collected(scope):
                scope.close()
        assert "builtins.list" in str(failed.value)
        assert "the global KEPT of module" in str(failed.value)
        KEPT.clear()
        with pytest.raises(AssertionError, match="is open"), assert_collected(app.enter()):
            pass


SLOTTED: list[Any] = []


def test_an_object_that_can_not_be_referred_to_weakly_is_watched_too() -> None:
    class Application(ScopedContainer):
        held = providers.Scoped(list)
        slotted = providers.Scoped(Slotted, held)

    with Application() as app:
        scope = app.enter(ambient=False)
        scope.slotted()
        with assert_collected(scope):
            scope.close()
            with app.enter(ambient=False) as next_one:  # which may come to lie in its place
                next_one.slotted()
        scope = app.enter(ambient=False)
        SLOTTED.append(scope.slotted())
        with pytest.raises(AssertionError, match=r"slotted \(Slotted\) is alive") as failed:  # noqa: SIM117
            with assert_collected(scope):
                scope.close()
        assert "the global SLOTTED of module" in str(failed.value)
        SLOTTED.clear()


def test_what_lives_longer_may_live_on() -> None:
    """Values that the scope was given, and objects that a key keeps for others."""

    class Application(ScopedContainer):
        user = providers.ScopeValue(User)
        tenant = providers.KeyedSingleton(Weakly, key=user.provided.name)
        engine = providers.Scoped(Engine, user, tenant)

    given = User("ann")
    with Application() as app:
        scope = app.enter(given, ambient=False)
        scope.engine()
        with assert_collected(scope):
            scope.close()
        assert given.name == "ann"
