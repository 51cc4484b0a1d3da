"""Every export is stable, complete, safe for odd names, and shows no path outside its root."""

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given

from tests.unit.graph.samples import ROOT, factory, graph, node, shop, singleton
from tests.unit.graph.test_graph_algorithms import any_graph
from trunkline.graph.exports import (
    GraphFormatError,
    from_json,
    to_dot,
    to_html,
    to_json,
    to_mermaid,
    to_text,
)
from trunkline.graph.exports.layout import lay_out
from trunkline.graph.exports.picture import Fault, condensed, picture
from trunkline.graph.lifetimes import captives
from trunkline.graph.model import Graph, Kind, Local, SourceLocation
from trunkline.graph.paths import relative_location, relative_path

GOLDEN = Path(__file__).parents[2] / "golden" / "graph"
EXPORTS: dict[str, Callable[[Graph, Path | None], str]] = {
    "shop.json": to_json,
    "shop.mmd": to_mermaid,
    "shop.dot": to_dot,
    "shop.txt": to_text,
}


@pytest.mark.parametrize("name", EXPORTS)
def test_export_is_word_for_word_the_golden_file(name: str) -> None:
    """Delete a golden file and run the test twice to write it anew; then read what changed."""
    golden = GOLDEN / name
    drawn = EXPORTS[name](shop(), ROOT)
    if not golden.exists():
        golden.write_text(drawn, encoding="utf-8")
        pytest.fail(f"{golden} was written; look at it and commit it")
    assert drawn == golden.read_text(encoding="utf-8")


@given(any_graph())
def test_json_is_read_back_as_the_same_graph(g: Graph) -> None:
    again = from_json(to_json(g))
    assert again == g
    assert list(again.nodes) == list(g.nodes)


@given(any_graph())
def test_every_drawing_exists_for_any_graph(g: Graph) -> None:
    for export in (to_mermaid, to_dot, to_html, to_text):
        drawn = export(g)
        for name in g.nodes:
            assert name in drawn


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("{", "it is not JSON"),
        ("[]", 'its "format" is not "trunkline-graph"'),
        ("{}", 'its "format" is not "trunkline-graph"'),
        ('{"format": "trunkline-graph", "version": 9}', "known here is 1"),
        ('{"format": "trunkline-graph", "version": 1}', "KeyError"),
        (
            '{"format": "trunkline-graph", "version": 1, "name": "a", "scopes": [], "nodes": [3]}',
            "TypeError",
        ),
    ],
)
def test_a_document_that_is_no_graph_is_refused_with_its_reason(text: str, cause: str) -> None:
    with pytest.raises(GraphFormatError) as caught:
        from_json(text)
    assert cause in caught.value.cause
    assert "trunkline graph --format json" in caught.value.remedy


def test_a_document_whose_nodes_live_in_unknown_scopes_is_refused() -> None:
    document = json.loads(to_json(graph(singleton("a"))))
    document["scopes"] = ["ELSE"]
    with pytest.raises(GraphFormatError, match="not in its chain: APP"):
        from_json(json.dumps(document))


def test_a_document_of_before_there_were_local_singletons_is_read() -> None:
    kept = graph(singleton("pool"), singleton("session", local=Local.CONTEXT))
    document = json.loads(to_json(kept))
    assert [entry.pop("local") for entry in document["nodes"]] == [None, "context"]
    assert from_json(json.dumps(document)) == graph(singleton("pool"), singleton("session"))


def test_what_a_thread_or_context_keeps_is_said_to_be_so() -> None:
    kept = graph(singleton("session", local=Local.CONTEXT))
    assert "singleton, each context" in to_text(kept)
    assert "in the outermost scope, for each context one" in to_html(kept)


def test_paths_are_relative_to_the_root_and_name_no_machine() -> None:
    assert relative_path("/srv/shop/a/b.py", Path("/srv/shop")) == "a/b.py"
    assert relative_path("/venv/lib/site-packages/pkg/m.py", Path("/srv/shop")) == "pkg/m.py"
    assert relative_path("/elsewhere/m.py", Path("/srv/shop")) == "/elsewhere/m.py"
    assert relative_path("a.py", Path("/srv/shop")) == "a.py"
    assert relative_path("/srv/shop/a.py", None) == "/srv/shop/a.py"
    assert relative_location(SourceLocation("/srv/shop/a.py", 3), Path("/srv/shop")) == "a.py:3"
    assert relative_location(None, None) == ""
    for export in (*EXPORTS.values(), to_html):
        assert str(ROOT) not in export(shop(), ROOT)


def test_faulty_edges_are_marked() -> None:
    drawn = picture(
        graph(singleton("a", "b"), singleton("b", "a", "late"), node("late"), singleton("me", "me"))
    )
    faults = {(arrow.source, arrow.target): arrow.fault for arrow in drawn.arrows}
    assert faults == {
        ("a", "b"): Fault.CYCLE,
        ("b", "a"): Fault.CYCLE,
        ("b", "late"): Fault.CAPTIVE,
        ("me", "me"): Fault.CYCLE,
    }


