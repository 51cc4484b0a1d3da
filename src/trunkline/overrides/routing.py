"""Letting direct calls of providers see the overrides of the caller's context.

Scoped providers and singletons resolve in a scope, where overrides are looked for anyway. A
factory, a configured object or a stock provider is called as it is; while an override concerns it,
a router stands in its place and asks the context first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trunkline.containers import ContainerInstance
from trunkline.graph.algorithms import dependents
from trunkline.graph.blueprint import Blueprint
from trunkline.introspection import declared_providers, is_routed, keeps_state
from trunkline.providers.routed import Router, routed

__all__ = ["put_routes"]


def put_routes(
    container: ContainerInstance, blueprint: Blueprint, names: frozenset[str]
) -> Callable[[], None]:
    """Put routers where direct calls would go past an override.

    Args:
        container: A started container.
        blueprint: Its providers with the fakes in place.
        names: Names of the nodes that fakes stand for.

    Returns:
        What takes the routers away again.
    """
    affected = dependents(blueprint.graph, names)
    routes = [
        (provider, _router(container, name, provider))
        for name, provider in declared_providers(container).items()
        if is_routed(provider) and (name in names or (name in affected and keeps_state(provider)))
    ]
    for provider, router in routes:
        routed(provider, router, on=True)

    def take_routes() -> None:
        for provider, router in routes:
            routed(provider, router, on=False)

    return take_routes


def _router(container: ContainerInstance, name: str, provider: Any) -> Router:
    """A router that goes on to what it was put upon where the context has no override of it."""
    below = provider.last_overriding

    def resolve(*args: Any, **kwargs: Any) -> Any:
        layers = container.layers()
        if layers.is_changed(name):
            return layers.resolve(name, args, kwargs)
        if below is not None:
            return below(*args, **kwargs)
        return provider._provide(args, kwargs)  # noqa: SLF001  # what a call without overrides runs

    return Router(resolve)
