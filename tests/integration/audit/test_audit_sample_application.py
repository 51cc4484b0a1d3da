"""The sample legacy application: findings in what it was, none in what it became.

What is repaired by hand lies in the fixture; the rest is repaired by ``--fix``.
"""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.fixtures.legacy_application.trees import HERE, write_tree
from trunkline.audit.command import audit
from trunkline.audit.config_reader import load_config
from trunkline.audit.engine import run_audit
from trunkline.audit.pytest_checks import AuditSession
from trunkline.audit.registry import select_rules

Form = Callable[[str], Path]


@pytest.fixture
def form(tmp_path: Path) -> Form:
    """Write a form of the application with the audit's configuration."""

    def write(name: str) -> Path:
        folder = write_tree(name, tmp_path / name)
        shutil.copy(HERE / "audit.toml", folder / "pyproject.toml")
        return folder

    return write


def _found(root: Path) -> dict[str, set[str]]:
    result = run_audit(load_config(str(root)), select_rules((), ()), cached=False)
    assert not result.errors
    found: dict[str, set[str]] = {}
    for finding in result.findings:
        found.setdefault(finding.code, set()).add(finding.path.removeprefix("acme/"))
    return found


def _fix(root: Path) -> str:
    result = CliRunner().invoke(audit, ["--root", str(root), "--no-cache", "--fix"])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.stderr


def _sources(root: Path) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*.py")}


def _python(root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def _own_tests(root: Path) -> subprocess.CompletedProcess[str]:
    plain = ("-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir=.", "acme_tests")
    return _python(root, "-m", "pytest", *plain, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")


def test_the_original_shows_what_goes_round_the_canonical_factory(form: Form) -> None:
    found = _found(form("original"))
    importers = {"audited", "chat", "checks", "dynamic", "scoped", "search", "triage", "typed"}
    assert {f"services/{name}.py" for name in importers} <= found["TL204"]
    assert found["TL003"] == {"pyproject.toml"}  # the container is yet to be written
    assert found["TL101"] == {"services/audited.py"}
    assert found["TL104"] == {
        "engines/request_scoped.py", "factories/bridge_factory.py", "factories/engine_factory.py",
    }  # fmt: skip
    assert found["TL201"] == {
        "engines/consolidated.py", "engines/request_scoped.py", "factories/bridge_factory.py",
        "factories/engine_factory.py",
    }  # fmt: skip
    assert found["TL205"] == {"engines/__init__.py", "services/star.py"}
    engines = {f"engines/{name}.py" for name in ("consolidated", "execution_engine")}
    assert found["TL301"] == {*engines, "engines/request_scoped.py"}
    assert found["TL302"] == {"engines/consolidated.py"}  # an alias of the old class beside it
    assert found["TL602"] == {"services/globals_.py"}
    assert found["TL604"] == {"factories/unified_factory.py"}
    assert not {"TL401", "TL402", "TL403", "TL405"} & set(found)


def test_redirects_leave_the_call_sites_to_move(form: Form) -> None:
    """Redirects are no implementations, and packages that have moved are found where they are."""
    assert set(_found(form("redirected"))) == {"TL101", "TL204", "TL205", "TL505"}


@pytest.mark.parametrize("name", ["original", "redirected", "repaired"])
def test_fix_breaks_nothing_and_is_done_after_one_run(form: Form, name: str) -> None:
    root = form(name)
    before = _sources(root)
    _fix(root)
    after = _sources(root)
    for text in after.values():
        ast.parse(text)
    tests = _own_tests(root)
    assert tests.returncode == 0, tests.stdout
    assert "mended 0 findings" in _fix(root)
    assert _sources(root) == after
    changed = {path for path in before if before[path] != after[path]}
    mended = {
        "original": set(),  # a subclass is not the class: nothing can be proven
        "redirected": {"acme/services/checks.py", "acme/services/typed.py"},
        "repaired": {"acme/services/checks.py", "acme/services/typed.py"},
    }
    assert changed == mended[name]


def test_checks_fail_on_the_original_and_pass_on_the_repaired(form: Form) -> None:
    original = AuditSession(str(form("original")))
    failing = {check.name: original.problems(check) for check in original.checks()}
    failing = {name: text for name, text in failing.items() if text}
    assert failing["UserExecutionEngine-exists"] == (
        "the canonical factory acme.containers:Application.engine does not exist\n"
        "    remedy: declare the provider, or correct `factory` in pyproject.toml"
    )
    message = failing["UserExecutionEngine-TL604-global-cache"]
    assert message.startswith("UserExecutionEngine belongs to one user: 1 finding against it\n")
    assert "acme/factories/unified_factory.py:10:9: TL604 _unified keeps" in message
    root = form("repaired")
    _fix(root)
    repaired = AuditSession(str(root))
    assert [check.name for check in repaired.checks() if repaired.problems(check)] == []
    assert {check.name for check in repaired.checks()} >= set(failing)


def test_pytest_makes_tests_of_the_rules(form: Form) -> None:
    """``pytest --trunkline-audit`` fails on the original and passes on the repaired form."""
    options = ("-m", "pytest", "-p", "trunkline.testing.plugin", "-p", "no:cacheprovider",
               "--trunkline-audit", "-q", "-k", "TL or exists")  # fmt: skip
    original = _python(form("original"), *options, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert original.returncode == 1, original.stderr
    assert "audit: UserExecutionEngine is taken from its canonical path" in original.stdout
    assert "acme/services/chat.py:3:43: TL204 the old name" in original.stdout
    assert (
        "FAILED pyproject.toml::UserExecutionEngine-TL101-second-implementation" in original.stdout
    )
    assert "Traceback" not in original.stdout
    root = form("repaired")
    _fix(root)
    repaired = _python(root, *options, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert repaired.returncode == 0, repaired.stdout
    assert " passed" in repaired.stdout
    assert "failed" not in repaired.stdout


def test_pytest_explains_a_mistaken_configuration(form: Form) -> None:
    root = form("original")
    (root / "pyproject.toml").write_text("[tool.trunkline.audit]\nselect = 3\n")
    options = ("-p", "trunkline.testing.plugin", "-p", "no:cacheprovider", "--trunkline-audit")
    done = _python(root, "-m", "pytest", *options, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert done.returncode == 4
    assert "pyproject.toml:2: tool.trunkline.audit.select: must be a list" in done.stderr


def test_pytest_takes_the_baseline_into_account_unless_told_otherwise(form: Form) -> None:
    root = form("original")
    done = CliRunner().invoke(audit, ["--root", str(root), "--write-baseline"])
    assert done.exit_code == 0, done.output
    options = ("-m", "pytest", "-p", "trunkline.testing.plugin", "-p", "no:cacheprovider",
               "--trunkline-audit", "-q", "-k", "TL or exists")  # fmt: skip
    plain = _python(root, *options, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert plain.returncode == 0, plain.stdout
    every = _python(
        root, *options, "--trunkline-audit-no-baseline", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"
    )
    assert every.returncode == 1
    assert "TL101" in every.stdout
    (root / "trunkline-baseline.json").write_text("[]")
    refused = _python(root, *options, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert refused.returncode == 4
    assert refused.stderr.startswith("ERROR: --trunkline-audit: ")
    assert "trunkline-baseline.json is no baseline: it is no table" in refused.stderr


def test_the_plugin_reads_no_audit_unless_asked(tmp_path: Path) -> None:
    code = (
        "import sys, trunkline.testing.plugin\n"
        "assert not any(name.startswith('trunkline.audit') for name in sys.modules)\n"
    )
    done = _python(tmp_path, "-c", code)
    assert done.returncode == 0, done.stderr
