"""The baseline: old findings that stand for now. It only ever shrinks."""

# Paths stay texts: pathlib is slow over thousands of files, and slow to import.
# ruff: noqa: PTH110, PTH118, PTH123

import json
import os
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from typing import Any, Final, NamedTuple, Self

from trunkline.audit.config import AuditConfig
from trunkline.audit.findings import Finding, is_within
from trunkline.audit.problems import CheckerError, UsageError
from trunkline.audit.replacing import replace_file
from trunkline.audit.rule import Rule
from trunkline.audit.sources import SourceLines

VERSION: Final = 1
_KEYS: Final = ("fingerprint", "code", "path", "message", "count", "subject")


class Entry(NamedTuple):
    """Findings of one fingerprint that a baseline lets by.

    Attributes:
        fingerprint: What identifies them.
        code: Code of their rule.
        path: Their file.
        message: Their message, for a person who reads the baseline.
        number: How many there may be.
        subject: The canonical type that they are about; empty where they are about none, or the
            baseline is of a version that did not keep it.
    """

    fingerprint: str
    code: str
    path: str
    message: str
    number: int
    subject: str = ""


class Judged(NamedTuple):
    """What a run has looked at: only there a finding that is not reported is gone.

    Attributes:
        codes: Codes of the rules that ran.
        unjudged: Those of them that had nothing to judge by, as nothing is configured for them.
        subjects: The canonical types that are configured.
        paths: Files and folders that it reported on; empty for all.
        passed_over: Files and folders that could not be read.
    """

    codes: frozenset[str]
    unjudged: frozenset[str] = frozenset()
    subjects: frozenset[str] = frozenset()
    paths: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()

    @classmethod
    def by(
        cls,
        config: AuditConfig,
        rules: Iterable[Rule],
        errors: Iterable[CheckerError],
        paths: tuple[str, ...] = (),
    ) -> Self:
        """Return what a run has looked at: its configuration, rules, errors and paths."""
        chosen = tuple(rules)
        return cls(
            frozenset(rule.code for rule in chosen),
            frozenset(
                rule.code
                for rule in chosen
                if rule.judges_by and not any(getattr(config, name) for name in rule.judges_by)
            ),
            frozenset(str(item.type) for item in config.canonical),
            paths,
            tuple(error.path for error in errors),
        )

    def covers(self, entry: Entry) -> bool:
        """Tell whether the run would have reported the findings of an entry."""
        return (
            entry.code in self.codes
            and self.configures(entry)
            and (not self.paths or is_within(entry.path, self.paths))
            and not is_within(entry.path, self.passed_over)
        )

    def configures(self, entry: Entry) -> bool:
        """Tell whether the configuration still names what an entry is about."""
        return entry.code not in self.unjudged and (
            not entry.subject or entry.subject in self.subjects
        )


class Compared(NamedTuple):
    """Findings held against a baseline.

    Attributes:
        new: Findings that the baseline does not know.
        known: Findings that it lets by.
        gone: How many of its entries no finding matches any more, of those that were judged.
        before: How many findings of each rule it holds, of those that were judged.
    """

    new: tuple[Finding, ...]
    known: tuple[Finding, ...]
    gone: int
    before: dict[str, int]


def baseline_path(config: AuditConfig, options: Mapping[str, Any]) -> str:
    """Return the path of the baseline that the command's options or the configuration name."""
    return options["baseline"] or os.path.join(config.root, config.baseline)


def load_baseline(path: str) -> tuple[Entry, ...]:
    """Read a baseline.

    Args:
        path: Its path.

    Raises:
        UsageError: It is missing or no baseline.
    """
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        if not isinstance(document, dict):
            raise TypeError("it is no table")
        if document["version"] != VERSION:
            raise UsageError(
                f"{path} is a baseline of version {document['version']}",
                "delete it, and write one with --write-baseline",
            )
        rows = document["findings"]
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise TypeError("its findings are no list of tables")
        return tuple(
            Entry(
                str(row["fingerprint"]), str(row["code"]), str(row["path"]), str(row["message"]),
                int(row["count"]), str(row.get("subject", "")),
            )
            for row in rows
        )  # fmt: skip
    except FileNotFoundError:
        raise UsageError(
            f"there is no baseline {path}", "write one with --write-baseline"
        ) from None
    except OSError as error:
        raise UsageError(
            f"the baseline {path} cannot be read: {(error.strerror or str(error)).lower()}",
            "name another, or mend it",
        ) from error
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise UsageError(
            f"{path} is no baseline: {reason}", "delete it, and write one with --write-baseline"
        ) from error


