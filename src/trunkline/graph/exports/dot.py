"""DOT, the language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from trunkline.graph.exports.picture import Arrow, Fault, condensed, made_by, picture
from trunkline.graph.model import Graph, Kind, Node
from trunkline.graph.paths import relative_location

__all__ = ["to_dot"]

_SHAPES = {
    Kind.VALUE: "parallelogram",
    Kind.RESOURCE: "cylinder",
    Kind.FACTORY: "cds",
    Kind.VIEW: "oval",
    Kind.COLLECTION: "box3d",
    Kind.CHOICE: "diamond",
    Kind.DEFERRED: "oval",
}
_COLOURS = {Fault.CAPTIVE: "#dd1111", Fault.CYCLE: "#cc6600"}


def to_dot(graph: Graph, root: Path | None = None) -> str:
    """Write a graph in DOT with a cluster for each scope.

    Captive edges are red, edges of a cycle orange, deferred ones dashed. Tooltips name the place
    of each declaration.

    Args:
        graph: Any graph.
        root: Folder that paths are written relative to; None leaves them as they are.
    """
    return "\n".join(_lines(graph, root)) + "\n"


def _lines(graph: Graph, root: Path | None) -> Iterator[str]:
    graph = condensed(graph)
    drawn = picture(graph)
    yield f"digraph {_quoted(graph.name)} {{"
    yield "    rankdir=BT; newrank=true; labeljust=l;"
    yield '    node [shape=box, fontname="Helvetica", fontsize=11];'
    yield '    edge [fontname="Helvetica", fontsize=9];'
    for number, band in enumerate(drawn.bands):
        yield f"    subgraph cluster_{number} {{"
        yield f"        label={_quoted(band.scope)};"
        yield '        style="rounded,filled"; fillcolor="#f4f6f8"; color="#b8c0c8";'
        ranks = {name: rank for rank, name in enumerate(band.teardowns, start=1)}
        for node in band.nodes:
            yield f"        {_node(node, ranks.get(node.name), root)}"
        yield "    }"
    for arrow in drawn.arrows:
        yield f"    {_edge(arrow)}"
    yield "}"


def _node(node: Node, rank: int | None, root: Path | None) -> str:
    facts = [node.kind.value]
    if node.is_async:
        facts.append("async")
    if rank is not None:
        facts.append(f"teardown {rank}")
    lines = (node.name, made_by(node), ", ".join(facts))
    attributes = [f"label={_quoted(*(line for line in lines if line))}"]
    if node.kind in _SHAPES:
        attributes.append(f"shape={_SHAPES[node.kind]}")
    if node.location is not None:
        attributes.append(f"tooltip={_quoted(relative_location(node.location, root))}")
    return f"{_quoted(node.name)} [{', '.join(attributes)}];"


def _edge(arrow: Arrow) -> str:
    attributes = [f"label={_quoted(', '.join(arrow.parameters))}"]
    if arrow.deferred:
        attributes.append("style=dashed")
    if arrow.deferred or arrow.fault:
        attributes.append("constraint=false")  # only what is built before sets the layers
    if arrow.fault:
        colour = _COLOURS[arrow.fault]
        attributes.append(f'color="{colour}", fontcolor="{colour}", penwidth=2')
    return f"{_quoted(arrow.source)} -> {_quoted(arrow.target)} [{', '.join(attributes)}];"


def _quoted(*lines: str) -> str:
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'
