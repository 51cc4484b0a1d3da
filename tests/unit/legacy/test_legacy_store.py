"""Counts outlive the process, from many processes, and are shown as people and programs want."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from tests.unit.legacy.shop import HERE
from trunkline.legacy import Baseline, Usage, UsageFile, UsageFileError, redirect_function, usage
from trunkline.legacy.command import legacy
from trunkline.legacy.exports import burn_down, to_json, to_prometheus
from trunkline.legacy.records import line_of, merged
from trunkline.legacy.sites import Difference, SiteUse

old: Any = redirect_function("old", to=f"{HERE}:User")

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC).timestamp()
DAY = 86_400


def record(line: int = 1, count: int = 1, last: float = NOON, name: str = "shop.old") -> SiteUse:
    return SiteUse(name, "shop:New", "app/views.py", line, "view", count, last)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(project: Path, *records: SiteUse) -> UsageFile:
    file = UsageFile.of_project()
    file.path.parent.mkdir(exist_ok=True)
    lines = [
        json.dumps({"kind": "use", **{f: getattr(r, f) for f in r.__slots__}}) for r in records
    ]
    file.path.write_text("".join(f"{line}\n" for line in lines))
    return file


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_each_write_adds_what_is_new(project: Path) -> None:
    file = UsageFile.of_project()
    assert file.read() == ([], [])
    for times in (2, 3):
        for _ in range(times):
            old("a")
        assert file.write(usage()) == 1
    assert file.write(usage()) == 0
    records, _ = file.read()
    assert [r.count for r in records] == [2, 3]
    [site] = merged(records)
    assert (site.count, site.name) == (5, f"{__name__}.old")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_paths_inside_the_project_are_relative(project: Path) -> None:
    file = project / "app.py"
    exec(compile("old('a')", str(file), "exec"), {"old": old})
    counts = UsageFile.of_project(project / "deeper")
    counts.write(usage())
    assert counts.root == project
    assert [r.file for r in counts.read()[0]] == ["app.py"]


def test_differences_are_kept_once(project: Path, counts: Usage) -> None:
    file = UsageFile.of_project()
    counts.differ(Difference("shop.old", "class", "Old", "New", "app.py", 3))
    file.write(counts)
    file.write(counts)
    counts.differ(Difference("shop.old", "limit", "5", "3", "app.py", 3))
    file.write(counts)
    assert [d.aspect for d in file.read()[1]] == ["class", "limit"]


def test_a_last_line_that_a_dying_process_left_is_passed_over_and_mended(
    project: Path, counts: Usage
) -> None:
    file = written(project, record())
    with file.path.open("a") as end:
        end.write('{"kind": "use", "na')
    assert file.read()[0] == [record()]
    counts.differ(Difference("shop.old", "class", "Old", "New", "app.py", 3))
    file.write(counts)
    assert file.read()[0] == [record()]
    assert len(file.read()[1]) == 1


SOUND = line_of(record())


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b"[]",
        b'{"kind": "use"}',
        b"{}",
        b"\0" * 40,
        b"\xff\xfe",
        SOUND.replace('"count": 1', '"count": "1"').strip().encode(),
        SOUND.replace('"count": 1', '"count": -1').strip().encode(),
        SOUND.replace('"count": 1', '"count": true').strip().encode(),
        SOUND.replace('"line": 1', '"line": 1, "more": 2').strip().encode(),
        SOUND.replace(str(NOON), "NaN").strip().encode(),
    ],
)
def test_a_broken_line_in_the_middle_is_an_error_with_its_number(
    project: Path, line: bytes
) -> None:
    file = written(project, record())
    file.path.write_bytes(line + b"\n" + file.path.read_bytes())
    with pytest.raises(UsageFileError, match=r"line 1 of .*legacy-usage\.jsonl is no record"):
        file.read()


def test_a_broken_line_hinders_no_writer(
    project: Path, counts: Usage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("trunkline.legacy.store._COMPACT_BYTES", 100)
    file = written(project, record())
    file.path.write_text(f"nonsense\n{file.path.read_text()}")
    counts.differ(Difference("shop.old", "class", "Old", "New", "app.py", 3))
    file.write(counts)
    assert "line 1 of" in caplog.text
    file.path.write_text("".join(file.path.read_text().splitlines(keepends=True)[1:]))
    assert [len(found) for found in file.read()] == [1, 1]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_names_of_files_need_not_be_unicode(project: Path) -> None:
    exec(compile("old('a')", "caf\udce9.py", "exec"), {"old": old})
    UsageFile.of_project().write(usage())
    for output in ("table", "json", "prometheus"):
        result = run("--format", output)
        assert result.exit_code == 0
        assert "udce9.py" in result.output


def test_a_large_file_is_compacted_without_losing_a_count(
    project: Path, counts: Usage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trunkline.legacy.store._COMPACT_BYTES", 100)
    many = [record(line, last=NOON + day * DAY) for day in range(2) for line in (1, 2)] * 20
    file = written(project, *many)
    before = merged(file.read()[0]), burn_down(file.read()[0])
    counts.differ(Difference("shop.old", "class", "Old", "New", "app.py", 3))
    file.write(counts)
    after, differences = file.read()
    assert len(after) == 4
    assert (merged(after), burn_down(after)) == before
    assert len(differences) == 1


def test_the_burn_down_counts_sites_names_and_calls_by_day_quiet_days_too() -> None:
    days = burn_down(
        [
            record(1, 5),
            record(2, 7),
            record(1, 2, NOON + 2 * DAY, "shop.other"),
            record(1, 1, NOON + 2 * DAY),
            record(1, 1, NOON + 2 * DAY + 5),
        ]
    )
    assert [(d.day, d.sites, d.names, d.calls) for d in days] == [
        (date(2031, 5, 4), 2, 1, 12),
        (date(2031, 5, 5), 0, 0, 0),
        (date(2031, 5, 6), 2, 2, 4),
    ]
    assert burn_down([]) == []


def test_json_has_sites_days_and_differences() -> None:
    difference = Difference("shop.old", "class", "Old", "New", "app.py", 3)
    data = json.loads(to_json([record(1, 2), record(1, 3)], [difference]))
    assert data["sites"] == [
        {
            "name": "shop.old",
            "target": "shop:New",
            "file": "app/views.py",
            "line": 1,
            "function": "view",
            "count": 5,
            "last": "2031-05-04T12:00:00+00:00",
        }
    ]
    assert data["days"][0]["calls"] == 5
    assert data["differences"][0]["aspect"] == "class"


def test_prometheus_reads_the_text_as_it_was_meant() -> None:
    """Judged by the parser of Prometheus' own client."""
    odd = SiteUse('shop.o"ld', "t", "a\\b\n.py", 1, "f", 3, NOON)
    text = to_prometheus(
        [odd, record(2, 5)], [Difference("shop.old", 'as"p\nect', "O", "N", "app.py", 3)] * 2
    )
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert {name: family.type for name, family in families.items()} == {
        "trunkline_legacy_calls": "counter",
        "trunkline_legacy_last_call_timestamp_seconds": "gauge",
        "trunkline_legacy_sites": "gauge",
        "trunkline_legacy_shadow_differences": "counter",
    }
    found = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in families.values()
        for sample in family.samples
    }
    odd_site = (("file", "a\\b\n.py"), ("line", "1"), ("name", 'shop.o"ld'))
    site = (("file", "app/views.py"), ("line", "2"), ("name", "shop.old"))
    assert found == {
        ("trunkline_legacy_calls_total", *odd_site): 3,
        ("trunkline_legacy_calls_total", *site): 5,
        ("trunkline_legacy_last_call_timestamp_seconds", *odd_site): NOON,
        ("trunkline_legacy_last_call_timestamp_seconds", *site): NOON,
        ("trunkline_legacy_sites", ("name", 'shop.o"ld')): 1,
        ("trunkline_legacy_sites", ("name", "shop.old")): 1,
        (
            "trunkline_legacy_shadow_differences_total",
            ("aspect", 'as"p\nect'),
            ("name", "shop.old"),
        ): 2,
    }
    assert all(family.documentation for family in families.values())
    assert len(list(text_string_to_metric_families(to_prometheus([], [])))) == 4


