"""``--fix`` and ``--diff``: rewrites again and again until nothing is left to rewrite."""

# Paths stay texts: pathlib is slow over thousands of files, and slow to import.
# ruff: noqa: PTH110

import os
from typing import Any, Final

import click

from trunkline.audit.baseline import Judged, baseline_path, follow_rewrites
from trunkline.audit.codemods.plan import plan_rewrites, write_rewrite
from trunkline.audit.config import AuditConfig
from trunkline.audit.engine import Result, run_audit
from trunkline.audit.findings import Finding
from trunkline.audit.reports.outline import plural
from trunkline.audit.reports.text import visible
from trunkline.audit.rule import Rule
from trunkline.audit.sources import SourceLines

_MAX_ROUNDS: Final = 4


def fix(
    config: AuditConfig,
    rules: tuple[Rule, ...],
    wanted: tuple[str, ...],
    options: dict[str, Any],
    result: Result,
) -> Result:
    """Rewrite what can be, and say it; only show it where that is asked for.

    Args:
        config: The configuration.
        rules: The rules that run.
        wanted: Files and folders to report on; empty for all.
        options: The command's options.
        result: What stands.

    Returns:
        What stands afterwards.
    """
    mended = 0
    paths: set[str] = set()
    left: dict[Finding, str] = {}
    for _ in range(_MAX_ROUNDS):
        rewrites, left = plan_rewrites(config.root, result.findings)
        for rewrite in rewrites:
            click.echo(rewrite.diff(), nl=False, err=options["format_name"] != "text")
        mended += sum(len(rewrite.mended) for rewrite in rewrites)
        if options["only_diff"] or not rewrites:
            break
        for rewrite in rewrites:
            write_rewrite(config.root, rewrite)
        paths.update(rewrite.path for rewrite in rewrites)
        result = run_audit(config, rules, paths=wanted, cached=not options["no_cache"])
    verb = "would mend" if options["only_diff"] else "mended"
    click.echo(f"{verb} {plural(mended, 'finding')}", err=True)
    for finding, reason in left.items():
        click.echo(visible(f"left   {finding.place}: {finding.code}: {reason}"), err=True)
    baseline = baseline_path(config, options)
    if paths and not options["no_baseline"] and os.path.exists(baseline):
        judged = Judged.by(config, rules, result.errors, wanted)
        moved = follow_rewrites(baseline, result.findings, SourceLines(config.root), judged, paths)
        if moved:
            shown = os.path.relpath(baseline)
            click.echo(f"{shown} follows {plural(moved, 'finding')} to rewritten lines", err=True)
    return result
