"""Telling an override when its fakes are first asked for, and what they make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trunkline.graph.blueprint import Opening

if TYPE_CHECKING:
    from trunkline.compiler.planner import NodePlan
    from trunkline.resolution.overriding import ActiveOverride
    from trunkline.resolution.program import Program
    from trunkline.resolution.scope import OpenScope

__all__ = ["note_first_uses"]

_NOT_MADE_HERE = (Opening.GIVEN, Opening.CONSTANT, Opening.DELEGATED)


def note_first_uses(
    program: Program, cls: type[OpenScope], fakes: Mapping[str, ActiveOverride]
) -> None:
    """Let each fake's first use in the scopes of a class be noted, and what it made be seen."""
    for name, override in fakes.items():
        node = program.plan.nodes[name]
        if node.home == cls._path[-1] and node.recipe.opening not in _NOT_MADE_HERE:
            _note_first_use(program, cls, node, override)


def _note_first_use(
    program: Program, cls: type[OpenScope], node: NodePlan, override: ActiveOverride
) -> None:
    plain = getattr(cls, f"m_{node.attr}")

    def seen(made: Any) -> Any:
        override.made(node.name, made)  # which may refuse it, then also the next time
        program.replace_method(cls, node.attr, plain)
        return made

    async def seen_async(making: Any) -> Any:
        return seen(await making)

    def first_use(self: OpenScope) -> Any:
        override.used(node.name)
        made = plain(self)
        return seen_async(made) if node.is_async else seen(made)

    program.replace_method(cls, node.attr, first_use)
