"""Old calls whose values belong to a session, and what is canonical to a request."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from trunkline import Scope, ScopedContainer, providers
from trunkline.legacy import (
    Arguments,
    Dropped,
    RedirectError,
    Value,
    aclose_opened,
    check_redirects,
    close_opened,
    redirect_class,
    redirect_function,
    redirect_scope,
)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
HERE = __name__


class User:
    def __init__(self, name: str) -> None:
        self.name = name


class Order:
    pass


class Cart:
    """Lives as long as the session."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.closed = False

    def close(self) -> None:
        self.closed = True


class Engine:
    def __init__(self, cart: Cart) -> None:
        if cart.user.name == "nobody":
            raise LookupError(cart.user.name)
        self.cart = cart
        self.closed = False

    def close(self) -> None:
        assert not self.cart.closed
        self.closed = True


class Sale:
    def __init__(self, cart: Cart, order: Order) -> None:
        self.cart = cart
        self.order = order


CARTS: list[Cart] = []


def make_cart(user: User) -> Cart:
    CARTS.append(Cart(user))
    return CARTS[-1]


class Sessions(ScopedContainer):
    user = providers.ScopeValue(User, scope=Scope.SESSION)
    order = providers.ScopeValue(Order, scope=Scope.STEP)
    cart = providers.ScopedResource(make_cart, user, scope=Scope.SESSION, close="close")
    engine = providers.ScopedResource(Engine, cart, scope=Scope.REQUEST, close="close")
    sale = providers.Scoped(Sale, cart, order, scope=Scope.STEP)


OF_USER = Arguments(
    "registry, user",
    "user",
    "",
    user=Value("user"),
    registry=Dropped("there is one"),
)
OldEngine = redirect_class("OldEngine", to=f"{HERE}:Sessions.engine", adapt=OF_USER)
old_scope = redirect_scope("old_scope", to=f"{HERE}:Sessions.engine", adapt=OF_USER)
old_sale = redirect_function(
    "old_sale",
    to=f"{HERE}:Sessions.sale",
    adapt=Arguments("user, order", "order", user=Value("user"), order=Value("order")),
)


@pytest.fixture(autouse=True)
def no_carts() -> None:
    CARTS.clear()


def test_the_scopes_down_to_the_target_are_opened_and_closed_together() -> None:
    with Sessions():
        bob = User("bob")
        engine = OldEngine(None, bob)
        assert engine.cart.user is bob
        assert OldEngine(bob) is engine
        assert close_opened(bob) == 1
        assert engine.closed
        assert engine.cart.closed


@pytest.mark.asyncio
async def test_awaited_calls_open_them_too() -> None:
    async with Sessions():
        bob = User("bob")
        engine = await OldEngine(None, bob)
        assert engine.cart.user is bob
        assert await aclose_opened(bob) == 1
        assert engine.closed
        assert engine.cart.closed


def test_each_scope_gets_the_values_that_fit_it() -> None:
    with Sessions():
        bob, order = User("bob"), Order()
        sale = old_sale(bob, order)
        assert sale.cart.user is bob
        assert sale.order is order
        assert old_sale(bob, order) is sale
        assert old_sale(bob, Order()).order is not order


def test_a_session_that_is_open_with_the_same_user_is_used_and_left_open() -> None:
    with Sessions() as app:
        bob, ann = User("bob"), User("ann")
        with app.enter(bob, scope=Scope.SESSION) as session:
            cart = session.get(Sessions.cart)
            engine = OldEngine(None, bob)
            assert engine.cart is cart
            assert OldEngine(None, ann).cart.user is ann  # another user's session is not
            assert close_opened(bob) == 1
            assert engine.closed
            assert not cart.closed
            order = Order()
            assert old_sale(order).order is order


def test_a_request_without_a_session_is_no_place_for_one() -> None:
    with Sessions() as app, app.enter(scope=Scope.REQUEST):
        assert OldEngine(User("bob")).cart.user.name == "bob"


def test_an_old_scope_opens_and_closes_them() -> None:
    with Sessions():
        bob = User("bob")
        with old_scope(bob) as engine:
            assert OldEngine() is engine
            assert engine.cart.user is bob
        assert engine.closed
        assert engine.cart.closed


@pytest.mark.asyncio
async def test_an_old_scope_opens_and_closes_them_by_await() -> None:
    async with Sessions():
        async with old_scope(User("bob")) as engine:
            assert OldEngine() is engine
        assert engine.closed
        assert engine.cart.closed


@pytest.mark.asyncio
@pytest.mark.parametrize("awaited", [False, True])
async def test_a_call_that_fails_leaves_nothing_open(
    awaited: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        async with Sessions():
            nobody = User("nobody")
            with pytest.raises(LookupError):
                await OldEngine(nobody) if awaited else OldEngine(nobody)
            assert [cart.closed for cart in CARTS] == [True]
            assert close_opened(nobody) == 0
            with pytest.raises(LookupError):
                async with old_scope(nobody):
                    pass
            assert [cart.closed for cart in CARTS] == [True, True]
    assert not caplog.records


def test_a_value_for_the_innermost_scope_alone_closes_what_was_opened_around_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with Sessions(), pytest.raises(Exception, match="User"):
        old_sale(Order())
    assert not caplog.records


def test_forms_bring_all_values_of_each_scope_that_they_bring_any_of() -> None:
    check_redirects(OldEngine, old_scope, old_sale)
    user_alone: Any = redirect_function(
        "user_alone",
        to=f"{HERE}:Sessions.sale",
        adapt=Arguments("user", user=Value("user")),
    )
    with pytest.raises(RedirectError, match="brings user but not order"):
        check_redirects(user_alone)
