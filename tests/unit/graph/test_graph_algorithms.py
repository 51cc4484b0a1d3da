"""What can be asked of a graph holds for every graph, cyclic ones too."""

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.graph.samples import SCOPES, factory, graph, node, shop, singleton
from trunkline.graph.algorithms import (
    cycles,
    dependents,
    reachable,
    teardown_order,
    topological_order,
)
from trunkline.graph.lifetimes import captives, effective_scopes
from trunkline.graph.model import Dependency, Graph, Kind, Local


@st.composite
def any_graph(draw: st.DrawFn) -> Graph:
    names = [f"n{index}" for index in range(draw(st.integers(1, 9)))]
    nodes = []
    for name in names:
        scope = draw(st.sampled_from([None, *SCOPES]))
        targets = draw(st.lists(st.sampled_from([*names, "elsewhere"]), max_size=3))
        edges = [Dependency(t, t, deferred=draw(st.booleans())) for t in targets]
        kind = Kind.FACTORY if scope is None else Kind.SCOPED
        local = draw(st.sampled_from([None, *Local])) if scope in {None, SCOPES[0]} else None
        teardown = draw(st.booleans())
        nodes.append(node(name, *edges, kind=kind, scope=scope, teardown=teardown, local=local))
    return graph(*nodes)


def hard_targets(g: Graph, name: str) -> list[str]:
    return [e.target for e in g[name].dependencies if not e.deferred and e.target in g]


def leads_back(g: Graph, name: str) -> bool:
    return any(name in reachable(g, [target]) for target in hard_targets(g, name))


@given(any_graph())
def test_topological_order_puts_every_dependency_first_unless_it_leads_back(g: Graph) -> None:
    order = topological_order(g)
    assert sorted(order) == sorted(g.nodes)
    for name in g.nodes:
        for target in hard_targets(g, name):
            if name not in reachable(g, [target]):
                assert order.index(target) < order.index(name)


@given(any_graph())
def test_cycles_are_real_and_every_node_that_leads_back_to_itself_is_near_one(g: Graph) -> None:
    found = cycles(g)
    for cycle in found:
        for name, following in zip(cycle, (*cycle[1:], cycle[0]), strict=True):
            assert following in hard_targets(g, name)
    for name in g.nodes:
        if leads_back(g, name):
            together = {n for n in reachable(g, [name]) if name in reachable(g, [n])}
            assert any(set(cycle) <= together for cycle in found)
        else:
            assert not any(name in cycle for cycle in found)


@given(any_graph())
def test_effective_scope_is_the_innermost_reached_through_nodes_made_at_each_use(g: Graph) -> None:
    def innermost(name: str, seen: frozenset[str]) -> int:
        scope = g[name].scope
        if scope is not None:
            return g.depth(scope)
        inner = (innermost(t, seen | {t}) for t in hard_targets(g, name) if t not in seen)
        return max(inner, default=0)

    effective = effective_scopes(g)
    assert list(effective) == list(g.nodes)
    for name in g.nodes:
        assert g.depth(effective[name]) == innermost(name, frozenset({name}))


def narrowest(g: Graph, name: str, passed: frozenset[str] = frozenset()) -> int:
    """How narrowly an object is kept: 0 for the whole scope, 1 for a thread, 2 for a context."""
    own = g[name]
    if own.scope is not None or own.local is not None or name in passed:
        return [None, *Local].index(own.local)
    behind = [narrowest(g, target, passed | {name}) for target in hard_targets(g, name)]
    return max(behind, default=0)


@given(any_graph())
def test_captives_are_found_with_a_real_route(g: Graph) -> None:
    effective = effective_scopes(g)
    found = {(c.holder, c.dependency): c for c in captives(g)}
    for holder in g:
        for edge in holder.dependencies:
            longer_lived = (
                holder.scope is not None
                and not edge.deferred
                and edge.target in g
                and (
                    g.depth(effective[edge.target]) > g.depth(holder.scope)
                    or (
                        holder.scope == SCOPES[0]
                        and narrowest(g, edge.target) > [None, *Local].index(holder.local)
                    )
                )
            )
            assert ((holder.name, edge) in found) == longer_lived
    for captive in found.values():
        assert captive.route[0] == captive.dependency.target
        assert g[captive.held].scope == captive.scope or captive.local is not None
        assert captive.local in {None, g[captive.held].local}
        for name, following in zip(captive.route, captive.route[1:], strict=False):
            assert g[name].scope is None
            assert following in hard_targets(g, name)


def test_route_to_a_captive_ends_where_factories_form_a_cycle() -> None:
    g = graph(
        singleton("holder", "x"),
        factory("x", "y", "late"),
        factory("y", "x", "late"),
        node("late"),
    )
    (captive,) = captives(g)
    assert captive.route == ("x", "late")


@given(any_graph())
def test_dependents_is_the_inverse_of_reachable(g: Graph) -> None:
    for name in g.nodes:
        above = dependents(g, [name])
        for other in g.nodes:
            assert (other in above) == (name in reachable(g, [other], deferred=True))


def test_a_cycle_is_reported_by_its_shortest_way() -> None:
    g = graph(
        node("a", "b", "c"), node("b", "c"), node("c", "d"), node("d", "a"), node("alone", "alone")
    )
    assert cycles(g) == (("a", "c", "d"), ("alone",))


def test_deferred_dependencies_make_no_cycle_and_hold_nothing_captive() -> None:
    g = graph(singleton("a", Dependency("b", "b", deferred=True)), node("b", "a"))
    assert cycles(g) == ()
    assert list(captives(g)) == []


def test_deep_graphs_are_no_limit() -> None:
    depth = 20_000
    links = [node(f"n{i}", f"n{i + 1}") for i in range(depth)]
    chain = graph(*links, node(f"n{depth}"))
    assert topological_order(chain)[0] == f"n{depth}"
    assert cycles(chain) == ()
    ring = graph(*links, node(f"n{depth}", "n0"))
    assert len(cycles(ring)[0]) == depth + 1


def test_teardown_runs_users_before_what_they_use() -> None:
    g = graph(
        node("first", teardown=True),
        node("second", "first", teardown=True),
        node("third", "second", teardown=True),
        node("plain", "third"),
        node("outer", kind=Kind.RESOURCE, scope="APP", teardown=True),
    )
    assert teardown_order(g, "REQUEST") == ("third", "second", "first")
    assert teardown_order(g, "APP") == ("outer",)
    assert teardown_order(shop(), "APP") == ("cache", "pool")
