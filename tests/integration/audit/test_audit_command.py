"""The command: exit codes, formats, baseline, rewriting; no traceback for a person's mistake."""

import json
import os
import re
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from trunkline.audit.command import audit, explain
from trunkline.cli.init import init


def _run(*arguments: str) -> Result:
    result = CliRunner().invoke(audit, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def _audit(root: Path, *arguments: str) -> Result:
    return _run("--root", str(root), "--no-cache", *arguments)


def test_finds_and_says_so(legacy_tree: Path) -> None:
    result = _audit(legacy_tree)
    assert result.exit_code == 1
    first = result.stdout.splitlines()[0]
    assert first == "app/pages.py:6:22: TL401 there is no module app.gone"
    assert "    breaks: app/late.py" in result.stdout
    assert "app/views.py:4:21: TL204 the old name app.old.OldEngine is imported" in result.stdout
    assert "  4 | from app.old import OldEngine  # the engine of old" in result.stdout


def test_finds_nothing_in_a_clean_tree(legacy_tree: Path) -> None:
    result = _audit(legacy_tree, "--select", "TL105")
    assert (result.exit_code, result.stdout) == (0, "no findings in 10 files\n")


def test_paths_limit_what_is_reported(legacy_tree: Path) -> None:
    result = _audit(legacy_tree, str(legacy_tree / "app" / "views.py"), "--format", "json")
    assert {row["path"] for row in json.loads(result.stdout)["findings"]} == {"app/views.py"}


def test_says_so_where_silence_would_mean_nothing(legacy_tree: Path) -> None:
    (legacy_tree / "docs").mkdir()
    (legacy_tree / "docs" / "page.md").touch()
    views = str(legacy_tree / "app" / "views.py")
    mixed = _audit(legacy_tree, str(legacy_tree / "docs"), views, "--select", "TL105")
    assert mixed.stderr == "warning: no Python file in docs is audited\n"
    assert mixed.stdout == "no findings in 1 file\n"
    (legacy_tree / "pyproject.toml").write_text("[tool.trunkline.audit]\nexclude = ['*']\n")
    nothing = _audit(legacy_tree)
    assert (nothing.exit_code, nothing.stdout) == (0, "no findings in 0 files\n")
    assert nothing.stderr == "warning: no Python file in the project is audited\n"


def test_a_newcomer_is_told_that_nothing_is_canonical_yet(tmp_path: Path) -> None:
    """On its own line beside the report of people; what a program reads has nothing beside it."""
    (tmp_path / "page.py").write_text("value = 1\n")
    note = (
        "note: no canonical type is configured, so nothing is known to go round one: "
        "`trunkline init` proposes some\n"
    )
    text = _audit(tmp_path)
    assert (text.exit_code, text.stdout, text.stderr) == (0, "no findings in 1 file\n", note)
    assert _audit(tmp_path, "--format", "html").stderr == note
    for name in ("json", "sarif", "github"):
        assert _audit(tmp_path, "--format", name).stderr == ""
    assert _audit(tmp_path, "--select", "TL1,TL4").stderr == note
    assert _audit(tmp_path, "--select", "TL401").stderr == "", "nothing of it was to be judged"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--select", "TL999"], "no rule is called 'TL999'"),
        (["--select", "tl201"], "did you mean TL201?"),
        (["--select", ""], "--select names no rule"),
        (["--ignore", ","], "--ignore names no rule"),
        (["--select", "TL2", "--ignore", "TL2"], "no rule is left to run"),
        (["--baseline", "app"], "the baseline app cannot be read: is a directory"),
        (
            ["--write-baseline", "--baseline", "no/b.json"],
            "the baseline no/b.json cannot be written",
        ),
        (["nowhere"], "there is no file or folder nowhere"),
        (["--baseline", "nowhere.json"], "there is no baseline nowhere.json"),
        (["--history", "3"], "git cannot read the history"),
    ],
)
def test_a_mistake_is_explained(
    legacy_tree: Path, arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(legacy_tree)
    result = _audit(legacy_tree, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "remedy: " in result.stderr
    assert "Traceback" not in result.output


def test_a_mistaken_configuration_is_explained(legacy_tree: Path) -> None:
    (legacy_tree / "pyproject.toml").write_text("[tool.trunkline.audit]\nselect = 3\n")
    result = _audit(legacy_tree)
    assert result.exit_code == 2
    assert "pyproject.toml:2: tool.trunkline.audit.select: must be a list" in result.stderr


def test_baseline_lets_old_findings_by_and_only_shrinks(legacy_tree: Path) -> None:
    written = _audit(legacy_tree, "--write-baseline")
    assert written.exit_code == 0
    path = legacy_tree / "trunkline-baseline.json"
    before = len(json.loads(path.read_text())["findings"])
    clean = _audit(legacy_tree)
    assert clean.exit_code == 0
    assert f"{before} known to the baseline" in clean.stdout
    # Lines above move the findings; they are the same ones.
    views = legacy_tree / "app" / "views.py"
    views.write_text('"""Views."""\n\nimport json\n' + views.read_text().split("\n", 1)[1])
    assert _audit(legacy_tree).exit_code == 0
    (legacy_tree / "app" / "new.py").write_text("from app.old import OldEngine\n")
    (legacy_tree / "app" / "late.py").write_text("")
    grown = _audit(legacy_tree)
    assert grown.exit_code == 1
    assert "app/new.py:1" in grown.stdout
    again = _audit(legacy_tree, "--write-baseline")
    assert again.exit_code == 1  # what is new stands all the same
    after = {row["path"] for row in json.loads(path.read_text())["findings"]}
    assert "app/new.py" not in after
    assert "app/late.py" not in after


def test_a_part_of_the_tree_leaves_the_rest_of_the_baseline_alone(legacy_tree: Path) -> None:
    """Only what a run has looked at can be gone."""
    _audit(legacy_tree, "--write-baseline")
    path = legacy_tree / "trunkline-baseline.json"
    before = path.read_text()
    for part in (["--select", "TL401"], [str(legacy_tree / "app" / "views.py")]):
        result = _audit(legacy_tree, *part)
        assert result.exit_code == 0
        assert "mended" not in result.stdout
        assert _audit(legacy_tree, *part, "--write-baseline").exit_code == 0
        assert path.read_text() == before


def test_a_file_that_is_passed_over_keeps_its_baseline(legacy_tree: Path) -> None:
    _audit(legacy_tree, "--write-baseline")
    path = legacy_tree / "trunkline-baseline.json"
    views = legacy_tree / "app" / "views.py"
    text = views.read_text()
    views.write_text(f"{text}(\n")
    _audit(legacy_tree, "--write-baseline")
    views.write_text(text)
    kept = {row["path"] for row in json.loads(path.read_text())["findings"]}
    assert "app/views.py" in kept
    assert "app/views.py" not in _audit(legacy_tree).stdout


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is no baseline: Expecting value: line 1"),
        ("[]", "is no baseline: it is no table"),
        ("{}", "is no baseline: it lacks 'version'"),
        ('{"version": 2}', "is a baseline of version 2"),
        ('{"version": 1}', "is no baseline: it lacks 'findings'"),
        ('{"version": 1, "findings": {"a": 1}}', "its findings are no list of tables"),
        ('{"version": 1, "findings": ["a"]}', "its findings are no list of tables"),
        ('{"version": 1, "findings": [{}]}', "is no baseline: it lacks 'fingerprint'"),
        ("[" * 9999, "is no baseline: maximum recursion depth exceeded"),
    ],
)
def test_what_is_no_baseline_is_neither_read_nor_overwritten(
    legacy_tree: Path, text: str, problem: str
) -> None:
    path = legacy_tree / "trunkline-baseline.json"
    path.write_text(text)
    for arguments in ([], ["--write-baseline"]):
        result = _audit(legacy_tree, *arguments)
        assert result.exit_code == 2
        assert problem in result.stderr
        assert "delete it, and write one with --write-baseline" in result.stderr
    assert path.read_text() == text


