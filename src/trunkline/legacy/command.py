"""``trunkline legacy``: which old names are still used, where, how often, and how it goes."""

from __future__ import annotations

from pathlib import Path

import click

from trunkline.legacy.baseline import Baseline
from trunkline.legacy.errors import UsageFileError
from trunkline.legacy.exports import burn_down, to_json, to_prometheus
from trunkline.legacy.listing import counted, days_listing, sites_listing
from trunkline.legacy.store import DEFAULT_FILE, UsageFile

__all__ = ["legacy"]

_FINDINGS = 1


@click.command()
@click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"The file of counts; {DEFAULT_FILE} of the project unless given.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json", "prometheus"]),
    default="table",
    show_default=True,
    help="How to show the sites.",
)
@click.option("--burn-down", "days", is_flag=True, help="Show sites and calls by day.")
@click.option(
    "--baseline",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Show only sites that this file doesn't allow; exit 1 if there are any.",
)
@click.option(
    "--write-baseline",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the sites there are to a file, for --baseline and strict mode.",
)
@click.pass_context
def legacy(
    context: click.Context,
    file: Path | None,
    format_: str,
    days: bool,
    baseline: Path | None,
    write_baseline: Path | None,
) -> None:
    """Show the call sites of redirected old names, by count and last use.

    The counts are those that the project's processes have written; see `keep_counts`.
    """
    counts = UsageFile.of_project()
    root = counts.root
    if file is not None:
        counts = UsageFile(file, root)
    is_needed = file is not None or baseline is not None or write_baseline is not None
    if not _exists(counts.path, is_needed=is_needed, err=format_ != "table"):
        return
    records, differences = counts.read()
    if write_baseline is not None:
        Baseline.of(records, root).write(write_baseline)
        places = len({(r.name, r.file, r.function) for r in records})
        click.echo(f"{write_baseline}: {counted(places, 'place')} at which old names may be used")
        return
    if baseline is not None:
        records = Baseline.read(baseline, root).new(records)
    if format_ != "table":
        export = to_json if format_ == "json" else to_prometheus
        click.echo(export(records, differences).rstrip("\n"))
    elif not records:
        click.echo(
            f"No uses of old names in {counts.path}."
            if baseline is None
            else "No old name is used at a new place."
        )
    else:
        title = "New uses of old names:\n\n" if baseline is not None else ""
        listing = days_listing(burn_down(records)) if days else sites_listing(records, differences)
        click.echo(f"{title}{listing}")
    if baseline is not None and records:
        context.exit(_FINDINGS)


def _exists(path: Path, *, is_needed: bool, err: bool) -> bool:
    """Whether there are counts; where there are none, that is no empty report of old names in use.

    Args:
        path: The file of counts.
        is_needed: Whether what is asked for makes no sense without.
        err: Whether to say so beside the output, for programs that read it.

    Raises:
        UsageFileError: There are none, and they are needed.
    """
    if path.exists():
        return True
    remedy = "call keep_counts(UsageFile.of_project()) at start-up"
    if is_needed:
        raise UsageFileError(f"there are no counts in {path}", remedy=remedy)
    click.echo(f"no counts yet in {path}: {remedy}", err=err)
    return err
