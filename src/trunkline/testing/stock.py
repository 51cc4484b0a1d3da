"""Stock overrides: who called ``provider.override()``, and where, and whether it was taken back."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from dependency_injector import providers as stock
from dependency_injector.containers import DeclarativeContainer, DynamicContainer

from trunkline.graph.model import SourceLocation
from trunkline.introspection import is_provider, stock_overrides
from trunkline.providers.routed import Router

__all__ = ["StockOverride", "StockOverrides", "caller"]

_CHILDREN = (stock.Dependency, stock.DependenciesContainer, stock.Container)
"""Providers that know the container that they belong to."""
_BETWEEN = ("trunkline.", "dependency_injector", "copy")
"""Modules that lie between a user's line and what is called in the end."""


@dataclass(frozen=True, slots=True, eq=False)
class StockOverride:
    """One call of ``provider.override()``, or of what comes down to it, as ``config.from_dict()``.

    Attributes:
        provider: What was overridden.
        by: The provider that stands in.
        location: The line.
    """

    provider: Any
    by: Any
    location: SourceLocation

    @property
    def is_in_effect(self) -> bool:
        """Whether it was not taken back."""
        return any(other is self.by for other in stock_overrides(self.provider))

    @property
    def is_left(self) -> bool:
        """Whether it is in effect still, for anyone who can reach the provider.

        What is garbage has to be collected before, as a container that a test made for itself.
        """
        if not self.is_in_effect:
            return False
        if not any(isinstance(referrer, dict) for referrer in gc.get_referrers(self.provider)):
            return False
        parent = getattr(self.provider, "parent", None)
        if not isinstance(self.provider, _CHILDREN) or not isinstance(parent, DynamicContainer):
            return True
        # only through the provider, which is held here, such a container may be alive still
        return not all(map(is_provider, gc.get_referrers(parent)))

    def take_back(self) -> None:
        """Reset the provider down to what it was before."""
        while self.is_in_effect:
            self.provider.reset_last_overriding()


class StockOverrides:
    """Records stock overrides as they are made.

    dependency-injector has no hook for that, but its methods are ordinary ones. What it overrides
    while it makes a container, for the arguments that it was given, is part of the container.
    """

    def __init__(self) -> None:
        self.made: list[StockOverride] = []
        self._making = threading.local()
        self._plain: list[tuple[Any, str, Any]] = []

    def watch(self) -> None:
        """Record from now on."""
        if not self._plain:
            self._extend(stock.Provider, "override", self._recorded)
            for reset in ("reset_last_overriding", "reset_override"):
                self._extend(stock.Provider, reset, self._forgetting)
            self._extend(stock.Container, "apply_overridings", self._made_inside)
            self._extend(
                DeclarativeContainer,
                "__new__",
                lambda new: staticmethod(self._made_inside(new.__func__)),
            )

    def unwatch(self) -> None:
        """Record no longer."""
        while self._plain:
            owner, name, plain = self._plain.pop()
            setattr(owner, name, plain)

    def _extend(self, owner: Any, name: str, extended: Callable[[Any], Any]) -> None:
        plain = vars(owner).get(name)
        if plain is None:  # a release that overrides by other ways, which go unrecorded
            return
        self._plain.append((owner, name, plain))
        setattr(owner, name, extended(plain))

    def _recorded(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        def override(provider: Any, by: Any) -> Any:
            context = plain(provider, by)
            if not isinstance(by, Router) and not getattr(self._making, "depth", 0):
                self.made.append(StockOverride(provider, provider.last_overriding, caller()))
            return context

        return override

    def _forgetting(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        def reset(provider: Any) -> Any:
            result = plain(provider)
            # a fake must not be kept alive for longer than its override
            self.made[:] = [m for m in self.made if m.provider is not provider or m.is_in_effect]
            return result

        return reset

    def _made_inside(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        def make(*args: Any, **kwargs: Any) -> Any:
            self._making.depth = getattr(self._making, "depth", 0) + 1
            try:
                return plain(*args, **kwargs)
            finally:
                self._making.depth -= 1

        return make

    def left(self) -> Iterator[StockOverride]:
        """Those that are in effect still, the latest first."""
        standing = [each for each in reversed(self.made) if each.is_in_effect]
        if standing:
            gc.collect()  # containers are garbage in cycles
        return (each for each in standing if each.is_left)


def caller() -> SourceLocation:
    """The nearest line that is neither trunkline's nor dependency-injector's."""
    frame = sys._getframe(1)  # noqa: SLF001  # inspect.stack() reads source files: 1,000 times slower
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_BETWEEN):
        frame = frame.f_back
    return SourceLocation(frame.f_code.co_filename, frame.f_lineno)
