"""Forms are declarations: read once, and their faults are told where they are declared."""

from __future__ import annotations

import inspect
import sys
from typing import Any

import pytest

from tests.unit.legacy import shop as shop_module
from tests.unit.legacy.shop import ENGINE, FORMS, HERE, same_user
from trunkline.errors import DeclarationError
from trunkline.legacy import (
    Agrees,
    Arguments,
    Dropped,
    RedirectError,
    Value,
    check_redirects,
    redirect_class,
    redirect_factory,
    redirect_function,
    redirect_scope,
    redirects_of,
)


def form_of(arguments: Arguments, count: int, *keywords: str) -> list[str]:
    return [shape.form for shape in arguments.shapes(count, keywords)]


def test_a_call_belongs_to_the_forms_that_it_can_bind() -> None:
    assert form_of(FORMS, 1) == ["user"]
    assert form_of(FORMS, 3) == ["registry, bridge, user"]
    assert form_of(FORMS, 2) == ["registry, bridge"]
    assert form_of(FORMS, 2, "for_user") == ["registry, bridge, *, for_user"]
    assert form_of(FORMS, 2, "user") == ["registry, bridge, user"]
    assert form_of(FORMS, 0, "user", "bridge", "registry") == ["registry, bridge, user"]
    assert form_of(FORMS, 4) == []
    assert form_of(FORMS, 0, "other") == []


def test_a_shape_says_where_each_thing_is() -> None:
    [shape] = FORMS.shapes(2, ("for_user",))
    assert shape.values == (("user", "for_user"),)
    assert shape.checks == ((same_user, 1, "bridge"),)


def test_optional_parameters_may_be_left_out() -> None:
    forms = Arguments("user, mode=", user=Value("user"), mode=Dropped("there is one"))
    assert form_of(forms, 1) == form_of(forms, 2) == form_of(forms, 1, "mode") == ["user, mode="]


def test_a_parameter_without_a_role_and_a_role_without_a_parameter_are_refused_together() -> None:
    with pytest.raises(DeclarationError) as caught:
        Arguments("user, mode", user=Value("user"), other=Dropped("x"))
    assert "parameter mode has no role" in str(caught.value)
    assert "role other is no parameter" in str(caught.value)


@pytest.mark.parametrize("form", ["user, user", "1x", "a=, b"])
def test_a_form_that_is_no_parameter_list_is_refused(form: str) -> None:
    roles: dict[str, Any] = {n: Value("user") for n in ("user", "a", "b") if n in form}
    with pytest.raises(DeclarationError, match="can't be read"):
        Arguments(form, **roles)


def test_no_forms_are_refused() -> None:
    with pytest.raises(DeclarationError, match="there are no forms"):
        Arguments()


def test_several_forms_have_an_open_signature_and_one_its_own() -> None:
    assert str(FORMS.signature) == "(*arguments, **keywords)"
    assert str(Arguments("user", user=Value("user")).signature) == "(user)"


def test_the_first_form_whose_values_fit_is_taken() -> None:
    both = Arguments(
        "user, registry", "registry, user", user=Value("user"), registry=Dropped("its own")
    )
    assert form_of(both, 2) == ["user, registry", "registry, user"]


def test_redirects_that_fit_pass_the_check() -> None:
    check_redirects(
        redirect_class("Old", to=ENGINE, adapt=FORMS, closes_with="cleanup"),
        redirect_function("old", to=ENGINE),
        redirect_scope("scope", to=ENGINE),
        redirect_factory("get", to=ENGINE, methods={"create": None}),
        redirect_class("Plain", to=f"{HERE}:Bridge"),
    )


def test_every_fault_is_reported_at_once() -> None:
    wrong = Arguments(
        "user, bridge, cart",
        user=Value("customer"),
        bridge=Agrees("pipe", same_user),
        cart=Value("user"),
    )
    with pytest.raises(RedirectError) as caught:
        check_redirects(
            redirect_class("Old", to=ENGINE, adapt=wrong, closes_with="close_all"),
            redirect_function("lost", to=f"{HERE}:Shop.nothing"),
            redirect_function("gone", to="there.is.no:module"),
        )
    checks = [finding.check for finding in caught.value.findings]
    assert checks == [
        "redirect-closes-with",
        "redirect-value",
        "redirect-parameter",
        "redirect-target",
        "redirect-target",
    ]
    text = str(caught.value)
    assert "5 faults" in text
    assert "its scope values are: user" in text
    assert "its parameters are: user, bridge, registry, limit" in text


def test_a_form_with_some_of_the_values_is_refused() -> None:
    to = f"{__name__}:Double.engine"
    half = Arguments("left", left=Value("left"))
    with pytest.raises(RedirectError, match="brings left but not right"):
        check_redirects(redirect_function("half", to=to, adapt=half))


def _double() -> Any:
    from trunkline import ScopedContainer, providers

    class Double(ScopedContainer):
        left = providers.ScopeValue(int)
        right = providers.ScopeValue(str)
        engine = providers.Scoped(dict, left=left, right=right)

    return Double


Double = _double()


@pytest.mark.parametrize("to", ["no colon", ":x", "x:", ""])
def test_a_target_that_is_no_path_is_refused_where_it_is_declared(to: str) -> None:
    with pytest.raises(DeclarationError, match="does not name what is canonical"):
        redirect_function("old", to=to)


def test_the_redirects_of_a_module_are_found_each_once() -> None:
    module: Any = type(sys)("old_names")
    module.One = module.Alias = redirect_class("One", to=ENGINE)
    module.get = redirect_factory("get", to=ENGINE, methods={"a": None, "b": None})
    module.other = shop_module
    names = [redirect.old.name for redirect in redirects_of(module)]
    assert names == [f"{__name__}.One", f"{__name__}.get().a", f"{__name__}.get().b"]
    check_redirects(module)


def test_the_class_of_what_a_function_makes_is_read_from_its_annotation() -> None:
    old: Any = redirect_class("Old", to=f"{HERE}:Waiting.engine")
    assert issubclass(shop_module.Engine, old)
    nameless: Any = redirect_class("Nameless", to=f"{HERE}:same_user")
    with pytest.raises(DeclarationError, match="can't be told"):
        isinstance(1, nameless)
    named: Any = redirect_class("Named", to=f"{HERE}:same_user", type=f"{HERE}:User")
    assert issubclass(shop_module.User, named)
    assert inspect.isclass(named)


def test_arguments_for_what_is_no_provider_are_refused() -> None:
    """They go on as they are, so that a form would be silently ignored."""
    old = redirect_function("old", to="builtins:list", adapt=Arguments("x", x=Dropped("unused")))
    with pytest.raises(RedirectError, match="adapts arguments for builtins:list, which is no prov"):
        check_redirects(old)
