"""Which containers are started in this process.

Code without a scope in hand finds its own by the ambient scope. A thread that did not inherit the
context of the start has none; it may still ask here for the one application there is.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final
from weakref import ref

if TYPE_CHECKING:
    from trunkline.containers import ContainerInstance

__all__ = ["STARTED", "StartedContainers"]


class StartedContainers:
    """Container instances between their start and their stop, held weakly."""

    def __init__(self) -> None:
        self._references: list[ref[ContainerInstance]] = []
        self._lock = threading.Lock()

    def add(self, container: ContainerInstance) -> None:
        """Note that a container has started."""
        with self._lock:
            self._references.append(ref(container))

    def discard(self, container: ContainerInstance) -> None:
        """Note that it stops; it need not have been noted before."""
        with self._lock:
            kept = (r for r in self._references if r() is not container and r() is not None)
            self._references = list(kept)

    def of(self, declared: type) -> tuple[ContainerInstance, ...]:
        """The started instances of a declared class or of a subclass of it."""
        found = (reference() for reference in self._references)
        return tuple(instance for instance in found if isinstance(instance, declared))


STARTED: Final = StartedContainers()
"""The one register of the process, as there is one set of threads."""
