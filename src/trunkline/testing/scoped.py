"""Which objects open scopes hold, by name."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

from trunkline.compiler.planner import NodePlan
from trunkline.graph.blueprint import Opening
from trunkline.graph.model import Kind
from trunkline.introspection import is_configuration
from trunkline.resolution.scope import OpenScope
from trunkline.resolution.shadow import Shadow
from trunkline.resolution.state import MISSING, TAKEN

__all__ = ["all_scopes", "around", "configured_in", "held_by", "keyed_in"]


def all_scopes() -> list[OpenScope]:
    """Every scope in memory but the outermost ones, open or closed."""
    return [
        found
        for found in gc.get_objects()
        # by the real class: a weak proxy whose object is gone answers no question
        if issubclass(type(found), OpenScope)
        and not issubclass(type(found), Shadow)
        and found.parent is not None
    ]


def around(scope: OpenScope) -> list[OpenScope]:
    """The scope and all those around it, innermost first."""
    found = [scope]
    while (outer := found[-1].parent) is not None:
        found.append(outer)
    return found


def held_by(scope: OpenScope) -> Iterator[tuple[str, Any]]:
    """The objects that a scope has built or was given, by name; under overrides too."""
    return ((node.name, value) for node, value in _held(scope))


def keyed_in(scope: OpenScope) -> Iterator[Any]:
    """The objects in a scope that belong to a key: a pool keeps them for all who have that key."""
    return (value for node, value in _held(scope) if node.node.kind is Kind.KEYED)


def configured_in(scope: OpenScope) -> Iterator[Any]:
    """What the configurations of the scope's container hold, as far as providers read it."""
    for node in scope._program.plan.nodes.values():  # noqa: SLF001  # the plan knows them
        call: Any = node.recipe.call
        if node.recipe.opening is Opening.LIVE and is_configuration(call):
            yield call()


def _held(scope: OpenScope) -> Iterator[tuple[NodePlan, Any]]:
    for view in (scope, *getattr(scope, "_views", {}).values()):
        program = view._program  # noqa: SLF001  # the plan says what each slot holds
        for node in program.plan.at_home(view._path[-1]):  # noqa: SLF001  # as above
            if node.constant:
                yield node, node.recipe.call
                continue
            value = getattr(view, f"v_{node.attr}", MISSING)
            if value is not MISSING and value is not TAKEN:
                yield node, value
