"""Suppressions: a comment that lets one finding by, names its rule and says why."""

from collections.abc import Iterable

from trunkline.audit.findings import Finding, Suppressed
from trunkline.audit.project import Project
from trunkline.audit.registry import rule_names
from trunkline.audit.rule import Rule
from trunkline.audit.source.facts import Suppression


def apply_suppressions(
    project: Project, findings: Iterable[Finding], rules: Iterable[Rule]
) -> tuple[list[Finding], list[Suppressed]]:
    """Part findings into those that stand and those that are suppressed.

    A suppression without codes or without a reason suppresses nothing: TL001 reports it. One that
    nothing needed any more is reported by TL002, where its rules had something to judge by.

    Args:
        project: The tree.
        findings: What the rules found.
        rules: The rules that ran.

    Returns:
        The findings that stand, and the suppressed ones.
    """
    used: set[tuple[str, int]] = set()
    kept: list[Finding] = []
    suppressed: list[Suppressed] = []
    for finding in findings:
        by = _suppression(project, finding)
        if by is None:
            kept.append(finding)
        else:
            used.add((finding.path, by.line))
            suppressed.append(Suppressed(finding, by.reason))
    judged = {rule.code for rule in rules if rule.can_judge(project.config)}
    if "TL002" in judged:
        kept.extend(_unused(project, used, judged))
        kept.sort()
    return kept, suppressed


def is_complete(suppression: Suppression) -> bool:
    """Tell whether a suppression names a rule and gives a reason."""
    return bool(suppression.codes) and bool(suppression.reason)


def _suppression(project: Project, finding: Finding) -> Suppression | None:
    if finding.code in {"TL001", "TL002"} or finding.path not in project.table.names:
        return None
    for item in project.library.facts(finding.path).suppressions:
        line = item.line + 1 if item.alone else item.line
        if line == finding.line and is_complete(item) and _names(item, finding.code):
            return item
    return None


def _names(suppression: Suppression, code: str) -> bool:
    names = rule_names()
    return any(names.get(item, item) == code for item in suppression.codes)


def _unused(project: Project, used: set[tuple[str, int]], judged: set[str]) -> Iterable[Finding]:
    from trunkline.audit.registry import load_rule

    rule = load_rule("TL002")
    names = rule_names()
    for path in project.library.paths():
        for item in project.library.facts(path).suppressions:
            asked = {names.get(code, code) for code in item.codes} <= judged
            if asked and is_complete(item) and (path, item.line) not in used:
                yield rule.finding(
                    path,
                    item.line,
                    0,
                    f"nothing here needs {', '.join(item.codes)} ignored any more",
                    cause="the finding it let by is gone, or is on another line",
                )
