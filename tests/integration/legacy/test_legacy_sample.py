"""The sample legacy application works unchanged once its old modules are redirects."""

from __future__ import annotations

import filecmp
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.legacy_application.trees import HERE, write_tree

FORMS = ("original", "redirected")


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("legacy")
    return {form: write_tree(form, folder / form) for form in FORMS}


def run(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "COVERAGE_PROCESS_START": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def test_both_forms_say_the_same_to_every_user(trees: dict[str, Path]) -> None:
    said = {}
    for form in FORMS:
        done = run(trees[form], "-W", "ignore", "-m", "acme", "ann", "bob", "cid")
        assert done.returncode == 0, done.stderr
        said[form] = json.loads(done.stdout)
    assert said["original"] == said["redirected"]
    assert list(said["redirected"]) == ["ann", "bob", "cid"]
    for user, services in said["redirected"].items():
        assert len(services) == 16
        assert all(answer.startswith(f"{user}: ") for answer in services.values())


@pytest.mark.parametrize("form", FORMS)
def test_its_own_tests_pass_in_both_forms(trees: dict[str, Path], form: str) -> None:
    plain = ("-p", "no:cacheprovider", "-p", "no:asyncio", "-c", os.devnull)
    done = run(trees[form], "-m", "pytest", "-q", *plain, "--rootdir=.", "acme_tests")
    assert done.returncode == 0, done.stdout
    assert "12 passed" in done.stdout


def test_no_service_and_no_test_differs(trees: dict[str, Path]) -> None:
    """Only old modules, the start and what is new are different."""
    changed = {
        path.relative_to(HERE / "redirects").as_posix()
        for path in (HERE / "redirects").rglob("*.py")
        if "__pycache__" not in path.parts
    }
    assert not any("services" in name or "api" in name or "tests" in name for name in changed)
    for path in sorted(trees["original"].rglob("*.py")):
        name = path.relative_to(trees["original"]).as_posix()
        if name not in changed and not name.startswith("acme/helpers/"):
            assert filecmp.cmp(path, trees["redirected"] / name, shallow=False), name


def test_every_old_call_site_is_counted(trees: dict[str, Path]) -> None:
    program = """
import json, warnings
warnings.simplefilter("ignore")
from acme.startup import run
from acme.api.batch import serve
run(lambda: serve(["ann", "bob"]))
from trunkline.legacy import usage
print(json.dumps([[use.file, use.line, use.name, use.count] for use in usage().uses()]))
"""
    done = run(trees["redirected"], "-c", program)
    assert done.returncode == 0, done.stderr
    uses = json.loads(done.stdout)
    files = {Path(file).name for file, *_ in uses}
    services = {path.name for path in (trees["original"] / "acme/services").glob("*.py")}
    assert services - {"__init__.py"} <= files
    # `titles` calls nothing old: its imports are its uses, once a process
    assert {count for file, _, _, count in uses if Path(file).name == "chat.py"} == {2}
    names = {name for _, _, name, _ in uses}
    assert "acme.engines.execution_engine.ExecutionEngine" in names
    assert "acme.factories.engine_factory.get_execution_engine_factory().create_for_user" in names
    assert "acme.config.read_settings" in names
    assert "acme.helpers.text.title" in names
