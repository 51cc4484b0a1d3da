"""How long the objects of a graph live, and which of them hold one that lives shorter."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from trunkline.graph.algorithms import targets_of
from trunkline.graph.model import Dependency, Graph, Kind, Node

__all__ = ["KEY", "Captive", "captives", "effective_scopes"]

KEY = "key"
"""The parameter by which a keyed provider gets its key."""


class Captive(NamedTuple):
    """A longer-lived object that holds a shorter-lived one.

    Attributes:
        holder: Name of the node that lives longer.
        dependency: The argument through which it holds.
        route: Names from the argument's node to the shorter-lived one; more than one where what
            lies between makes a new object at each use.
        scope: Name of the scope that the shorter-lived object belongs to.
    """

    holder: str
    dependency: Dependency
    route: tuple[str, ...]
    scope: str

    @property
    def held(self) -> str:
        """Name of the node that lives shorter."""
        return self.route[-1]


def effective_scopes(graph: Graph) -> Mapping[str, str]:
    """The innermost scope that each node's object depends on.

    A node that makes a new object at each use (a factory, a view, a collection) lives no longer
    than the shortest-lived thing it is made from; its effective scope is that thing's. Nodes on a
    cycle get the innermost scope that the cycle leads to.

    Returns:
        Scope names by node name, in the order of declaration.
    """
    depth = {node.name: 0 if node.scope is None else graph.depth(node.scope) for node in graph}
    users: dict[str, list[str]] = {}
    for node in graph:
        if node.scope is None and node.kind is not Kind.DEFERRED:
            for target in targets_of(graph, node.name):
                users.setdefault(target, []).append(node.name)
    for level in range(len(graph.scopes) - 1, 0, -1):
        stack = [name for name, own in depth.items() if own == level]
        while stack:
            for user in users.get(stack.pop(), ()):
                if depth[user] < level:
                    depth[user] = level
                    stack.append(user)
    return {name: graph.scopes[level] for name, level in depth.items()}


def captives(graph: Graph) -> Iterator[Captive]:
    """Find objects that hold another object of a shorter life.

    The objects of a keyed provider outlive the scopes that use them: what they are made from may
    come from an inner scope by way of the key alone.

    Args:
        graph: Any graph; cycles are tolerated.

    Yields:
        One for each argument through which it happens, in the order of declaration.

    Source:
        "Captive dependency", M. Seemann, *Dependency Injection Principles, Practices, and
        Patterns* (2019), section 8.4.1.
    """
    effective = effective_scopes(graph)
    depths = {scope: level for level, scope in enumerate(graph.scopes)}
    for node in graph:
        if node.scope is None:
            continue
        key = _key_of(node)
        for edge in node.dependencies:
            if edge.deferred or edge.target not in graph:
                continue
            if node.kind is Kind.KEYED:
                route = _route_past(graph, depths, edge.target, key)
                if route:
                    yield Captive(node.name, edge, route, effective[route[-1]])
                continue
            held = effective[edge.target]
            if depths[held] > depths[node.scope]:
                yield Captive(node.name, edge, _route(graph, effective, edge.target), held)


def _key_of(node: Node) -> str | None:
    """Name of the node that gives a keyed provider its key."""
    return next((edge.target for edge in node.dependencies if edge.parameter == KEY), None)


def _route_past(
    graph: Graph, depths: Mapping[str, int], start: str, key: str | None
) -> tuple[str, ...]:
    """The shortest way to an object of an inner scope that doesn't lead through a key."""
    routes: deque[tuple[str, ...]] = deque([(start,)])
    seen = {start, key}
    if start == key:
        return ()
    while routes:
        route = routes.popleft()
        node = graph[route[-1]]
        if node.scope is not None:
            if depths[node.scope]:
                return route
        elif node.kind is not Kind.DEFERRED:
            for target in targets_of(graph, node.name):
                if target not in seen:
                    seen.add(target)
                    routes.append((*route, target))
    return ()


def _route(graph: Graph, effective: Mapping[str, str], start: str) -> tuple[str, ...]:
    """The shortest way from a node to the scoped node that gives it its effective scope."""
    scope = effective[start]
    previous: dict[str, str] = {}
    queue = deque([start])
    while graph[queue[0]].scope is None:
        name = queue.popleft()
        for target in targets_of(graph, name):
            if effective[target] == scope and target != start and target not in previous:
                previous[target] = name
                queue.append(target)
    route = [queue[0]]
    while route[-1] != start:
        route.append(previous[route[-1]])
    return tuple(reversed(route))
