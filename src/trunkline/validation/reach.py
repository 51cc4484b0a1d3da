"""Checks of who reaches what: scope values that nothing uses, async behind a sync entry."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator

from trunkline.graph.model import Graph, Kind, Node
from trunkline.validation.findings import Finding
from trunkline.validation.places import place_of

__all__ = ["check_scope_values", "check_sync_entry"]


def check_scope_values(graph: Graph, used: Collection[str] = ()) -> Iterator[Finding]:
    """Find scope values that nothing uses.

    Everyone who opens the scope must give them, for nothing. (A node that lives longer than a
    value it needs can't reach it: that is a captive dependency.)

    Args:
        graph: Any graph.
        used: Names of nodes that are asked for from outside the graph, by injected functions
            for example.

    Yields:
        A finding of ``unused-scope-value`` for each.
    """
    targets = {edge.target for node in graph for edge in node.dependencies}
    for node in graph:
        if node.kind is Kind.VALUE and node.name not in targets and node.name not in used:
            yield Finding(
                check="unused-scope-value",
                subject=node.name,
                message=(
                    f"every {node.scope} scope must be given {node.name}, but no provider uses it"
                ),
                remedy=f"inject {node.name} where it is needed, or remove it",
                location=place_of(graph, node),
            )


def check_sync_entry(graph: Graph, roots: Iterable[str]) -> Iterator[Finding]:
    """Find what must be awaited behind entries that don't await.

    Args:
        graph: Any graph.
        roots: Names of the nodes that are resolved without ``await``: what a sync function is
            injected with, for example.

    Yields:
        A finding of ``async-from-sync`` for each root from which the nearest node that is async
        by itself can be reached, with the hops to it.
    """
    for root in dict.fromkeys(roots):
        if root not in graph:
            continue
        route = _route_to_async(graph, root)
        if route is None:
            continue
        start, end = route[0], route[-1]
        behind = "" if start is end else f" needs {end.name}, which"
        yield Finding(
            check="async-from-sync",
            subject=start.name,
            message=f"{start.name} is resolved without await but{behind} is async",
            remedy=(f"resolve it with await (aget, or an async function), or make {end.name} sync"),
            location=place_of(graph, start),
            hops=tuple(
                f"{node.name} [{'async' if node.is_async else 'sync'}]"
                + (f"  {node.location}" if node.location else "")
                for node in route
            ),
        )


def _route_to_async(graph: Graph, root: str) -> list[Node] | None:
    """The shortest way to a node that is async without any of its dependencies being so."""
    previous: dict[str, str] = {}
    queue = deque([root])
    while queue:
        name = queue.popleft()
        targets = [
            edge.target
            for edge in graph[name].dependencies
            if not edge.deferred and edge.target in graph
        ]
        if graph[name].is_async and not any(graph[target].is_async for target in targets):
            route = [graph[name]]
            while route[-1].name != root:
                route.append(graph[previous[route[-1].name]])
            return route[::-1]
        for target in targets:
            if target != root and target not in previous:
                previous[target] = name
                queue.append(target)
    return None