def run(*arguments: str) -> Any:
    return CliRunner().invoke(legacy, list(arguments), catch_exceptions=False)


def test_the_command_shows_sites_most_used_first(project: Path, counts: Usage) -> None:
    file = written(project, record(1, 2), record(7, 9_000), record(1, 1), record(2, name="a.old"))
    counts.differ(Difference("shop.old", "class", "Old", "New", "app.py", 3))
    file.write(counts)
    result = run()
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "calls  last use          called at       old name  in",
        "9,000  2031-05-04 12:00  app/views.py:7  shop.old  view",
        "    3  2031-05-04 12:00  app/views.py:1  shop.old  view",
        "    1  2031-05-04 12:00  app/views.py:2  a.old     view",
        "",
        "3 sites of 2 old names, 9,004 calls",
        "",
        "Use instead:",
        "  a.old     shop:New",
        "  shop.old  shop:New",
        "",
        "1 difference between the old way and the new:",
        "  app.py:3 shop.old class: Old -> New",
    ]


def test_the_command_exports_and_shows_the_burn_down(project: Path) -> None:
    written(project, record(1, 2), record(2, 1), record(1, 2, NOON + DAY))
    assert json.loads(run("--format", "json").output)["sites"][0]["count"] == 4
    assert "trunkline_legacy_calls_total{" in run("--format", "prometheus").output
    lines = run("--burn-down").output.splitlines()
    assert lines[1].split() == ["2031-05-04", "2", "1", "3", "#" * 40]
    assert lines[2].split() == ["2031-05-05", "1", "1", "2", "#" * 20]


