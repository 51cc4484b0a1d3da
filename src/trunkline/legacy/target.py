"""What an old name leads to: a provider of a container, or anything else that has a path."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

from trunkline.containers import ScopedContainer
from trunkline.errors import DeclarationError
from trunkline.graph.blueprint import Argument, Recipe
from trunkline.introspection import declared_providers, is_provider
from trunkline.legacy.errors import ApplicationNotFoundError
from trunkline.providers.declared import Declared
from trunkline.providers.scoped import ScopeValue
from trunkline.resolution.started import STARTED
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

    def parameters(self, recipe: Recipe) -> Iterator[tuple[str, Argument]]:
        """The arguments of the provider by the names of the factory's parameters."""
        yield from recipe.kwargs
        try:
            signature = inspect.signature(self.factory) if self.factory is not None else None
        except (TypeError, ValueError):  # written in C
            return
        yield from zip(signature.parameters if signature else (), recipe.args, strict=False)

    def scope_of(self, value: str) -> BaseScope | None:
        """The scope that a value is given to; None for the container's default scope."""
        return self.values[value].scope


class Target:
    """A way to what is canonical, followed at its first use.

    Nothing is imported before, so that an old module can be imported from anywhere, by the very
    modules that it leads to above all.

    Args:
        to: ``module:Class.provider``, or ``module:name`` of a class or a function. Where the
            container can be imported already, the provider, class or function itself.
        type_path: ``module:Class`` of the objects, where the provider doesn't say.
    """

    def __init__(self, to: Any, type_path: str | None = None) -> None:
        self._to = to
        self.type_path = type_path
        self._found: Canonical | None = None
        given = [to] if isinstance(to, str) else []
        for path in given if type_path is None else [*given, type_path]:
            module, colon, attribute = path.partition(":")
            if not (module and colon and attribute):
                raise DeclarationError(
                    f"{path!r} does not name what is canonical",
                    remedy="write module:Class.provider, for example "
                    "containers.application:Application.engine",
                )
        if not callable(to) and not isinstance(to, str):
            raise _no_target(to)

    @property
    def path(self) -> str:
        """What it leads to, as people are told."""
        if isinstance(self._to, str):
            return self._to
        if isinstance(self._to, Declared):
            provides = getattr(self._to, "provides", None)
            return f"{type(self._to).__name__}({getattr(provides, '__qualname__', provides)})"
        return f"{self._to.__module__}:{getattr(self._to, '__qualname__', self._to)}"

    @property
    def found(self) -> Canonical:
        """What is canonical.

        Raises:
            DeclarationError: The path leads nowhere.
            ApplicationNotFoundError: The target is a provider, and no container that has it is
                started.
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
        found = _named(self.type_path)
        if found is None:
            found = _made_by_provider(self._to) if is_provider(self._to) else self.found.type
        if found is None:
            raise DeclarationError(
                f"the class that {self.path} makes can't be told",
                cause="it calls a function that is not annotated with the class it returns",
                remedy="annotate the function, or give type='module:Class' to the redirect",
            )
        return found

    def _find(self) -> Canonical:
        owner, found = (
            _follow(self._to)
            if isinstance(self._to, str)
            else (_owner(self._to, self.path) if is_provider(self._to) else None, self._to)
        )
        if not is_provider(found):
            if not callable(found):
                raise _no_target(found)
            return Canonical(found, None, _made_by(found), {}, None)
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
        made = _made_by_provider(found)
        return Canonical(found, owner, made, values, factory if callable(factory) else None)


def _named(path: str | None) -> type | None:
    """The class that a redirect names."""
    found: type | None = _follow(path)[1] if path is not None else None
    return found


def _no_target(found: object) -> DeclarationError:
    return DeclarationError(
        f"{found!r} is neither a provider nor callable",
        remedy="name a provider of a container, a class or a function",
    )


def _owner(provider: Any, path: str) -> type[ScopedContainer]:
    """The class that declares a provider, of those that are started."""
    for app in STARTED.of(ScopedContainer):
        root = app.root_scope()
        if root is not None and root.knows(provider):
            declared: Any = app.declared  # type: ignore[attr-defined]  # an instance of a declared class has it
            bases = (base for base in reversed(declared.__mro__) if base is not ScopedContainer)
            owner: type[ScopedContainer] = next(
                base
                for base in bases
                if base is declared
                or (
                    issubclass(base, ScopedContainer)
                    and any(known is provider for known in base.providers.values())
                )
            )
            return owner
    raise ApplicationNotFoundError(
        f"no started container has the provider {path}",
        cause="an old name is answered by the started application alone",
        remedy="start it around the call: `async with Application() as app`",
    )


def _made_by_provider(provider: Any) -> type | None:
    factory = getattr(provider, "provides", None)
    return _made_by(factory) if callable(factory) else type(factory)


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
