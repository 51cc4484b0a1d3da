"""The architecture holds itself: contracts are kept, and what they don't place yet is refused."""

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip(
    "importlinter", reason="import-linter is a tool of the checks, absent with the lowest versions"
)

PROJECT = Path(__file__).parents[2]
IMPORTED = ("src/trunkline", "src/trunkline_runtime", "containers")


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources and the contracts."""
    folder = tmp_path_factory.mktemp("pristine")
    for name in IMPORTED:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / name, folder / name, ignore=ignored)
    shutil.copy(PROJECT / ".importlinter", folder)
    return folder


@pytest.fixture
def copy(pristine: Path, tmp_path: Path) -> Path:
    """A copy of the copy, for one test to spoil."""
    return Path(shutil.copytree(pristine, tmp_path / "project"))


def lint(folder: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    chosen = [option for name in contracts for option in ("--contract", name)]
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache", "--no-logo", *chosen],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{folder}/src{os.pathsep}{folder}", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_all_contracts_are_kept(pristine: Path) -> None:
    result = lint(pristine)
    assert result.returncode == 0, result.stdout
    assert "0 broken" in result.stdout


@pytest.mark.parametrize(
    ("contract", "module"),
    [
        ("trunkline-layers", "src/trunkline/novel/__init__.py"),
        ("trunkline-layers", "src/trunkline/novel.py"),
        ("graph-layers", "src/trunkline/graph/novel.py"),
        ("export-layers", "src/trunkline/graph/exports/novel.py"),
        ("validation-layers", "src/trunkline/validation/novel.py"),
        ("cli-layers", "src/trunkline/cli/novel.py"),
        ("runtime-layers", "src/trunkline_runtime/novel/__init__.py"),
    ],
)
def test_a_new_module_fails_until_it_is_placed(copy: Path, contract: str, module: str) -> None:
    (copy / module).parent.mkdir(exist_ok=True)
    (copy / module).write_text("", encoding="utf-8")
    refused = lint(copy, contract)
    assert refused.returncode == 1
    assert "novel" in refused.stdout
    contracts = configparser.ConfigParser()
    contracts.read(copy / ".importlinter")
    layers = contracts[f"importlinter:contract:{contract}"]
    layers["layers"] = f"{layers['layers']}\nnovel"
    with (copy / ".importlinter").open("w") as file:
        contracts.write(file)
    placed = lint(copy, contract)
    assert placed.returncode == 0, placed.stdout


@pytest.mark.parametrize(
    ("contract", "module", "imported"),
    [
        ("trunkline-layers", "src/trunkline/scopes.py", "trunkline.graph.model"),
        ("trunkline-layers", "src/trunkline/graph/model.py", "trunkline.validation.findings"),
        ("runtime-layers", "src/trunkline_runtime/errors/__init__.py", "trunkline_runtime.context"),
        ("acyclic", "src/trunkline/audit/config.py", "trunkline.audit.config_reader"),
        ("acyclic", "src/trunkline_runtime/engine/slots.py", "trunkline_runtime.engine.engine"),
        ("strangers", "src/trunkline/scopes.py", "trunkline_runtime.errors"),
        ("strangers", "src/trunkline_runtime/errors/__init__.py", "trunkline.scopes"),
        ("composition-root", "src/trunkline/scopes.py", "containers"),
        ("composition-root", "src/trunkline_runtime/errors/__init__.py", "containers"),
        ("without-dependency-injector", "src/trunkline/graph/model.py", "dependency_injector"),
        ("without-dependency-injector", "src/trunkline/audit/config.py", "dependency_injector"),
        (
            "without-dependency-injector",
            "src/trunkline/validation/places.py",
            "trunkline.providers",
        ),
    ],
)
def test_an_import_against_the_contract_is_refused(
    copy: Path, contract: str, module: str, imported: str
) -> None:
    with (copy / module).open("a", encoding="utf-8") as file:
        file.write(f"\nimport {imported}\n")
    assert lint(copy, contract).returncode == 1


@pytest.mark.parametrize("package", IMPORTED)
def test_every_folder_of_modules_is_a_package(package: str) -> None:
    """A folder without ``__init__.py`` would be invisible to the contracts."""
    folders = {module.parent for module in (PROJECT / package).rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []
