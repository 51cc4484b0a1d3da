"""One HTML page that draws a graph: a file that needs no network and no other file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from importlib import resources
from pathlib import Path

from trunkline.graph.exports.layout import Box, Layout, lay_out
from trunkline.graph.exports.picture import Fault, Picture, condensed, made_by, picture
from trunkline.graph.model import Graph, Kind, Node
from trunkline.graph.paths import relative_location

__all__ = ["to_html"]

_NAME_WIDTH = 7.25  # pixels of a character of the names' monospaced 12 px font
_DETAIL_WIDTH = 6.1  # the same of the second line's 11 px font, on average
_LONGEST = 34  # characters of a name before it is cut


def to_html(graph: Graph, root: Path | None = None) -> str:
    """Draw a graph as a self-contained HTML page.

    Scopes are bands, outermost first, and edges point from what depends to what it depends on,
    upwards; captive edges are red, edges of a cycle orange, deferred ones dashed. The page
    searches, zooms and pans, and shows a node's declaration, dependencies and dependents.

    Args:
        graph: Any graph.
        root: Folder that paths are shown relative to; None leaves them as they are.
    """
    graph = condensed(graph)
    drawn = picture(graph)
    layout = lay_out(graph, drawn, {node.name: _width(node) for node in graph})
    faults = sum(arrow.fault is not Fault.NONE for arrow in drawn.arrows)
    assets = resources.files("trunkline.graph.exports") / "assets"
    page = (assets / "page.html").read_text(encoding="utf-8")
    replacements = {
        "title": escape(graph.name),
        "heading": escape(graph.name).replace(".", ".<wbr>"),
        "counts": escape(_counts(graph, drawn, faults)),
        "faulty": "faulty" if faults else "",
        "style": (assets / "page.css").read_text(encoding="utf-8"),
        "script": (assets / "page.js").read_text(encoding="utf-8"),
        "drawing": "\n".join(_drawing(layout, graph)),
        "teardowns": "\n".join(_teardowns(drawn)),
        "data": _data(graph, drawn, root),
    }
    head, *rest = page.split("{{")
    parts = [head]
    for piece in rest:
        name, _, text = piece.partition("}}")
        parts += [replacements[name], text]
    return "".join(parts)


def _width(node: Node) -> float:
    detail = len(_detail(node)) * _DETAIL_WIDTH
    badges = 46 * node.is_async + 40 * node.has_teardown
    name = min(len(node.name), _LONGEST) * _NAME_WIDTH
    return max(110.0, name + 34, min(detail, 210.0) + badges + 34)


def _detail(node: Node) -> str:
    made = made_by(node)
    return f"{made} · {node.kind.value}" if made else node.kind.value


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


def _counts(graph: Graph, drawn: Picture, faults: int) -> str:
    facts = [
        f"{len(graph)} provider{'s' * (len(graph) != 1)}",
        f"{len(drawn.arrows)} edge{'s' * (len(drawn.arrows) != 1)}",
    ]
    if faults:
        facts.append(f"{faults} faulty")
    return " · ".join(facts)


def _drawing(layout: Layout, graph: Graph) -> Iterator[str]:
    yield (
        f'<svg id="drawing" viewBox="0 0 {layout.width:.0f} {layout.height:.0f}" '
        'role="img" aria-label="dependency graph">'
    )
    yield (
        "<defs>"
        + "".join(
            f'<marker id="tip{name}" class="tip {name}" viewBox="0 0 8 8" refX="6" refY="4" '
            'markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">'
            '<path d="M0,0.5 L8,4 L0,7.5 Z"/></marker>'
            for name in ("", "captive", "cycle")
        )
        + "</defs>"
    )
    yield '<g id="view">'
    for number, stripe in enumerate(layout.stripes):
        yield (
            f'<g class="stripe" data-y="{stripe.y:.0f}">'
            f'<rect class="band band{number % 2}" x="0" y="{stripe.y:.0f}" '
            f'width="{layout.width:.0f}" height="{stripe.height:.0f}"/></g>'
        )
    indices = {name: index for index, name in enumerate(graph.nodes)}
    faulty = [pair for pair in layout.paths if pair[0].fault]
    for arrow, path in [*(pair for pair in layout.paths if not pair[0].fault), *faulty]:
        classes = " ".join(filter(None, ("edge", arrow.fault, "deferred" * arrow.deferred)))
        yield (
            f'<path class="{classes}" d="{path}" data-from="{indices[arrow.source]}" '
            f'data-to="{indices[arrow.target]}" marker-end="url(#tip{arrow.fault})">'
            f"<title>{escape(f'{arrow.source} → {arrow.target}')}</title></path>"
        )
    ranks = {
        name: rank
        for stripe in layout.stripes
        for rank, name in enumerate(stripe.band.teardowns, start=1)
    }
    for name, box in layout.boxes.items():
        yield from _node(graph[name], indices[name], box, ranks.get(name))
    for stripe in layout.stripes:
        count = len(stripe.band.nodes)
        yield (
            f'<g class="label" data-y="{stripe.y:.0f}" '
            f'transform="translate(0,{stripe.y:.0f})"><text x="16" y="24">'
            f'{escape(stripe.band.scope)}<tspan class="count" dx="8">{count}</tspan></text></g>'
        )
    yield "</g></svg>"


def _node(node: Node, index: int, box: Box, rank: int | None) -> Iterator[str]:
    kind = node.kind.value
    classes = f"node kind-{kind}" + ("" if node.declared else " inner")
    yield (
        f'<g class="{classes}" id="node{index}" data-index="{index}" tabindex="0" role="button" '
        f'aria-label="{escape(f"{node.name}, {_detail(node)}")}" '
        f'transform="translate({box.x:.0f},{box.y:.0f})">'
        f"<title>{escape(node.name)}</title>"
        f'<rect class="card" width="{box.width:.0f}" height="{box.height:.0f}" rx="7"/>'
        f'<rect class="mark" x="0" y="8" width="4" height="{box.height - 16:.0f}" rx="2"/>'
        f'<text class="name" x="14" y="20">{escape(_cut(node.name, _LONGEST))}</text>'
        f'<text class="detail" x="14" y="36">{escape(_cut(_detail(node), 34))}</text>'
    )
    right = box.width - 8
    if rank is not None:
        yield (
            f'<text class="badge closing" x="{right:.0f}" y="36" text-anchor="end">↩ {rank}'
            f"<title>closed as number {rank} of its scope</title></text>"
        )
        right -= 40
    if node.is_async:
        yield f'<text class="badge" x="{right:.0f}" y="36" text-anchor="end">async</text>'
    yield "</g>"


def _teardowns(drawn: Picture) -> Iterator[str]:
    for band in drawn.bands:
        if band.teardowns:
            yield f"<h3>{escape(band.scope)}</h3><ol>"
            for name in band.teardowns:
                yield f'<li><a data-name="{escape(name)}" href="#">{escape(name)}</a></li>'
            yield "</ol>"
    if not any(band.teardowns for band in drawn.bands):
        yield '<p class="quiet">Nothing has a teardown.</p>'


def _data(graph: Graph, drawn: Picture, root: Path | None) -> str:
    indices = {name: index for index, name in enumerate(graph.nodes)}
    scopes = {node.name: band.scope for band in drawn.bands for node in band.nodes}
    document = {
        "nodes": [
            {
                "name": node.name,
                "kind": node.kind.value,
                "about": _about(node),
                "scope": node.scope,
                "within": scopes[node.name],
                "provides": node.provides,
                "place": relative_location(node.location, root),
                "async": node.is_async,
                "teardown": node.has_teardown,
            }
            for node in graph
        ],
        "edges": [
            {
                "from": indices[arrow.source],
                "to": indices[arrow.target],
                "parameters": arrow.parameters,
                "deferred": arrow.deferred,
                "fault": arrow.fault.value,
            }
            for arrow in drawn.arrows
        ],
    }
    # '<' could end the script element that holds the document.
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _about(node: Node) -> str:
    about = _meanings[node.kind]
    return about if node.local is None else f"{about}, for each {node.local} one"


_meanings = {
    Kind.VALUE: "given when its scope opens",
    Kind.SCOPED: "built once in each scope",
    Kind.RESOURCE: "built once in each scope, torn down with it",
    Kind.SINGLETON: "built once in the outermost scope",
    Kind.KEYED: "built once for each key",
    Kind.FACTORY: "built anew at each use",
    Kind.CONSTANT: "an object that exists already",
    Kind.VIEW: "read from another provider's object",
    Kind.COLLECTION: "a list or mapping of other providers' objects",
    Kind.CHOICE: "one of several providers, chosen at each use",
    Kind.DEFERRED: "another provider itself, not its object",
    Kind.EXTERNAL: "to be supplied by an override",
    Kind.FOREIGN: "called as it is",
}
