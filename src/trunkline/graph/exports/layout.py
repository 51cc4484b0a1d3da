"""Where nodes and edges of a layered drawing go.

Scopes are bands from top to bottom, outermost first; inside a band, rows run from what is built
first to what is built last. Every edge without a fault therefore points upwards. All edges to one
node share a trunk: a line down through the rows, which its dependents join where they are.

Source:
    Layers, ordering by barycentre and dummy nodes after K. Sugiyama et al., "Methods for visual
    understanding of hierarchical system structures" (1981). Coordinates by weighted isotonic
    regression (pool adjacent violators), which is the closest placement, in least squares, to
    what each item wishes while the order of a row is kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from trunkline.graph.algorithms import topological_order
from trunkline.graph.exports.picture import Arrow, Band, Picture
from trunkline.graph.model import Graph

__all__ = ["Box", "Layout", "Stripe", "lay_out"]

BOX_HEIGHT = 46
_GAP = 22
_TRUNK_GAP = 9
_ROW_GAP = 30
_STRIPE_HEAD = 20
_STRIPE_FOOT = 20
_MARGIN = 28
_LABELS = 120  # what the names of the scopes need at the left
_ORDERING_SWEEPS = 12
_PLACING_SWEEPS = 24
_TRUNK_WEIGHT = 6.0


@dataclass(frozen=True, slots=True)
class Box:
    """A node's rectangle, in pixels from the drawing's top left."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Stripe:
    """A band's rectangle over the whole width: its top and height in pixels."""

    band: Band
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Layout:
    """A finished drawing.

    Attributes:
        width: Width of the whole, in pixels.
        height: Height of the whole, in pixels.
        stripes: The bands, outermost first.
        boxes: Rectangles by node name.
        paths: Each arrow with the data of its SVG path.
    """

    width: float
    height: float
    stripes: tuple[Stripe, ...]
    boxes: Mapping[str, Box]
    paths: tuple[tuple[Arrow, str], ...]


@dataclass(slots=True)
class _Item:
    """A box or a trunk's passage through one row."""

    target: str
    width: float
    is_box: bool
    above: list[_Item] = field(default_factory=list)
    below: list[_Item] = field(default_factory=list)
    x: float = 0.0

    @property
    def weight(self) -> float:
        return 1.0 if self.is_box else _TRUNK_WEIGHT

    def wish(self, neighbours: Sequence[_Item]) -> float:
        """Where it would stand if it were alone: amid its neighbours, else where it is."""
        if not neighbours:
            return self.x
        weights = [1.0 if self.is_box else item.weight for item in neighbours]
        weighted = (item.x * weight for item, weight in zip(neighbours, weights, strict=True))
        return sum(weighted) / sum(weights)


def lay_out(graph: Graph, drawn: Picture, widths: Mapping[str, float]) -> Layout:
    """Place all nodes and edges.

    Args:
        graph: The graph.
        drawn: The same, sorted for drawing.
        widths: Width of each node's box in pixels, by name.
    """
    banded_rows = _rows(graph, drawn, widths)
    row_of = {name: i for i, (_, row) in enumerate(banded_rows) for name in row}
    items = {
        name: _Item(name, widths[name], is_box=True) for _, names in banded_rows for name in names
    }
    rows = [[items[name] for name in names] for _, names in banded_rows]
    trunks = _trunks(drawn.arrows, row_of, items, rows)
    _arrange(rows)
    left = min((i.x - i.width / 2 for row in rows for i in row), default=0.0)
    for row in rows:
        for item in row:
            item.x += _LABELS - left
    tops, stripes, height = _heights(drawn, banded_rows, rows)
    boxes = {
        name: Box(item.x - item.width / 2, tops[row_of[name]], item.width, BOX_HEIGHT)
        for name, item in items.items()
    }
    width = max((i.x + i.width / 2 for row in rows for i in row), default=0.0) + _MARGIN
    ports = _ports(drawn.arrows, items, row_of)
    paths = tuple(
        (arrow, _path(arrow, boxes, ports[arrow.source, arrow.target], trunks, row_of, tops))
        for arrow in drawn.arrows
    )
    return Layout(width, height, stripes, boxes, paths)


