"""Captive dependencies and cycles are reported with every hop and its place."""

import pytest

from tests.unit.graph.samples import factory, graph, node, singleton
from trunkline.graph.model import Dependency, Kind, Local
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


def test_a_singleton_that_holds_what_one_context_has_is_reported() -> None:
    g = graph(
        singleton("session", line=1, local=Local.CONTEXT),
        factory("repository", "session", line=2),
        singleton("service", Dependency("repository", "0"), line=3),
    )
    (finding,) = check_captive_dependencies(g)
    assert str(finding) == (
        "/srv/shop/containers.py:3: service lives as long as APP but holds session, which lives "
        "as long as its context [captive-dependency]\n"
        "    service [APP]  /srv/shop/containers.py:3\n"
        "    repository [each use]  /srv/shop/containers.py:2\n"
        "    session [each context]  /srv/shop/containers.py:1\n"
        "    remedy: make service a ContextLocalSingleton as well, or inject session.provider and "
        "resolve it where it is used"
    )


@pytest.mark.parametrize(
    ("holder", "held", "found"),
    [
        (None, Local.THREAD, True),
        (None, Local.CONTEXT, True),
        (Local.THREAD, Local.CONTEXT, True),
        (None, None, False),
        (Local.THREAD, None, False),
        (Local.THREAD, Local.THREAD, False),
        (Local.CONTEXT, None, False),
        (Local.CONTEXT, Local.THREAD, False),
        (Local.CONTEXT, Local.CONTEXT, False),
    ],
)
def test_threads_outlive_contexts_and_the_application_both(
    holder: Local | None, held: Local | None, found: bool
) -> None:
    g = graph(singleton("held", local=held), singleton("holder", "held", local=holder))
    assert [f.subject for f in check_captive_dependencies(g)] == ["holder"] * found


def test_what_holds_an_object_of_a_context_is_reported_once_where_it_begins() -> None:
    g = graph(
        singleton("session", local=Local.CONTEXT),
        singleton("store", "session", local=Local.THREAD),
        singleton("service", "store"),
        singleton("outer", "service"),
        node("request", "session"),
        singleton("locator", Dependency("session", "0", deferred=True)),
    )
    assert [f.message for f in check_captive_dependencies(g)] == [
        "store lives as long as its thread but holds session, which lives as long as its context",
        "service lives as long as APP but holds store, which lives as long as its thread",
    ]


def test_an_argument_is_reported_once_although_it_is_too_short_lived_in_two_ways() -> None:
    g = graph(
        node("user"),
        singleton("session", local=Local.THREAD),
        factory("both", "session", "user"),
        singleton("service", "both"),
    )
    (finding,) = check_captive_dependencies(g)
    assert finding.message.endswith("holds user, which lives as long as REQUEST")


def test_a_keyed_object_may_get_what_a_thread_has_by_its_key_alone() -> None:
    g = graph(
        singleton("name", local=Local.THREAD),
        node("right", Dependency("name", "key"), "name", kind=Kind.KEYED),
        node("wrong", "name", kind=Kind.KEYED),
    )
    (finding,) = check_captive_dependencies(g)
    assert finding.message == (
        "wrong is shared by all scopes that give its key but holds name, which lives as long as "
        "its thread"
    )


def test_an_argument_called_key_is_one_like_others() -> None:
    g = graph(singleton("name", local=Local.THREAD), singleton("a", Dependency("name", "key")))
    assert [f.subject for f in check_captive_dependencies(g)] == ["a"]


def test_what_is_passed_in_a_circle_is_looked_through_once() -> None:
    g = graph(factory("a", "b"), factory("b", "a", "c"), singleton("c", local=Local.THREAD))
    assert list(check_captive_dependencies(g)) == []
    g = graph(*g, singleton("d", "a"))
    assert [f.hops[1:] for f in check_captive_dependencies(g)] == [
        ("a [each use]", "b [each use]", "c [each thread]")
    ]


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
