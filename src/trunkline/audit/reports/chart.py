"""The trend of findings over commits, drawn as SVG."""

# ruff: noqa: E501
# Lines of markup read best unbroken.

from html import escape
from typing import Final

_WIDTH: Final = 720
_HEIGHT: Final = 240
_LEFT: Final = 48
_BOTTOM: Final = 44
_TOP: Final = 16


def trend_chart(points: tuple[tuple[str, int], ...]) -> str:
    """Return a line chart of counts over labelled points, oldest first, as an SVG element."""
    highest = max((count for _, count in points), default=0) or 1
    span = max(len(points) - 1, 1)
    place = [
        (
            _LEFT + (_WIDTH - _LEFT - 16) * index / span,
            _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - count / highest),
        )
        for index, (_, count) in enumerate(points)
    ]
    floor = _HEIGHT - _BOTTOM
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in place)
    area = f"{place[0][0]:.1f},{floor} {line} {place[-1][0]:.1f},{floor}" if place else ""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
        f"<title>Findings over {len(points)} commits</title>",
    ]
    for part in (0, 0.5, 1):
        y = _TOP + (floor - _TOP) * (1 - part)
        value = round(highest * part)
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - 16}" y1="{y:.1f}" y2="{y:.1f}" stroke="#8a94a3" stroke-opacity=".35"/>'
        )
        parts.append(
            f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" fill="#7a8594">{value}</text>'
        )
    parts.append(f'<polygon points="{area}" fill="#3b6fd4" fill-opacity=".14"/>')
    parts.append(f'<polyline points="{line}" fill="none" stroke="#3b6fd4" stroke-width="2"/>')
    step = max(len(points) // 8, 1)
    for index, ((label, count), (x, y)) in enumerate(zip(points, place, strict=True)):
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="#3b6fd4"><title>{escape(label)}: {count}</title></circle>'
        )
        if index % step == 0 or index == len(points) - 1:
            parts.append(
                f'<text x="{x:.1f}" y="{floor + 18}" text-anchor="middle" fill="#7a8594">{escape(label[:10])}</text>'
            )
    parts.append("</svg>")
    return "".join(parts)