def compare(
    entries: Iterable[Entry], findings: Iterable[Finding], lines: SourceLines, judged: Judged
) -> Compared:
    """Part findings into new ones and those that the baseline lets by.

    Args:
        entries: The baseline.
        findings: What a run found.
        lines: The source lines.
        judged: What it looked at.
    """
    left: Counter[str] = Counter()
    before: Counter[str] = Counter()
    for entry in entries:
        if judged.covers(entry):
            left[entry.fingerprint] += entry.number
            before[entry.code] += entry.number
    new: list[Finding] = []
    known: list[Finding] = []
    for finding in findings:
        fingerprint = finding.fingerprint(lines.line(finding.path, finding.line))
        if left[fingerprint] > 0:
            left[fingerprint] -= 1
            known.append(finding)
        else:
            new.append(finding)
    return Compared(tuple(new), tuple(known), left.total(), dict(before))


def follow_rewrites(
    path: str,
    findings: Iterable[Finding],
    lines: SourceLines,
    judged: Judged,
    rewritten: Container[str],
) -> int:
    """Let a baseline know what it knew in files that were rewritten, on their lines as they are.

    An entry that no finding matches any more goes over to one of the same rule and message in the
    file. It grows by none.

    Args:
        path: The baseline.
        findings: What stands now.
        lines: The source lines.
        judged: What the run looked at.
        rewritten: The files.

    Returns:
        How many findings went over.
    """
    entries = {entry.fingerprint: entry for entry in load_baseline(path)}
    left = Counter({e.fingerprint: e.number for e in entries.values() if judged.covers(e)})
    strange: list[tuple[str, Finding]] = []
    for finding in findings:
        fingerprint = finding.fingerprint(lines.line(finding.path, finding.line))
        if left[fingerprint] > 0:
            left[fingerprint] -= 1
        elif finding.path in rewritten:
            strange.append((fingerprint, finding))
    moved = 0
    for fingerprint, finding in strange:
        alike = (finding.code, finding.path, finding.message)
        known = next(
            (e for e in entries.values() if left[e.fingerprint] > 0 and e[1:4] == alike), None
        )
        if known is None:
            continue
        moved += 1
        left[known.fingerprint] -= 1
        entries[known.fingerprint] = known._replace(number=known.number - 1)
        there = entries.get(fingerprint)
        number = there.number + 1 if there is not None else 1
        entries[fingerprint] = known._replace(fingerprint=fingerprint, number=number)
    if moved:
        _write(path, (entry for entry in entries.values() if entry.number))
    return moved


class Written(NamedTuple):
    """What a baseline holds that was written.

    Attributes:
        findings: How many of the run's findings.
        unconfigured: Entries that stay, though the configuration names no more what they are about.
    """

    findings: int
    unconfigured: tuple[Entry, ...]


def write_baseline(
    path: str, findings: Iterable[Finding], lines: SourceLines, judged: Judged
) -> Written:
    """Write a baseline of findings; over an older one, only what that held already stays.

    Entries that the run did not look at, of other rules or files or of what is not configured, stay
    as they are.

    Args:
        path: Where to write it.
        findings: What stands now.
        lines: The source lines.
        judged: What the run looked at.

    Raises:
        UsageError: The older file is no baseline, or it cannot be written.
    """
    kept = tuple(findings)
    entries: dict[str, Entry] = {}
    if os.path.exists(path):
        older = load_baseline(path)
        kept = compare(older, kept, lines, judged).known
        entries = {entry.fingerprint: entry for entry in older if not judged.covers(entry)}
    unconfigured = tuple(entry for entry in entries.values() if not judged.configures(entry))
    for finding in kept:
        fingerprint = finding.fingerprint(lines.line(finding.path, finding.line))
        number = entries[fingerprint].number + 1 if fingerprint in entries else 1
        entries[fingerprint] = Entry(
            fingerprint, finding.code, finding.path, finding.message, number, finding.subject
        )
    _write(path, entries.values())
    return Written(len(kept), unconfigured)


def _write(path: str, entries: Iterable[Entry]) -> None:
    """Write a baseline, atomically; one that is the same already is left as it is.

    Its time of change would set off those who watch the file.
    """
    ordered = sorted(entries, key=lambda entry: (entry.path, entry.code, entry))
    rows = [dict(zip(_KEYS, entry, strict=True)) for entry in ordered]
    document = json.dumps({"version": VERSION, "findings": rows}, indent=1, ensure_ascii=False)
    text = f"{document}\n"
    try:
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                if file.read() == text:
                    return
        replace_file(path, text.encode())
    except OSError as error:
        raise UsageError(
            f"the baseline {path} cannot be written: {(error.strerror or str(error)).lower()}",
            "name a file in a folder that can be written to",
        ) from error
