"""Which objects open scopes hold, by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trunkline.resolution.scope import MISSING, OpenScope

__all__ = ["around", "held_by"]


def around(scope: OpenScope) -> list[OpenScope]:
    """The scope and all those around it, innermost first."""
    found = [scope]
    while (outer := found[-1].parent) is not None:
        found.append(outer)
    return found


def held_by(scope: OpenScope) -> Iterator[tuple[str, Any]]:
    """The objects that a scope has built or was given, by name; under overrides too."""
    for view in (scope, *getattr(scope, "_views", {}).values()):
        program = view._program  # noqa: SLF001  # the plan says what each slot holds
        for node in program.plan.at_home(view._path[-1]):  # noqa: SLF001  # as above
            if node.constant:
                yield node.name, node.recipe.call
                continue
            value = getattr(view, f"v_{node.attr}", MISSING)
            if value is not MISSING:
                yield node.name, value
