"""Plain text of a graph: for a terminal, a log, a pipe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from trunkline.graph.exports.picture import Fault, Picture, condensed, made_by, picture
from trunkline.graph.model import Graph, Node
from trunkline.graph.paths import relative_location

__all__ = ["Row", "rows", "to_text"]


class Row(NamedTuple):
    """One node in words.

    Attributes:
        name: Its name.
        makes: Short name of what it provides.
        how: Its kind, whether it must be awaited, its place in the order of teardown.
        needs: Names of what it depends on, faults named beside them.
        place: Where it is declared.
    """

    name: str
    makes: str
    how: str
    needs: str
    place: str


def rows(graph: Graph, root: Path | None = None) -> Iterator[tuple[str, list[Row]]]:
    """The rows of each scope that has nodes, outermost first.

    Args:
        graph: Any graph.
        root: Folder that paths are written relative to; None leaves them as they are.

    Yields:
        Names of scopes with their rows, in the order of declaration.
    """
    drawn = picture(condensed(graph))
    needs = _needs(drawn)
    for band in drawn.bands:
        ranks = {name: rank for rank, name in enumerate(band.teardowns, start=1)}
        yield (
            band.scope,
            [
                Row(
                    name=node.name,
                    makes=made_by(node),
                    how=_how(node, ranks.get(node.name)),
                    needs=", ".join(needs.get(node.name, ())),
                    place=relative_location(node.location, root),
                )
                for node in band.nodes
            ],
        )


def to_text(graph: Graph, root: Path | None = None) -> str:
    """Write a graph as aligned plain text, a paragraph for each scope.

    Args:
        graph: Any graph.
        root: Folder that paths are written relative to; None leaves them as they are.
    """
    lines = [f"{graph.name}: {len(condensed(graph))} providers"]
    for scope, table in rows(graph, root):
        widths = [max(len(row[column]) for row in table) for column in range(4)]
        lines += ["", scope]
        for row in table:
            cells = (cell.ljust(width) for cell, width in zip(row, (*widths, 0), strict=True))
            lines.append(f"  {'  '.join(cells)}".rstrip())
    return "\n".join(lines) + "\n"


def _how(node: Node, rank: int | None) -> str:
    facts = [node.kind.value]
    if node.local is not None:
        facts.append(node.lifetime)
    if node.is_async:
        facts.append("async")
    if rank is not None:
        facts.append(f"teardown {rank}")
    return ", ".join(facts)


def _needs(drawn: Picture) -> dict[str, list[str]]:
    needs: dict[str, list[str]] = {}
    for arrow in drawn.arrows:
        note = " (deferred)" if arrow.deferred else ""
        if arrow.fault is not Fault.NONE:
            note = f" (!{arrow.fault})"
        needs.setdefault(arrow.source, []).append(f"{arrow.target}{note}")
    return needs
