"""Values that nobody uses and async behind sync are found with the way that leads there."""

from dataclasses import replace

from tests.unit.graph.samples import factory, graph, node, singleton
from trunkline.graph.model import Dependency, Kind
from trunkline.validation.reach import check_scope_values, check_sync_entry


def test_a_scope_value_that_nothing_uses_is_found() -> None:
    g = graph(
        node("user", kind=Kind.VALUE, line=3),
        node("used", kind=Kind.VALUE),
        node("deferred", kind=Kind.VALUE),
        node("engine", "used", Dependency("deferred", "later", deferred=True)),
    )
    (finding,) = check_scope_values(g)
    assert str(finding) == (
        "/srv/shop/containers.py:3: every REQUEST scope must be given user, but no provider uses "
        "it [unused-scope-value]\n"
        "    remedy: inject user where it is needed, or remove it"
    )


def test_a_scope_value_that_a_function_is_injected_with_is_used() -> None:
    assert list(check_scope_values(graph(node("user", kind=Kind.VALUE)), {"user"})) == []


def test_async_behind_a_sync_entry_is_found_with_the_way_to_it() -> None:
    g = graph(
        singleton("pool"),
        node("session", "pool", is_async=True, line=5),
        factory("repository", "session", line=6),
        node("engine", "repository", line=7),
        node("clock"),
    )
    (finding,) = check_sync_entry(g, ["engine", "clock", "engine", "unknown"])
    assert str(finding) == (
        "/srv/shop/containers.py:7: engine is resolved without await but needs session, which is "
        "async [async-from-sync]\n"
        "    engine [sync]  /srv/shop/containers.py:7\n"
        "    repository [sync]  /srv/shop/containers.py:6\n"
        "    session [async]  /srv/shop/containers.py:5\n"
        "    remedy: resolve it with await (aget, or an async function), or make session sync"
    )


def test_the_origin_is_named_also_where_every_node_on_the_way_is_marked_async() -> None:
    g = graph(
        node("session", is_async=True),
        node("engine", "session", is_async=True),
    )
    (finding,) = check_sync_entry(g, ["engine"])
    assert "needs session" in finding.message
    (alone,) = check_sync_entry(g, ["session"])
    assert alone.message == "session is resolved without await but is async"


def test_a_deferred_dependency_is_not_resolved_by_its_holder() -> None:
    g = graph(
        node("session", is_async=True),
        node("engine", Dependency("session", "sessions", deferred=True)),
    )
    assert list(check_sync_entry(g, ["engine"])) == []


def test_cycles_and_self_references_end() -> None:
    g = graph(node("a", "b"), node("b", "a", "c"), node("c", "c", is_async=False))
    assert list(check_sync_entry(g, ["a", "b", "c"])) == []
    looped = graph(replace(node("a", "b"), is_async=True), node("b", "a", is_async=True))
    assert list(check_sync_entry(looped, ["a"])) == []
