"""What old calls have opened in this process, by the scope around it."""

from __future__ import annotations

import threading
from typing import Final
from weakref import WeakKeyDictionary

from trunkline.legacy.opened import OpenedScopes
from trunkline.resolution.scope import OpenScope

__all__ = ["aclose_opened", "close_opened", "opened_in"]


class _Registry:
    """The scopes that old calls have opened, by the scope around them."""

    def __init__(self) -> None:
        self._by_parent: WeakKeyDictionary[OpenScope, OpenedScopes] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def of(self, parent: OpenScope) -> OpenedScopes:
        """What is open inside a scope."""
        with self._lock:
            found = self._by_parent.get(parent)
            if found is None:
                found = self._by_parent[parent] = OpenedScopes(parent)
            return found

    def all(self) -> list[OpenedScopes]:
        """All of the process."""
        with self._lock:
            return list(self._by_parent.values())


_REGISTRY: Final = _Registry()
"""One a process; entries go with the scopes they belong to."""


def opened_in(parent: OpenScope) -> OpenedScopes:
    """What old calls have opened inside a scope."""
    return _REGISTRY.of(parent)


def close_opened(value: object) -> int:
    """Close the scopes that old calls opened with a scope value.

    Args:
        value: The value, for example a user context.

    Returns:
        How many were open.
    """
    return sum(
        opened.close(given) for opened in _REGISTRY.all() for given in opened.matching(value)
    )


async def aclose_opened(value: object) -> int:
    """The same, awaiting the teardowns."""
    closed = 0
    for opened in _REGISTRY.all():
        for given in opened.matching(value):
            closed += await opened.aclose(given)
    return closed
