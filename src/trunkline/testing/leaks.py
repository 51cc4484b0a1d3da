"""What a test may not leave behind: overrides, open scopes, started containers."""

from __future__ import annotations

import linecache
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

from trunkline.ambient import ambient_scope
from trunkline.containers import ScopedContainer
from trunkline.graph.model import SourceLocation
from trunkline.overrides import Override
from trunkline.resolution.overriding import OVERRIDING
from trunkline.resolution.scope import OpenScope
from trunkline.resolution.started import STARTED
from trunkline.testing.scoped import all_scopes
from trunkline.testing.stock import StockOverrides

__all__ = ["STOCK", "Watch"]

STOCK = StockOverrides()
"""One for the process, as the method that it extends is."""


@dataclass(frozen=True, slots=True)
class _Present:
    """What there is at a moment."""

    overrides: WeakSet[Any]
    containers: WeakSet[Any]
    scopes: WeakSet[OpenScope]

    @classmethod
    def now(cls) -> _Present:
        containers = STARTED.of(ScopedContainer)
        # a container that is not started has no open scope
        scopes = [scope for scope in all_scopes() if not scope.closed] if containers else []
        return cls(WeakSet(OVERRIDING.active()), WeakSet(containers), WeakSet(scopes))

    def add(self, after: _Present, before: _Present) -> None:
        """Count what came between two moments in."""
        self.overrides.update(set(after.overrides) - set(before.overrides))
        self.containers.update(set(after.containers) - set(before.containers))
        self.scopes.update(set(after.scopes) - set(before.scopes))


class Watch:
    """Knows what there was before a test, and finds what it left behind."""

    def __init__(self) -> None:
        self._before = _Present.now()
        self._ambient = ambient_scope.get()
        STOCK.watch()
        STOCK.made.clear()

    @contextmanager
    def longer_lived(self) -> Iterator[None]:
        """Hold nothing against the test that begins in a block: a fixture of longer life does."""
        before, made = _Present.now(), len(STOCK.made)
        yield
        self._before.add(_Present.now(), before)
        self._ambient = ambient_scope.get()
        del STOCK.made[made:]

    @property
    def open_scopes(self) -> list[OpenScope]:
        """The scopes that were opened since, and are open still."""
        return [scope for scope in _Present.now().scopes if scope not in self._before.scopes]

    def left_behind(self) -> list[str]:
        """What began since and has not ended, a line for each.

        Overrides are ended, so that the next test starts clean.
        """
        left = [*self._end_overrides(), *self._reset_stock()]
        now = _Present.now()
        left += [f"an open scope: {scope!r}" for scope in now.scopes - self._before.scopes]
        left += [
            f"a started container: {container.declared or container!r}"
            for container in now.containers - self._before.containers
        ]
        if ambient_scope.get() is not self._ambient:
            ambient_scope.set(self._ambient)
        return left

    def _end_overrides(self) -> Iterator[str]:
        for active in reversed(OVERRIDING.active()):
            if active in self._before.overrides or not isinstance(active, Override):
                continue
            line = f"an override, entered at {_line(active.location)}"
            try:
                active.__exit__(None, RuntimeError("it was left behind by a test"), None)
            except Exception as failed:  # noqa: BLE001  # whatever it is, the other leaks count too
                line += f"\n      ending it failed: {failed}"
            yield line

    def _reset_stock(self) -> Iterator[str]:
        for made in STOCK.left():
            yield f"provider.override() of {made.provider!r}, made at {_line(made.location)}"
            made.take_back()
        STOCK.made.clear()


def _line(location: SourceLocation | None) -> str:
    if location is None:
        return "a place that is not known"
    source = linecache.getline(location.file, location.line).strip()
    return f"{location}: {source}" if source else str(location)
