"""What every drawing of a graph shows: bands of scopes, teardown ranks, edges with their faults."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from trunkline.graph.algorithms import cycles, teardown_order
from trunkline.graph.lifetimes import captives, effective_scopes
from trunkline.graph.model import Dependency, Graph, Kind, Node

__all__ = ["Arrow", "Band", "Fault", "Picture", "condensed", "made_by", "picture"]


class Fault(StrEnum):
    """What is wrong with an edge."""

    NONE = ""
    CAPTIVE = "captive"
    CYCLE = "cycle"


@dataclass(frozen=True, slots=True)
class Band:
    """All nodes whose objects live as long as one scope, at most.

    Attributes:
        scope: Name of the scope.
        nodes: Its nodes in the order of declaration.
        teardowns: Names of those with a teardown, in the order in which closing runs them.
    """

    scope: str
    nodes: tuple[Node, ...]
    teardowns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrow:
    """One or more arguments of a node that the same other node fills.

    Attributes:
        source: Name of the node that depends.
        target: Name of the node it depends on.
        parameters: The arguments that the target fills.
        deferred: True where only the provider itself is passed.
        fault: What is wrong with it, if anything.
    """

    source: str
    target: str
    parameters: tuple[str, ...]
    deferred: bool
    fault: Fault


@dataclass(frozen=True, slots=True)
class Picture:
    """A graph sorted for drawing.

    Attributes:
        bands: Scopes that have nodes, outermost first.
        arrows: Edges whose target is in the graph.
    """

    bands: tuple[Band, ...]
    arrows: tuple[Arrow, ...]


def picture(graph: Graph) -> Picture:
    """Sort a graph for drawing."""
    effective = effective_scopes(graph)
    bands = (
        Band(
            scope=scope,
            nodes=tuple(node for node in graph if effective[node.name] == scope),
            teardowns=teardown_order(graph, scope),
        )
        for scope in graph.scopes
    )
    return Picture(
        bands=tuple(band for band in bands if band.nodes),
        arrows=tuple(_arrows(graph)),
    )


def condensed(graph: Graph) -> Graph:
    """A graph without the views written inside arguments, such as ``settings.provided.port``.

    What reads through a view depends on what the view reads: drawn like that, a graph has the
    nodes that its container declares.
    """
    nodes = {
        node.name: replace(node, dependencies=tuple(_through_views(graph, node, frozenset())))
        for node in graph
        if not _is_inner_view(node)
    }
    return replace(graph, nodes=nodes)


def made_by(node: Node) -> str:
    """Short name of what a node calls; empty for views, which call nothing of the program's."""
    return "" if node.kind is Kind.VIEW else node.provides.rpartition(".")[2]


def _is_inner_view(node: Node) -> bool:
    return node.kind is Kind.VIEW and not node.declared


def _through_views(graph: Graph, node: Node, passed: frozenset[str]) -> Iterator[Dependency]:
    for edge in node.dependencies:
        target = graph.nodes.get(edge.target)
        if target is None or not _is_inner_view(target) or edge.target in passed:
            yield edge
            continue
        for behind in _through_views(graph, target, passed | {edge.target}):
            yield behind._replace(
                parameter=edge.parameter,
                deferred=edge.deferred or behind.deferred,
                conditional=edge.conditional or behind.conditional,
            )


def _arrows(graph: Graph) -> Iterator[Arrow]:
    captive = {(found.holder, found.dependency.target) for found in captives(graph)}
    cyclic = {
        hop for cycle in cycles(graph) for hop in zip(cycle, cycle[1:] + cycle[:1], strict=True)
    }
    for node in graph:
        merged: dict[tuple[str, bool], list[str]] = {}
        for edge in node.dependencies:
            if edge.target in graph:
                merged.setdefault((edge.target, edge.deferred), []).append(edge.parameter)
        for (target, deferred), parameters in merged.items():
            hop = (node.name, target)
            fault = Fault.NONE
            if not deferred and hop in captive:
                fault = Fault.CAPTIVE
            elif not deferred and (hop in cyclic or target == node.name):
                fault = Fault.CYCLE
            yield Arrow(node.name, target, tuple(parameters), deferred, fault)