def test_fix_shows_the_diff_mends_and_is_done(legacy_tree: Path) -> None:
    sources = {path: path.read_text() for path in legacy_tree.rglob("*.py")}
    shown = _audit(legacy_tree, "--diff")
    assert "-from app.old import OldEngine  # the engine of old" in shown.stdout
    assert "+from app.engine import Engine  # the engine of old" in shown.stdout
    assert {path: path.read_text() for path in sources} == sources
    fixed = _audit(legacy_tree, "--fix")
    assert "mended " in fixed.stderr
    views = (legacy_tree / "app" / "views.py").read_text()
    assert "from app.engine import Engine  # the engine of old\n" in views
    assert "    engine = await app.engine()  # one for this view\n" in views
    pages = (legacy_tree / "app" / "pages.py").read_text()
    assert "    LIMIT,\n" in pages
    assert "from app.engine import Engine" in pages
    tests = (legacy_tree / "tests" / "test_views.py").read_text()
    assert '@patch("app.lost.OldEngine")' in tests, (
        "nobody would notice a patch of the class at home"
    )
    after = {path: path.read_text() for path in sources}
    for text in after.values():
        compile(text, "x", "exec")
    again = _audit(legacy_tree, "--fix")
    assert "mended 0 findings" in again.stderr
    assert {path: path.read_text() for path in sources} == after


