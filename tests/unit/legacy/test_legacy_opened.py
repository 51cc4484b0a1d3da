"""The scopes that old calls open: one a user, closed when its objects have come to their end."""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref
from typing import Any
from unittest.mock import Mock, patch

import pytest

from tests.unit.legacy.old_names import create, simple, till
from tests.unit.legacy.shop import ENGINE, FORMS, PlainShop, Shop, Till, User
from trunkline import ScopedContainer, providers
from trunkline.errors import DeclarationError
from trunkline.legacy import (
    Arguments,
    LegacyCallError,
    RedirectError,
    Usage,
    Value,
    aclose_opened,
    check_redirects,
    close_opened,
    redirect_class,
    redirect_function,
)
from trunkline.legacy.registry import opened_in

pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")


class Knife:
    __slots__ = ("user",)

    def __init__(self, user: User) -> None:
        self.user = user

    def close(self) -> None:
        """Close."""


class SlottedShop(ScopedContainer):
    user = providers.ScopeValue(User)
    knife = providers.Scoped(Knife, user)


@pytest.mark.asyncio
async def test_another_users_call_inside_a_scope_gets_that_users_engine(shop: Any) -> None:
    ann, bob = User("ann"), User("bob")
    async with shop.enter(ann) as request:
        made = create(bob)
        assert made.user is bob
        assert made is not request.get(Shop.engine)
        assert create(ann) is request.get(Shop.engine)
    assert not made.closed
    await aclose_opened(bob)
    assert made.closed


@pytest.mark.asyncio
async def test_calls_with_the_same_user_share_one_scope(shop: Any) -> None:
    user = User("ann")
    made = create(user)
    assert create(None, made.bridge, user) is made
    assert await simple(user) is made
    assert create(User("ann")) is not made


@pytest.mark.asyncio
async def test_the_objects_own_closing_method_closes_its_scope(shop: Any) -> None:
    user = User("ann")
    made = create(user)
    await made.cleanup()
    assert made.closed
    assert "cleanup" not in vars(made)
    again = create(user)
    assert again is not made
    assert not again.closed
    await made.cleanup()  # a second time touches nobody else's
    assert not again.closed


@pytest.mark.asyncio
async def test_objects_that_have_come_to_their_end_are_let_go(shop: Any) -> None:
    users = [User(str(number)) for number in range(40)]
    made = []
    for user in users:
        engine = create(user)
        engine.closed = True
        made.append(engine)
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert await aclose_opened(users[0]) == 0
    assert await aclose_opened(users[-1]) == 1


@pytest.mark.asyncio
async def test_what_nobody_holds_any_more_is_let_go(shop: Any) -> None:
    """Old code that never closes its engines drops them; their scopes go with them."""
    users = [User(str(number)) for number in range(50)]
    bridges = [weakref.ref(simple(user).bridge) for user in users]
    kept = simple(users[0])
    bridge = simple(users[1]).bridge  # the bridge alone is held
    gc.collect()
    simple(User("the next one"))
    await asyncio.sleep(0.01)
    gc.collect()
    assert len(opened_in(shop.root_scope())) <= 3
    assert [held() for held in bridges[2:]] == [None] * 48
    assert simple(users[0]) is kept
    assert not kept.closed
    assert simple(users[1]).bridge is bridge


@pytest.mark.asyncio
async def test_closing_by_hand_says_how_many_were_open(shop: Any) -> None:
    user = User("ann")
    made = create(user)
    assert close_opened(user) == 1
    for _ in range(3):
        await asyncio.sleep(0)
    assert made.closed
    assert close_opened(user) == 0


@pytest.mark.asyncio
async def test_the_stop_closes_what_is_left_and_says_so(
    caplog: pytest.LogCaptureFixture, counts: Usage
) -> None:
    with caplog.at_level(logging.WARNING, "trunkline.legacy"):
        async with Shop():
            made = [create(User(name)) for name in ("ann", "bob")]
    assert all(engine.closed for engine in made)
    assert counts.left_open == 2
    assert "2 scopes that old calls opened were open until" in caplog.text


def test_a_shop_that_awaits_nothing_closes_them_without() -> None:
    with PlainShop():
        user = User("ann")
        made = till(user)
        assert isinstance(made, Till)
        assert till(user) is made
        assert close_opened(user) == 1
        assert till(user) is not made


