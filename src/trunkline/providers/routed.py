"""Providers that stand in for others where an override or its fakes need it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dependency_injector import providers as stock

__all__ = ["Bridge", "Router", "routed"]


class Bridge(stock.Provider[Any]):
    """Gives a copied stock provider what its argument stands for in another place.

    Args:
        resolve: Called with the call's arguments; its result is the object.
    """

    def __init__(self, resolve: Callable[..., Any]) -> None:
        super().__init__()
        self._resolve = resolve

    def __deepcopy__(self, memo: dict[int, Any] | None) -> Bridge:
        return self

    def _provide(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self._resolve(*args, **kwargs)


class Router(Bridge):
    """Overrides a provider for everyone, and asks each caller's context what it stands for.

    Only direct calls come here; it is no override of its own in the container's graph.
    """


def routed(provider: stock.Provider[Any], router: Router, *, on: bool) -> None:
    """Put a router on a provider, below the overrides that others make, or take it away.

    The provider's watchers are not told, because nothing changes for them.
    """
    others = [other for other in provider.overridden if other is not router]
    stock.Provider.reset_override(provider)
    for other in [router, *others] if on else others:
        stock.Provider.override(provider, other)
