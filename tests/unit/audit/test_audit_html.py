"""The page of a report is HTML by the letter, and counts what the JSON counts."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from tinyhtml5.parser import HTMLParser

from trunkline.audit.config_reader import load_config
from trunkline.audit.engine import run_audit
from trunkline.audit.findings import Finding, Suppressed, Undecided
from trunkline.audit.problems import CheckerError
from trunkline.audit.registry import select_rules
from trunkline.audit.reports import draw_report
from trunkline.audit.reports.outline import Report
from trunkline.audit.sources import SourceLines

HOSTILE = (
    "<script>alert(1)</script></td></table>\"'&amp;&#0;`|\x00\x0c\x1b\x7f\x85\ud800\ufdd0--><!--]]>"
)
TREE = {
    "app/__init__.py": "",
    "app/engine.py": "class Engine:\n    def run(self): ...\n",
    "app/old.py": "from app.engine import Engine\nOldEngine = Engine\n",
    "app/fast.py": "class FastEngine: ...\n",
    "app/gone.py": "from app.nowhere import x\n",
    "app/with_it.py": "import app.gone\n",
    "app/later.py": "def f():\n    import app.gone\n    import app.gone as again\n",
    "app/views.py": "from app.old import OldEngine\nfrom app.engine import Engine\n\n"
    "a = Engine()\nb = Engine()  # trunkline: ignore[TL201] the smoke test builds its own\n",
    "app/broken.py": "def f(:\n",
    "pyproject.toml": '[[tool.trunkline.canonical]]\ntype = "app.engine:Engine"\n'
    'family = ["*Engine"]\nlegacy = ["app.old:OldEngine"]\n',
}


def _page(text: str) -> tuple[ET.Element, list[object]]:
    """Return the page as a tree, and where it breaks the rules of HTML."""
    parser = HTMLParser(namespace_html_elements=False)
    page = parser.parse(text)
    assert page is not None
    return page, parser.errors


def _rows(page: ET.Element, head: str) -> list[list[str]]:
    """Return the cells of the table that stands below a heading, its head aside."""
    body = page.find("body")
    assert body is not None
    parts = list(body)
    at = next(n for n, part in enumerate(parts) if "".join(part.itertext()) == head)
    return [["".join(cell.itertext()) for cell in row] for row in parts[at + 1].iter("tr")][1:]


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """The report on a small tree in which much is wrong, with a baseline and a trend."""
    for path, text in TREE.items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    result = run_audit(load_config(str(tmp_path)), select_rules((), ()), cached=False)
    return Report(
        result.findings, (), result.suppressed, result.errors,
        (Undecided("app/a.py", 3, "x", "why"),), result.rules, ("app.engine:Engine",),
        result.files, SourceLines(str(tmp_path)), {"TL201": 4, "TL101": 1}, 2,
        (("2026-01-01 1111111", 9), ("2026-02-01 2222222", 7)),
    )  # fmt: skip


def test_a_page_with_every_part_breaks_no_rule_of_html(report: Report) -> None:
    page, errors = _page(draw_report(report, "html"))
    assert not errors
    heads = {"".join(head.itertext()) for head in page.iter("h2")}
    assert len(heads) == 8  # each part that a page may have


def test_a_page_breaks_no_rule_of_html_whatever_names_and_source_hold(
    report: Report, tmp_path: Path
) -> None:
    path = "app/<b>&amp;.py"
    (tmp_path / path).write_bytes(HOSTILE.encode("utf-8", "surrogatepass"))
    odd = Finding(path, 1, 0, "TL201", HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    hostile = report._replace(
        findings=(odd, *report.findings), suppressed=(Suppressed(odd, HOSTILE),),
        errors=(CheckerError(HOSTILE, 1, 0, HOSTILE),), subjects=(HOSTILE,),
        undecided=(Undecided(HOSTILE, 1, HOSTILE, HOSTILE),), trend=((HOSTILE, 1), (HOSTILE, 2)),
    )  # fmt: skip
    text = draw_report(hostile, "html")
    assert not _page(text)[1]
    text.encode()


def test_pages_count_what_the_json_counts(report: Report) -> None:
    """Every number of the page, and of the Markdown, follows from what programs read."""
    known = json.loads(draw_report(report, "json"))
    page, _ = _page(draw_report(report, "html"))
    markdown = draw_report(report, "markdown")
    counted = known["statistics"]["rules"]
    total = len(known["findings"])
    assert total == sum(counted.values())
    assert len(list(page.iter("article"))) == sum(not row["root"] for row in known["findings"])

    said = next("".join(part.itertext()) for part in page.iter("p"))
    assert said.startswith(f"{total} findings in {known['statistics']['files']} files")
    assert f"{len(known['suppressed'])} suppressed" in said
    assert f"{len(known['errors'])} passed over" in said
    assert said in markdown

    assert _rows(page, "Canonical types") == [
        [name, str(count), "open"] for name, count in known["statistics"]["subjects"].items()
    ]
    rules = {row[0]: row[-1] for row in _rows(page, "Rules")}
    assert rules == {code: str(count) for code, count in counted.items()}
    phases = _rows(page, "Phases of repair")
    assert sum(int(row[2]) for row in phases) == total
    left = total
    for _, codes, mends, remaining in phases:
        assert int(mends) == sum(counted[code] for code in codes.split(", "))
        left -= int(mends)
        assert int(remaining) == left
    assert left == 0
    assert len(_rows(page, "Suppressed")) == len(known["suppressed"])
    assert len(_rows(page, "Passed over")) == len(known["errors"])
    assert [f"| {row['commit']} | {row['findings']} |" in markdown for row in known["trend"]] == [
        True,
        True,
    ]
    tables = re.findall(r"^\| (TL\d+) \|.* (\d+) \|$", markdown, re.MULTILINE)
    assert dict(tables) == rules


def test_a_root_cause_names_each_file_that_fails_with_it_once(report: Report) -> None:
    known = json.loads(draw_report(report, "json"))
    root = next(row for row in known["findings"] if row["breaks"])
    place = f"{root['path']}:{root['line']}"
    page, _ = _page(draw_report(report, "html"))
    listed = [
        "".join(value.itertext())
        for part in page.iter("dl")
        for name, value in zip(part.iter("dt"), part.iter("dd"), strict=True)
        if name.text == "breaks"
    ]
    assert listed == ["app/later.py, app/with_it.py"]
    assert {row["path"] for row in known["findings"] if row["root"] == place} == {
        "app/later.py",
        "app/with_it.py",
    }
