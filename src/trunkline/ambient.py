"""The ambient scope: the one that code without a scope in hand resolves in.

A context variable holds it, so that every task and thread context has its own. It lives below the
providers because calling a provider reads it, and above nothing: whatever it holds only needs the
two methods below.
"""

from __future__ import annotations

import threading
from contextvars import ContextVar
from typing import Any, Final, Protocol
from weakref import ref

__all__ = [
    "STARTED",
    "AmbientScope",
    "StartedContainer",
    "StartedContainers",
    "ambient_scope",
    "ambient_scope_of",
]


class AmbientScope(Protocol):
    """What a provider asks of the scope it finds open."""

    def resolve(self, provider: Any, /) -> Any:
        """Return the provider's object, or a coroutine for it where the provider is async."""
        ...

    def knows(self, provider: Any, /) -> bool:
        """Whether the scope's container has this provider."""
        ...

    def _around(self) -> AmbientScope | None:
        """What was ambient before, or lies around the scope."""
        ...


class StartedContainer(Protocol):
    """What a started container offers to who finds it here."""

    def root_scope(self) -> Any:
        """Its outermost scope; None once it has stopped."""


class StartedContainers:
    """Container instances between their start and the end of their stop, held weakly."""

    def __init__(self) -> None:
        self._references: list[ref[StartedContainer]] = []
        self._lock = threading.Lock()

    def add(self, container: StartedContainer) -> None:
        """Note that a container has started."""
        with self._lock:
            self._references.append(ref(container))

    def discard(self, container: StartedContainer) -> None:
        """Note that it has stopped; it need not have been noted before."""
        with self._lock:
            kept = (r for r in self._references if r() is not container and r() is not None)
            self._references = list(kept)

    def of(self, declared: type) -> tuple[StartedContainer, ...]:
        """The started instances of a declared class or of a subclass of it."""
        found = (reference() for reference in self._references)
        return tuple(one for one in found if one is not None and isinstance(one, declared))

    def that_know(self, provider: object) -> tuple[AmbientScope, ...]:
        """The outermost scopes of the started containers that have the provider."""
        found = (reference() for reference in self._references)
        roots = (one.root_scope() for one in found if one is not None)
        return tuple(root for root in roots if root is not None and root.knows(provider))


STARTED: Final = StartedContainers()
"""The one register of the process, as there is one set of threads."""


def ambient_scope_of(provider: object) -> AmbientScope | None:
    """The nearest ambient scope whose container has the provider, or None."""
    scope = ambient_scope.get()
    while scope is not None and not scope.knows(provider):
        scope = scope._around()  # noqa: SLF001  # a public name would take a provider's
    return scope


ambient_scope: ContextVar[AmbientScope | None] = ContextVar("trunkline_ambient_scope", default=None)