def _rows(graph: Graph, drawn: Picture, widths: Mapping[str, float]) -> list[tuple[str, list[str]]]:
    """Rows of names from top to bottom, each with its scope."""
    order = {name: index for index, name in enumerate(topological_order(graph))}
    area = sum(width + _GAP for width in widths.values()) * (BOX_HEIGHT + _ROW_GAP)
    limit = max(900.0, math.sqrt(area) * 1.7)
    result: list[tuple[str, list[str]]] = []
    for band in drawn.bands:
        members = {node.name for node in band.nodes}
        level: dict[str, int] = {}
        for name in sorted(members, key=order.__getitem__):
            level[name] = 1 + max(
                (
                    level[edge.target]
                    for edge in graph[name].dependencies
                    if not edge.deferred and edge.target in level
                ),
                default=-1,
            )
        for depth in range(max(level.values()) + 1):
            names = [node.name for node in band.nodes if level[node.name] == depth]
            result += [(band.scope, row) for row in _wrapped(names, widths, limit)]
    return result


def _wrapped(names: Sequence[str], widths: Mapping[str, float], limit: float) -> list[list[str]]:
    """Names in as few rows as fit into the limit, of much the same width."""
    total = sum(widths[name] + _GAP for name in names)
    share = total / math.ceil(total / limit)
    rows: list[list[str]] = [[]]
    used = 0.0
    for name in names:
        if rows[-1] and used + widths[name] / 2 > share * len(rows):
            rows.append([])
        rows[-1].append(name)
        used += widths[name] + _GAP
    return rows


def _trunks(
    arrows: Iterable[Arrow],
    row_of: Mapping[str, int],
    items: Mapping[str, _Item],
    rows: list[list[_Item]],
) -> dict[tuple[str, int], _Item]:
    """Add the passages of each node's trunk to the rows and tie neighbours together."""
    trunks: dict[tuple[str, int], _Item] = {}
    for arrow in arrows:
        top, bottom = row_of[arrow.target], row_of[arrow.source]
        if top >= bottom:
            continue
        end = items[arrow.target]
        for row in range(top + 1, bottom):
            passage = trunks.get((arrow.target, row))
            if passage is None:
                passage = _Item(arrow.target, 2.0, is_box=False)
                trunks[arrow.target, row] = passage
                rows[row].append(passage)
                _tie(end, passage)
            end = passage
        _tie(end, items[arrow.source])
    return trunks


def _tie(upper: _Item, lower: _Item) -> None:
    upper.below.append(lower)
    lower.above.append(upper)


