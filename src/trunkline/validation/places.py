"""Where a node is declared, for those that are written inside another's arguments too."""

from __future__ import annotations

from trunkline.graph.model import Graph, Node, SourceLocation

__all__ = ["place_of"]


def place_of(graph: Graph, node: Node) -> SourceLocation | None:
    """A node's place, or that of the declared provider whose arguments hold it."""
    name = node.name
    while node.location is None and name.endswith("]"):
        name = name[: name.rindex("[")]
        if name in graph:
            node = graph[name]
    return node.location
