"""Checks of where the providers come from that a container uses and doesn't declare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from trunkline.graph.blueprint import Recipe, Stray
from trunkline.graph.model import Graph, Kind, Node
from trunkline.validation.findings import Finding
from trunkline.validation.places import place_of

__all__ = ["check_strays"]

_SHARED: Final = (Kind.VALUE, Kind.SCOPED, Kind.RESOURCE, Kind.SINGLETON, Kind.KEYED)
"""Kinds of which it matters who else has the object."""


def check_strays(graph: Graph, recipes: Mapping[str, Recipe]) -> Iterator[Finding]:
    """Find objects that are meant to be another provider's, and are not.

    A container copies all providers that its own refer to. One that is declared in another
    container, or in a base class where the name now stands for another provider, becomes a
    provider of its own by that, with objects of its own.

    Args:
        graph: The graph.
        recipes: How its nodes are made, by name.

    Yields:
        Findings of ``other-container`` and ``shadowed-provider``, one for each such provider
        that keeps its objects.
    """
    users: dict[str, list[Node]] = {}
    for node in graph:
        for edge in node.dependencies:
            users.setdefault(edge.target, []).append(node)
    for node in graph:
        stray = recipes[node.name].stray if node.name in recipes else None
        if stray is not None and node.kind in _SHARED:
            using = [*dict.fromkeys(users.get(node.name, (node,)))]
            if stray.replaced:  # what takes the name may well be made from what had it
                using = [one for one in using if one.name.partition("[")[0] != stray.name]
            if using:
                yield _finding(graph, node, stray, using)


def _finding(graph: Graph, node: Node, stray: Stray, users: list[Node]) -> Finding:
    user, here, there = users[0], _class(graph.name), _class(stray.container)
    meant = f"{there}.{stray.name}"
    hops = [f"{one.name} uses it{_at(graph, one)}" for one in users]
    hops.append(f"{meant}{_at(graph, node)}")
    if stray.replaced:
        check = "shadowed-provider"
        message = (
            f"{user.name} is made from {meant}, not from the {stray.name} that {here} declares in "
            "its place"
        )
        remedy = f"declare {user.name} in {here} too, over the new {stray.name}, or rename that"
        if stray.name in graph:
            hops.append(f"{here}.{stray.name}{_at(graph, graph[stray.name])}")
    else:
        check = "other-container"
        message = (
            f"{user.name} is made from {meant}, a provider of another container: {here} copies it "
            "and makes objects of its own by it"
        )
        remedy = (
            f"declare {stray.name} in {here}, or nest the container, other = "
            f"providers.Container({there}), and use other.{stray.name}"
        )
    return Finding(
        check=check,
        subject=user.name,
        message=message,
        remedy=remedy,
        location=place_of(graph, user),
        hops=tuple(hops),
    )


def _class(container: str) -> str:
    return container.rpartition(":")[2].rpartition("<locals>.")[2]


def _at(graph: Graph, node: Node) -> str:
    place = place_of(graph, node)
    return f"  {place}" if place else ""