def test_no_counts_are_not_taken_for_no_uses(project: Path) -> None:
    said = run().output
    assert "no counts yet" in said
    assert "call keep_counts(UsageFile.of_project()) at start-up" in said
    assert "no counts yet" in run("--burn-down").output
    assert "no counts yet" in run("--format", "json").output


@pytest.mark.parametrize(
    "options", [["--baseline", "known.json"], ["--write-baseline", "b.json"], ["--file", "f.jsonl"]]
)
def test_without_counts_nothing_is_said_to_be_known(project: Path, options: list[str]) -> None:
    """A job that reads no counts would pass for ever."""
    (project / "known.json").write_text('{"places": []}')
    with pytest.raises(UsageFileError, match="there are no counts in"):
        run(*options)
    assert not (project / "b.json").exists()


def test_a_baseline_that_cannot_be_written_is_told(project: Path) -> None:
    written(project, record())
    with pytest.raises(UsageFileError, match=r"nowhere/b.json can't be written"):
        run("--write-baseline", "nowhere/b.json")


def test_nothing_counted_is_said(project: Path) -> None:
    assert UsageFile.of_project(project).write(Usage()) == 0
    assert "No uses of old names" in run().output
    assert "No uses of old names" in run("--burn-down").output
    assert run("--format", "prometheus").exit_code == 0


def test_a_baseline_lets_known_sites_pass_and_new_ones_fail(project: Path) -> None:
    file = written(project, record(1, 2))
    assert "1 place at which" in run("--write-baseline", "baseline.json").output
    assert run("--baseline", "baseline.json").exit_code == 0
    written(project, record(99, 1))  # the line moved: the function is what counts
    assert run("--baseline", "baseline.json").exit_code == 0
    written(project, record(1, 2), record(1, 1, name="shop.other"))
    result = run("--baseline", "baseline.json")
    assert result.exit_code == 1
    assert "shop.other" in result.output
    assert "shop.old" not in result.output
    assert file.path.exists()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"places": [{}]}'])
def test_a_file_that_is_no_baseline_is_told(project: Path, text: str) -> None:
    path = project / "baseline.json"
    path.write_text(text)
    with pytest.raises(UsageFileError, match="can't be read as a baseline"):
        Baseline.read(path)


def test_a_baseline_reads_as_it_was_written(project: Path) -> None:
    baseline = Baseline.of([record(1), record(2), record(1, name="shop.other")])
    baseline.write(project / "b.json")
    assert Baseline.read(project / "b.json").places == baseline.places
    assert len(baseline.places) == 2
