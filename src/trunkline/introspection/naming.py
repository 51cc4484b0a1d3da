"""By which names the providers of a container are known, and how to find one's own."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from dependency_injector import providers as stock

from trunkline.introspection.kinds import WITH_CALL, Provider
from trunkline.providers.declared import Declared

__all__ = [
    "class_name",
    "declared_behind",
    "declared_providers",
    "dotted_name",
    "instance_view",
    "keys_of_classes",
]


def declared_providers(container: Any) -> dict[str, Provider]:
    """A container's providers by name, those of nested containers with dotted names."""
    found: dict[str, Provider] = {}
    for name, provider in container.providers.items():
        if isinstance(provider, stock.Self):
            continue
        found[name] = provider
        if isinstance(provider, stock.Container):
            for inner, nested in declared_providers(provider.container).items():
                found[f"{name}.{inner}"] = nested
    return found


def keys_of_classes(container: Any) -> dict[Provider, str]:
    """The providers of the declared classes, by which users name the instance's own."""
    keys: dict[Provider, str] = {}
    parent = container.declarative_parent
    known = declared_providers(container)
    for base in parent.__mro__ if parent is not None else ():
        if isinstance(base, type) and isinstance(base.__dict__.get("providers"), dict):
            for name, provider in declared_providers(base).items():
                if name in known:
                    keys.setdefault(provider, name)
    return keys


def class_name(container: type) -> str:
    """The dotted name of a container class, as messages show it."""
    return f"{container.__module__}:{container.__qualname__}"


def declared_behind(provider: Provider) -> Iterator[Declared[Any]]:
    """The provider, if it is one of trunkline's; else those of them that it leads to first."""
    seen: set[int] = set()
    stack = [provider]
    while stack:
        current = stack.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, Declared):
            yield current
        else:
            stack.extend(current.related)


def instance_view(view: Provider, keys: Mapping[Provider, str]) -> Provider:
    """Copy a view so that it looks at a container's own providers, not at those of its class.

    Args:
        view: A provider that is no part of the container, but looks at such.
        keys: Names by provider, those of the class before the container's own.
    """
    own = {name: provider for provider, name in keys.items()}
    return stock.deepcopy(view, {id(provider): own[name] for provider, name in keys.items()})  # type: ignore[no-any-return]  # a copy is of the same class


def dotted_name(value: Any) -> str:
    """The dotted name of a class or function, of what a provider calls, or of a value's class."""
    call = value.func if isinstance(value, partial) else value
    if isinstance(call, stock.Provider):
        provides = call.provides if isinstance(call, (*WITH_CALL, stock.Resource)) else None
        return dotted_name(provides) if provides is not None else f"providers.{type(call).__name__}"
    if not isinstance(call, type) and not inspect.isroutine(call):
        call = type(call)
    module = getattr(call, "__module__", None) or type(call).__module__  # methods of C have none
    return f"{module}.{getattr(call, '__qualname__', type(call).__qualname__)}"
