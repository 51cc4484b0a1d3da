"""Methods of scopes that are not compiled: what they give is elsewhere, exists, or is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trunkline.resolution.scope import OpenScope

__all__ = ["awaited_method", "kept_method", "outer_method", "refuse"]


def outer_method(attr: str, hops: int) -> Callable[[OpenScope], Any]:
    """A method that resolves in the scope so many steps further out."""

    def resolve_outer(self: OpenScope) -> Any:
        self._check_open()
        for _ in range(hops):
            self = self._parent  # each step leads outward
        return getattr(self, attr)()

    return resolve_outer


def kept_method(value: object, depth: int) -> Callable[[OpenScope], Any]:
    """A method that gives an object which exists already.

    Args:
        value: The object.
        depth: How many scopes, inside the outermost one, have to be open still.
    """

    def resolve_kept(self: OpenScope) -> Any:
        if self._attention is not None:
            self._check_open()
        return value

    def resolve_kept_within(self: OpenScope) -> Any:
        scope = self
        for _ in range(depth):
            if scope._attention is not None:
                self._check_open()
            scope = scope._parent
        return value

    return resolve_kept if depth < 2 else resolve_kept_within


def awaited_method(method: Callable[[OpenScope], Any]) -> Callable[[OpenScope], Any]:
    """The same for an object that has to be awaited where it does not exist yet."""

    async def resolve_awaited(self: OpenScope) -> Any:
        return method(self)

    return resolve_awaited


def refuse(self: OpenScope, *_: object, **__: object) -> Any:
    """Refuse the use of a scope that has outlived its container."""
    raise self._is_closed()
