"""``trunkline check``: validate the container."""

from __future__ import annotations

import os

import click

from trunkline.cli.discovery import container_option, find_container, import_modules
from trunkline.cli.faults import FINDINGS

__all__ = ["check"]


@click.command()
@container_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="For a person, or for other tools.",
)
@click.option(
    "--import",
    "imports",
    metavar="MODULE",
    multiple=True,
    help="A module with injected functions, beside those that pyproject.toml names as imports.",
)
@click.pass_context
def check(ctx: click.Context, container: str | None, form: str, imports: tuple[str, ...]) -> None:
    """Validate the container: lifetimes, cycles, arguments, types, injected functions.

    Builds nothing, reports everything at once. Exits with 1 where there are findings.
    """
    from trunkline.audit.reports.outline import plural
    from trunkline.cli.unimported import tell_unimported
    from trunkline.validation.report import report_json, report_text

    found = find_container(container)
    import_modules(found, imports)
    tell_unimported(found.root)
    instance = found.instance()
    findings = instance.findings()
    if form == "json":
        click.echo(report_json(findings, found.root), nl=False)
    elif findings:
        click.echo(report_text(findings).replace(f"{found.root}{os.sep}", ""), nl=False)
    else:
        graph = instance.blueprint().graph
        click.echo(f"{graph.name}: {plural(len(graph), 'provider')}, no findings")
    ctx.exit(FINDINGS if findings else 0)
