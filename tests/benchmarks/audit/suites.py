"""Rules about patches over real test suites: how many targets each has, and what is found.

``python -m tests.benchmarks.audit.suites [FOLDER]`` fetches the source distributions of
``suites.toml`` with pip, unless they are in the folder already, unpacks them and audits each,
tests and sources in one tree, by the default rules without configuration. pip asks a package's own
build for its name, which runs code of it; the audit imports nothing.
"""

import argparse
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections import Counter
from pathlib import Path
from typing import Final

from tests.benchmarks.audit.packages import counts_of, show
from trunkline.audit.config import AuditConfig, default_sources
from trunkline.audit.engine import Result, run_audit
from trunkline.audit.patches import patch_targets
from trunkline.audit.registry import select_rules

LIST: Final = Path(__file__).with_suffix(".toml")


def fetch(name: str, version: str, folder: Path) -> Path:
    """Return the folder of a package's unpacked source distribution.

    Raises:
        subprocess.CalledProcessError: pip cannot get it.
    """
    at = folder / "sources" / f"{name}-{version}"
    if not any(at.glob("*.tar.gz")):
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
             "--no-binary", ":all:", "--dest", str(at), f"{name}=={version}"],
            check=True,
        )  # fmt: skip
    with tarfile.open(next(at.glob("*.tar.gz"))) as archive:
        archive.extractall(at, filter="data")
    return next(path for path in at.iterdir() if path.is_dir())


def judge(folder: Path) -> Result:
    """Audit sources and tests in one tree by the default rules, without configuration."""
    root = str(folder)
    sources = ("lib", "") if (folder / "lib" / "ansible").is_dir() else default_sources(root)
    config = AuditConfig(root=root, sources=sources)
    return run_audit(config, select_rules((), ()), cached=False)


def main(folder: Path) -> None:
    """Print a row for each suite, and below it what was found; the sums at the end."""
    sums: Counter[str] = Counter()
    for name, version in tomllib.loads(LIST.read_text()).items():
        result = judge(fetch(name, version, folder))
        targets = sum(
            1 for source in result.project.sources() for _ in patch_targets(result.project, source)
        )
        counts = Counter(finding.code for finding in result.findings)
        sums.update(counts)
        sums.update(files=result.files, targets=targets)
        print(
            f"{name:40} {version:9} {result.files:5} files {targets:6} targets {counts_of(counts)}"
        )
        show(result)
    print(f"all: {counts_of(sums)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, nargs="?")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        main(given.folder.resolve() if given.folder is not None else Path(temporary))
