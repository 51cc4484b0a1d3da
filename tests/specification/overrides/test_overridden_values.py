"""Scope values can be overridden: scopes are opened as before, and everyone gets the fake."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from trunkline import Scope, ScopedContainer, providers
from trunkline.errors import OverrideError, ScopeValueError
from trunkline.overrides import override


class User:
    def __init__(self, name: str) -> None:
        self.name = name

    def greet(self) -> str:
        return self.name


class Admin(User):
    def __init__(self, greeting: str) -> None:
        super().__init__(f"admin, {greeting}")


class Locale:
    def __init__(self, code: str) -> None:
        self.code = code


class Page:
    def __init__(self, user: User, locale: Locale) -> None:
        self.user, self.locale = user, locale


class Application(ScopedContainer):
    greeting = providers.Singleton(lambda: "hello")
    user = providers.ScopeValue(User)
    locale = providers.ScopeValue(Locale)
    visit = providers.ScopeValue(int, scope=Scope.STEP)
    page = providers.Scoped(Page, user, locale)
    step = providers.Scoped(lambda page, visit: (page, visit), page, visit, scope=Scope.STEP)


@pytest.fixture
def app() -> Iterator[Any]:
    with Application() as started:
        yield started


def test_a_scope_is_opened_as_before_and_everyone_gets_the_fake(app: Any) -> None:
    ann, bob, french = User("ann"), User("bob"), Locale("fr")
    with app.enter(ann, french) as before, override(app, {Application.user: bob}):
        assert before.page().user is before.user() is before.get(Application.user) is bob
        assert before.page().locale is french
        with app.enter(french, ann) as inside, inside.enter(7) as step:
            assert inside.page().user is app.user() is bob
            assert step.step() == (inside.page(), 7)
        with app.enter(given={Application.user: ann, Application.locale: french}) as named:
            assert named.page().user is bob
    with app.enter(ann, french) as after:
        assert after.page().user is ann


def test_a_scope_that_was_opened_inside_has_the_value_it_was_given_afterwards(app: Any) -> None:
    ann, bob = User("ann"), User("bob")
    with override(app, {Application.user: bob}):
        scope = app.enter(ann, Locale("fr"), ambient=False)
        assert scope.page().user is bob
    assert scope.user() is ann
    assert scope.page().user is ann
    scope.close()


def test_what_is_given_is_checked_as_before(app: Any) -> None:
    with override(app, {Application.user: User("bob")}, strict=False):
        with pytest.raises(ScopeValueError, match="without user: User"):
            app.enter(Locale("fr"))
        with pytest.raises(ScopeValueError, match="Expected User, got str"):
            app.enter("ann", Locale("fr"))
        with app.enter(User("ann"), Locale("fr")) as request:
            assert request.page().user.name == "bob"


def test_a_class_is_called_once_a_scope_and_gets_what_it_asks_for(app: Any) -> None:
    given = User("ann"), Locale("fr")
    with override(app, {Application.user: Admin}), app.enter(*given) as a, app.enter(*given) as b:
        assert a.page().user is a.user()
        assert a.user() is not b.user()
        assert a.user().greet() == "admin, hello"


def test_a_generator_is_torn_down_with_its_scope(app: Any) -> None:
    closed = []

    def guest() -> Iterator[User]:
        yield User("guest")
        closed.append("guest")

    with override(app, {Application.user: guest}):
        with app.enter(User("ann"), Locale("fr")) as request:
            assert request.page().user.name == "guest"
        assert closed == ["guest"]


def test_a_provider_may_wrap_the_value_that_was_given(app: Any) -> None:
    """It gets one original, also where it asks for it twice."""
    spy = providers.Scoped(lambda one, two: (one, two), Application.user, Application.user)
    ann = User("ann")
    faked = override(app, {Application.user: spy}, strict=False)
    with faked, app.enter(ann, Locale("fr")) as request:
        assert request.page().user == (ann, ann)


def test_a_wrapped_object_is_one_object_however_often_it_is_asked_for(app: Any) -> None:
    spy = providers.Scoped(lambda one, two: (one, two), Application.page, Application.page)
    faked = override(app, {Application.page: spy}, strict=False)
    with faked, app.enter(User("ann"), Locale("fr")) as request:
        one, two = request.page()
        assert one is two


def test_overrides_of_one_value_nest_and_end_in_any_order(app: Any) -> None:
    ann, bob, cid = User("ann"), User("bob"), User("cid")
    outer = override(app, {Application.user: bob}).__enter__()
    with app.enter(ann, Locale("fr")) as request:
        assert request.page().user is bob
        inner = override(app, {Application.user: cid}).__enter__()
        assert request.page().user is cid
        with app.enter(ann, Locale("fr")) as another:
            assert another.page().user is cid
            outer.__exit__(None, None, None)
            assert another.page().user is request.page().user is cid
            inner.__exit__(None, None, None)
            assert another.page().user is request.page().user is ann


def test_tasks_see_their_own(app: Any) -> None:
    async def visit(number: int) -> None:
        fake = User(f"fake {number}")
        given = User("ann"), Locale("fr")
        with override(app, {Application.user: fake}), app.enter(*given) as request:
            await asyncio.sleep(0)
            assert request.page().user is fake

    async def main() -> None:
        await asyncio.gather(*(visit(number) for number in range(50)))

    asyncio.run(main())


def test_a_fake_value_is_checked_like_any_other(app: Any) -> None:
    with pytest.raises(OverrideError, match="missing: def greet"):
        override(app, {Application.user: object()}).__enter__()