OLD_IMPORT = "from app.old import OldEngine"
CANONICAL_IMPORT = "from app.engine import Engine"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 'é'; {}\n".encode("latin-1"), True),
        (b"\xef\xbb\xbf{}\n", True),
        (b"# one\r\n{}  # two\r\n", True),
        (b"# one\r\nx = 1\n{}\r\n", True),
        ("x = 'one\u2028line'\n{}".encode(), True),
        (b"if True: {}\n", True),
        (b"{}; x = 1  # two\n", True),
        # of these LibCST would lose something
        (b"# one\r{}  # two\r", False),
        (b"x = 1\n\f{}\n", False),
    ],
    ids=[
        "latin",
        "mark",
        "crlf",
        "mixed",
        "separator",
        "one line",
        "semicolon",
        "cr",
        "page break",
    ],
)
def test_fix_keeps_bytes_that_it_does_not_rewrite(
    legacy_tree: Path, before: bytes, after: bool
) -> None:
    path = legacy_tree / "app" / "odd.py"
    head = b"" if b"\xe9" not in before else b"# coding: latin-1\n"
    path.write_bytes(head + before.replace(b"{}", OLD_IMPORT.encode()))
    result = _audit(legacy_tree, "--select", "TL204", "--fix", str(path))
    new = CANONICAL_IMPORT if after else OLD_IMPORT
    assert path.read_bytes() == head + before.replace(b"{}", new.encode())
    assert (result.exit_code == 0) is after


def test_the_diff_has_the_lines_that_the_file_has(legacy_tree: Path) -> None:
    path = legacy_tree / "app" / "odd.py"
    path.write_text(f"x = 'one\u2028line'\n\f\n{OLD_IMPORT}\n", encoding="utf-8")
    shown = _audit(legacy_tree, "--select", "TL204", "--diff", str(path)).stdout.split("\n")
    assert shown[2:7] == [
        "@@ -1,3 +1,3 @@",
        " x = 'one\u2028line'",
        " \f",
        f"-{OLD_IMPORT}",
        f"+{CANONICAL_IMPORT}",
    ]


