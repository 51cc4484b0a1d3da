"""A comparison says what a reviewer must know and nothing that doesn't matter."""

from dataclasses import replace

from hypothesis import given

from tests.unit.graph.samples import factory, graph, node, shop, singleton
from tests.unit.graph.test_graph_algorithms import any_graph
from trunkline.graph.diff import compare
from trunkline.graph.model import Dependency, Graph, Kind, Local, SourceLocation


@given(any_graph())
def test_a_graph_does_not_differ_from_itself(g: Graph) -> None:
    difference = compare(g, g)
    assert not difference
    assert difference.to_text() == "The graphs are the same.\n"
    assert difference.to_markdown() == "**Dependency graph**: no change.\n"


def test_moving_a_declaration_is_no_difference() -> None:
    before = shop()
    moved = {
        name: replace(before[name], location=SourceLocation("elsewhere.py", 99))
        for name in reversed(list(before.nodes))
    }
    assert not compare(before, Graph(before.name, before.scopes, moved))


BEFORE = graph(
    singleton("settings"),
    node("engine", "settings", Dependency("store", "1"), provides="shop.Engine"),
    singleton("store"),
    factory("gone", "engine"),
)
AFTER = graph(
    singleton("settings"),
    node(
        "engine",
        Dependency("settings", "settings", deferred=True),
        Dependency("cache", "1"),
        "extra",
        provides="shop.FastEngine",
        kind=Kind.RESOURCE,
        scope="SESSION",
        is_async=True,
        teardown=True,
    ),
    singleton("store"),
    singleton("cache"),
    node("extra"),
    scopes=("APP", "SESSION", "REQUEST", "STEP"),
)


def test_everything_that_changed_is_named() -> None:
    difference = compare(BEFORE, AFTER)
    assert [n.name for n in difference.added] == ["cache", "extra"]
    assert [n.name for n in difference.removed] == ["gone"]
    assert [str(change) for change in difference.by_name()["engine"]] == [
        "kind: scoped -> resource",
        "scope: REQUEST -> SESSION",
        "provides: shop.Engine -> shop.FastEngine",
        "async: no -> yes",
        "teardown: no -> yes",
        "dependency settings: settings -> settings (its provider)",
        "dependency 1: store -> cache",
        "dependency extra: + extra",
    ]


def test_text_reads_as_a_review() -> None:
    assert compare(BEFORE, AFTER).to_text() == (
        "2 added, 1 removed, 1 changed\n"
        "\n"
        "~ scopes: APP > SESSION > REQUEST -> APP > SESSION > REQUEST > STEP\n"
        "+ cache: singleton in APP, shop.Cache\n"
        "+ extra: scoped in REQUEST, shop.Extra\n"
        "- gone: factory, shop.Gone <- engine\n"
        "~ engine\n"
        "    kind: scoped -> resource\n"
        "    scope: REQUEST -> SESSION\n"
        "    provides: shop.Engine -> shop.FastEngine\n"
        "    async: no -> yes\n"
        "    teardown: no -> yes\n"
        "    dependency settings: settings -> settings (its provider)\n"
        "    dependency 1: store -> cache\n"
        "    dependency extra: + extra\n"
    )


def test_markdown_is_a_table_for_a_pull_request() -> None:
    text = compare(BEFORE, AFTER).to_markdown()
    assert text.startswith("**Dependency graph**: 2 added, 1 removed, 1 changed\n\n")
    assert "| `engine` | scope | `REQUEST` | `SESSION` |\n" in text
    assert "| `engine` | dependency extra |  | `extra` |\n" in text
    assert "Added:\n- `cache`: singleton in APP, shop.Cache\n" in text
    assert text.endswith("- `gone`: factory, shop.Gone &lt;- engine\n")


def test_a_dependency_that_went_is_named() -> None:
    difference = compare(graph(node("a", "b"), node("b")), graph(node("a"), node("b")))
    assert [str(change) for change in difference.changes] == ["dependency b: - b"]


def test_keeping_one_object_for_each_context_is_a_difference() -> None:
    before, after = graph(singleton("a")), graph(singleton("a", local=Local.CONTEXT))
    assert [str(change) for change in compare(before, after).changes] == ["local: + each context"]
    (added,) = compare(graph(), after).to_text().splitlines()[2:]
    assert added == "+ a: singleton in APP of each context, shop.A"


def test_a_longer_chain_alone_is_a_difference() -> None:
    difference = compare(graph(), graph(scopes=("APP",)))
    assert difference
    assert difference.to_text().startswith("scope chain changed\n")
    assert "Scopes: `APP > SESSION > REQUEST` → `APP`" in difference.to_markdown()


@given(any_graph(), any_graph())
def test_adding_and_removing_mirror_each_other(one: Graph, other: Graph) -> None:
    there, back = compare(one, other), compare(other, one)
    assert there.added == back.removed
    assert there.removed == back.added
    swapped = {(c.name, c.fact, c.after, c.before) for c in back.changes}
    assert {(c.name, c.fact, c.before, c.after) for c in there.changes} == swapped
