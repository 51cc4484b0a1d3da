"""The trend of findings over commits, drawn as SVG."""

# ruff: noqa: E501
# Lines of markup read best unbroken.

from typing import Final

from trunkline.audit.reports.outline import plural
from trunkline.audit.reports.text import markup

_WIDTH: Final = 720
_HEIGHT: Final = 240
_LEFT: Final = 48
_RIGHT: Final = 48
_BOTTOM: Final = 34
_TOP: Final = 16
_LABELS: Final = 7
"""So many dates have room side by side."""


def trend_chart(points: tuple[tuple[str, int], ...]) -> str:
    """Return a line chart of counts over labelled points, oldest first, as an SVG element.

    Args:
        points: Label, which starts with a day as ``2026-01-31``, and count of each; at least one.
    """
    highest = max(count for _, count in points) or 1
    span = max(len(points) - 1, 1)
    floor = _HEIGHT - _BOTTOM

    def height(count: int) -> float:
        return floor - (floor - _TOP) * count / highest

    place = [
        (_LEFT + (_WIDTH - _LEFT - _RIGHT) * index / span, height(count))
        for index, (_, count) in enumerate(points)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in place)
    area = f"{place[0][0]:.1f},{floor} {line} {place[-1][0]:.1f},{floor}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" font-size="13" fill="currentColor">',
        f"<title>Findings over {plural(len(points), 'commit')}</title>",
    ]
    for value in sorted({0, highest // 2, highest}):
        y = height(value)
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="currentColor" stroke-opacity=".2"/>'
        )
        parts.append(
            f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" fill-opacity=".7">{value}</text>'
        )
    parts.append(f'<polygon points="{area}" fill="#3b6fd4" fill-opacity=".14"/>')
    parts.append(f'<polyline points="{line}" fill="none" stroke="#3b6fd4" stroke-width="2"/>')
    step = -(-len(points) // _LABELS)
    for index, ((label, count), (x, y)) in enumerate(zip(points, place, strict=True)):
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="#3b6fd4"><title>{markup(label)}: {count}</title></circle>'
        )
        if (len(points) - 1 - index) % step == 0:
            parts.append(
                f'<text x="{x:.1f}" y="{floor + 20}" text-anchor="middle" fill-opacity=".7">{markup(label[:10])}</text>'
            )
    parts.append("</svg>")
    return "".join(parts)
