"""Mermaid flowcharts, which code hosts draw inside Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path

from trunkline.graph.exports.picture import Fault, condensed, made_by, picture
from trunkline.graph.model import Graph, Kind, Node
from trunkline.graph.paths import relative_location

__all__ = ["to_mermaid"]

_SHAPES = {
    Kind.VALUE: ("[/", "/]"),
    Kind.RESOURCE: ("[(", ")]"),
    Kind.FACTORY: (">", "]"),
    Kind.VIEW: ("(", ")"),
    Kind.COLLECTION: ("[[", "]]"),
    Kind.CHOICE: ("{", "}"),
    Kind.DEFERRED: ("([", "])"),
}
_STYLES = {
    Fault.CAPTIVE: "stroke:#d11,stroke-width:3px,color:#d11",
    Fault.CYCLE: "stroke:#c60,stroke-width:3px,color:#c60",
}


def to_mermaid(graph: Graph, root: Path | None = None) -> str:
    """Write a graph as a Mermaid flowchart with a subgraph for each scope.

    Captive edges are red, edges of a cycle orange, deferred ones dotted. Comments name the place
    of each declaration.

    Args:
        graph: Any graph.
        root: Folder that paths are written relative to; None leaves them as they are.
    """
    return "\n".join(_lines(graph, root)) + "\n"


def _lines(graph: Graph, root: Path | None) -> Iterator[str]:
    graph = condensed(graph)
    drawn = picture(graph)
    identifiers = {name: f"n{index}" for index, name in enumerate(graph.nodes)}
    yield "flowchart LR"
    yield f"    %% {graph.name}"
    for number, band in enumerate(drawn.bands):
        yield f'    subgraph s{number}["{_escaped(band.scope)}"]'
        yield "        direction LR"
        ranks = {name: rank for rank, name in enumerate(band.teardowns, start=1)}
        for node in band.nodes:
            if node.location is not None:
                yield f"        %% {relative_location(node.location, root)}"
            opening, closing = _SHAPES.get(node.kind, ("[", "]"))
            label = _label(node, ranks.get(node.name))
            yield f'        {identifiers[node.name]}{opening}"{label}"{closing}'
        yield "    end"
    for arrow in drawn.arrows:
        line = "-.->" if arrow.deferred else "-->"
        label = _escaped(", ".join(arrow.parameters))
        source, target = identifiers[arrow.source], identifiers[arrow.target]
        yield f'    {source} {line}|"{label}"| {target}'
    for fault, style in _STYLES.items():
        faulty = [str(i) for i, arrow in enumerate(drawn.arrows) if arrow.fault is fault]
        if faulty:
            yield f"    linkStyle {','.join(faulty)} {style}"


def _label(node: Node, rank: int | None) -> str:
    facts = [node.kind.value]
    if node.is_async:
        facts.append("async")
    if rank is not None:
        facts.append(f"teardown {rank}")
    lines = (node.name, made_by(node), ", ".join(facts))
    return "<br/>".join(_escaped(line) for line in lines if line)


def _escaped(text: str) -> str:
    # Labels are HTML; '#' would begin one of Mermaid's own entities.
    return escape(text).replace("#", "#35;")