@pytest.mark.asyncio
async def test_an_end_that_cannot_be_told_fails_nobody_elses_call(
    shop: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_: object) -> bool:
        raise ZeroDivisionError

    create_failing = redirect_function("create", to=ENGINE, adapt=FORMS, over=fails)
    held = [create_failing(User(name)) for name in ("ann", "bob", "cid")]
    assert [engine.user.name for engine in held] == ["ann", "bob", "cid"]
    assert "whether 'Engine' is over could not be told" in caplog.text


@pytest.mark.parametrize("step", ["place", "again"])
@pytest.mark.asyncio
async def test_a_scope_that_closes_under_a_call_is_opened_anew(step: str) -> None:
    """Another call with the same user may close it between the finding and the making."""
    user = User("ann")
    placing = till.__trunkline_redirects__[0].placing
    real, closed = getattr(placing, step), []

    def find_then_close(*args: Any) -> Any:
        found = real(*args)
        if getattr(found, "scope", found) is not None:
            closed.append(close_opened(user))
        return found

    with PlainShop(), patch.object(placing, "again", return_value=None):
        first = till(user)
        with patch.object(placing, step, find_then_close):
            made = [first, till(user), await till(user)]
    assert closed == ([1, 1] if step == "place" else [1])
    assert {type(one) for one in made} == {Till}
    assert len({id(one) for one in made}) == (3 if step == "place" else 2)


def test_a_call_again_finds_the_same_scope_by_its_values_alone() -> None:
    ann, bob = User("ann"), User("bob")
    with PlainShop() as app:
        tills = {name: till(user) for name, user in (("ann", ann), ("bob", bob))}
        for _ in range(3):
            assert till(ann) is tills["ann"]
            assert till(bob) is tills["bob"]
        with app.enter(ann) as request:
            assert till(ann) is request.till() is not tills["ann"]  # this one is open, and nearer
            assert till(bob) is tills["bob"]
        close_opened(ann)
        assert till(ann) is not tills["ann"]
        with pytest.raises(LegacyCallError):
            till(Mock(spec=User))
    with PlainShop():
        assert till(bob) is not tills["bob"]


def test_values_are_the_same_in_whatever_order_a_form_has_them() -> None:
    forms = Arguments(
        "user, shelf", "shelf, user", "*, shelf, user", user=Value("user"), shelf=Value("shelf")
    )
    find = redirect_function("find", to=f"{__name__}:ShelfShop.found", adapt=forms)
    user, shelf = User("ann"), Shelf()
    with ShelfShop():
        made = [find(user, shelf), find(shelf, user), find(shelf=shelf, user=user)]
        assert len({id(one) for one in made}) == 1
        assert made[0] == {"user": user, "shelf": shelf}


class Shelf:
    pass


class Found(dict[str, Any]):
    """A dictionary that can hold what keeps its scope open."""


class ShelfShop(ScopedContainer):
    user = providers.ScopeValue(User)
    shelf = providers.ScopeValue(Shelf)
    found = providers.Scoped(Found, user=user, shelf=shelf)


@pytest.mark.asyncio
async def test_the_scope_of_a_subclass_lives_as_long_as_its_object(shop: Any) -> None:
    old = redirect_class("Old", to=ENGINE, adapt=FORMS, closes_with="cleanup")

    class Special(old):
        pass

    made = [Special(User(name)) for name in ("ann", "bob")]
    opened = opened_in(shop.root_scope())
    assert len(opened) == 2
    await made.pop().cleanup()
    assert len(opened) == 1
    made.clear()
    gc.collect()
    assert len(opened) == 0


def test_nothing_of_a_stopped_application_stays(counts: Usage) -> None:
    with PlainShop() as app:
        made = till(User("ann"))
        root = weakref.ref(app.root_scope())
    assert counts.left_open == 1
    del app
    gc.collect()
    assert root() is not None  # what somebody holds keeps its scope
    del made
    gc.collect()
    assert root() is None


def test_what_has_no_room_for_a_closing_method_is_refused() -> None:
    found = redirect_function("cut", to=f"{__name__}:SlottedShop.knife", closes_with="close")
    with pytest.raises(RedirectError, match="can't be extended on one object of Knife"):
        check_redirects(found)
    with SlottedShop(), pytest.raises(DeclarationError, match="say by `over`"):
        found(User("ann"))
