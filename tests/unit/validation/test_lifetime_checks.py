"""Captive dependencies and cycles are reported with every hop and its place."""

from tests.unit.graph.samples import factory, graph, node, singleton
from trunkline.graph.model import Dependency, Kind
from trunkline.validation import check_captive_dependencies, check_cycles, draw


def test_a_captive_dependency_is_reported_with_both_lifetimes_and_the_hops_between() -> None:
    g = graph(
        node("user", kind=Kind.VALUE, line=1),
        factory("greeting", "user", line=2),
        singleton("cache", Dependency("greeting", "0"), line=3),
    )
    (finding,) = check_captive_dependencies(g)
    assert str(finding) == (
        "/srv/shop/containers.py:3: cache lives as long as APP but holds user, which lives as "
        "long as REQUEST [captive-dependency]\n"
        "    cache [APP]  /srv/shop/containers.py:3\n"
        "    greeting [each use]  /srv/shop/containers.py:2\n"
        "    user [REQUEST]  /srv/shop/containers.py:1\n"
        "    remedy: give cache the scope REQUEST, or inject user.provider and resolve it where "
        "it is used"
    )


def test_every_holder_and_every_argument_is_reported() -> None:
    g = graph(
        node("user"),
        singleton("a", "user", Dependency("user", "again")),
        node("session", "user", scope="SESSION"),
    )
    assert [f.subject for f in check_captive_dependencies(g)] == ["a", "a", "session"]


def test_holding_what_lives_as_long_or_longer_is_fine() -> None:
    g = graph(
        singleton("settings"),
        node("session", "settings", scope="SESSION"),
        node("engine", "session", "settings", "peer"),
        node("peer"),
        singleton("locator", Dependency("engine", "0", deferred=True), "absent"),
    )
    assert list(check_captive_dependencies(g)) == []


def test_a_cycle_is_reported_with_every_hop() -> None:
    g = graph(singleton("a", "b", line=1), singleton("b", "a", line=2))
    (finding,) = check_cycles(g)
    assert str(finding) == (
        "/srv/shop/containers.py:1: providers depend on each other in a cycle: a -> b -> a "
        "[cycle]\n"
        "    a [APP]  /srv/shop/containers.py:1\n"
        "    b [APP]  /srv/shop/containers.py:2\n"
        "    a [APP]  /srv/shop/containers.py:1\n"
        "    remedy: pass one of them as a provider (name.provider) and resolve it when it is "
        "first used, or move what both need into a third"
    )


def test_findings_are_drawn_one_below_the_other() -> None:
    g = graph(singleton("a", "a"), singleton("b", "b"))
    assert draw(check_cycles(g)).count("[cycle]") == 2
