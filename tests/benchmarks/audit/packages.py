"""Rules over real packages: how many files each has, and what is found.

``python -m tests.benchmarks.audit.packages [FOLDER]`` fetches the wheels with pip, unless they are
in the folder already, unpacks each into a folder of its own and audits it twice: by the default
rules without configuration, and by every rule with the canonical types of ``packages.toml``.
Nothing is imported. ``--configured`` prints each finding of the second run as well, and
``--sample TL201=40`` that many of one rule for each package, drawn with a fixed seed, with their
lines: what a person is to check by hand.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections import Counter
from pathlib import Path
from typing import Final

from trunkline.audit.config import AuditConfig
from trunkline.audit.config_reader import read_config
from trunkline.audit.engine import Result, run_audit
from trunkline.audit.registry import select_rules
from trunkline.audit.source.encoding import source_lines

LIST: Final = Path(__file__).with_suffix(".toml")
SEED: Final = 2026
"""Draws the same sample of the same findings again."""


def fetch(name: str, version: str, folder: Path) -> Path:
    """Return the folder of a package's unpacked wheel.

    Raises:
        subprocess.CalledProcessError: pip cannot get the wheel.
    """
    target = folder / f"{name}-{version}"
    wheels = folder / "wheels" / target.name
    if not any(wheels.glob("*.whl")):
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
             "--only-binary", ":all:", "--dest", str(wheels), f"{name}=={version}"],
            check=True,
        )  # fmt: skip
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(target)
    return target


def judge(folder: Path) -> Result:
    """Audit one unpacked wheel by the default rules, without configuration."""
    return run_audit(AuditConfig(root=str(folder)), select_rules((), ()), cached=False)


def judge_configured(folder: Path, canonical: list[dict[str, object]]) -> Result:
    """Audit one unpacked wheel by every rule, with canonical types.

    Args:
        folder: The unpacked wheel.
        canonical: Tables as ``pyproject.toml`` has them.
    """
    rows: list[str] = []
    for table in canonical:
        rows.append("[[tool.trunkline.canonical]]")
        # A text, or a list of texts: both are written alike in Python and in TOML.
        rows.extend(f"{key} = {value!r}" for key, value in table.items())
    text = "\n".join(rows)
    config = read_config(text.encode(), "packages.toml", AuditConfig(root=str(folder)))
    return run_audit(config, select_rules(("ALL",), ()), cached=False)


def show(result: Result) -> None:
    """Print each finding of an audit."""
    for finding in result.findings:
        print(f"    {finding.path}:{finding.line}: {finding.code} {finding.message}")


def _show_sample(result: Result, folder: Path, code: str, most: int) -> None:
    """Print some findings of a rule, each with its cause and its line."""
    found = [finding for finding in result.findings if finding.code == code]
    if not found:
        return
    drawn = sorted(random.Random(SEED).sample(found, min(most, len(found))))  # no secret
    print(f"    sample of {code}: {len(drawn)} of {len(found)}, seed {SEED}")
    for finding in drawn:
        lines = source_lines((folder / finding.path).read_bytes())
        print(f"    {finding.path}:{finding.line}: {finding.message} ({finding.cause})")
        print(f"        {lines[finding.line - 1].strip()}")


def main(folder: Path, *, configured: bool, samples: dict[str, int]) -> None:
    """Print two rows for each package, and below them what was found; the sums at the end."""
    sums: Counter[str] = Counter()
    for name, entry in tomllib.loads(LIST.read_text()).items():
        unpacked = fetch(name, entry["version"], folder)
        result = judge(unpacked)
        print(
            f"{name:24} {entry['version']:12} {result.files:5} files "
            f"{len(result.findings):3} findings"
        )
        show(result)
        if "canonical" not in entry:
            continue
        result = judge_configured(unpacked, entry["canonical"])
        counts = Counter(finding.code for finding in result.findings)
        sums.update(counts)
        print(f"    configured: {counts_of(counts)}")
        if configured:
            show(result)
        for code, most in samples.items():
            _show_sample(result, unpacked, code, most)
    print(f"all, configured: {counts_of(sums)}")


def counts_of(counts: Counter[str]) -> str:
    """Return counts in words, by their names."""
    return ", ".join(f"{code} {counts[code]}" for code in sorted(counts)) or "nothing"


def _sample(text: str) -> tuple[str, int]:
    code, _, most = text.partition("=")
    return code, int(most)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--configured", action="store_true")
    parser.add_argument("--sample", type=_sample, action="append", default=[])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        main(
            given.folder.resolve() if given.folder is not None else Path(temporary),
            configured=given.configured,
            samples=dict(given.sample),
        )
