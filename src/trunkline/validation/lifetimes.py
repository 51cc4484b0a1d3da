"""Checks of how long objects live: captive dependencies and cycles.

What the two faults are is defined once, in :mod:`trunkline.graph.algorithms`; the live container
and the auditor both feed their graphs to these checks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from trunkline.graph.algorithms import cycles
from trunkline.graph.lifetimes import Captive, captives
from trunkline.graph.model import Graph, Kind, Local, Node
from trunkline.validation.findings import Finding

__all__ = ["check_captive_dependencies", "check_cycles"]

_LOCAL_SINGLETONS: Final = {
    Local.THREAD: "ThreadLocalSingleton",
    Local.CONTEXT: "ContextLocalSingleton",
}


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
        lives = f"lives as long as {_span(holder)}"
        if holder.kind is Kind.KEYED:
            lives = "is shared by all scopes that give its key"
        ends = captive.scope if captive.local is None else f"its {captive.local}"
        yield Finding(
            check="captive-dependency",
            subject=holder.name,
            message=f"{holder.name} {lives} but holds {held.name}, which lives as long as {ends}",
            remedy=_remedy(holder, held, captive),
            location=holder.location,
            hops=tuple(_hops([holder, *(graph[name] for name in captive.route)])),
        )


def _span(node: Node) -> str:
    return f"its {node.local}" if node.local is not None else str(node.scope)


def _remedy(holder: Node, held: Node, captive: Captive) -> str:
    if holder.kind is Kind.KEYED:
        return (
            "build it from the key and from what lives in the outermost scope: declare the "
            "key as a provider and inject that, or make it part of the key"
        )
    if captive.local is not None:
        change = f"make {holder.name} a {_LOCAL_SINGLETONS[captive.local]} as well"
    elif held.kind is Kind.FACTORY:  # which keeps nothing: its objects are said to live so long
        change = f"build {holder.name} anew for each {captive.scope}, by a Factory for example"
    else:
        change = f"give {holder.name} the scope {captive.scope}"
    return f"{change}, or inject {held.name}.provider and resolve it where it is used"


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
        place = f"  {node.location}" if node.location else ""
        yield f"{node.name} [{node.lifetime}]{place}"
