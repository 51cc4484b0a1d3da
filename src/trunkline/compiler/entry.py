"""Python source of ``enter``: from a scope to the one that it usually opens.

Written once the inner scope's class exists. It serves the usual call, with one value for each
type in the order of declaration, and leaves everything else to ``_enter``. All parameters are
plain ones, because the interpreter calls such functions fastest. So a value too many fills the one
that follows the values; that is ``given``, which ``_enter`` can tell from a value.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from trunkline.compiler.planner import NodePlan

__all__ = ["write_enter"]


def write_enter(
    values: list[NodePlan],
    opening: Iterable[str],
    most: int,
    *,
    depth: int = 1,
    ambient: bool = True,
) -> tuple[str, dict[str, Any]]:
    """Write ``enter`` for an inner scope that takes these values.

    Args:
        values: The values at home in the inner scope, in the order of declaration.
        opening: Lines that leave the inner scope in ``inner``.
        most: How many values any scope of the container takes at the most.
        depth: How many scopes are open where it is called. The outermost of them needs no look:
            when it closes, its program's classes refuse every use.
        ambient: Whether the scope becomes the ambient one where the caller doesn't say.

    Returns:
        The source of a function, and the names it needs beside those of the inner scope's source.
    """
    own = [f"v_{node.attr}" for node in values]
    surplus = [f"value_{index}" for index in range(max(most, 1) - len(own))]
    checks = [f"type({name}) is T_{name}" for name in own]
    checks += [f"{name} is MISSING" for name in surplus[:1]]
    checks += ["given is None", "scope is None"]
    if len({node.recipe.call for node in values}) < len(values):
        checks = ["False"]  # values of one class have to be named
    outer = (f"self{'._parent' * hops}._attention is not None" for hops in range(max(depth - 1, 1)))
    parameters = "".join(f"{name}=MISSING, " for name in (*own, *surplus))
    passed = "".join(f"{name}, " for name in (*own, *surplus))
    lines = [*(["parent = self"] if depth > 1 else []), *opening]
    body = "\n".join(f"        {line}" for line in lines)
    text = f"""\
def enter(self, {parameters}given=None, scope=None, ambient={ambient}):
    if {" and ".join(checks)}:
        if {" or ".join(outer)}:
            self._check_open()
{body}
        return inner
    return self._enter(({passed}), scope, given, ambient)
"""
    return text, {f"T_v_{node.attr}": node.recipe.call for node in values}
