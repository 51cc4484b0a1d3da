"""The report as a compiler would write it."""

from collections.abc import Iterator

from trunkline.audit.findings import Finding
from trunkline.audit.reports.outline import Report, listed, plural
from trunkline.audit.sources import SourceLines

_MAX_LINE = 160


def text_report(report: Report) -> str:
    """Return the report as text, root causes first."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    for cause in report.causes():
        yield from draw_finding(cause.finding, report.lines)
        if cause.consequences:
            yield f"    breaks: {listed(item.path for item in cause.consequences)}"
        yield ""
    for error in report.errors:
        yield f"passed over: {error}"
    if report.errors:
        yield ""
    yield summary(report)


def draw_finding(finding: Finding, lines: SourceLines) -> Iterator[str]:
    """Yield a finding's lines: place and message, source, cause, remedy."""
    place = f"{finding.path}:{finding.line}:{finding.column + 1}"
    yield f"{place}: {finding.code} {finding.message}"
    source = lines.line(finding.path, finding.line)
    if source.strip():
        shown = source.expandtabs(4)
        at = len(source[: finding.column].expandtabs(4))
        indent = len(shown) - len(shown.lstrip())
        number = str(finding.line)
        yield f"  {number} | {shown[indent:][:_MAX_LINE]}"
        yield f"  {' ' * len(number)} | {' ' * max(at - indent, 0)}^"
    yield f"    cause: {finding.cause}"
    yield f"    remedy: {finding.remedy}"


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


def statistics(report: Report) -> str:
    """Return how many findings each rule has, most first, and what could not be decided."""
    rows = sorted(report.by_rule().items(), key=lambda row: (-row[1], row[0]))
    lines = [f"{count:6}  {code}  {report.rule(code).summary}" for code, count in rows]
    lines.extend(f"{count:6}  about {name}" for name, count in report.by_subject().items())
    lines.extend(
        f"        undecided: {item.path}:{item.line}: {item.subject}: {item.reason}"
        for item in report.undecided
    )
    lines.append(summary(report))
    return "\n".join(lines) + "\n"
