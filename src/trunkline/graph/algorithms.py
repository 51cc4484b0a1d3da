"""What can be asked of a graph: orders, cycles, and who depends on whom."""

from __future__ import annotations

from collections.abc import Iterable

from trunkline.graph.model import Graph

__all__ = [
    "cycles",
    "dependents",
    "reachable",
    "targets_of",
    "teardown_order",
    "topological_order",
]


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
        if len(component) > 1 or start in targets_of(graph, start):
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


def targets_of(graph: Graph, name: str) -> list[str]:
    """Names of the nodes whose objects a node is given when it is made."""
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
        work = [(root, iter(targets_of(graph, root)))]
        while work:
            name, targets = work[-1]
            for target in targets:
                if target not in index:
                    index[target] = low[target] = len(index)
                    path.append(target)
                    on_path.add(target)
                    work.append((target, iter(targets_of(graph, target))))
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
            for target in targets_of(graph, name):
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
