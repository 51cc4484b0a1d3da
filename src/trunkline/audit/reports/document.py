"""The validation report that a team hands to its lead, in Markdown."""

from collections.abc import Iterator

from trunkline.audit.reports.outline import Report, listed, plural
from trunkline.audit.reports.text import summary

_SHOWN_CAUSES = 200


def markdown_report(report: Report) -> str:
    """Return the report as Markdown."""
    return "\n".join(_markdown(report)) + "\n"


def _markdown(report: Report) -> Iterator[str]:  # noqa: C901 # one case after another
    yield "# Audit report"
    yield ""
    yield f"{summary(report).capitalize()}."
    yield ""
    if report.subjects:
        yield "## Canonical types"
        yield ""
        yield "| type | findings | state |"
        yield "| --- | ---: | --- |"
        for subject, count in report.by_subject().items():
            yield f"| `{subject}` | {count} | {'open' if count else 'clean'} |"
        yield ""
    yield from _rules_table(report)
    yield from _phases_table(report)
    yield from _trend_table(report)
    yield "## Findings, root causes first"
    yield ""
    if not report.findings:
        yield "None."
        yield ""
    for cause in report.causes()[:_SHOWN_CAUSES]:
        finding = cause.finding
        yield f"- **{finding.code}** `{finding.path}:{finding.line}` {_plain(finding.message)}"
        source = report.lines.line(finding.path, finding.line).strip()
        if source:
            yield f"  - source: `` {source} ``"
        yield f"  - cause: {_plain(finding.cause)}"
        yield f"  - remedy: {_plain(finding.remedy)}"
        if cause.consequences:
            yield f"  - breaks: {listed(f'`{item.path}`' for item in cause.consequences)}"
    hidden = len(report.causes()) - _SHOWN_CAUSES
    if hidden > 0:
        yield f"- and {hidden} more: `trunkline audit --format json` lists them all"
    yield ""
    if report.errors:
        yield "## Passed over"
        yield ""
        for error in report.errors:
            yield f"- `{error.path}:{error.line}` {_plain(error.problem)}"
        yield ""
    if report.undecided:
        yield "## Could not be decided from source"
        yield ""
        for item in report.undecided:
            yield f"- `{item.path}:{item.line}` {_plain(item.subject)}: {_plain(item.reason)}"
        yield ""


def _rules_table(report: Report) -> Iterator[str]:
    counts = report.by_rule()
    before = report.before
    yield "## Rules"
    yield ""
    yield "| rule | finds | " + ("before | after |" if before is not None else "findings |")
    yield "| --- | --- | ---: |" + (" ---: |" if before is not None else "")
    known: dict[str, int] = {}
    for finding in report.known:
        known[finding.code] = known.get(finding.code, 0) + 1
    for rule in report.rules:
        count = counts.get(rule.code, 0)
        if before is not None:
            after = count + known.get(rule.code, 0)
            if after or before.get(rule.code):
                yield f"| {rule.code} | {rule.summary} | {before.get(rule.code, 0)} | {after} |"
        elif count:
            yield f"| {rule.code} | {rule.summary} | {count} |"
    clean = sum(1 for rule in report.rules if not counts.get(rule.code))
    yield ""
    yield f"{plural(clean, 'rule')} of {len(report.rules)} found nothing."
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
    for sign in "\\`*_[]<>|":
        text = text.replace(sign, f"\\{sign}")
    return text
