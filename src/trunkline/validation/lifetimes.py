"""Checks of how long objects live: captive dependencies and cycles.

What the two faults are is defined once, in :mod:`trunkline.graph.algorithms`; the live container
and the auditor both feed their graphs to these checks.
"""

from __future__ import annotations

from collections.abc import Iterator

from trunkline.graph.algorithms import cycles
from trunkline.graph.lifetimes import captives
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
    """
    for captive in captives(graph):
        holder, held = graph[captive.holder], graph[captive.held]
        if holder.kind is Kind.KEYED:
            lives = f"{holder.name} is shared by all scopes that give its key"
            remedy = (
                "build it from the key and from what lives in the outermost scope: declare the "
                "key as a provider and inject that, or make it part of the key"
            )
        else:
            lives = f"{holder.name} lives as long as {holder.scope}"
            remedy = (
                f"give {holder.name} the scope {captive.scope}, or inject {held.name}.provider "
                "and resolve it where it is used"
            )
        yield Finding(
            check="captive-dependency",
            subject=holder.name,
            message=(f"{lives} but holds {held.name}, which lives as long as {captive.scope}"),
            remedy=remedy,
            location=holder.location,
            hops=tuple(_hops([holder, *(graph[name] for name in captive.route)])),
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


def _hops(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        lifetime = node.scope or ("each use" if node.kind is not Kind.CONSTANT else "always")
        place = f"  {node.location}" if node.location else ""
        yield f"{node.name} [{lifetime}]{place}"
