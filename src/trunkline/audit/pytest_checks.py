"""The audit as tests, for ``pytest --trunkline-audit``: each rule for each canonical type."""

# Paths stay texts, as everywhere in the audit.
# ruff: noqa: PTH110, PTH118

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from trunkline.audit.baseline import Compared, Entry, Judged, compare, load_baseline
from trunkline.audit.config import AuditConfig
from trunkline.audit.config_reader import load_config
from trunkline.audit.engine import Result, run_audit
from trunkline.audit.findings import Finding
from trunkline.audit.registry import select_rules
from trunkline.audit.reports.outline import plural
from trunkline.audit.reports.text import draw_finding
from trunkline.audit.sources import SourceLines

_CLAIMS = {
    1: "has one implementation and one factory",
    2: "is taken from its canonical path and factory alone",
    3: "has old names that redirect and define nothing",
    4: "exists at its canonical path with everything that is used of it",
    5: "is called as its signature says",
    6: "belongs to one user",
}
_SHOWN = 20


class AuditCheck(NamedTuple):
    """One test.

    Attributes:
        name: Name of the test: ``UserExecutionEngine-TL201-direct-construction``.
        claim: What it proves.
        code: Code of the rule.
        subject: The canonical type; empty for what is about the whole tree.
    """

    name: str
    claim: str
    code: str
    subject: str


class AuditSession:
    """One audit whose findings the tests share; it runs when the first of them asks.

    Args:
        root: Folder of the project.
        baseline: False to count what the baseline lets by, too.

    Raises:
        ConfigurationError: The configuration has mistakes.
        UsageError: The baseline cannot be read.
    """

    def __init__(self, root: str, *, baseline: bool = True) -> None:
        self.config: AuditConfig = load_config(root)
        self._rules = select_rules(self.config.select, self.config.ignore)
        self._result: Result | None = None
        self._compared: Compared | None = None
        self._lines = SourceLines(self.config.root)
        path = os.path.join(self.config.root, self.config.baseline)
        self._baseline: tuple[Entry, ...] = ()
        if baseline and os.path.exists(path):
            self._baseline = load_baseline(path)

    def checks(self) -> list[AuditCheck]:
        """Return the tests: each type exists, each rule for each type, each rule for the rest."""
        found: list[AuditCheck] = []
        lasts = Counter(canonical.type.last for canonical in self.config.canonical)
        for canonical in self.config.canonical:
            subject = str(canonical.type)
            last = canonical.type.last
            if lasts[last] > 1:  # tests of one name could not be told apart
                last = subject.replace(":", ".")
            found.append(
                AuditCheck(f"{last}-exists", f"{last} exists at its canonical path", "", subject)
            )
            for rule in self._rules:
                group = int(rule.code[2])
                if group in _CLAIMS:
                    name = f"{last}-{rule.code}-{rule.name}"
                    found.append(AuditCheck(name, f"{last} {_CLAIMS[group]}", rule.code, subject))
        for rule in self._rules:
            name = f"tree-{rule.code}-{rule.name}"
            found.append(AuditCheck(name, f"the tree is free of {rule.summary}", rule.code, ""))
        return found

    def problems(self, check: AuditCheck) -> str:
        """Return what speaks against a test's claim, drawn for a person; empty when it holds."""
        result = self.result()
        compared = self._parted(result)
        if not check.code:
            is_known = any(
                finding.code == "TL003" and finding.subject == check.subject
                for finding in compared.known
            )
            return "" if is_known else self._existence(result, check.subject)
        new, known = ([*self._of(check, some)] for some in (compared.new, compared.known))
        return self._drawn(new, len(known), check) if new else ""

    def result(self) -> Result:
        """Return the audit's result; the first call runs it."""
        if self._result is None:
            self._result = run_audit(self.config, self._rules)
        return self._result

    def _parted(self, result: Result) -> Compared:
        if self._compared is None:
            judged = Judged.by(self.config, result.rules, result.errors)
            self._compared = compare(self._baseline, result.findings, self._lines, judged)
        return self._compared

    @staticmethod
    def _of(check: AuditCheck, findings: Iterable[Finding]) -> Iterator[Finding]:
        for finding in findings:
            if (finding.code, finding.subject) == (check.code, check.subject):
                yield finding

    @staticmethod
    def _existence(result: Result, subject: str) -> str:
        for canonical in result.project.canonicals:
            if canonical.subject != subject:
                continue
            if canonical.type.kind != "class":
                return (
                    f"{subject} does not exist: the configuration names it as canonical\n"
                    "    remedy: define it, or correct `type` in pyproject.toml"
                )
            factory = canonical.factory
            if factory is not None and factory.kind not in {"provider", "function"}:
                return (
                    f"the canonical factory {canonical.config.factory} does not exist\n"
                    "    remedy: declare the provider, or correct `factory` in pyproject.toml"
                )
        return ""

    def _drawn(self, found: list[Finding], known: int, check: AuditCheck) -> str:
        rows = [f"{check.claim}: {plural(len(found), 'finding')} against it"]
        if known:
            rows[0] += f", besides {known} known to the baseline"
        for finding in found[:_SHOWN]:
            rows.extend(draw_finding(finding, self._lines))
        if len(found) > _SHOWN:
            rows.append(
                f"... and {len(found) - _SHOWN} more: trunkline audit --select {check.code}"
            )
        return "\n".join(rows)
