"""``trunkline graph``: show, draw or compare the dependency graph."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trunkline.cli.discovery import container_option, find_container
from trunkline.cli.faults import FINDINGS, CommandError

if TYPE_CHECKING:
    from trunkline.graph.diff import Difference
    from trunkline.graph.model import Graph

__all__ = ["graph"]

_FORMS = ("text", "json", "mermaid", "dot", "html", "markdown")
_FORMS_OF_A_DIFFERENCE = ("text", "markdown")


@click.command()
@container_option
@click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice(_FORMS),
    help="text (the default), json to keep, a drawing, or with --diff markdown.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to a file.",
)
@click.option(
    "--diff",
    "old",
    metavar="OLD.json",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Compare with a graph written by --format json; exit with 1 where they differ.",
)
@click.option("--source", metavar="NODE", help="Print the compiled source of a provider.")
@click.pass_context
def graph(
    ctx: click.Context,
    container: str | None,
    form: str | None,
    output: Path | None,
    old: Path | None,
    source: str | None,
) -> None:
    """Show, draw or compare the dependency graph.

    \b
    trunkline graph                           a table of all providers
    trunkline graph -f html -o graph.html     a page to search and zoom
    trunkline graph -f json -o graph.json     to commit and compare with
    trunkline graph --diff graph.json         what changed since
    trunkline graph --source engine           the code that builds an engine
    """  # noqa: D301  # \b is click's mark for a paragraph that is not rewrapped
    _refuse_what_does_not_go_together(form, old, source)
    found = find_container(container)
    instance = found.instance()
    if source is not None:
        _write(instance.compiled_source(source), output)
        return
    current = instance.blueprint().graph
    if old is not None:
        difference = _difference(old, current)
        text = difference.to_markdown() if form == "markdown" else difference.to_text()
        _write(text, output)
        ctx.exit(FINDINGS if difference else 0)
    if form in (None, "text") and output is None and sys.stdout.isatty():
        from trunkline.cli.tables import print_graph

        print_graph(current, found.root)
    else:
        _write(_exported(current, form or "text", found.root), output)


def _refuse_what_does_not_go_together(
    form: str | None, old: Path | None, source: str | None
) -> None:
    if source is not None and (form or old):
        raise click.UsageError("--source goes with neither --format nor --diff.")
    if old is not None and form not in (None, *_FORMS_OF_A_DIFFERENCE):
        raise click.UsageError(f"--diff is written as text or markdown, not as {form}.")
    if old is None and form == "markdown":
        raise click.UsageError("--format markdown goes with --diff.")


def _difference(old: Path, current: Graph) -> Difference:
    from trunkline.graph.diff import compare
    from trunkline.graph.exports import GraphFormatError, from_json

    try:
        return compare(from_json(old.read_text(encoding="utf-8")), current)
    except (GraphFormatError, UnicodeDecodeError, OSError) as error:
        cause = error.cause if isinstance(error, GraphFormatError) else str(error)
        raise CommandError(
            f"{old} is no graph that can be read",
            cause=cause,
            remedy=f"write it anew with: trunkline graph --format json -o {old}",
        ) from error


def _exported(graph: Graph, form: str, root: Path) -> str:
    from trunkline.graph import exports

    export = {
        "text": exports.to_text,
        "json": exports.to_json,
        "mermaid": exports.to_mermaid,
        "dot": exports.to_dot,
        "html": exports.to_html,
    }[form]
    return export(graph, root)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{output} can't be written", cause=str(error)) from error
