"""What users write passes mypy in its strict mode, and pyright; what is wrong is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
CASES = Path(__file__).parent / "cases"


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=PROJECT, capture_output=True, text=True, check=False
    )


def test_mypy_agrees_with_every_claim() -> None:
    result = run("mypy", "--strict", "--warn-unused-ignores", str(CASES))
    assert result.returncode == 0, result.stdout


def test_pyright_agrees_with_every_claim(tmp_path: Path) -> None:
    pytest.importorskip("pyright")
    cases = [str(case) for case in CASES.glob("*.py") if "misuse" not in case.name]
    result = run("pyright", "--project", str(PROJECT), *cases)
    assert result.returncode == 0, result.stdout + result.stderr
