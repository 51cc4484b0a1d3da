"""Lets atheris look for bytes that the auditor fails on: ``python -m tests.fuzz TARGET``.

Arguments after the target are libFuzzer's: ``-max_total_time=60``, a file that failed.
"""

import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-not-found] # installed by `make fuzz` alone

with atheris.instrument_imports(include=["trunkline.audit"]):
    from tests.fuzz.targets import TARGETS, seeds


def main() -> None:
    """Fuzz the target that the command line names."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"name a target: {', '.join(TARGETS)}")
    name = sys.argv.pop(1)
    with tempfile.TemporaryDirectory(prefix="trunkline-fuzz-") as corpus:
        for number, seed in enumerate(seeds()[name]):
            (Path(corpus) / f"seed{number}").write_bytes(seed)
        atheris.Setup([*sys.argv, corpus], TARGETS[name])
        atheris.Fuzz()


main()
