"""The checks that ``pytest --trunkline-audit`` makes fail on violations and pass once repaired."""

from pathlib import Path

from click.testing import CliRunner

from trunkline.audit.command import audit
from trunkline.audit.example import CONFIGURATION, FILES
from trunkline.audit.pytest_checks import AuditSession


def _write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def test_fail_with_the_findings_and_pass_after_the_repair(legacy_tree: Path) -> None:
    session = AuditSession(str(legacy_tree))
    failing = {check.name: session.problems(check) for check in session.checks()}
    failing = {name: text for name, text in failing.items() if text}
    assert "Engine-TL204-legacy-import" in failing
    assert "tree-TL401-missing-import" in failing
    message = failing["Engine-TL204-legacy-import"]
    assert message.startswith(
        "Engine is taken from its canonical path and factory alone: 1 finding"
    )
    assert "app/views.py:4:21: TL204 the old name app.old.OldEngine is imported" in message
    for path in (
        "app/views.py",
        "app/pages.py",
        "app/late.py",
        "tests/test_views.py",
        "app/compat.py",
    ):
        (legacy_tree / path).unlink()
    repaired = AuditSession(str(legacy_tree))
    assert [check.name for check in repaired.checks() if repaired.problems(check)] == []


def _failing(root: Path, *, baseline: bool = True) -> dict[str, str]:
    session = AuditSession(str(root), baseline=baseline)
    problems = {check.name: session.problems(check) for check in session.checks()}
    return {name: text for name, text in problems.items() if text}


def test_a_baseline_lets_old_findings_by_and_new_ones_fail(legacy_tree: Path) -> None:
    """As it does for the command; what it lets by can be asked for."""
    (legacy_tree / "pyproject.toml").write_text(
        CONFIGURATION.replace("containers:Application.engine", "containers:Application.motor")
    )
    every = _failing(legacy_tree)
    assert "Engine-exists" in every
    CliRunner().invoke(audit, ["--root", str(legacy_tree), "--write-baseline"])
    assert _failing(legacy_tree) == {}
    assert _failing(legacy_tree, baseline=False) == every
    (legacy_tree / "app" / "more.py").write_text("from app.old import OldEngine\n")
    ((name, text),) = _failing(legacy_tree).items()
    assert name == "Engine-TL204-legacy-import"
    assert "alone: 1 finding against it, besides 1 known to the baseline\napp/more.py:1" in text


def test_one_of_each_rule_for_each_type(legacy_tree: Path) -> None:
    names = [check.name for check in AuditSession(str(legacy_tree)).checks()]
    assert len(names) == len(set(names))
    assert names[0] == "Engine-exists"
    assert "Engine-TL606-stored-on-longer-lived" in names


def test_types_of_one_name_have_tests_of_their_own(tmp_path: Path) -> None:
    table = '[[tool.trunkline.canonical]]\ntype = "app.one:Engine"\n'
    both = table + table.replace("one", "two")
    _write(tmp_path, {**FILES, "app/one.py": "", "app/two.py": "", "pyproject.toml": both})
    names = [check.name for check in AuditSession(str(tmp_path)).checks()]
    assert len(names) == len(set(names))
    assert {"app.one.Engine-exists", "app.two.Engine-exists"} < set(names)


def test_a_type_that_does_not_exist_fails(tmp_path: Path) -> None:
    _write(tmp_path, {**FILES, "app/engine.py": "", "pyproject.toml": CONFIGURATION})
    session = AuditSession(str(tmp_path))
    (check,) = [check for check in session.checks() if check.name == "Engine-exists"]
    assert session.problems(check).startswith("app.engine:Engine does not exist")
