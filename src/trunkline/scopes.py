"""Scopes: named lifetimes, one inside another."""

from __future__ import annotations

from enum import Enum

__all__ = ["BaseScope", "Scope"]


class BaseScope(Enum):
    """Base of scope chains.

    Members are written from the longest life to the shortest; the first is the application's own.
    A chain of your own is a subclass, named in the container::

        class Lifetime(BaseScope):
            PROCESS = "process"
            TENANT = "tenant"
            CALL = "call"

        class Application(ScopedContainer):
            scopes = Lifetime
            default_scope = Lifetime.CALL
    """

    @property
    def depth(self) -> int:
        """How far inside the chain this scope lies: 0 for the outermost."""
        return type(self)._member_names_.index(self._name_)

    def __str__(self) -> str:
        return self._name_


class Scope(BaseScope):
    """The usual chain: an application, its sessions, their requests, the steps of a request."""

    APP = "app"
    SESSION = "session"
    REQUEST = "request"
    STEP = "step"
