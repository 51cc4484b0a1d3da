"""The validation report that a team hands to its lead, in Markdown."""

import re
from collections.abc import Iterator

from trunkline.audit.reports.outline import Report, listed, place_of
from trunkline.audit.reports.text import summary, visible

_SHOWN_CAUSES = 200


def markdown_report(report: Report) -> str:
    """Return the report as Markdown."""
    return "\n".join(_markdown(report)) + "\n"


def _markdown(report: Report) -> Iterator[str]:
    yield "# Audit report"
    yield ""
    yield f"{summary(report).capitalize()}."
    yield ""
    for hint in report.hints():
        yield f"Hint: {_plain(hint)}."
        yield ""
    if report.subjects:
        yield "## Canonical types"
        yield ""
        yield "| type | findings | state |"
        yield "| --- | ---: | --- |"
        for subject in report.subject_rows():
            yield f"| {_code(subject.name)} | {subject.findings} | {subject.state} |"
        yield ""
    yield from _rules_table(report)
    yield from _phases_table(report)
    yield from _trend_table(report)
    yield from _findings(report)
    yield from _appendix(report)


def _findings(report: Report) -> Iterator[str]:
    yield "## Findings, root causes first"
    yield ""
    if not report.findings:
        yield "None."
        yield ""
    causes = report.causes()
    for cause in causes[:_SHOWN_CAUSES]:
        finding = cause.finding
        yield f"- **{finding.code}** {_code(finding.place)} {_plain(finding.message)}"
        source = report.lines.line(finding.path, finding.line).strip()
        if source:
            yield f"  - source: {_code(source)}"
        yield f"  - cause: {_plain(finding.cause)}"
        yield f"  - remedy: {_plain(finding.remedy)}"
        if cause.consequences:
            yield f"  - breaks: {listed(_code(path) for path in cause.broken)}"
    hidden = len(causes) - _SHOWN_CAUSES
    if hidden > 0:
        yield f"- and {hidden} more: `trunkline audit --format json` lists them all"
    yield ""


def _appendix(report: Report) -> Iterator[str]:
    if report.suppressed:
        yield "## Suppressed"
        yield ""
        for finding, reason in report.suppressed:
            yield (
                f"- **{finding.code}** {_code(finding.place)} {_plain(finding.message)}: "
                f"{_plain(reason)}"
            )
        yield ""
    if report.errors:
        yield "## Passed over"
        yield ""
        for error in report.errors:
            yield f"- {_code(place_of(error))} {_plain(error.problem)}"
        yield ""
    if report.undecided:
        yield "## Could not be decided from source"
        yield ""
        for item in report.undecided:
            yield f"- {_code(place_of(item))} {_plain(item.subject)}: {_plain(item.reason)}"
        yield ""


def _rules_table(report: Report) -> Iterator[str]:
    compared = report.before is not None
    yield "## Rules"
    yield ""
    yield "| rule | finds | " + ("before | after |" if compared else "findings |")
    yield "| --- | --- | ---: |" + (" ---: |" if compared else "")
    for row in report.rule_rows():
        before = f" {row.before} |" if compared else ""
        yield f"| {row.code} | {row.summary} |{before} {row.now} |"
    yield ""
    yield f"{report.clean_line()}"
    yield ""


def _phases_table(report: Report) -> Iterator[str]:
    phases = report.phases()
    if not phases:
        return
    yield "## Phases of repair"
    yield ""
    yield "| phase | turns green | mends | left after it |"
    yield "| --- | --- | ---: | ---: |"
    for number, phase in enumerate(phases, 1):
        codes = ", ".join(phase.codes)
        yield f"| {number}. {phase.title} | {codes} | {phase.mends} | {phase.remaining} |"
    yield ""


def _trend_table(report: Report) -> Iterator[str]:
    if not report.trend:
        return
    yield "## Trend"
    yield ""
    yield "| commit | findings |"
    yield "| --- | ---: |"
    for label, count in report.trend:
        yield f"| {_plain(label)} | {count} |"
    yield ""


def _plain(text: str) -> str:
    """Return a text in which no sign means anything to Markdown."""
    return re.sub(r"[\\`*_\[\]<>|&~]", r"\\\g<0>", visible(text))


def _code(text: str) -> str:
    """Return a span of code; its fence is longer than any run of backquotes in it."""
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    space = " " if fence != "`" else ""
    return f"{fence}{space}{visible(text)}{space}{fence}"
