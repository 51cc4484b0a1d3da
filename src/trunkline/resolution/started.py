"""Which containers are started in this process.

Code without a scope in hand finds its own by the ambient scope. A thread that did not inherit the
context of the start has none; it may still ask here for the one application there is.
"""

from __future__ import annotations

import threading
from typing import Final, Protocol
from weakref import ref

from trunkline.resolution.scope import OpenScope

__all__ = ["STARTED", "StartedContainer", "StartedContainers"]


class StartedContainer(Protocol):
    """What a started container offers to who finds it here."""

    def root_scope(self) -> OpenScope | None:
        """Its outermost scope; None once it has stopped."""


class StartedContainers:
    """Container instances between their start and their stop, held weakly."""

    def __init__(self) -> None:
        self._references: list[ref[StartedContainer]] = []
        self._lock = threading.Lock()

    def add(self, container: StartedContainer) -> None:
        """Note that a container has started."""
        with self._lock:
            self._references.append(ref(container))

    def discard(self, container: StartedContainer) -> None:
        """Note that it stops; it need not have been noted before."""
        with self._lock:
            kept = (r for r in self._references if r() is not container and r() is not None)
            self._references = list(kept)

    def of(self, declared: type) -> tuple[StartedContainer, ...]:
        """The started instances of a declared class or of a subclass of it."""
        found = (reference() for reference in self._references)
        return tuple(one for one in found if one is not None and isinstance(one, declared))


STARTED: Final = StartedContainers()
"""The one register of the process, as there is one set of threads."""
