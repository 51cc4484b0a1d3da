"""What the command says below and beside its report is so."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from trunkline.audit.command import audit, explain


def run(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(audit, ["--root", str(root), *arguments])


def fixable(said: str) -> int:
    pattern = r"^up to (\d+) fixable with --fix; --diff shows which$"
    return int(re.findall(pattern, said, re.MULTILINE)[0])


def test_it_says_how_many_findings_can_be_mended_at_the_most(legacy_tree: Path) -> None:
    """The text around a finding may forbid it, which only trying tells."""
    (legacy_tree / "app" / "kept.py").write_text(
        "from app.old import OldEngine\n\n__all__ = ['OldEngine']\n"
    )
    count = fixable(run(legacy_tree).stdout)
    rows = json.loads(run(legacy_tree, "--format=json").stdout)["findings"]
    assert count == sum(row["fixable"] for row in rows)
    assert fixable(run(legacy_tree, "--statistics").stdout) == count
    fixed = run(legacy_tree, "--fix")
    [mended] = re.findall(r"mended (\d+) finding", fixed.stderr)
    left = [line for line in fixed.stderr.splitlines() if line.startswith("left ")]
    assert (int(mended) + len(left), len(left)) == (count, 1)
    assert "fixable" not in fixed.stdout


def test_what_the_baseline_lets_by_is_mended_and_counted_too(legacy_tree: Path) -> None:
    count = fixable(run(legacy_tree).stdout)
    run(legacy_tree, "--write-baseline")
    said = run(legacy_tree)
    assert said.exit_code == 0
    assert fixable(said.stdout) == count
    assert f"mended {count} finding" in run(legacy_tree, "--fix").stderr


def test_many_uses_of_one_re_export_are_explained_by_one_line(legacy_tree: Path) -> None:
    """And the line that is proposed ends them."""
    (legacy_tree / "app" / "public.py").write_text("from app.engine import Engine\n")
    for number in range(20):
        (legacy_tree / "app" / f"user{number}.py").write_text("from app.public import Engine\n")
    (legacy_tree / "app" / "late.py").unlink(missing_ok=True)
    said = run(legacy_tree, "--select", "TL202").stdout
    [hint] = [line for line in said.splitlines() if line.startswith("hint: ")]
    assert hint.startswith("hint: 20 findings of TL202 come of one re-export, app.public.Engine")
    assert 'type = "app.public:Engine" in place of "app.engine:Engine"' in hint
    for name in ("markdown", "html"):
        report = run(legacy_tree, "--select", "TL202", "--format", name).stdout
        assert "Hint: 20 findings of TL202 come of one re-export, app.public.Engine" in report
    project = legacy_tree / "pyproject.toml"
    text = project.read_text()
    assert '"app.engine:Engine"' in text
    project.write_text(text.replace('type = "app.engine:Engine"', 'type = "app.public:Engine"'))
    after = run(legacy_tree, "--select", "TL0,TL202").stdout
    assert "app/user" not in after
    assert "hint" not in after


def test_a_baseline_keeps_what_the_configuration_names_no_more(legacy_tree: Path) -> None:
    """A run without it, or with half of it, has nothing to judge those entries by."""
    run(legacy_tree, "--write-baseline")
    path = legacy_tree / "trunkline-baseline.json"
    before = path.read_text()
    about = {row["code"] for row in json.loads(before)["findings"] if row["subject"]}
    assert about
    configuration = legacy_tree / "pyproject.toml"
    whole = configuration.read_text()
    other = '[[tool.trunkline.canonical]]\ntype = "app.views:Other"\n'
    for text in ("", other):
        configuration.write_text(text)
        written = run(legacy_tree, "--write-baseline")
        kept = {row["fingerprint"] for row in json.loads(path.read_text())["findings"]}
        subjects = [row for row in json.loads(before)["findings"] if row["subject"]]
        assert {row["fingerprint"] for row in subjects} <= kept
        assert "stay in " in written.stderr
        assert "the configuration names nothing now to judge them by" in written.stderr
    configuration.write_text(whole)
    again = run(legacy_tree)
    assert (again.exit_code, "mended" in again.stdout) == (0, False)


def test_a_baseline_of_before_is_kept_where_nothing_is_canonical(legacy_tree: Path) -> None:
    """Its entries don't say what they are about; their rules do."""
    run(legacy_tree, "--write-baseline")
    path = legacy_tree / "trunkline-baseline.json"
    document = json.loads(path.read_text())
    for row in document["findings"]:
        del row["subject"]
    path.write_text(json.dumps(document))
    assert run(legacy_tree).exit_code == 0
    (legacy_tree / "pyproject.toml").write_text("")
    run(legacy_tree, "--write-baseline")
    kept = {row["code"] for row in json.loads(path.read_text())["findings"]}
    assert {"TL201", "TL204"} <= kept


