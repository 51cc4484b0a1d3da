"""Findings in the order a person should read them: root causes first, what they break beneath."""

from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from trunkline.audit.findings import GROUPS, Finding, Suppressed, Undecided
from trunkline.audit.problems import CheckerError
from trunkline.audit.rule import Rule
from trunkline.audit.sources import SourceLines

_PHASES: Final = (
    ("Make every module importable", (4, 0), ("TL305", "TL105")),
    ("Leave one definition and clean redirects", (1, 3), ()),
    ("Lead every import and call through it", (2, 5), ()),
    ("Separate the users", (6,), ()),
    ("Mend the containers and the layers", (7, 8), ()),
)
_OTHER_PATH: Final = "TL202"
_MANY: Final = 20
"""So many findings by one path are no accident, but how the project is meant to be imported."""


class Phase(NamedTuple):
    """One phase of repair.

    Attributes:
        title: What is done in it.
        codes: Rules that it turns green.
        mends: How many findings it mends.
        remaining: How many are left after it.
    """

    title: str
    codes: tuple[str, ...]
    mends: int
    remaining: int


class Cause(NamedTuple):
    """A finding with those that it causes.

    Attributes:
        finding: The finding itself.
        consequences: Findings that mending it mends.
    """

    finding: Finding
    consequences: tuple[Finding, ...]

    @property
    def broken(self) -> tuple[str, ...]:
        """The files in which they stand, each once."""
        return tuple(dict.fromkeys(finding.path for finding in self.consequences))


class RuleRow(NamedTuple):
    """What a rule has found.

    Attributes:
        code: Its code.
        summary: What it finds.
        before: How many findings the baseline holds; None without one.
        now: How many there are now, those that the baseline lets by among them.
    """

    code: str
    summary: str
    before: int | None
    now: int


class Subject(NamedTuple):
    """How a canonical type stands.

    Attributes:
        name: Its name.
        findings: How many findings about it stand.
        state: ``open``, ``baseline`` where all are let by, ``clean``.
    """

    name: str
    findings: int
    state: str


class Report(NamedTuple):
    """Everything a report may show.

    Attributes:
        findings: What stands.
        known: What the baseline lets by.
        suppressed: What suppressions let by.
        errors: Files that were passed over.
        undecided: What could not be decided.
        rules: The rules that ran.
        subjects: The canonical types.
        files: How many files were audited.
        lines: Source lines.
        before: Findings of each rule in the baseline; None without one.
        gone: How many findings of the baseline are mended.
        trend: Findings in earlier commits, oldest first: (label, count); empty without history.
        baseline: The file of the baseline; empty without one.
        prefix: Path of the project's folder in its repository, with a ``/`` at its end; empty where
            that is the repository's root, or is not known.
    """

    findings: tuple[Finding, ...]
    known: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...]
    errors: tuple[CheckerError, ...]
    undecided: tuple[Undecided, ...]
    rules: tuple[Rule, ...]
    subjects: tuple[str, ...]
    files: int
    lines: SourceLines
    before: dict[str, int] | None = None
    gone: int = 0
    trend: tuple[tuple[str, int], ...] = ()
    baseline: str = ""
    prefix: str = ""

    def causes(self) -> list[Cause]:
        """Return the findings, those that break most first, then by rule, file and line."""
        by_root: dict[str, list[Finding]] = {}
        for finding in self.findings:
            if finding.root:
                by_root.setdefault(finding.root, []).append(finding)
        places = {finding.place for finding in self.findings if finding.breaks}
        causes = [
            Cause(finding, tuple(by_root.get(finding.place, ())) if finding.breaks else ())
            for finding in self.findings
            if not finding.root or finding.root not in places
        ]
        causes.sort(key=lambda cause: (-cause.finding.breaks, cause.finding.group, cause.finding))
        return causes

    def by_rule(self) -> dict[str, int]:
        """Return how many findings of each rule stand, by code."""
        return dict(sorted(Counter(finding.code for finding in self.findings).items()))

    def by_subject(self) -> dict[str, int]:
        """Return how many findings stand about each canonical type."""
        counts = Counter(finding.subject for finding in self.findings if finding.subject)
        return {subject: counts.get(subject, 0) for subject in self.subjects}

    def subject_rows(self) -> list[Subject]:
        """Return how each canonical type stands."""
        known = {finding.subject for finding in self.known}
        return [
            Subject(name, count, "open" if count else "baseline" if name in known else "clean")
            for name, count in self.by_subject().items()
        ]

    def rule_rows(self) -> list[RuleRow]:
        """Return the rules that found something, now or when the baseline was written."""
        now = Counter(finding.code for finding in (*self.findings, *self.known))
        before = self.before or {}
        return [
            RuleRow(
                code,
                self.rule(code).summary,
                None if self.before is None else before.get(code, 0),
                now[code],
            )
            for code in sorted({*now, *before})
            if now[code] or before.get(code)
        ]

    def clean_line(self) -> str:
        """Return how many of the rules that ran found nothing that stands."""
        found = self.by_rule()
        clean = sum(rule.code not in found for rule in self.rules)
        besides = " besides what the baseline knows" if self.known else ""
        return f"{plural(clean, 'rule')} of {len(self.rules)} found nothing{besides}."

    def hints(self) -> list[str]:
        """Return what one line of configuration would explain: many uses of one other path."""
        given = Counter(
            (finding.subject, finding.message.rpartition(" ")[2])
            for finding in self.findings
            if finding.code == _OTHER_PATH
        )
        found = []
        for (subject, path), count in given.most_common():
            module, _, name = path.rpartition(".")
            if count >= _MANY and name == subject.rpartition(":")[2]:
                found.append(
                    f"{count} findings of {_OTHER_PATH} come of one re-export, {path}: if it is "
                    "meant to be imported from there, one line of the configuration ends them, "
                    f'type = "{module}:{name}" in place of "{subject}"'
                )
        return found

    def rule(self, code: str) -> Rule:
        """Return the rule of a finding."""
        from trunkline.audit.registry import load_rule

        return load_rule(code)

    def phases(self) -> list[Phase]:
        """Return the phases of repair that have something to mend, in order."""
        left = list(self.findings)
        found: list[Phase] = []
        for title, groups, codes in _PHASES:
            mended = [f for f in left if f.code in codes or f.group in groups]
            left = [f for f in left if f not in set(mended)]
            if mended:
                names = tuple(sorted({finding.code for finding in mended}))
                found.append(Phase(title, names, len(mended), len(left)))
        return found


def group_title(code: str) -> str:
    """Return the title of the group of a rule."""
    return GROUPS[int(code[2])]


def place_of(item: CheckerError | Undecided) -> str:
    """Return where something is: ``path:line``, or the path alone for a whole file or folder."""
    return f"{item.path}:{item.line}" if item.line else item.path


def plural(count: int, word: str) -> str:
    """Return a count with its word: ``1 finding``, ``2 findings``."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def listed(names: Iterable[str], limit: int = 5) -> str:
    """Return names in a sentence, the rest as a count."""
    every = list(names)
    shown = ", ".join(every[:limit])
    return f"{shown} and {len(every) - limit} more" if len(every) > limit else shown
