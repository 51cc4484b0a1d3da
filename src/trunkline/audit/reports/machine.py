"""The reports that other programs read: JSON, SARIF and GitHub's annotations."""

import json
import re
from typing import Final

from trunkline.audit.explain import explain
from trunkline.audit.findings import Finding
from trunkline.audit.registry import all_rules
from trunkline.audit.reports.outline import Report, group_title

_ROOT: Final = "the root of the repository, or the project's folder where there is none"
_SARIF_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def json_report(report: Report) -> str:
    """Return the report as one JSON document."""
    document = {
        "version": 1,
        "findings": [_row(finding, report) for finding in report.findings],
        "known": [_row(finding, report) for finding in report.known],
        "suppressed": [
            _row(item.finding, report) | {"reason": item.reason} for item in report.suppressed
        ],
        "errors": [
            {"path": e.path, "line": e.line, "column": e.column + 1, "problem": e.problem}
            for e in report.errors
        ],
        "undecided": [
            {"path": u.path, "line": u.line, "subject": u.subject, "reason": u.reason}
            for u in report.undecided
        ],
        "trend": [{"commit": label, "findings": count} for label, count in report.trend],
        "statistics": {
            "files": report.files,
            "rules": report.by_rule(),
            "subjects": report.by_subject(),
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _row(finding: Finding, report: Report) -> dict[str, object]:
    source = report.lines.line(finding.path, finding.line)
    return {
        "code": finding.code,
        "rule": report.rule(finding.code).name,
        "path": finding.path,
        "line": finding.line,
        "column": finding.column + 1,
        "message": finding.message,
        "source": source.strip(),
        "cause": finding.cause,
        "remedy": finding.remedy,
        "subject": finding.subject,
        "root": finding.root,
        "breaks": finding.breaks,
        "fixable": bool(finding.fix),
        "fingerprint": finding.fingerprint(source),
    }


def _driver() -> dict[str, object]:
    from importlib.metadata import version

    released = version("trunkline")
    driver: dict[str, object] = {"name": "trunkline", "version": released}
    if re.fullmatch(r"\d+\.\d+\.\d+", released):  # Python's other versions are none of Semver's
        driver["semanticVersion"] = released
    return driver


def sarif_report(report: Report) -> str:
    """Return the report as SARIF 2.1.0."""
    rules = [
        {
            "id": rule.code,
            "name": "".join(part.title() for part in rule.name.split("-")),
            "shortDescription": {"text": rule.summary},
            "fullDescription": {"text": " ".join((rule.__doc__ or "").split())},
            "help": {"text": f"remedy: {rule.remedy}", "markdown": explain(rule)},
            "defaultConfiguration": {"level": "error", "enabled": rule.default},
            "properties": {"tags": [group_title(rule.code)]},
        }
        for rule in all_rules()
    ]
    index = {rule.code: position for position, rule in enumerate(all_rules())}
    # Where there is a baseline, every result says how it stands to it.
    state = {} if report.before is None else {"baselineState": "new"}
    results = [_result(finding, report, index) | state for finding in report.findings]
    results.extend(
        _result(item.finding, report, index) | state | _let_by("inSource", item.reason)
        for item in report.suppressed
    )
    by_baseline = {"baselineState": "unchanged"} | _let_by(
        "external", f"known to the baseline {report.baseline}"
    )
    results.extend(_result(finding, report, index) | by_baseline for finding in report.known)
    notes = [
        {
            "level": "warning",
            "message": {"text": error.problem},
            "locations": [_location(report.prefix + error.path, error.line, error.column)],
        }
        for error in report.errors
    ]
    run = {
        "tool": {"driver": _driver() | {"rules": rules}},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
        "originalUriBaseIds": {"ROOT": {"description": {"text": _ROOT}}},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    document = {"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _let_by(kind: str, reason: str) -> dict[str, object]:
    return {"suppressions": [{"kind": kind, "justification": reason}]}


def _result(finding: Finding, report: Report, index: dict[str, int]) -> dict[str, object]:
    source = report.lines.line(finding.path, finding.line)
    location = _location(report.prefix + finding.path, finding.line, finding.column, source)
    row: dict[str, object] = {
        "ruleId": finding.code,
        "ruleIndex": index[finding.code],
        "level": "error",
        "message": {"text": f"{finding.message}. Cause: {finding.cause}. Remedy: {finding.remedy}"},
        "locations": [location],
        "partialFingerprints": {"trunkline/v1": finding.fingerprint(source)},
    }
    if finding.root:
        path, _, line = finding.root.rpartition(":")
        related = _location(report.prefix + path, int(line), 0)
        related["id"] = 1
        related["message"] = {"text": "the root cause"}
        row["relatedLocations"] = [related]
    return row


def _location(path: str, line: int, column: int, source: str = "") -> dict[str, object]:
    from urllib.parse import quote

    place: dict[str, object] = {"artifactLocation": {"uri": quote(path), "uriBaseId": "ROOT"}}
    if line:
        region: dict[str, object] = {"startLine": line, "startColumn": column + 1}
        if source:
            region["snippet"] = {"text": source}
        place["region"] = region
    return {"physicalLocation": place}


def github_report(report: Report) -> str:
    """Return the report as annotations of GitHub's workflow commands.

    GitHub shows the first ten errors of a step and no more, so what causes others comes first and
    what will go with its cause last. It knows files by their paths in the repository.
    """
    causes = report.causes()
    prefix = report.prefix
    rows = [
        _annotation("error", prefix + finding.path, finding.line, finding.column, finding.code,
                    f"{finding.message}\ncause: {finding.cause}\nremedy: {finding.remedy}")
        for finding in dict.fromkeys(
            [*(cause.finding for cause in causes),
             *(finding for cause in causes for finding in cause.consequences)]
        )
    ]  # fmt: skip
    rows.extend(
        _annotation(
            "warning", prefix + error.path, error.line, error.column, "passed over", error.problem
        )
        for error in report.errors
    )
    return "".join(f"{row}\n" for row in rows)


def _annotation(level: str, path: str, line: int, column: int, title: str, message: str) -> str:
    place = f"file={_property(path)}"
    if line:
        place += f",line={line},col={column + 1}"
    return f"::{level} {place},title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
