"""The baseline: old findings that stand for now. It only ever shrinks."""

# Paths stay texts: pathlib is slow over thousands of files, and slow to import.
# ruff: noqa: PTH105, PTH110, PTH123

import json
import os
from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from trunkline.audit.findings import Finding
from trunkline.audit.problems import UsageError
from trunkline.audit.sources import SourceLines

VERSION: Final = 1


class Baseline(NamedTuple):
    """Findings that are let by.

    Attributes:
        counts: How often each fingerprint may occur.
        rules: How many findings of each rule it holds.
    """

    counts: dict[str, int]
    rules: dict[str, int]


class Compared(NamedTuple):
    """Findings held against a baseline.

    Attributes:
        new: Findings that the baseline does not know.
        known: Findings that it lets by.
        gone: How many of its entries no finding matches any more.
    """

    new: tuple[Finding, ...]
    known: tuple[Finding, ...]
    gone: int


def load_baseline(path: str) -> Baseline:
    """Read a baseline.

    Args:
        path: Its path.

    Raises:
        UsageError: It is missing or no baseline.
    """
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        rows = document["findings"]
        if document["version"] != VERSION:
            raise UsageError(
                f"{path} is a baseline of version {document['version']}",
                "write it anew with --write-baseline",
            )
        counts = {str(row["fingerprint"]): int(row.get("count", 1)) for row in rows}
        rules = Counter[str]()
        for row in rows:
            rules[str(row["code"])] += int(row.get("count", 1))
    except FileNotFoundError:
        raise UsageError(
            f"there is no baseline {path}", "write one with --write-baseline"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{path} is no baseline: {error}", "write it anew with --write-baseline"
        ) from error
    return Baseline(counts, dict(rules))


def compare(baseline: Baseline, findings: Iterable[Finding], lines: SourceLines) -> Compared:
    """Part findings into new ones and those that the baseline lets by."""
    left = Counter(baseline.counts)
    new: list[Finding] = []
    known: list[Finding] = []
    for finding in findings:
        fingerprint = finding.fingerprint(lines.line(finding.path, finding.line))
        if left[fingerprint] > 0:
            left[fingerprint] -= 1
            known.append(finding)
        else:
            new.append(finding)
    return Compared(tuple(new), tuple(known), sum(left.values()))


def write_baseline(path: str, findings: Iterable[Finding], lines: SourceLines) -> int:
    """Write a baseline of findings; over an older one, only what that held already stays.

    Args:
        path: Where to write it.
        findings: What stands now.
        lines: The source lines.

    Returns:
        How many findings it holds now.

    Raises:
        UsageError: The older file is no baseline.
    """
    kept = tuple(findings)
    if os.path.exists(path):
        kept = compare(load_baseline(path), kept, lines).known
    rows: dict[str, dict[str, object]] = {}
    counts = Counter[str]()
    for finding in kept:
        fingerprint = finding.fingerprint(lines.line(finding.path, finding.line))
        counts[fingerprint] += 1
        rows[fingerprint] = {
            "fingerprint": fingerprint,
            "code": finding.code,
            "path": finding.path,
            "message": finding.message,
            "count": counts[fingerprint],
        }
    ordered = sorted(
        rows.values(), key=lambda row: (str(row["path"]), str(row["code"]), str(row["fingerprint"]))
    )
    temporary = f"{path}.{os.getpid()}.tmp"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump({"version": VERSION, "findings": ordered}, file, indent=1, ensure_ascii=False)
        file.write("\n")
    os.replace(temporary, path)
    return len(kept)