def test_fix_writes_through_links_within_the_project_alone(
    legacy_tree: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "shared.py"
    outside.write_text(f"{OLD_IMPORT}\n")
    own = legacy_tree / "app" / "own.py"
    own.write_text(f"{OLD_IMPORT}\n")
    (legacy_tree / "app" / "linked.py").symlink_to(own)
    (legacy_tree / "app" / "shared.py").symlink_to(outside)
    result = _audit(legacy_tree, "--select", "TL204", "--fix")
    assert result.exit_code == 1
    assert own.read_text() == f"{CANONICAL_IMPORT}\n"
    assert outside.read_text() == f"{OLD_IMPORT}\n"
    assert (legacy_tree / "app" / "linked.py").is_symlink()
    assert (legacy_tree / "app" / "shared.py").is_symlink()


def test_fix_says_which_file_it_cannot_write(legacy_tree: Path) -> None:
    path = legacy_tree / "app" / "views.py"
    before = path.read_text()
    path.with_name(f"views.py.{os.getpid()}-{threading.get_ident()}.tmp").mkdir()
    result = _audit(legacy_tree, "--fix", str(path))
    assert result.exit_code == 2
    assert "Error: app/views.py cannot be rewritten: file exists" in result.stderr
    assert path.read_text() == before


def test_fix_leaves_alone_what_may_not_be_written(legacy_tree: Path) -> None:
    path = legacy_tree / "app" / "views.py"
    before = path.read_text()
    path.chmod(0o444)
    result = _audit(legacy_tree, "--fix", str(path))
    assert result.exit_code == 2
    assert "Error: app/views.py is read-only" in result.stderr
    assert path.read_text() == before


def test_fix_keeps_the_mode_of_a_file_and_leaves_nothing_beside_it(legacy_tree: Path) -> None:
    path = legacy_tree / "app" / "views.py"
    path.chmod(0o750)
    _audit(legacy_tree, "--fix")
    assert CANONICAL_IMPORT in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o750
    assert not list(legacy_tree.rglob("*.tmp"))


@pytest.mark.parametrize("head", [b"", b"# coding: cp1252\nx = '\x80'\n", b"x = 1\r\n"])
def test_what_the_diff_prints_is_a_patch(legacy_tree: Path, head: bytes) -> None:
    """Git applies it, whatever the encoding and the line ends, and gets what --fix writes."""
    odd = legacy_tree / "app" / "odd.py"
    odd.write_bytes(head + OLD_IMPORT.encode() + b"  # the last line has no end")
    _git(legacy_tree, "init", "-q")
    result = _audit(legacy_tree, "--diff")
    assert result.exit_code == 1
    assert re.search(r"would mend \d+ findings\n\d+ findings in 11 files", result.stderr)
    applied = ["git", "-C", str(legacy_tree), "apply", "--whitespace=nowarn", "-"]
    subprocess.run(applied, input=result.stdout_bytes, check=True)
    patched = {path: path.read_bytes() for path in legacy_tree.rglob("*.py")}
    assert odd.read_bytes() == head + CANONICAL_IMPORT.encode() + b"  # the last line has no end"
    subprocess.run([*applied, "--reverse"], input=result.stdout_bytes, check=True)
    _audit(legacy_tree, "--fix")
    assert {path: path.read_bytes() for path in patched} == patched


def test_shows_the_line_and_column_that_the_parser_counts(legacy_tree: Path) -> None:
    odd = legacy_tree / "app" / "odd.py"
    odd.write_bytes("# coding: latin-1\n\f\nx = 'é'; import app.gone\n".encode("latin-1"))
    rows = json.loads(_audit(legacy_tree, str(odd), "--format", "json").stdout)["findings"]
    places = [(row["line"], row["column"], row["source"]) for row in rows]
    assert places == [(3, 17, "x = 'é'; import app.gone")]
    odd.write_bytes(b"\xef\xbb\xbfimport app.gone\n")
    (row,) = json.loads(_audit(legacy_tree, str(odd), "--format", "json").stdout)["findings"]
    assert (row["line"], row["column"], row["source"]) == (1, 8, "import app.gone")


def test_writes_the_report_to_a_file(legacy_tree: Path) -> None:
    target = legacy_tree / "report.html"
    result = _audit(legacy_tree, "--format", "html", "--output", str(target))
    assert result.exit_code == 1
    assert "<h2>Phases of repair</h2>" in target.read_text()


def test_statistics_count_by_rule(legacy_tree: Path) -> None:
    lines = _audit(legacy_tree, "--statistics").stdout.splitlines()
    assert any(line.split()[:2] == ["1", "TL401"] for line in lines)
    assert any("about app.engine:Engine" in line for line in lines)


def _git(root: Path, *arguments: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "-C", str(root), *who, *arguments], check=True, capture_output=True)


