"""The command: exit codes, formats, baseline, rewriting; no traceback for a person's mistake."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from trunkline.audit.command import audit, explain, init


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--select", "TL999"], "no rule is called 'TL999'"),
        (["nowhere"], "there is no file or folder nowhere"),
        (["--baseline", "nowhere.json"], "there is no baseline nowhere.json"),
        (["--history", "3"], "git cannot read the history"),
    ],
)
def test_a_mistake_is_explained(legacy_tree: Path, arguments: list[str], message: str) -> None:
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
    assert '@patch("app.engine.Engine")' in tests
    after = {path: path.read_text() for path in sources}
    for text in after.values():
        compile(text, "x", "exec")
    again = _audit(legacy_tree, "--fix")
    assert "mended 0 findings" in again.stderr
    assert {path: path.read_text() for path in sources} == after


def test_writes_the_report_to_a_file(legacy_tree: Path) -> None:
    target = legacy_tree / "report.html"
    result = _audit(legacy_tree, "--format", "html", "--output", str(target))
    assert result.exit_code == 1
    assert "<h2>Phases of repair</h2>" in target.read_text()


def test_statistics_count_by_rule(legacy_tree: Path) -> None:
    lines = _audit(legacy_tree, "--statistics").stdout.splitlines()
    assert any(line.split()[:2] == ["1", "TL401"] for line in lines)
    assert any("about app.engine:Engine" in line for line in lines)


def test_history_draws_the_trend(legacy_tree: Path) -> None:
    def git(*arguments: str) -> None:
        who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        subprocess.run(
            ["git", "-C", str(legacy_tree), *who, *arguments], check=True, capture_output=True
        )

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "one")
    (legacy_tree / "app" / "late.py").write_text("")
    (legacy_tree / "app" / "pages.py").write_text("")
    git("commit", "-qam", "two")
    result = _audit(legacy_tree, "--history", "5", "--format", "html")
    assert "<h2>Trend</h2><svg" in result.stdout
    text = _audit(legacy_tree, "--history", "5")
    counts = [
        int(line.split()[2]) for line in text.stdout.splitlines() if line.endswith(" findings")
    ]
    assert len(counts) == 2
    assert counts[0] > counts[1]


def test_explains_every_rule() -> None:
    every = CliRunner().invoke(explain, [])
    assert "TL201  direct-construction" in every.stdout
    one = CliRunner().invoke(explain, ["direct-construction"])
    assert one.stdout.startswith("# TL201 direct-construction\n")
    wrong = CliRunner().invoke(explain, ["TL2O1"])
    assert wrong.exit_code == 2
    assert "did you mean TL201?" in wrong.stderr


def test_init_proposes_the_most_imported_of_a_family(legacy_tree: Path) -> None:
    (legacy_tree / "pyproject.toml").unlink()
    names = ("UserRunEngine", "FastRunEngine", "OldRunEngine")
    for name in names:
        (legacy_tree / "app" / f"{name.lower()}.py").write_text(f"class {name}:\n    pass\n")
    for number in range(3):
        text = "from app.userrunengine import UserRunEngine\n"
        (legacy_tree / "app" / f"user{number}.py").write_text(text)
    result = CliRunner().invoke(init, ["--root", str(legacy_tree)])
    assert result.exit_code == 0, result.output
    text = (legacy_tree / "pyproject.toml").read_text()
    assert 'type = "app.userrunengine:UserRunEngine"' in text
    assert 'family = ["*RunEngine"]' in text
    assert _audit(legacy_tree, "--select", "TL101").exit_code == 1
    assert CliRunner().invoke(init, ["--root", str(legacy_tree)]).exit_code == 2


def test_importing_the_audit_is_light() -> None:
    code = (
        "import sys, trunkline.audit.engine, trunkline.audit.registry as r; r.all_rules();"
        "heavy = ('rich', 'click', 'libcst', 'dependency_injector', 'pydantic');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
