"""Which overrides are in effect: in a context, and in the process.

A context variable holds the overrides that were entered in a context, so that tasks inherit them
and nobody else sees them. Where the variable's value is unchanged, so is everything that follows
from it; compiled entry points therefore compare it by identity alone.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any, Final, Protocol

from trunkline.graph.blueprint import Blueprint

__all__ = ["OVERRIDING", "ActiveOverride", "Overriding", "Stack", "in_order", "overrides_here"]


class ActiveOverride(Protocol):
    """An override, as the scopes of a container see it.

    Attributes:
        active: False once it has ended, in whichever context that was.
        number: Overrides that started later have a higher one.
        everywhere: True where it is in effect in every context.
    """

    active: bool
    number: int
    everywhere: bool

    def applies_to(self, container: Any, /) -> bool:
        """Whether it overrides providers of this container instance."""
        ...

    def begin_in(self, container: Any, /) -> None:
        """Take effect in a container that has started since."""

    def derive(self, blueprint: Blueprint, /) -> tuple[Blueprint, frozenset[str], frozenset[str]]:
        """The blueprint with the fakes in place.

        Returns:
            The blueprint, the names of the nodes that are made in another way or are new, and
            those among them that fakes stand for.
        """
        ...

    def used(self, name: str, /) -> None:
        """The fake of the node of that name was asked for."""

    def made(self, name: str, value: Any, /) -> None:
        """It made this object; raises where that can't stand in for what it replaces."""


class Stack:
    """The overrides that were entered in a context, in order.

    Attributes:
        overrides: The overrides; some may have ended since.
        seen: What each container made of them, by the container's layers, with the version at
            which it did.
    """

    __slots__ = ("overrides", "seen")

    def __init__(self, overrides: tuple[ActiveOverride, ...]) -> None:
        self.overrides = overrides
        self.seen: dict[Any, tuple[int, Any]] = {}


overrides_here: ContextVar[Stack | None] = ContextVar("trunkline_overrides", default=None)


class Overriding:
    """All active overrides of the process, for containers that start while they last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._active: list[ActiveOverride] = []
        self._count = 0

    def begin(self, override: ActiveOverride) -> None:
        """Note that an override has started."""
        with self._lock:
            self._count += 1
            override.number = self._count
            override.active = True
            self._active.append(override)

    def end(self, override: ActiveOverride) -> None:
        """Note that it has ended."""
        with self._lock:
            override.active = False
            self._active.remove(override)

    def active(self) -> tuple[ActiveOverride, ...]:
        """All active overrides, in order of their start."""
        return tuple(self._active)

    def of(self, container: Any) -> tuple[ActiveOverride, ...]:
        """The active overrides that apply to a container instance, in order of their start."""
        return tuple(o for o in tuple(self._active) if o.applies_to(container))


def in_order(overrides: Iterable[ActiveOverride]) -> tuple[ActiveOverride, ...]:
    """Overrides in the order of their start, each once."""
    return tuple(sorted(set(overrides), key=lambda override: override.number))


OVERRIDING: Final = Overriding()
"""The one register of the process, as there is one set of contexts."""
