"""Checks of how long objects live: captive dependencies and cycles.

These are the only definitions of the two faults; the live container and the auditor both feed
their graphs to them.
"""

from __future__ import annotations

from collections.abc import Iterator

from trunkline.graph.algorithms import cycles, effective_scopes
from trunkline.graph.model import Graph, Kind, Node
from trunkline.validation.findings import Finding

__all__ = ["check_captive_dependencies", "check_cycles"]


def check_captive_dependencies(graph: Graph) -> Iterator[Finding]:
    """Find objects that hold another object of a shorter life.

    Args:
        graph: Any graph; cycles are tolerated.

    Yields:
        A finding for each argument through which a longer-lived object would hold a
        shorter-lived one, with every hop between the two.

    Source:
        "Captive dependency", M. Seemann, *Dependency Injection Principles, Practices, and
        Patterns* (2019), section 8.4.1.
    """
    effective = effective_scopes(graph)
    for node in graph:
        if node.scope is None:
            continue
        depth = graph.depth(node.scope)
        for edge in node.dependencies:
            if edge.deferred or edge.target not in graph:
                continue
            held = effective[edge.target]
            if graph.depth(held) > depth:
                route = _route(graph, edge.target, held)
                captive = route[-1]
                yield Finding(
                    check="captive-dependency",
                    subject=node.name,
                    message=(
                        f"{node.name} lives as long as {node.scope} but holds {captive.name}, "
                        f"which lives as long as {held}"
                    ),
                    remedy=(
                        f"give {node.name} the scope {held}, or inject {captive.name}.provider "
                        "and resolve it where it is used"
                    ),
                    location=node.location,
                    hops=tuple(_hops([node, *route])),
                )


def check_cycles(graph: Graph) -> Iterator[Finding]:
    """Find providers that need each other before either can be built.

    Args:
        graph: Any graph.

    Yields:
        A finding for each group of providers in a cycle, with file and line of every hop.
    """
    for cycle in cycles(graph):
        nodes = [graph[name] for name in cycle]
        names = " -> ".join([*cycle, cycle[0]])
        yield Finding(
            check="cycle",
            subject=cycle[0],
            message=f"providers depend on each other in a cycle: {names}",
            remedy=(
                "pass one of them as a provider (name.provider) and resolve it when it is first "
                "used, or move what both need into a third"
            ),
            location=nodes[0].location,
            hops=tuple(_hops([*nodes, nodes[0]])),
        )


def _route(graph: Graph, start: str, scope: str) -> list[Node]:
    """The nodes from one that makes a new object at each use to the scoped one behind it."""
    effective = effective_scopes(graph)
    route = [graph[start]]
    while route[-1].scope is None:
        route.append(
            next(
                graph[edge.target]
                for edge in route[-1].dependencies
                if not edge.deferred and effective.get(edge.target) == scope
            )
        )
    return route


def _hops(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        lifetime = node.scope or ("each use" if node.kind is not Kind.CONSTANT else "always")
        place = f"  {node.location}" if node.location else ""
        yield f"{node.name} [{lifetime}]{place}"
