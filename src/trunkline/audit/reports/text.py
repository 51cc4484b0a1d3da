"""The report as a compiler would write it."""

import unicodedata
from collections.abc import Iterator
from html import escape
from typing import Final

from trunkline.audit.findings import Finding
from trunkline.audit.reports.outline import Report, listed, plural
from trunkline.audit.sources import SourceLines

_MAX_LINE: Final = 160
_AFTER: Final = 40
"""So much of a line longer than that is shown from the place at fault on, at least."""
_PICTURES: Final = {
    **{code: 0x2400 + code for code in range(0x20)},
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), 0xFFFD),
    **dict.fromkeys(range(0xFDD0, 0xFDF0), 0xFFFD),  # these, and the next, are no characters
    **{plane + last: 0xFFFD for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF)},
}


def text_report(report: Report) -> str:
    """Return the report as text, root causes first."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    for cause in report.causes():
        yield from draw_finding(cause.finding, report.lines)
        if cause.consequences:
            yield f"    breaks: {listed(cause.broken)}"
        yield ""
    for error in report.errors:
        yield visible(f"passed over: {error}")
    yield from undecided(report)
    if report.errors or report.undecided:
        yield ""
    yield summary(report)


def draw_finding(finding: Finding, lines: SourceLines) -> Iterator[str]:
    """Yield a finding's lines: place and message, source, cause, remedy."""
    place = f"{finding.path}:{finding.line}:{finding.column + 1}"
    yield visible(f"{place}: {finding.code} {finding.message}")
    source = lines.line(finding.path, finding.line)
    if source.strip():
        before = source[: finding.column].expandtabs(4)
        shown = source.expandtabs(4)
        start = max(len(shown) - len(shown.lstrip()), len(before) - _MAX_LINE + _AFTER)
        margin = " " * len(str(finding.line))
        yield f"  {finding.line} | {visible(shown[start : start + _MAX_LINE])}"
        yield f"  {margin} | {' ' * _width(before[start:])}^"
    yield visible(f"    cause: {finding.cause}")
    yield visible(f"    remedy: {finding.remedy}")


def visible(text: str) -> str:
    """Return a text in which control characters are pictures of themselves.

    A terminal would obey them, and they would break a line in two.
    """
    return text if text.isprintable() else text.translate(_PICTURES)


def markup(text: str) -> str:
    """Return a text for HTML: no sign of it means anything there, and none is refused."""
    known = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return escape(visible(known))


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def summary(report: Report) -> str:
    """Return the last line: how many findings, in how many files, and what was let by."""
    parts = [plural(len(report.findings), "finding") if report.findings else "no findings"]
    parts[0] += f" in {plural(report.files, 'file')}"
    if report.known:
        parts.append(f"{len(report.known)} known to the baseline")
    if report.suppressed:
        parts.append(f"{len(report.suppressed)} suppressed")
    if report.errors:
        parts.append(f"{len(report.errors)} passed over")
    if report.undecided:
        parts.append(f"{len(report.undecided)} undecided")
    return "; ".join(parts)


def undecided(report: Report) -> Iterator[str]:
    """Yield a line for everything that could not be decided from source."""
    for item in report.undecided:
        yield visible(f"undecided: {item.path}:{item.line}: {item.subject}: {item.reason}")


def statistics(report: Report) -> str:
    """Return how many findings each rule has, most first, and what could not be decided."""
    rows = sorted(report.by_rule().items(), key=lambda row: (-row[1], row[0]))
    lines = [f"{count:6}  {code}  {report.rule(code).summary}" for code, count in rows]
    lines.extend(f"{count:6}  about {name}" for name, count in report.by_subject().items())
    lines.extend(f"        {row}" for row in undecided(report))
    lines.append(summary(report))
    return "\n".join(lines) + "\n"