class _Page(HTMLParser):
    """Collects the tags of a page with their attributes and the text of its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._script = tag == "script"

    def handle_data(self, data: str) -> None:
        if self._script:
            self.scripts.append(data)
            self._script = False

    def classes(self, tag: str) -> list[str]:
        return [attrs.get("class") or "" for name, attrs in self.tags if name == tag]


def test_page_needs_nothing_but_itself() -> None:
    text = to_html(shop(), ROOT)
    assert "{{" not in text
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#)", text)
    for tag, attrs in _Page(text).tags:
        assert not {"src", "data", "srcset"} & attrs.keys(), (tag, attrs)
        assert (attrs.get("href") or "#").startswith("#")


def test_page_holds_every_node_and_edge_with_its_data() -> None:
    page = _Page(to_html(shop(), ROOT))
    data = json.loads(page.scripts[0])
    g = condensed(shop())
    assert [entry["name"] for entry in data["nodes"]] == list(g.nodes)
    assert {"from": 3, "to": 5, "parameters": ["cart"], "deferred": False, "fault": "captive"} in (
        data["edges"]
    )
    drawn = [classes for classes in page.classes("path") if classes.startswith("edge")]
    assert len([c for c in drawn if "captive" in c]) == 1 + 1  # one in the graph, one in the legend
    assert len([c for c in drawn if "deferred" in c]) == 1 + 1
    nodes = [c for c in page.classes("g") if c.startswith("node")]
    assert len(nodes) == len(g)
    assert data["nodes"][1]["place"] == "containers.py:11"


def test_views_inside_arguments_are_drawn_as_edges_to_what_they_read() -> None:
    g = condensed(shop())
    assert "settings.dsn" not in g
    assert [(e.target, e.parameter) for e in g["pool"].dependencies] == [("settings", "0")]
    assert list(captives(g)) == list(captives(shop()))
    for export in (to_mermaid, to_dot, to_html, to_text):
        assert "settings.dsn" not in export(shop(), ROOT)
    assert "settings.dsn" in to_json(shop(), ROOT)


def test_views_that_read_each_other_end_the_condensing() -> None:
    g = graph(
        node("a", "b", kind=Kind.VIEW, scope=None, declared=False),
        node("b", "a", kind=Kind.VIEW, scope=None, declared=False),
        node("user", "a"),
    )
    assert list(condensed(g).nodes) == ["user"]
    assert "user" in to_text(g)


def test_names_cannot_break_out_of_the_page() -> None:
    evil = "</script><script>alert(1)</script>\"'&"
    text = to_html(graph(node(evil, provides=evil), name=evil))
    assert "<script>alert" not in text
    assert json.loads(_Page(text).scripts[0])["nodes"][0]["name"] == evil


def test_bands_follow_the_chain_and_faultless_edges_point_upwards() -> None:
    g = shop()
    drawn = picture(g)
    layout = lay_out(g, drawn, dict.fromkeys(g.nodes, 120.0))
    assert [stripe.band.scope for stripe in layout.stripes] == ["APP", "SESSION", "REQUEST"]
    assert [s.y for s in layout.stripes] == sorted(s.y for s in layout.stripes)
    for stripe in layout.stripes:
        for member in stripe.band.nodes:
            box = layout.boxes[member.name]
            assert stripe.y < box.y
            assert box.y + box.height < stripe.y + stripe.height
    for arrow in drawn.arrows:
        if not arrow.deferred and arrow.fault is Fault.NONE:
            assert layout.boxes[arrow.target].y < layout.boxes[arrow.source].y


@given(any_graph())
def test_boxes_never_overlap(g: Graph) -> None:
    layout = lay_out(g, picture(g), {name: 110.0 + 7 * i for i, name in enumerate(g.nodes)})
    boxes = list(layout.boxes.values())
    for index, one in enumerate(boxes):
        assert one.x >= 0
        assert one.x + one.width <= layout.width
        for other in boxes[index + 1 :]:
            apart = one.x + one.width < other.x or other.x + other.width < one.x
            assert apart or abs(one.y - other.y) >= one.height


def test_five_hundred_nodes_are_wrapped_into_rows() -> None:
    wide = graph(*(singleton(f"service_{index}") for index in range(500)))
    layout = lay_out(wide, picture(wide), dict.fromkeys(wide.nodes, 150.0))
    assert layout.width < 2.5 * layout.height


def test_an_empty_graph_is_drawn() -> None:
    empty = graph()
    for export in (to_json, to_mermaid, to_dot, to_html, to_text):
        assert "shop" in export(empty)


def test_a_node_made_at_each_use_stands_with_the_shortest_lived_thing_it_is_made_from() -> None:
    g = graph(singleton("a"), node("b"), factory("f", "a", "b"), factory("free"))
    bands = {band.scope: [n.name for n in band.nodes] for band in picture(g).bands}
    assert bands == {"APP": ["a", "free"], "REQUEST": ["b", "f"]}
    assert g["f"].kind is Kind.FACTORY
