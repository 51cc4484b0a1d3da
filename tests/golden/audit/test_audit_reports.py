"""Every report, word for word, over the same findings; `UPDATE_GOLDEN=1` writes them anew."""

import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from trunkline.audit.findings import Finding, Suppressed, Undecided
from trunkline.audit.problems import CheckerError
from trunkline.audit.registry import load_rule
from trunkline.audit.reports import FORMATS, draw_report
from trunkline.audit.reports.outline import Report
from trunkline.audit.sources import SourceLines

HERE = Path(__file__).parent / "reports"


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """A report of three findings, one the consequence of another."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "a.py").write_text("import app.gone\n")
    (tmp_path / "app" / "b.py").write_text("import app.a\n\ndef f():\n\treturn Engine(<x>)\n")
    subject = "app.engine:Engine"
    broken = Finding(
        "app/a.py", 1, 7, "TL401", "there is no module app.gone",
        "app has no gone; this line breaks 1 other module", "correct the path", breaks=1,
    )  # fmt: skip
    breaks_with = Finding(
        "app/b.py", 1, 7, "TL402", "importing app.a fails", "app/a.py:1 cannot be imported by it",
        "mend the root cause", root="app/a.py:1",
    )  # fmt: skip
    direct = Finding(
        "app/b.py", 4, 8, "TL201", "Engine is constructed directly",
        "App.engine is its canonical factory", "take it from App.engine", subject,
    )  # fmt: skip
    findings = (broken, breaks_with, direct)
    rules = tuple(load_rule(code) for code in ("TL201", "TL401", "TL402", "TL601"))
    return Report(
        findings,
        (findings[0]._replace(path="app/known.py"),),
        (Suppressed(findings[2]._replace(line=9), "the smoke test builds its own"),),
        (CheckerError("app/bad.py", 3, 1, "cannot be parsed: invalid syntax"),),
        (Undecided("app/c.py", 2, "app.x", "the module makes names when asked for them"),),
        rules,
        (subject, "app.other:Other"),
        12,
        SourceLines(str(tmp_path)),
        {"TL201": 4, "TL401": 2},
        3,
        (("2026-01-01 aaaaaaa", 9), ("2026-01-02 bbbbbbb", 3)),
        "trunkline-baseline.json",
    )


def _without_explanations(text: str) -> str:
    """Leave the rules' own words out of a log: they change with the rules, not with reports."""
    log = json.loads(text)
    driver = log["runs"][0]["tool"]["driver"]
    driver["version"] = driver["semanticVersion"] = "its own"
    driver["rules"] = [
        sorted(rule) if rule["id"] == "TL201" else rule["id"] for rule in driver["rules"]
    ]
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("name", FORMATS)
def test_report_reads_as_agreed(report: Report, name: str) -> None:
    path = HERE / f"report.{name}"
    text = draw_report(report, name)
    if name == "sarif":
        text = _without_explanations(text)
    if os.environ.get("UPDATE_GOLDEN"):
        HERE.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()


def test_sarif_has_what_the_standard_requires(report: Report) -> None:
    document = json.loads(draw_report(report, "sarif"))
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert document["version"] == "2.1.0"
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        region = result["locations"][0]["physicalLocation"]["region"]
        assert region["startLine"] >= 1
        assert region["startColumn"] >= 1
    kinds = [result.get("suppressions", [{}])[0].get("kind") for result in run["results"]]
    assert kinds == [None, None, None, "inSource", "external"]


def test_html_is_well_formed_and_escapes(report: Report) -> None:
    text = draw_report(report, "html")
    assert "Engine(&lt;x&gt;)" in text
    stack: list[str] = []

    class Check(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag != "meta":
                stack.append(tag)

        def handle_startendtag(self, tag: str, attrs: object) -> None: ...

        def handle_endtag(self, tag: str) -> None:
            assert stack.pop() == tag

    Check().feed(text)
    assert stack == []


def test_no_report_loses_what_follows_from_a_cause_that_is_not_in_it(report: Report) -> None:
    """The root cause may be let by, and another finding may stand on its line."""
    _, consequence, direct = report.findings
    other = direct._replace(path="app/a.py", line=1)
    causes = report._replace(findings=(other, consequence)).causes()
    assert {cause.finding for cause in causes} == {other, consequence}


_COMMAND = re.compile(r"::(error|warning) ([^:]*)::(.*)")


def _annotations(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Read workflow commands as GitHub's runner does."""
    found = []
    for row in text.split("\n")[:-1]:
        match = _COMMAND.fullmatch(row)
        assert match is not None, row
        pairs = dict(pair.split("=", 1) for pair in match[2].split(","))
        values = {name: unquote(value) for name, value in pairs.items()}
        found.append((match[1], values, unquote(match[3])))
    return found


def test_github_reads_annotations_as_they_are_meant(report: Report) -> None:
    odd = report.findings[2]._replace(
        path="app/a,b:100%25=c\nd.py", message="50%0A, é::error::\r\nno", code="TL201"
    )
    annotations = _annotations(draw_report(report._replace(findings=(odd,)), "github"))
    (kind, place, message), (error_kind, error_place, _) = annotations
    assert kind == "error"
    assert place == {"file": odd.path, "line": "4", "col": "9", "title": "TL201"}
    assert message == f"{odd.message}\ncause: {odd.cause}\nremedy: {odd.remedy}"
    assert (error_kind, error_place["file"]) == ("warning", "app/bad.py")


def test_github_is_told_root_causes_first(report: Report) -> None:
    """It shows the first ten errors of a step and no more."""
    cause, consequence, direct = report.findings
    many = tuple(consequence._replace(path=f"app/a{n}.py") for n in range(20))
    text = draw_report(report._replace(findings=(*many, direct, cause)), "github")
    titles = [place["title"] for kind, place, _ in _annotations(text) if kind == "error"]
    assert titles == ["TL401", "TL201", *["TL402"] * 20]
