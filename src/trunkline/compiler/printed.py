"""The compiled source, for people."""

from __future__ import annotations

from textwrap import dedent

from trunkline.compiler.planner import NodePlan, Plan
from trunkline.compiler.queries import close_to, listing
from trunkline.compiler.source import ScopeSource, write_scope
from trunkline.errors import UnknownProviderError

__all__ = ["provider_source", "scope_source"]


def provider_source(plan: Plan, name: str, *, locked: bool) -> str:
    """The compiled source of one provider, in the scope where it is made.

    Args:
        plan: The plan of the container.
        name: The node's name.
        locked: Whether many threads and tasks may use one scope at once.

    Raises:
        UnknownProviderError: The container has no node of that name.
    """
    node = plan.nodes.get(name)
    graph = plan.blueprint.graph
    if node is None:
        close = close_to(plan, name)
        raise UnknownProviderError(
            f"{graph.name} has no provider {name!r}",
            cause=f"did you mean {' or '.join(close)}?" if close else "",
            remedy=f"name one of its own: {listing(plan)}",
        )
    path = graph.scopes[: graph.scopes.index(node.home) + 1]
    source = scope_source(plan, path, locked=locked)
    names = [method.name for method in source.later]
    methods = [name for name in (f"start_{node.attr}", node.attr) if name in names]
    shown = [dedent(source.write(name)) for name in methods]
    return "\n\n".join([f"# {' > '.join(path)} of {graph.name}", *shown]) + "\n"


def scope_source(plan: Plan, path: tuple[str, ...], *, locked: bool) -> ScopeSource:
    """The source of the scope at the end of ``path``, to be read and not to be run."""
    return write_scope(plan, path, settled=_unknown, locked=locked)


def _unknown(_: NodePlan) -> object:
    return ...
