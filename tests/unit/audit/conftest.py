"""A tree in a temporary folder, and its audit."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trunkline.audit.config_reader import load_config
from trunkline.audit.engine import Result, run_audit
from trunkline.audit.registry import select_rules

Audit = Callable[..., Result]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[dict[str, str | bytes]], Path]:
    """Write files, given by path, into the test's folder."""

    def write_files(files: dict[str, str | bytes]) -> Path:
        for path, content in files.items():
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path

    return write_files


@pytest.fixture
def run(tmp_path: Path) -> Audit:
    """Audit the test's folder with selected rules."""

    def run_rules(*select: str, cached: bool = False, **options: object) -> Result:
        config = load_config(str(tmp_path))
        return run_audit(config, select_rules(select, ()), cached=cached, **options)  # type: ignore[arg-type] # keywords of run_audit

    return run_rules


@pytest.fixture
def quick_switches() -> Iterator[None]:
    """Let threads take turns a thousand times as often."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(interval / 1000)
    yield
    sys.setswitchinterval(interval)
