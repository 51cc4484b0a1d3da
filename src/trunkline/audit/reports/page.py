"""The validation report as one HTML page that needs nothing beside it."""

from collections.abc import Iterator

from trunkline.audit.reports.chart import trend_chart
from trunkline.audit.reports.outline import Report, group_title, listed, place_of
from trunkline.audit.reports.text import markup, summary

# ruff: noqa: E501
# Lines of CSS and of markup read best unbroken.

_STYLE = """
:root{color-scheme:light dark}body{overflow-wrap:anywhere;font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1c2430;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2.2rem;border-bottom:1px solid #d5dbe3;padding-bottom:.3rem}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #e4e8ee;padding:.3rem .6rem;text-align:left;vertical-align:top;overflow-wrap:normal}td code,td div{overflow-wrap:anywhere}
td.n,th.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}code,pre{font:13px/1.45 ui-monospace,monospace}
pre{background:#f5f7fa;padding:.4rem .6rem;overflow-x:auto;margin:.3rem 0}article{margin:1.1rem 0}
.code{font-weight:600;white-space:nowrap}.clean{color:#1b7f4d}.open{color:#b3261e}.baseline{color:#8a5a00}dl{margin:.2rem 0 0;display:grid;grid-template-columns:5rem 1fr}
dt{color:#5b6675}dd{margin:0}svg{display:block;width:100%;max-width:48rem;height:auto}
@media (prefers-color-scheme:dark){body{background:#12161c;color:#e4e8ee}pre{background:#1c222b}td,th,h2{border-color:#2c3440}
.clean{color:#6fd6a0}.open{color:#ff8a80}.baseline{color:#e8b45a}dt{color:#9aa5b4}}
"""


def html_report(report: Report) -> str:
    """Return the report as one HTML page that needs nothing beside it."""
    return "\n".join(_html(report)) + "\n"


def _html(report: Report) -> Iterator[str]:  # noqa: C901 # one case after another
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width,initial-scale=1">'
    yield f"<title>Audit report</title><style>{_STYLE}</style></head><body>"
    yield f"<h1>Audit report</h1><p>{markup(summary(report).capitalize())}.</p>"
    yield from (f"<p>Hint: {markup(hint)}.</p>" for hint in report.hints())
    if report.subjects:
        rows = (
            (_code(row.name), str(row.findings), f'<span class="{row.state}">{row.state}</span>')
            for row in report.subject_rows()
        )  # fmt: skip
        yield "<h2>Canonical types</h2>" + _table(("type", "#findings", "state"), rows)
    yield "<h2>Rules</h2>"
    rules = report.rule_rows()
    if rules:
        compared = report.before is not None
        yield _table(
            ("rule", "group", "finds", *(("#before", "#after") if compared else ("#findings",))),
            (
                (_rule(row.code), group_title(row.code), _prose(row.summary),
                 *((str(row.before),) if compared else ()), str(row.now))
                for row in rules
            ),
        )  # fmt: skip
    yield f"<p>{report.clean_line()}</p>"
    phases = report.phases()
    if phases:
        yield "<h2>Phases of repair</h2>" + _table(
            ("phase", "turns green", "#mends", "#left after it"),
            ((f"{n}. {markup(p.title)}", ", ".join(map(_rule, p.codes)), str(p.mends), str(p.remaining)) for n, p in enumerate(phases, 1)),
        )  # fmt: skip
    if report.trend:
        yield "<h2>Trend</h2>" + trend_chart(report.trend)
    yield "<h2>Findings, root causes first</h2>"
    for cause in report.causes():
        finding = cause.finding
        yield f"<article>{_rule(finding.code)} {_code(finding.place)} {markup(finding.message)}"
        source = report.lines.line(finding.path, finding.line).strip().expandtabs(4)
        if source:
            yield f"<pre>{markup(source)}</pre>"
        yield f"<dl><dt>cause</dt><dd>{markup(finding.cause)}</dd><dt>remedy</dt><dd>{markup(finding.remedy)}</dd>"
        if cause.consequences:
            yield f"<dt>breaks</dt><dd>{markup(listed(cause.broken, 20))}</dd>"
        yield "</dl></article>"
    if not report.findings:
        yield "<p>None.</p>"
    if report.suppressed:
        yield "<h2>Suppressed</h2>" + _table(
            ("rule", "place", "what", "reason"),
            ((_rule(f.code), _code(f.place), _long(f.message), _long(reason)) for f, reason in report.suppressed),
        )  # fmt: skip
    if report.errors:
        yield "<h2>Passed over</h2>" + _table(
            ("place", "problem"),
            ((_code(place_of(e)), _long(e.problem)) for e in report.errors),
        )
    if report.undecided:
        yield "<h2>Could not be decided from source</h2>" + _table(
            ("place", "what", "why"),
            ((_code(place_of(u)), _long(u.subject), _long(u.reason)) for u in report.undecided),
        )  # fmt: skip
    yield "</body></html>"


def _code(text: str) -> str:
    return f"<code>{markup(text)}</code>"


def _long(text: str) -> str:
    return f"<div>{markup(text)}</div>"


def _rule(code: str) -> str:
    return f'<span class="code">{code}</span>'


def _prose(text: str) -> str:
    """Return a rule's own text, in which backquotes mark code."""
    return "".join(
        _code(part) if number % 2 else markup(part) for number, part in enumerate(text.split("`"))
    )


def _table(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    numeric = [head.startswith("#") for head in heads]
    out = ["<table><tr>"]
    out.extend(
        f"<th{' class=n' if n else ''}>{head.lstrip('#')}</th>"
        for head, n in zip(heads, numeric, strict=True)
    )
    out.append("</tr>")
    for row in rows:
        out.append("<tr>")
        out.extend(
            f"<td{' class=n' if n else ''}>{cell}</td>"
            for cell, n in zip(row, numeric, strict=True)
        )
        out.append("</tr>")
    out.append("</table>")
    return "".join(out)