def _commit(root: Path, message: str) -> None:
    _git(root, "add", "--all")
    _git(root, "commit", "-qm", message)


def _trend(result: Result) -> list[int]:
    rows = [row for row in result.stdout.splitlines() if re.search(r"  \d+ findings?$", row)]
    return [int(row.split()[2]) for row in rows]


def test_history_draws_the_trend(legacy_tree: Path) -> None:
    _git(legacy_tree, "init", "-q")
    _commit(legacy_tree, "one")
    (legacy_tree / "app" / "late.py").write_text("")
    (legacy_tree / "app" / "pages.py").write_text("")
    _commit(legacy_tree, "two")
    result = _audit(legacy_tree, "--history", "5", "--format", "html")
    assert "<h2>Trend</h2><svg" in result.stdout
    older, newer = _trend(_audit(legacy_tree, "--history", "5"))
    assert older > newer


def test_history_of_a_folder_that_came_later_and_holds_links(tmp_path: Path) -> None:
    _git(tmp_path, "init", "-q")
    (tmp_path / "first.py").write_text("")
    _commit(tmp_path, "before the project")
    root = tmp_path / "project"
    root.mkdir()
    (root / "pyproject.toml").write_text("")
    (root / "app.py").write_text("from app.gone import x\nimport app\nimport app.gone\n")
    (root / "everything").symlink_to("/")
    (root / "up").symlink_to("..")
    _commit(tmp_path, "the project")
    result = _audit(root, "--history", "9")
    assert _trend(result) == [len(_audit(root).stdout.split(": TL401 ")) - 1]


def test_history_fetches_nothing_that_the_audit_does_not_read(tmp_path: Path) -> None:
    """Large files may lie elsewhere; a compiled module and a submodule are there all the same."""
    _git(tmp_path, "init", "-q")
    (tmp_path / ".gitattributes").write_text("*.bin filter=store\n*.so filter=store\n")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__init__.py").touch()
    (tmp_path / "app" / "fast.cpython-311-x86_64-linux-gnu.so").write_bytes(b"\0")
    (tmp_path / "app" / "model.bin").write_bytes(b"\0")
    (tmp_path / "app" / "data").mkdir()
    (tmp_path / "app" / "data" / "rows.csv").touch()
    _git(tmp_path, "init", "-q", "vendored")
    _git(tmp_path / "vendored", "commit", "-qm", "empty", "--allow-empty")
    (tmp_path / "main.py").write_text(
        "import app.fast\nimport app.data\nimport vendored\nimport app.gone\n"
    )
    _git(tmp_path, "config", "filter.store.smudge", "false")
    _git(tmp_path, "config", "filter.store.clean", "cat")
    _git(tmp_path, "config", "filter.store.required", "true")
    _git(tmp_path, "config", "log.showSignature", "true")
    _commit(tmp_path, "all")
    result = _audit(tmp_path, "--history", "1")
    assert _trend(result) == [1], result.output
    assert result.stdout.endswith("      1 finding\n")


def test_history_counts_as_the_report_does(tmp_path: Path) -> None:
    """What archives leave out is part of the tree; what lies beside the given paths is not."""
    _git(tmp_path, "init", "-q")
    (tmp_path / ".gitattributes").write_text("tests export-ignore\n")
    for name in ("app", "tests"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"import {name}.gone\n")
    (tmp_path / "app" / "own.py").symlink_to("__init__.py")  # and its package breaks it
    _commit(tmp_path, "both")
    assert _trend(_audit(tmp_path, "--history", "1")) == [4]
    assert _trend(_audit(tmp_path, "--history", "1", str(tmp_path / "tests"))) == [1]


def test_explains_every_rule() -> None:
    every = CliRunner().invoke(explain, [])
    assert "TL201  direct-construction" in every.stdout
    one = CliRunner().invoke(explain, ["direct-construction"])
    assert one.stdout.startswith("# TL201 direct-construction\n")
    assert CliRunner().invoke(explain, ["Tl201"]).stdout == one.stdout
    group = CliRunner().invoke(explain, ["TL2"])
    assert [line.split()[0] for line in group.stdout.splitlines()[1:]] == [
        "TL201", "TL202", "TL203", "TL204", "TL205",
    ]  # fmt: skip
    wrong = CliRunner().invoke(explain, ["TL2O1"])
    assert wrong.exit_code == 2
    assert "did you mean TL201?" in wrong.stderr


