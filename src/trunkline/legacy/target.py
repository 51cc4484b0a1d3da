"""What an old name leads to: a provider of a container, or anything else that has a path."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

from trunkline.containers import ScopedContainer
from trunkline.errors import DeclarationError
from trunkline.introspection import declared_providers, is_provider
from trunkline.providers.scoped import ScopeValue
from trunkline.scopes import BaseScope

__all__ = ["Canonical", "Target"]


@dataclass(frozen=True, slots=True)
class Canonical:
    """A target, found.

    Attributes:
        call: The provider; or, where the target is no provider, the callable itself.
        container: The class that declares the provider; None for a plain callable.
        type: The class of the objects it makes; None where that can't be told.
        values: The container's scope values by name.
        factory: What the provider calls; None for a provider that calls nothing.
    """

    call: Any
    container: type[ScopedContainer] | None
    type: type | None
    values: Mapping[str, ScopeValue[Any]]
    factory: Callable[..., Any] | None

    @property
    def own_values(self) -> tuple[str, ...]:
        """Names of the values that are given to the very scope the objects live in."""
        home = getattr(self.call, "scope", None)
        return tuple(name for name in self.values if self.scope_of(name) == home)

    def scope_of(self, value: str) -> BaseScope | None:
        """The scope that a value is given to; None for the container's default scope."""
        return self.values[value].scope


class Target:
    """A path to what is canonical, followed at its first use.

    Nothing is imported before, so that an old module can be imported from anywhere, by the very
    modules that it leads to above all.

    Args:
        path: ``module:Class.provider``, or ``module:name`` of a class or a function.
        type_path: ``module:Class`` of the objects, where the provider doesn't say.
    """

    def __init__(self, path: str, type_path: str | None = None) -> None:
        self.path = path
        self.type_path = type_path
        self._found: Canonical | None = None
        for given in (path,) if type_path is None else (path, type_path):
            module, colon, attribute = given.partition(":")
            if not (module and colon and attribute):
                raise DeclarationError(
                    f"{given!r} does not name what is canonical",
                    remedy="write module:Class.provider, for example "
                    "containers.application:Application.engine",
                )

    @property
    def found(self) -> Canonical:
        """What is canonical.

        Raises:
            DeclarationError: The path leads nowhere.
        """
        if self._found is None:
            self._found = self._find()  # whoever comes at the same time finds the same
        return self._found

    @property
    def type(self) -> type:
        """The class of the canonical objects.

        Raises:
            DeclarationError: The target doesn't say.
        """
        found = self.found.type
        if found is None:
            raise DeclarationError(
                f"the class that {self.path} makes can't be told",
                cause="it calls a function that is not annotated with the class it returns",
                remedy="annotate the function, or give type='module:Class' to the redirect",
            )
        return found

    def _find(self) -> Canonical:
        owner, found = _follow(self.path)
        named = _follow(self.type_path)[1] if self.type_path else None
        if not is_provider(found):
            if not callable(found):
                raise DeclarationError(
                    f"{self.path} is {found!r}, which is neither a provider nor callable",
                    remedy="name a provider of a container, a class or a function",
                )
            return Canonical(found, None, named or _made_by(found), {}, None)
        if owner is None:
            raise DeclarationError(
                f"{self.path} is a provider that no ScopedContainer declares",
                remedy="name it by the container: module:Application.provider",
            )
        values = {
            name: provider
            for name, provider in declared_providers(owner).items()
            if isinstance(provider, ScopeValue)
        }
        factory = getattr(found, "provides", None)
        made = named or (_made_by(factory) if callable(factory) else type(factory))
        return Canonical(found, owner, made, values, factory if callable(factory) else None)


def _follow(path: str) -> tuple[type[ScopedContainer] | None, Any]:
    """The object at the end of a path, and the first container on the way."""
    module, _, attributes = path.partition(":")
    found: Any = import_module(module)
    owner: type[ScopedContainer] | None = None
    walked = f"{module}:"
    for name in attributes.split("."):
        if not hasattr(found, name):
            raise DeclarationError(
                f"{path} leads nowhere: {walked.rstrip(':.')} has no {name}",
                remedy="mend the path; it is module:Class.provider",
            )
        found = getattr(found, name)
        walked = f"{walked}{name}."
        if owner is None and isinstance(found, type) and issubclass(found, ScopedContainer):
            owner = found
    return owner, found


def _made_by(call: Any) -> type | None:
    """The class of what a callable makes, by itself or by its return annotation."""
    while isinstance(call, partial):
        call = call.func
    if isinstance(call, type):
        return call
    try:
        hint = typing.get_type_hints(inspect.unwrap(call)).get("return")
    except (NameError, TypeError, AttributeError):
        return None
    if typing.get_origin(hint) is not None and typing.get_args(hint):
        hint = typing.get_args(hint)[0]  # of Iterator[T], AsyncGenerator[T, None], Awaitable[T]
    return hint if isinstance(hint, type) and hint is not type(None) else None
