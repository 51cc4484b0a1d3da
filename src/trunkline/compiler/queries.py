"""What a plan answers when it is asked: what is waited for, and what messages say."""

from __future__ import annotations

from trunkline.compiler.planner import NodePlan, Plan

__all__ = ["close_to", "listing", "waits_of", "why_async"]


def waits_of(
    plan: Plan, node: NodePlan, path: tuple[str, ...], *, locked: bool
) -> tuple[tuple[int, str], ...]:
    """What another thread may be building when a node's object is asked for.

    Args:
        plan: The plan of the container.
        node: A node whose object need not be awaited.
        path: The scopes from the outermost to the one that is asked.
        locked: Whether many threads and tasks may use one scope at once.

    Returns:
        How many scopes further out, and the attribute, of each stored object that it is made
        from, and last of its own, unless that is made anew at each use.
    """
    if not locked:
        return ()
    behind: dict[str, None] = {}
    stack = [node.name]
    while stack:
        name = stack.pop()
        if name not in behind:
            behind[name] = None
            edges = plan.nodes[name].node.dependencies
            stack += [e.target for e in edges if not (e.deferred or e.conditional)]
    nodes = [plan.nodes[name] for name in reversed(behind)]
    return tuple(
        (len(path) - 1 - path.index(each.home), each.attr)
        for each in nodes
        if each.built_once and each.home in path
    )


def why_async(plan: Plan, node: NodePlan) -> str:
    """The chain of objects through which a node must be awaited."""
    names = [node.name]
    while True:
        behind = next(
            (
                edge.target
                for edge in node.node.dependencies
                if not edge.deferred
                and edge.target not in names
                and plan.nodes[edge.target].is_async
            ),
            None,
        )
        if behind is None:
            return " -> ".join(names)
        names.append(behind)
        node = plan.nodes[behind]


def listing(plan: Plan, limit: int = 12) -> str:
    """The declared providers' names, for messages."""
    names = [node.name for node in plan.nodes.values() if node.node.declared]
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def close_to(plan: Plan, name: str) -> list[str]:
    """Declared names that look like ``name``."""
    from difflib import get_close_matches

    return get_close_matches(name, plan.nodes, n=3)