def test_init_proposes_the_most_imported_of_a_family(
    legacy_tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(legacy_tree)
    (legacy_tree / "pyproject.toml").unlink()
    names = ("UserRunEngine", "FastRunEngine", "OldRunEngine")
    for name in names:
        (legacy_tree / "app" / f"{name.lower()}.py").write_text(f"class {name}:\n    pass\n")
    for number in range(3):
        text = "from app.userrunengine import UserRunEngine\n"
        text += "from app.parts import LostRunSignal, RunsWorkLoop\n"
        (legacy_tree / "app" / f"user{number}.py").write_text(text)
    text = "from typing import Protocol\nclass LostRunSignal(Exception): ...\n"
    text += "class SentRunSignal(LostRunSignal): ...\nclass RunsWorkLoop(Protocol): ...\n"
    text += "class AnyWorkLoop(Protocol): ...\n"
    (legacy_tree / "app" / "parts.py").write_text(text)
    (legacy_tree / "app_tests").mkdir()
    (legacy_tree / "app_tests" / "__init__.py").touch()
    result = CliRunner().invoke(init, [])
    assert result.exit_code == 0, result.output
    text = (legacy_tree / "pyproject.toml").read_text()
    assert 'type = "app.userrunengine:UserRunEngine"' in text
    assert 'family = ["*RunEngine"]' in text
    assert "Signal" not in text, "nobody builds errors by a factory"
    assert "WorkLoop" not in text, "nor interfaces"
    assert '# factory = "containers:Application.user_run_engine"' in text
    assert "Bring into containers.py:" in result.stdout
    assert _audit(legacy_tree, "--select", "TL101").exit_code == 1
    assert "confirm UserRunEngine" in result.stdout
    again = CliRunner().invoke(init, ["--package", "app"])
    assert again.exit_code == 0
    assert (legacy_tree / "pyproject.toml").read_text() == text


@pytest.mark.parametrize(
    ("names", "family"),
    [
        (("Engine", "EngineV2", "EngineV3"), '["Engine", "EngineV[0-9]*"]'),
        (("Engine", "Engine2", "Engine3"), '["Engine", "Engine[0-9]*"]'),
        (("Engine_v1", "Engine_v2", "Engine_v3"), '["Engine_v[0-9]*"]'),
        (("LegacyEngine", "EngineOld", "Engine"), '["Engine", "EngineOld", "LegacyEngine"]'),
        (("Int8", "Int16", "Int32"), None),
        (("BaseEngine", "Engine", "Motor"), None),
        (("NewType", "Type", "OldType"), None),
    ],
)
def test_init_proposes_versions_of_one_thing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], family: str | None
) -> None:
    """Told by what comes before or behind the name; where there are none, that is said."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__init__.py").touch()
    for number, name in enumerate(names):
        (tmp_path / "app" / f"m{number}.py").write_text(f"class {name}: ...\n")
    for number in range(4):
        (tmp_path / "app" / f"user{number}.py").write_text(f"from app.m2 import {names[2]}\n")
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(init, []).stdout
    text = (tmp_path / "pyproject.toml").read_text()
    if family is None:
        assert "canonical" not in text
        assert "found  no family of classes" in said
        assert "--type MODULE:CLASS" in said
    else:
        assert f'type = "app.m2:{names[2]}"\n' in text
        assert f"family = {family}\n" in text
        assert _audit(tmp_path, "--select", "TL101", "--format", "json").exit_code == 1


def test_importing_the_audit_is_light() -> None:
    code = (
        "import sys, trunkline.audit.engine, trunkline.audit.registry as r; r.all_rules();"
        "heavy = ('rich', 'click', 'libcst', 'dependency_injector', 'pydantic');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
