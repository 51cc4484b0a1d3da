"""How long the objects of a graph live, and which of them hold one that lives shorter."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from trunkline.graph.algorithms import targets_of
from trunkline.graph.model import Dependency, Graph, Kind, Local, Node

__all__ = ["KEY", "Captive", "captives", "effective_scopes"]

KEY = "key"
"""The parameter by which a keyed provider gets its key."""
_NARROWNESS: Final = {None: 0, Local.THREAD: 1, Local.CONTEXT: 2}
"""Threads outlive the contexts that run in them, tasks above all."""


class Captive(NamedTuple):
    """A longer-lived object that holds a shorter-lived one.

    Attributes:
        holder: Name of the node that lives longer.
        dependency: The argument through which it holds.
        route: Names from the argument's node to the shorter-lived one; more than one where what
            lies between makes a new object at each use.
        scope: Name of the scope that the shorter-lived object belongs to.
        local: What the shorter-lived object is kept for, where both belong to the same scope and
            it lives shorter for that; else None.
    """

    holder: str
    dependency: Dependency
    route: tuple[str, ...]
    scope: str
    local: Local | None = None

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

    What a stock singleton keeps for one thread, or for one context, is shorter-lived than the
    objects of the outermost scope and of keyed providers, which all threads and contexts share. An
    object of an inner scope may hold it: a scope is used in one context, as a rule.

    Args:
        graph: Any graph; cycles are tolerated.

    Yields:
        One for each argument through which it happens, in the order of declaration.

    Source:
        "Captive dependency", M. Seemann, *Dependency Injection Principles, Practices, and
        Patterns* (2019), section 8.4.1.
    """
    effective = effective_scopes(graph)
    has_local = any(node.local is not None for node in graph)
    for node in graph:
        if node.scope is None:
            continue
        is_keyed = node.kind is Kind.KEYED
        is_shared = is_keyed or not graph.depth(node.scope)
        key = _key_of(node) if is_keyed else None
        for edge in node.dependencies:
            if edge.deferred or edge.target not in graph:
                continue
            if is_keyed:
                route = _route_past(graph, edge.target, key, _is_inner(graph))
            else:
                route = _route_inwards(graph, effective, edge.target, node.scope)
            local = None
            if has_local and is_shared and not route:
                route = _route_past(graph, edge.target, key, _is_narrower(node.local))
                local = graph[route[-1]].local if route else None
            if route:
                yield Captive(node.name, edge, route, effective[route[-1]], local)


def _key_of(node: Node) -> str | None:
    """Name of the node that gives a keyed provider its key."""
    return next((edge.target for edge in node.dependencies if edge.parameter == KEY), None)


def _is_inner(graph: Graph) -> Callable[[Node], bool]:
    outermost = graph.scopes[0]
    return lambda node: node.scope not in {None, outermost}


def _is_narrower(local: Local | None) -> Callable[[Node], bool]:
    width = _NARROWNESS[local]
    return lambda node: _NARROWNESS[node.local] > width


def _route_past(
    graph: Graph, start: str, key: str | None, is_shorter: Callable[[Node], bool]
) -> tuple[str, ...]:
    """The shortest way to a shorter-lived object that doesn't lead through a key.

    It leads on from what makes a new object at each use alone: what others keep, they hold.
    """
    routes: deque[tuple[str, ...]] = deque([(start,)])
    seen = {start, key}
    if start == key:
        return ()
    while routes:
        route = routes.popleft()
        node = graph[route[-1]]
        if is_shorter(node):
            return route
        if node.scope is None and node.local is None and node.kind is not Kind.DEFERRED:
            for target in targets_of(graph, node.name):
                if target not in seen:
                    seen.add(target)
                    routes.append((*route, target))
    return ()


def _route_inwards(
    graph: Graph, effective: Mapping[str, str], start: str, holders: str
) -> tuple[str, ...]:
    """The shortest way from a node to the scoped node that gives it its effective scope.

    Empty where that is no scope inside the holder's.
    """
    scope = effective[start]
    if graph.depth(scope) <= graph.depth(holders):
        return ()
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
