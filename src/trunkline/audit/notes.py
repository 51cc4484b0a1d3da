"""What the command says beside its report: warnings, and what there is to know of the whole."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from trunkline.audit.config import AuditConfig
from trunkline.audit.engine import Result
from trunkline.audit.findings import is_within
from trunkline.audit.reports.outline import Report, listed, plural
from trunkline.audit.rule import Rule

if TYPE_CHECKING:
    from trunkline.audit.baseline import Written


def warn_of_nothing(result: Result, wanted: tuple[str, ...]) -> None:
    """Warn where what a person asks about holds no file: its silence would say nothing."""
    for path in wanted or ("",):
        if path != "pyproject.toml" and not any(
            is_within(name, (path,)) for name in result.project.table.names
        ):
            click.echo(f"warning: no Python file in {path or 'the project'} is audited", err=True)


def say_what_is_not_judged(config: AuditConfig, rules: tuple[Rule, ...]) -> None:
    """Say to who begins that rules about canonical types have nothing to judge by yet."""
    if not config.canonical and any("canonical" in rule.judges_by for rule in rules):
        click.echo(
            "note: no canonical type is configured, so nothing is known to go round one: "
            "`trunkline init` proposes some",
            err=True,
        )


def say_what_was_written(path: str, written: "Written") -> None:
    """Say what a baseline lets by now, and what stays in it that nothing judges any more."""
    shown = os.path.relpath(path)
    click.echo(f"{shown} lets {plural(written.findings, 'finding')} by", err=True)
    if written.unconfigured:
        number = sum(entry.number for entry in written.unconfigured)
        codes = listed(sorted({entry.code for entry in written.unconfigured}))
        subjects = listed(sorted({e.subject for e in written.unconfigured if e.subject}))
        about = f" about {subjects}" if subjects else ""
        click.echo(
            f"warning: {plural(number, 'finding')} of {codes}{about} stay in {shown}: the "
            "configuration names nothing now to judge them by; where that is meant, delete the "
            "file and write it anew",
            err=True,
        )


def closing_lines(report: Report, *, is_fixed: bool) -> Iterator[str]:
    """Yield what stands below the last line of a report in text.

    Args:
        report: The report.
        is_fixed: Whether what can be mended has been already.
    """
    # To know it for sure takes the rewriting itself, three times as long as the audit.
    fixable = sum(bool(finding.fix) for finding in (*report.findings, *report.known))
    if fixable and not is_fixed:
        yield f"up to {fixable} fixable with --fix; --diff shows which"
    for hint in report.hints():
        yield f"hint: {hint}"
    if report.gone:
        gone = plural(report.gone, "finding")
        verb = "is" if report.gone == 1 else "are"
        yield f"{gone} of the baseline {verb} mended: shrink it with --write-baseline"
    for label, count in report.trend:
        yield f"{label}  {count:5} finding{'' if count == 1 else 's'}"