@pytest.mark.parametrize("inner", ["", "services/shop/"])
def test_reports_for_github_have_the_paths_of_the_repository(tmp_path: Path, inner: str) -> None:
    """A project in a folder of its repository: annotations of other paths are shown nowhere."""
    root = tmp_path / inner
    (root / "app").mkdir(parents=True)
    (root / "app" / "__init__.py").write_text("import app.gone\n")
    (root / "app" / "user.py").write_text("import app\n")
    (root / "app" / "odd.py").write_text("def (\n")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    rows = run(root, "--format", "github").stdout.splitlines()
    files = {row.partition("file=")[2].partition(",")[0] for row in rows}
    assert files >= {f"{inner}app/__init__.py", f"{inner}app/odd.py"}
    document = json.loads(run(root, "--format", "sarif").stdout)
    text = json.dumps(document["runs"][0]["results"] + document["runs"][0]["invocations"])
    uris = set(re.findall(r'"uri": "([^"]*)"', text))
    assert uris == {f"{inner}app/__init__.py", f"{inner}app/user.py", f"{inner}app/odd.py"}
    paths = {row["path"] for row in json.loads(run(root, "--format", "json").stdout)["findings"]}
    assert "app/__init__.py" in paths, "others know the project alone"


def test_what_the_baseline_knows_stays_known_on_lines_that_are_rewritten(
    legacy_tree: Path,
) -> None:
    """A finding that --fix leaves on a line that it rewrites for another is no new one."""
    (legacy_tree / "tests" / "test_views.py").unlink()
    (legacy_tree / "app" / "motors.py").write_text("from app.engine import Engine as Motor\n")
    (legacy_tree / "app" / "made.py").write_text(
        "from app.motors import Motor\n\n\n"
        "def made(context) -> Motor:\n    return Motor(context, 3)\n\n\n"
        "def made_again(context) -> Motor:\n    return Motor(context, 3)\n"
    )
    run(legacy_tree, "--write-baseline")
    path = legacy_tree / "trunkline-baseline.json"
    before = sum(row["count"] for row in json.loads(path.read_text())["findings"])
    fixed = run(legacy_tree, "--fix")
    assert "trunkline-baseline.json follows 4 findings to rewritten lines\n" in fixed.stderr
    assert fixed.exit_code == 0, fixed.stdout
    assert sum(row["count"] for row in json.loads(path.read_text())["findings"]) == before
    shrunk = run(legacy_tree, "--write-baseline")
    assert shrunk.exit_code == 0
    assert run(legacy_tree).exit_code == 0


def test_a_patch_is_shown_without_writing_a_baseline(legacy_tree: Path) -> None:
    refused = run(legacy_tree, "--diff", "--write-baseline")
    assert refused.exit_code == 2
    assert "--diff changes nothing, and --write-baseline writes" in refused.stderr
    assert not (legacy_tree / "trunkline-baseline.json").exists()


def test_a_report_with_a_baseline_says_which_rules_found_nothing_else(legacy_tree: Path) -> None:
    run(legacy_tree, "--write-baseline")
    said = run(legacy_tree, "--format", "markdown").stdout
    assert " found nothing besides what the baseline knows.\n" in said


@pytest.mark.parametrize(
    ("names", "first", "codes"),
    [
        (["TL201,direct-construction"], "# TL201 direct-construction", None),
        (["TL201", "TL202"], "# TL201 direct-construction", None),
        (["canonical"], "the audit itself", {"TL201", "TL204"}),
        (["ALL"], "the audit itself", {"TL106", "TL201", "TL401"}),
        (["program"], "one definition", {"TL103", "TL401"}),
    ],
)
def test_explain_takes_what_select_takes(
    names: list[str], first: str, codes: set[str] | None
) -> None:
    result = CliRunner().invoke(explain, names)
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, first)
    if codes is not None:
        assert codes <= {line.split()[0] for line in result.stdout.splitlines() if line}
    else:
        assert len(re.findall(r"(?m)^# TL\d+ ", result.stdout)) == 2


def test_a_part_of_a_project_without_configuration_is_judged_within_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder that a person stands in is the project: names lead beside the part."""
    (tmp_path / "app" / "web").mkdir(parents=True)
    for name in ("app/__init__.py", "app/web/__init__.py", "app/core.py"):
        (tmp_path / name).touch()
    (tmp_path / "app" / "web" / "view.py").write_text("from app.core import gone\n")
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(audit, ["app/web"])
    assert said.stdout.startswith("app/web/view.py:1:22: TL401 app.core has no gone\n")
    assert said.stdout.endswith("1 finding in 2 files\n")
    elsewhere = CliRunner().invoke(audit, [str(tmp_path / "app" / "web")])
    assert elsewhere.stdout == said.stdout
