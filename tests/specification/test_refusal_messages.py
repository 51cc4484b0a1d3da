"""What a refusal says leads to the remedy."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from trunkline import Scope, ScopedContainer, providers
from trunkline.errors import ScopeNotOpenError, ScopeValueError, UnknownProviderError


class User:
    pass


class Cart:
    def __init__(self, user: User) -> None:
        self.user = user


class Application(ScopedContainer):
    user = providers.ScopeValue(User, scope=Scope.SESSION)
    cart = providers.Scoped(Cart, user, scope=Scope.SESSION)


def test_a_value_of_another_scope_is_led_to_it() -> None:
    with Application() as app, pytest.raises(ScopeValueError) as caught:
        app.enter(User())
    assert "a User was given to the REQUEST scope, but user is a value of SESSION" in str(
        caught.value
    )


def test_a_mock_of_a_value_is_told_from_a_surplus_value() -> None:
    with Application() as app:
        with pytest.raises(ScopeValueError, match="Expected User, got Mock") as caught:
            app.enter(Mock(spec=User), scope=Scope.SESSION)
        assert "as mocks with a spec do" in caught.value.cause
        with pytest.raises(ScopeValueError, match="takes no values"):
            app.enter("ada")


def test_a_scope_that_is_not_open_is_named_as_code_names_it() -> None:
    with Application() as app, app.enter() as request:
        with pytest.raises(ScopeNotOpenError) as caught:
            request.get(Application.cart)
        assert "scope=Scope.SESSION" in caught.value.remedy


@pytest.mark.parametrize("name", ["cart", Cart])
def test_a_name_or_a_class_in_a_providers_place_is_told_so(name: object) -> None:
    with Application() as app, app.enter(User(), scope=Scope.SESSION) as session:
        with pytest.raises(UnknownProviderError) as caught:
            session.get(name)  # type: ignore[arg-type]  # the mistake
        assert "not by its name or by the class" in caught.value.cause
        assert "get(Application.name)" in caught.value.remedy
