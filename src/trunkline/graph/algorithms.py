"""What can be asked of a graph: orders, cycles, who depends on whom, how long objects live."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from trunkline.graph.model import Dependency, Graph, Kind, Node

__all__ = [
    "Captive",
    "captives",
    "cycles",
    "dependents",
    "effective_scopes",
    "reachable",
    "teardown_order",
    "topological_order",
]


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


def topological_order(graph: Graph) -> tuple[str, ...]:
    """Names with every node after the nodes it depends on, else in the order of declaration.

    Deferred dependencies put no node before another. Nodes on a cycle come where the walk first
    meets them, so that the order exists for any graph.
    """
    if _is_in_order(graph):
        return tuple(graph.nodes)
    order: dict[str, None] = {}
    entered: set[str] = set()
    for root in graph.nodes:
        if root in entered:
            continue
        entered.add(root)
        stack = [(root, iter(graph[root].dependencies))]
        while stack:
            name, edges = stack[-1]
            for edge in edges:
                if edge.deferred or edge.target in entered or edge.target not in graph:
                    continue
                entered.add(edge.target)
                stack.append((edge.target, iter(graph[edge.target].dependencies)))
                break
            else:
                order[name] = None
                stack.pop()
    return tuple(order)


def cycles(graph: Graph) -> tuple[tuple[str, ...], ...]:
    """One shortest cycle of each group of nodes that depend on each other.

    Returns:
        Cycles as names in the order of the dependencies; the first is not repeated at the end.

    Source:
        Strongly connected components by R. Tarjan, "Depth-first search and linear graph
        algorithms" (1972), written without recursion so that deep graphs are no limit.
    """
    if _is_in_order(graph):
        return ()
    position = {name: index for index, name in enumerate(graph.nodes)}
    found = []
    for component in _components(graph):
        start = min(component, key=position.__getitem__)
        if len(component) > 1 or start in _targets(graph, start):
            found.append(_shortest_cycle(graph, start, set(component)))
    return tuple(sorted(found, key=lambda cycle: position[cycle[0]]))


def reachable(graph: Graph, roots: Iterable[str], *, deferred: bool = False) -> set[str]:
    """Names of all nodes that the roots lead to, the roots among them.

    Args:
        graph: The graph to walk.
        roots: Names to start from.
        deferred: Whether to follow deferred dependencies too.
    """
    seen: set[str] = set()
    stack = [name for name in roots if name in graph]
    while stack:
        name = stack.pop()
        if name in seen:
            continue
        seen.add(name)
        stack.extend(
            edge.target
            for edge in graph[name].dependencies
            if (deferred or not edge.deferred) and edge.target in graph
        )
    return seen


def dependents(graph: Graph, targets: Iterable[str]) -> set[str]:
    """Names of all nodes that depend on one of the targets, however far, the targets among them."""
    users: dict[str, list[str]] = {}
    for node in graph:
        for edge in node.dependencies:
            users.setdefault(edge.target, []).append(node.name)
    seen: set[str] = set()
    stack = list(targets)
    while stack:
        name = stack.pop()
        if name not in seen:
            seen.add(name)
            stack.extend(users.get(name, ()))
    return seen


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
            for target in _targets(graph, node.name):
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


def teardown_order(graph: Graph, scope: str) -> tuple[str, ...]:
    """Names of a scope's nodes that have a teardown, as closing the scope runs them.

    It is the reverse of the order of construction: exact where all are built in the order of
    their dependencies (as an eager start does), and right about everything that depends on one
    another in any other case.
    """
    return tuple(
        name
        for name in reversed(topological_order(graph))
        if graph[name].has_teardown and graph[name].scope == scope
    )


def _is_in_order(graph: Graph) -> bool:
    """Whether each node comes after those it depends on, as in most containers they do."""
    seen: set[str] = set()
    for node in graph:
        for edge in node.dependencies:
            if edge.target not in seen and not edge.deferred and edge.target in graph:
                return False
        seen.add(node.name)
    return True


def _targets(graph: Graph, name: str) -> list[str]:
    return [e.target for e in graph[name].dependencies if not e.deferred and e.target in graph]


def _components(graph: Graph) -> list[list[str]]:
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    on_path: set[str] = set()
    path: list[str] = []
    components: list[list[str]] = []
    for root in graph.nodes:
        if root in index:
            continue
        index[root] = low[root] = len(index)
        path.append(root)
        on_path.add(root)
        work = [(root, iter(_targets(graph, root)))]
        while work:
            name, targets = work[-1]
            for target in targets:
                if target not in index:
                    index[target] = low[target] = len(index)
                    path.append(target)
                    on_path.add(target)
                    work.append((target, iter(_targets(graph, target))))
                    break
                if target in on_path:
                    low[name] = min(low[name], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == index[name]:
                    component = [path.pop()]
                    while component[-1] != name:
                        component.append(path.pop())
                    on_path.difference_update(component)
                    components.append(component)
    return components


def _shortest_cycle(graph: Graph, start: str, members: set[str]) -> tuple[str, ...]:
    previous: dict[str, str] = {}
    frontier = [start]
    while frontier:
        upcoming: list[str] = []
        for name in frontier:
            for target in _targets(graph, name):
                if target == start:
                    route = [name]
                    while route[-1] != start:
                        route.append(previous[route[-1]])
                    return tuple(reversed(route))
                if target in members and target not in previous:
                    previous[target] = name
                    upcoming.append(target)
        frontier = upcoming
    return (start,)


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
            for target in _targets(graph, node.name):
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
        for target in _targets(graph, name):
            if effective[target] == scope and target != start and target not in previous:
                previous[target] = name
                queue.append(target)
    route = [queue[0]]
    while route[-1] != start:
        route.append(previous[route[-1]])
    return tuple(reversed(route))
