"""What reports draw stays whole whatever the names, the source and the numbers are."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from trunkline.audit.findings import Finding
from trunkline.audit.problems import CheckerError
from trunkline.audit.registry import load_rule
from trunkline.audit.reports import draw_report
from trunkline.audit.reports.chart import trend_chart
from trunkline.audit.reports.outline import Report
from trunkline.audit.reports.text import draw_finding
from trunkline.audit.sources import SourceLines

HOSTILE = "<script>alert(1)</script>\"'&amp;`|``"
SUBJECT = "app.engine:Engine"


def _finding(path: str = "app/a.py", line: int = 1, column: int = 0, message: str = "x") -> Finding:
    return Finding(path, line, column, "TL201", message, "cause", "remedy", SUBJECT)


def _report(root: Path, *findings: Finding, **changes: object) -> Report:
    rules = (load_rule("TL201"), load_rule("TL505"))
    report = Report(findings, (), (), (), (), rules, (SUBJECT,), 1, SourceLines(str(root)))
    return report._replace(**changes)  # type: ignore[arg-type] # attributes of the report


def _lines(root: Path, source: str, column: int) -> list[str]:
    (root / "a.py").write_text(source, encoding="utf-8")
    finding = _finding("a.py", 1, column)
    return list(draw_finding(finding, SourceLines(str(root))))


def test_a_page_shows_markup_in_names_as_text(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(HOSTILE)
    finding = _finding("a.py", message=HOSTILE)
    odd = finding._replace(path=HOSTILE, cause=HOSTILE, remedy=HOSTILE)
    report = _report(
        tmp_path, finding, odd, subjects=(HOSTILE,), errors=(CheckerError(HOSTILE, 0, 0, HOSTILE),)
    )
    tags: set[str] = set()
    texts: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            tags.add(tag)

        def handle_data(self, data: str) -> None:
            texts.append(data)

    Reader().feed(draw_report(report, "html"))
    assert "script" not in tags
    # the source, two messages, a path, a cause, a remedy, a type, and a place with its problem
    assert "".join(texts).count(HOSTILE) == 9


def test_a_page_holds_no_character_that_html_refuses(tmp_path: Path) -> None:
    """What is in names and source is drawn: control characters, halves of pairs, non-characters."""
    refused = "\x00\x0c\x1b\x7f\x85\udcff\ufdd0\uffff"
    odd = CheckerError(refused, 0, 0, refused)
    page = draw_report(_report(tmp_path, _finding(message=refused), errors=(odd,)), "html")
    assert not set(page) & set(refused)
    assert page.count("␀␌␛␡") == 3


def test_a_page_asks_the_network_for_nothing(tmp_path: Path) -> None:
    page = draw_report(_report(tmp_path, _finding(), trend=(("2026-01-01 a", 1),)), "html")
    addresses = re.findall(r"""(?:src|href|url|@import)\W+[\w/]+|https?://[^"']*""", page)
    assert addresses == ["http://www.w3.org/2000/svg"]  # the name of a vocabulary


def test_a_page_marks_code_in_the_words_of_a_rule(tmp_path: Path) -> None:
    finding = _finding()._replace(code="TL505")
    page = draw_report(_report(tmp_path, finding), "html")
    assert "<td><code>isinstance</code> against an alias or a redirect</td>" in page


@pytest.mark.parametrize(
    ("source", "span"),
    [("x", "`x`"), ("a `b` c", "`` a `b` c ``"), ("```x", "```` ```x ````"), ("\x1b", "`␛`")],
)
def test_markdown_fences_source_that_holds_backquotes(
    tmp_path: Path, source: str, span: str
) -> None:
    (tmp_path / "a.py").write_text(source)
    text = draw_report(_report(tmp_path, _finding("a.py")), "markdown")
    assert f"  - source: {span}\n" in text


def test_markdown_means_nothing_by_signs_in_messages(tmp_path: Path) -> None:
    text = draw_report(_report(tmp_path, _finding(message="a_b* <c> & `d`\n# e")), "markdown")
    assert r"a\_b\* \<c\> \& \`d\`␊# e" in text


def test_a_terminal_is_given_no_control_characters(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = '\x1b[31m'\t# \x07\x9b\n")
    findings = (_finding("a.py", message="\x1b]0;title\x07"), _finding("b\n.py"))
    report = _report(tmp_path, *findings, errors=(CheckerError("c\x1b.py", 0, 0, "\r"),))
    text = draw_report(report, "text")
    assert {char for char in text if not char.isprintable()} == {"\n"}
    assert "a.py:1:1: TL201 ␛]0;title␇" in text


@pytest.mark.parametrize(
    ("source", "column", "drawn"),
    [
        ("    x = gone", 8, ["  1 | x = gone", "    |     ^"]),
        ("\tx\t= gone", 5, ["  1 | x   = gone", "    |       ^"]),
        ("名 = gone", 4, ["  1 | 名 = gone", "    |      ^"]),
        ("e\u0301 = gone", 5, ["  1 | e\u0301 = gone", "    |     ^"]),
    ],
    ids=["indented", "tabs", "wide", "combining"],
)
def test_the_mark_stands_under_the_place(
    tmp_path: Path, source: str, column: int, drawn: list[str]
) -> None:
    assert _lines(tmp_path, source, column)[1:3] == drawn


def test_a_long_line_is_shown_around_the_place(tmp_path: Path) -> None:
    _, source, mark, *_ = _lines(tmp_path, f"{'x' * 5000}; gone; {'y' * 5000}", 5002)
    assert source[mark.index("^") :].startswith("gone; y")
    assert len(source) < 170


def test_a_type_whose_findings_the_baseline_lets_by_is_not_called_clean(tmp_path: Path) -> None:
    report = _report(tmp_path, known=(_finding(),), before={"TL201": 3})
    assert f"| `{SUBJECT}` | 0 | baseline |" in draw_report(report, "markdown")
    page = draw_report(report, "html")
    assert '<span class="baseline">baseline</span>' in page
    assert "<td class=n>3</td><td class=n>1</td>" in page


@pytest.mark.parametrize("count", [1, 2, 6, 7, 8, 13, 14, 15, 50, 500])
def test_dates_under_the_trend_have_room(count: int) -> None:
    drawn = trend_chart(tuple((f"2026-01-01 {n:07x}", n) for n in range(count)))
    places = [float(x) for x in re.findall(r'<text x="([\d.]+)"[^>]*>2026-01-01<', drawn)]
    half = 40  # ten characters of 13 units are about 75 wide
    assert places[-1] == float(re.findall(r'<circle cx="([\d.]+)"', drawn)[-1])
    edges = [0.0, *(x for place in places for x in (place - half, place + half)), 720.0]
    assert edges == sorted(edges)
    assert drawn.count("<circle") == count


@pytest.mark.parametrize(
    ("highest", "ticks"), [(0, ["0", "1"]), (1, ["0", "1"]), (2, ["0", "1", "2"])]
)
def test_the_trend_counts_in_whole_findings(highest: int, ticks: list[str]) -> None:
    drawn = trend_chart((("2026-01-01 a", highest),))
    assert re.findall(r'text-anchor="end"[^>]*>(\d+)<', drawn) == ticks
