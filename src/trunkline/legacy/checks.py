"""Checking redirects when the program starts: their targets, and their adapters against them."""

# ruff: noqa: SLF001  # looks behind the faces of redirects

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from trunkline.errors import TrunklineError
from trunkline.legacy.arguments import Agrees, Arguments, Value
from trunkline.legacy.classes import RedirectedClass
from trunkline.legacy.errors import RedirectError
from trunkline.legacy.modules import Move, MovedModule
from trunkline.legacy.packages import MovedPackages
from trunkline.legacy.redirect import Redirect
from trunkline.legacy.target import Canonical
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
    or none at all; values must be the container's scope values; what is said to agree with a
    parameter must be one of the canonical factory's. What has moved must be there.

    Args:
        *names: Redirected classes, functions and getters, modules that bind them or have moved,
            and ``MovedPackages``.

    Raises:
        RedirectError: It holds every finding.
    """
    findings = [finding for name in names for finding in _findings_of(name)]
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


def _findings_of(name: Any) -> Iterator[Finding]:
    """What is wrong with what a name stands for."""
    move = name if isinstance(name, MovedPackages) else _move_of(name)
    if move is not None:
        yield from move.findings()
    values = vars(name).values() if isinstance(name, ModuleType) else (name,)
    classes = {id(v._redirect) for v in values if isinstance(v, RedirectedClass)}
    for redirect in _behind(name):
        yield from _findings(redirect, is_class=id(redirect) in classes)


def _move_of(name: Any) -> Move | None:
    return vars(name)["__trunkline_move__"] if isinstance(name, MovedModule) else None


def _findings(redirect: Redirect, *, is_class: bool) -> Iterator[Finding]:
    name = redirect.old.name
    try:
        found = redirect.target.found
        canonical = redirect.target.type
    except (TrunklineError, ImportError) as error:
        yield Finding("redirect-target", name, f"{name} leads nowhere: {error}", "mend its `to`")
        return
    if is_class and issubclass(canonical, BaseException):
        yield Finding(
            "redirect-class",
            name,
            f"{name} leads to an exception, which `except` only knows by its real class",
            f"bind the old name to {canonical.__name__} itself, or use redirect_module",
        )
    yield from _closing_findings(redirect, canonical)
    adapt = redirect.adapt
    if adapt is None:
        return
    if found.container is None:
        yield Finding(
            "redirect-adapt",
            name,
            f"{name} adapts arguments for {redirect.target.path}, which is no provider",
            "leave `adapt` out: a class or function takes the arguments as they are",
        )
        return
    yield from _role_findings(name, adapt, found)
    yield from _form_findings(name, adapt, found)


def _closing_findings(redirect: Redirect, canonical: type) -> Iterator[Finding]:
    """The method that also closes a scope must be there, and objects have room for their own."""
    name, method = redirect.old.name, redirect.closes_with
    if method is None:
        return
    if not hasattr(canonical, method):
        yield Finding(
            "redirect-closes-with",
            name,
            f"{name} closes with {method}(), which {canonical.__name__} has not",
            f"name a method of {canonical.__name__}",
        )
    elif not canonical.__dictoffset__:
        yield Finding(
            "redirect-closes-with",
            name,
            f"{name} closes with {method}(), which can't be extended on one object of "
            f"{canonical.__name__}, a class with __slots__",
            "say by `over` when an object has come to its end",
        )


def _role_findings(name: str, adapt: Arguments, found: Canonical) -> Iterator[Finding]:
    """What parameters are there for must be in the container and in the canonical factory."""
    assert found.container is not None  # noqa: S101  # narrows for the type checker
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


def _form_findings(name: str, adapt: Arguments, found: Canonical) -> Iterator[Finding]:
    """A form must bring what the scopes are opened with, or nothing."""
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
