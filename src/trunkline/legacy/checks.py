"""Checking redirects when the program starts: their targets, and their adapters against them."""

# ruff: noqa: SLF001  # looks behind the faces of redirects

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from trunkline.errors import TrunklineError
from trunkline.legacy.arguments import Agrees, Value
from trunkline.legacy.classes import RedirectedClass
from trunkline.legacy.errors import RedirectError
from trunkline.legacy.redirect import Redirect
from trunkline.validation.findings import Finding

__all__ = ["check_redirects", "redirects_of"]


def redirects_of(module: ModuleType) -> list[Redirect]:
    """The redirects that a module binds, in the order in which it binds them."""
    found: dict[int, Redirect] = {}
    for value in vars(module).values():
        for redirect in () if isinstance(value, ModuleType) else _behind(value):
            found.setdefault(id(redirect), redirect)
    return list(found.values())


def check_redirects(*names: Any) -> None:
    """Check redirects against what they lead to; nothing is built.

    Targets are imported; each must exist and say what class it makes. Each form of an adapter must
    bring all values of the canonical object's scope, and of each other scope that it brings any of,
    or none at all; values must be the
    container's scope values; what is said to agree with a parameter must be one of the canonical
    factory's.

    Args:
        *names: Redirected classes, functions and getters, or modules that bind them.

    Raises:
        RedirectError: It holds every finding.
    """
    redirects = [redirect for name in names for redirect in _behind(name)]
    findings = [finding for redirect in redirects for finding in _findings(redirect)]
    if findings:
        raise RedirectError(findings)


def _behind(value: Any) -> list[Redirect]:
    if isinstance(value, RedirectedClass):
        return [value._redirect]
    if isinstance(value, Redirect):
        return [value]
    if isinstance(value, ModuleType):
        return redirects_of(value)
    return list(getattr(value, "__trunkline_redirects__", ())) if callable(value) else []


def _findings(redirect: Redirect) -> Iterator[Finding]:
    name = redirect.old.name
    try:
        found = redirect.target.found
        canonical = redirect.target.type
    except (TrunklineError, ImportError) as error:
        yield Finding("redirect-target", name, f"{name} leads nowhere: {error}", "mend its `to`")
        return
    if redirect.closes_with is not None and not hasattr(canonical, redirect.closes_with):
        yield Finding(
            "redirect-closes-with",
            name,
            f"{name} closes with {redirect.closes_with}(), which {canonical.__name__} has not",
            f"name a method of {canonical.__name__}",
        )
    adapt = redirect.adapt
    if adapt is None or found.container is None:
        return
    parameters = _parameters(found.factory)
    for parameter, role in adapt.roles.items():
        if isinstance(role, Value) and role.provider not in found.values:
            yield Finding(
                "redirect-value",
                name,
                f"{name}({parameter}) is to be {role.provider}, which is no scope value of "
                f"{found.container.__qualname__}",
                f"its scope values are: {', '.join(found.values) or 'none'}",
            )
        if isinstance(role, Agrees) and parameters is not None and role.parameter not in parameters:
            yield Finding(
                "redirect-parameter",
                name,
                f"{name}({parameter}) is to agree with {role.parameter}, which is no parameter of "
                f"{getattr(found.factory, '__qualname__', found.factory)}",
                f"its parameters are: {', '.join(parameters) or 'none'}",
            )
    for form, signature in zip(adapt.forms, adapt.signatures, strict=True):
        roles = [adapt.roles[parameter] for parameter in signature.parameters]
        brought = [role.provider for role in roles if isinstance(role, Value)]
        needed = set(found.own_values)
        for value in found.values.keys() & set(brought):
            needed |= {
                name for name in found.values if found.scope_of(name) == found.scope_of(value)
            }
        if brought and not needed <= set(brought):
            missing = ", ".join(sorted(needed - set(brought)))
            yield Finding(
                "redirect-form",
                name,
                f"the form {name}({form}) brings {', '.join(brought)} but not {missing}",
                "bring all values of each scope, so that one can be opened, or none",
            )


def _parameters(factory: Any) -> tuple[str, ...] | None:
    """Names that a factory takes; None where it takes any, or doesn't say."""
    try:
        signature = inspect.signature(factory)
    except (TypeError, ValueError):
        return None
    kinds = {parameter.kind for parameter in signature.parameters.values()}
    return None if inspect.Parameter.VAR_KEYWORD in kinds else tuple(signature.parameters)
