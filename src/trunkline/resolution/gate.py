"""Gates: entry points of scopes that look for an override in the caller's context.

Without overrides a scope's class has its compiled methods alone, and costs what they cost. While
one is active, a gate stands before each method that users call: it compares the context's
overrides with those that the scope's program was made for, and goes on to the scope itself or to
its shadow. Compiled code calls the methods behind the gate.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trunkline.resolution.overriding import overrides_here
from trunkline.resolution.scope import OpenScope
from trunkline.resolution.state import MISSING

__all__ = ["NOWHERE", "Gate"]

NOWHERE: Any = object()
"""What no context holds."""


class Gate:
    """Stands before the scopes of one layer.

    Args:
        view: Finds what answers for a scope in the caller's context.

    Attributes:
        here: The context's overrides, as the context variable holds them, for which the scopes
            themselves are known to answer.
    """

    __slots__ = ("_by_name", "aget", "enter", "get", "here", "resolve", "view")

    def __init__(self, view: Callable[[OpenScope], OpenScope]) -> None:
        self.here: Any = NOWHERE
        self.view = view
        self._by_name: dict[str, Callable[[OpenScope], Any]] = {}
        current = overrides_here.get
        gate = self

        def get(self: Any, provider: Any) -> Any:
            if current() is gate.here:
                return self.m_get(provider)
            return view(self).m_get(provider)  # type: ignore[attr-defined]  # compiled

        def aget(self: Any, provider: Any) -> Any:
            if current() is gate.here:
                return self.m_aget(provider)
            return view(self).m_aget(provider)  # type: ignore[attr-defined]  # compiled

        def enter(self: Any, value: Any = MISSING, *values: Any, **options: Any) -> Any:
            scope: Any = self if current() is gate.here else view(self)
            if values or options:
                return scope.m_enter(value, *values, **options)
            return scope.m_enter(value)  # the usual call, at less than half the price

        def resolve(self: Any, provider: Any) -> Any:
            return (self if current() is gate.here else view(self)).m_resolve(provider)

        self.get, self.aget, self.enter, self.resolve = get, aget, enter, resolve

    def method(self, name: str) -> Callable[[OpenScope], Any]:
        """The gate before the method of that name."""
        method = self._by_name.get(name)
        if method is None:
            method = self._by_name[name] = self._before(name, f"m_{name}")
        return method

    def _before(self, name: str, behind: str) -> Callable[[OpenScope], Any]:
        current = overrides_here.get
        gate, view = self, self.view

        def resolve_by_name(self: OpenScope) -> Any:
            return getattr(self if current() is gate.here else view(self), behind)()

        resolve_by_name.__name__ = name
        return resolve_by_name
