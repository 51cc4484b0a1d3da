"""The ambient scope: the one that code without a scope in hand resolves in.

A context variable holds it, so that every task and thread context has its own. It lives below the
providers because calling a provider reads it, and above nothing: whatever it holds only needs the
two methods below.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, Protocol

__all__ = ["AmbientScope", "ambient_scope"]


class AmbientScope(Protocol):
    """What a provider asks of the scope it finds open."""

    def resolve(self, provider: Any, /) -> Any:
        """Return the provider's object, or a coroutine for it where the provider is async."""
        ...

    def knows(self, provider: Any, /) -> bool:
        """Whether the scope's container has this provider."""
        ...


ambient_scope: ContextVar[AmbientScope | None] = ContextVar("trunkline_ambient_scope", default=None)
