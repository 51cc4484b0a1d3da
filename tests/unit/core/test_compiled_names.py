"""Names of users' classes, functions and providers never clash with those of compiled code."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from trunkline import OpenScope, Scope, ScopedContainer, providers
from trunkline.compiler.planner import RESERVED


class Thing:
    """Takes anything."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.args = args
        self.kwargs = kwargs


def container(**attributes: Any) -> Any:
    return type("Application", (ScopedContainer,), {"validate": False, **attributes})


def build(name: str, *args: Any) -> Any:
    """A class of that name."""
    return type(name, (Thing,), {})


ODD_NAMES = sorted(
    {
        *RESERVED, "RequestScope", "AppScope", "opened", "self", "value", "error",
        "print", "len", "__private", "_private", "__dunder__", "A_needed", "K_needed", "P_needed",
        "T_v_needed", "v_needed", "c_needed", "start_needed", "needed", "thing", "_exits", "_token",
        "_parent", "enter_first", "cls", "match", "type", "is_", "m_needed", "m_get", "m_enter",
    }
)  # fmt: skip


@pytest.mark.parametrize("name", ODD_NAMES)
def test_classes_may_have_any_name(name: str) -> None:
    cls = build(name)
    needed = providers.Scoped(Thing)
    single = providers.Singleton(Thing)
    app_cls = container(needed=needed, single=single, thing=providers.Scoped(cls, needed, single))
    with app_cls() as app, app.enter() as request:
        thing = request.get(app_cls.thing)
        assert type(thing) is cls
        assert thing.args == (request.get(app_cls.needed), app.single())


@pytest.mark.parametrize("name", [n for n in ODD_NAMES if not n.startswith("__")])
def test_providers_may_have_any_name(name: str) -> None:
    if name in dir(ScopedContainer) or name in ("cls", "self", "providers", "parent"):
        pytest.skip("an attribute of every container")
    needed = providers.Scoped(Thing)
    odd = providers.ScopedResource(Thing, needed, keep=Thing) if name != "needed" else needed
    attributes = {
        "needed": needed,
        "user": providers.ScopeValue(SimpleNamespace),
        name: odd,
        "holder": providers.Scoped(Thing, odd, needed, keep=odd),
    }
    app_cls = container(**attributes)
    with app_cls() as app, app.enter(SimpleNamespace()) as request:
        holder = request.get(app_cls.holder)
        assert holder.args[0] is request.get(getattr(app_cls, name)) is holder.kwargs["keep"]
        assert holder.args[1] is request.get(app_cls.needed)


@pytest.mark.parametrize(
    "names", [("thing_", "thing"), ("_thing", "thing", "thing_"), ("thing__", "thing_")]
)
def test_providers_are_asked_for_by_their_own_names(names: tuple[str, ...]) -> None:
    app_cls = container(**{name: providers.Scoped(build(name)) for name in names})
    with app_cls() as app, app.enter() as request:
        for name in names:
            if not name.startswith("_"):
                assert getattr(request, name)() is request.get(getattr(app_cls, name))


def test_what_a_scope_offers_is_reserved() -> None:
    offered = {name for name in dir(OpenScope) if not name.startswith(("_", "m_"))}
    assert offered <= RESERVED


def test_private_keywords_attributes_and_parts_are_not_mangled() -> None:
    box = providers.Object(SimpleNamespace(__hidden=7))
    hidden = providers.AttributeGetter(box.provided, "__hidden")
    app_cls = container(
        box=box,
        thing=providers.Scoped(Thing, hidden, __hidden=2),
        factory=providers.Factory(Thing).add_attributes(__hidden=3),
    )
    with app_cls() as app, app.enter() as request:
        assert request.get(app_cls.thing).args == (7,)
        assert request.get(app_cls.thing).kwargs == {"__hidden": 2}
        assert vars(request.get(app_cls.factory))["__hidden"] == 3


def test_keywords_that_are_no_names_are_passed() -> None:
    app_cls = container(thing=providers.Scoped(Thing, **{"not a name": 1, "class": 2, "ok": 3}))
    with app_cls() as app, app.enter() as request:
        assert request.get(app_cls.thing).kwargs == {"not a name": 1, "class": 2, "ok": 3}


CONSTANTS: list[object] = [
    0, -1, 5, 10**30, True, False, None, "", "it's", 'a "b"', "\n\\", "\ud800", 1.5, -0.0, b"x",
    (), (1,), [1], {"a": 1}, {1}, Thing, len, float("inf"), float("nan"), ...,
]  # fmt: skip


@pytest.mark.parametrize("constant", CONSTANTS, ids=repr)
def test_constants_arrive_as_they_are(constant: object) -> None:
    app_cls = container(
        direct=providers.Scoped(Thing, constant, key=constant),
        constant=providers.Object(constant),
    )
    app_cls.by_name = providers.Scoped(Thing, app_cls.constant, key=app_cls.constant)
    with app_cls() as app, app.enter() as request:
        direct = request.get(app_cls.direct)
        assert repr(direct.args) == repr((constant,))
        assert type(direct.kwargs["key"]) is type(constant)
        by_name = request.get(app_cls.by_name)
        for arrived in (by_name.args[0], request.get(app_cls.constant), request.constant()):
            same = arrived == constant and type(arrived) is type(constant)
            assert arrived is constant or (type(constant) in (int, str) and same)


@pytest.mark.parametrize("number", [5, -5, True])
def test_parts_of_numbers_can_be_read(number: int) -> None:
    box = providers.Object(number)
    app_cls = container(
        box=box,
        thing=providers.Scoped(
            Thing, box.provided.real, box.provided.bit_length.call(), box.provided.__class__
        ),
    )
    with app_cls() as app, app.enter() as request:
        assert request.get(app_cls.thing).args[:2] == (number, number.bit_length())


def test_a_factory_that_fills_two_arguments_makes_two_objects() -> None:
    def numbers() -> Iterator[int]:
        yield from range(100)

    source = numbers()
    fresh = providers.Factory(lambda: next(source))
    shared = providers.Scoped(lambda: next(source))
    app_cls = container(
        fresh=fresh,
        shared=shared,
        thing=providers.Scoped(Thing, fresh, fresh, shared, a=fresh, b=shared),
    )
    with app_cls() as app, app.enter() as request:
        thing = request.get(app_cls.thing)
        assert thing.args == (0, 1, 2)
        assert thing.kwargs == {"a": 3, "b": 2}


def test_scopes_of_the_same_look_and_any_name() -> None:
    for name in ("A", "a", "REQUEST", "My_Scope", "É"):
        from trunkline.scopes import BaseScope

        chain: Any = BaseScope("Chain", {"OUTER": 1, name: 2})  # type: ignore[call-overload]  # the functional form
        app_cls = container(scopes=chain, thing=providers.Scoped(Thing))
        with app_cls() as app, app.enter() as inner:
            assert isinstance(inner.get(app_cls.thing), Thing)
            assert inner.scope is chain[name]


def test_a_class_named_like_an_inner_scope_class_can_be_a_session_object() -> None:
    cls = build("SessionScope")
    app_cls = container(thing=providers.Scoped(cls, scope=Scope.SESSION))
    with app_cls() as app, app.enter(scope=Scope.SESSION) as session, session.enter() as request:
        assert type(request.get(app_cls.thing)) is cls
        assert type(request.thing()) is cls
