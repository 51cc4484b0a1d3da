"""Every planted violation is found and nothing else: cold, warm and from parts of files."""

import stat
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.benchmarks.audit.tree import Tree, write_tree
from trunkline.audit.config_reader import load_config
from trunkline.audit.engine import Result, run_audit
from trunkline.audit.findings import Finding
from trunkline.audit.registry import all_rules, rule_files, select_rules

FILES = 220


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """A tree of which every kind of violation stands in twice."""
    return write_tree(tmp_path_factory.mktemp("tree"), files=FILES, lines=9_000, repeat=2)


def _audit(tree: Tree, *select: str, cached: bool = False) -> Result:
    return run_audit(load_config(str(tree.root)), select_rules(select, ()), cached=cached)


def _places(findings: Iterable[Finding]) -> set[tuple[str, str, int]]:
    return {(finding.code, finding.path, finding.line) for finding in findings}


def test_precision_and_recall_are_one(tree: Tree) -> None:
    result = _audit(tree)
    assert _places(result.findings) == set(tree.planted)
    assert not result.errors


def test_every_default_rule_is_planted(tree: Tree) -> None:
    unplanted = {"TL003", "TL106"}  # about the configuration; only when selected
    assert {item.code for item in tree.planted} == set(rule_files()) - unplanted


def test_fast_rules_find_the_same_from_parts_of_files(tree: Tree) -> None:
    """Reading only the blocks that matter changes no finding."""
    result = _audit(tree, "canonical")
    codes = {rule.code for rule in result.rules}
    assert _places(result.findings) == {item for item in tree.planted if item.code in codes}


def test_a_warm_run_reads_nothing_and_finds_the_same(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Files that were written this very moment may change again unseen, and are read again.
    monkeypatch.setattr("trunkline.audit.source.tree._TICK_NANOSECONDS", 0)
    cold = _audit(tree, cached=True)
    warm = _audit(tree, cached=True)
    assert cold.findings == warm.findings
    assert (cold.read > 0, warm.read) == (True, 0)
    assert (tree.root / ".trunkline" / ".gitignore").read_text() == "*\n"


def test_concurrent_runs_share_a_cache_safely(tree: Tree) -> None:
    found: list[set[tuple[str, str, int]]] = []
    threads = [
        threading.Thread(target=lambda: found.append(_places(_audit(tree, cached=True).findings)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [set(tree.planted)] * 4


def test_a_damaged_cache_is_as_good_as_none(tree: Tree) -> None:
    _audit(tree, cached=True)
    for path in (tree.root / ".trunkline" / "cache").glob("*.bin"):
        path.write_bytes(path.read_bytes()[:-7])
    assert _places(_audit(tree, cached=True).findings) == set(tree.planted)


def test_a_cache_that_somebody_else_made_is_not_read(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes with a tree from anywhere, and what it unpacks to could break the interpreter."""
    monkeypatch.setattr("trunkline.audit.source.tree._TICK_NANOSECONDS", 0)
    _audit(tree, cached=True)
    assert _audit(tree, cached=True).read == 0
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "of another user"))
    assert _audit(tree, cached=True).read > 0
    assert _audit(tree, cached=True).read == 0
    key = tmp_path / "of another user" / "trunkline" / "audit.key"
    assert stat.filemode(key.stat().st_mode) == "-rw-------"
    assert [path.name for path in key.parent.iterdir()] == ["audit.key"]


def test_where_no_key_can_be_kept_nothing_is(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    for _ in range(2):
        result = _audit(tree, cached=True)
        assert result.read > 0
        assert _places(result.findings) == set(tree.planted)


def test_no_cache_is_kept_where_a_link_leads_out_of_the_tree(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    root = tmp_path / "root"
    (root / ".trunkline").mkdir(parents=True)
    (root / ".trunkline" / "cache").symlink_to(tmp_path / "elsewhere")
    (root / "app.py").write_text("x = 1\n")
    run_audit(load_config(str(root)), all_rules())
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_changed_file_is_read_again(tree: Tree) -> None:
    _audit(tree, cached=True)
    path = tree.root / "app" / "planted" / "direct_0.py"
    text = path.read_text()
    path.write_text(text.replace("UserExecutionEngine(context)", "UserExecutionEngine_(context)"))
    try:
        gone = {
            item
            for item in _places(_audit(tree, cached=True).findings)
            if item[1].endswith("/direct_0.py")
        }
    finally:
        path.write_text(text)
    assert not any(code == "TL201" for code, _, _ in gone)


def test_facts_are_not_kept_for_another_configuration(tmp_path: Path) -> None:
    """The name of a module, and what matters in it, depend on the configuration."""
    for path, text in {
        "lib/app/__init__.py": "",
        "lib/app/views.py": "from . import gone\n",
        "lib/app/helper.py": "from unittest import mock\n\nvalue = mock.Mock()\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    def audited(table: str) -> set[tuple[str, str]]:
        (tmp_path / "pyproject.toml").write_text(f"[tool.trunkline.audit]\n{table}\n")
        rules = select_rules(("TL401", "TL506"), ())
        result = run_audit(load_config(str(tmp_path)), rules, cached=True)
        return {(finding.code, finding.message) for finding in result.findings}

    mock = ("TL506", "production code imports unittest.mock")
    assert audited('source = ["."]') == {("TL401", "lib.app has no gone"), mock}
    assert audited('source = ["lib"]') == {("TL401", "app has no gone"), mock}
    assert audited('source = ["lib"]\ntests = ["lib/**"]') == {("TL401", "app has no gone")}


def test_nothing_of_the_tree_is_imported(tmp_path: Path) -> None:
    (tmp_path / "trap.py").write_text("raise SystemExit('imported')\n")
    (tmp_path / "user.py").write_text("import trap\nfrom trap import nothing\n")
    config = load_config(str(tmp_path))
    result = run_audit(config, select_rules((), ()), cached=False)
    assert [finding.code for finding in result.findings] == ["TL401"]