def _arrange(rows: list[list[_Item]]) -> None:
    """Order the items of each row and give them their place.

    Sweeps go down, where each row follows the one above it, and up in turn; the last ones keep
    the order and look both ways, which straightens what is left.
    """
    for row in rows:
        _settle(row, [0.0] * len(row))
    for sweep in range(_ORDERING_SWEEPS):
        down = sweep % 2 == 0
        for row in rows if down else reversed(rows):
            wishes = {id(item): item.wish(item.above if down else item.below) for item in row}
            row.sort(key=lambda item, wishes=wishes: wishes[id(item)])  # type: ignore[misc]  # binds the loop's value
            _settle(row, [wishes[id(item)] for item in row])
    for sweep in range(_PLACING_SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            _settle(row, [item.wish([*item.above, *item.below]) for item in row])


def _settle(row: list[_Item], wishes: Sequence[float]) -> None:
    """Place the items of a row as near to their wishes as order and gaps allow."""
    offset = 0.0
    offsets = []
    blocks: list[tuple[float, float, int]] = []  # weighted sum of wishes, weight, count
    for index, (item, wish) in enumerate(zip(row, wishes, strict=True)):
        if index:
            before = row[index - 1]
            gap = _GAP if item.is_box or before.is_box else _TRUNK_GAP
            offset += (before.width + item.width) / 2 + gap
        offsets.append(offset)
        total, weight, count = (wish - offset) * item.weight, item.weight, 1
        while blocks and blocks[-1][0] / blocks[-1][1] >= total / weight:
            above = blocks.pop()
            total, weight, count = total + above[0], weight + above[1], count + above[2]
        blocks.append((total, weight, count))
    start = 0
    for total, weight, count in blocks:
        for index in range(start, start + count):
            row[index].x = total / weight + offsets[index]
        start += count


def _heights(
    drawn: Picture, banded_rows: Sequence[tuple[str, list[str]]], rows: Sequence[Sequence[_Item]]
) -> tuple[list[float], tuple[Stripe, ...], float]:
    """Tops of rows, the stripes, and the height of the whole."""
    tops: list[float] = []
    stripes: list[Stripe] = []
    y = 0.0
    for band in drawn.bands:
        start = y
        y += _STRIPE_HEAD
        for index, (scope, _) in enumerate(banded_rows):
            if scope == band.scope:
                tops.append(y)
                y += BOX_HEIGHT + _ROW_GAP + min(1.5 * len(rows[index]), 40.0)
        y -= _ROW_GAP - _STRIPE_FOOT
        stripes.append(Stripe(band, start, y - start))
    return tops, tuple(stripes), y


def _ports(
    arrows: Iterable[Arrow], items: Mapping[str, _Item], row_of: Mapping[str, int]
) -> dict[tuple[str, str], float]:
    """Where each edge leaves its source's box, from left to right as the targets lie."""
    leaving: dict[tuple[str, bool], list[str]] = {}
    for arrow in arrows:
        up = row_of[arrow.target] < row_of[arrow.source]
        targets = leaving.setdefault((arrow.source, up), [])
        if arrow.target not in targets:
            targets.append(arrow.target)
    ports = {}
    for (source, _), targets in leaving.items():
        box = items[source]
        targets.sort(key=lambda name: items[name].x)
        step = min(18.0, box.width * 0.8 / len(targets))
        for index, target in enumerate(targets):
            ports[source, target] = box.x + (index - (len(targets) - 1) / 2) * step
    return ports


def _path(
    arrow: Arrow,
    boxes: Mapping[str, Box],
    port: float,
    trunks: Mapping[tuple[str, int], _Item],
    row_of: Mapping[str, int],
    tops: Sequence[float],
) -> str:
    """The SVG path of an edge, from the box that depends to the one it depends on."""
    source, target = boxes[arrow.source], boxes[arrow.target]
    middle = target.x + target.width / 2
    start, end = row_of[arrow.source], row_of[arrow.target]
    if end < start:
        points = [(port, source.y)]
        for row in range(start - 1, end, -1):
            x = trunks[arrow.target, row].x
            points += [(x, tops[row] + BOX_HEIGHT), (x, tops[row])]
        points.append((middle, target.y + target.height + 5))
        return _curve(points, straight=frozenset(range(1, len(points) - 2, 2)))
    low = source.y + source.height
    if end > start:
        high = target.y - 5
        # What lies straight below would be hidden behind the boxes between.
        aside = 170 if end > start + 1 and abs(middle - port) < 120 else 0
        half = (low + high) / 2
        return (
            f"M{port:.0f},{low:.0f} C{port + aside:.0f},{half:.0f} "
            f"{middle + aside:.0f},{half:.0f} {middle:.0f},{high:.0f}"
        )
    dip = low + _ROW_GAP
    if arrow.source == arrow.target:
        middle += 24
    return (
        f"M{port:.0f},{low:.0f} C{port:.0f},{dip:.0f} "
        f"{middle:.0f},{dip:.0f} {middle:.0f},{low + 5:.0f}"
    )


def _curve(points: Sequence[tuple[float, float]], straight: frozenset[int]) -> str:
    """A smooth line through points, vertical at each; segments from a straight index are lines."""
    parts = [f"M{points[0][0]:.0f},{points[0][1]:.0f}"]
    for index, ((x0, y0), (x1, y1)) in enumerate(pairwise(points)):
        if index in straight:
            parts.append(f"L{x1:.0f},{y1:.0f}")
        else:
            half = (y0 + y1) / 2
            parts.append(f"C{x0:.0f},{half:.0f} {x1:.0f},{half:.0f} {x1:.0f},{y1:.0f}")
    return " ".join(parts)
