"""``trunkline legacy``: which old names are still used, where, how often, and how it goes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from trunkline.legacy.baseline import Baseline
from trunkline.legacy.errors import UsageFileError
from trunkline.legacy.exports import Day, burn_down, to_json, to_prometheus
from trunkline.legacy.records import merged
from trunkline.legacy.sites import Difference, SiteUse
from trunkline.legacy.store import DEFAULT_FILE, UsageFile

__all__ = ["legacy"]

_FINDINGS = 1
_BAR = 40


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
        click.echo(f"{write_baseline}: {_counted(places, 'place')} at which old names may be used")
        return
    if baseline is not None:
        records = Baseline.read(baseline, root).new(records)
    if format_ == "json":
        click.echo(to_json(records, differences))
    elif format_ == "prometheus":
        click.echo(to_prometheus(records, differences), nl=False)
    elif days:
        _print_days(burn_down(records))
    else:
        _print_sites(merged(records), differences, counts.path, new=baseline is not None)
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


def _print_sites(
    records: Sequence[SiteUse], differences: Sequence[Difference], path: Path, *, new: bool
) -> None:
    if not records:
        click.echo(
            "No old name is used at a new place." if new else f"No uses of old names in {path}."
        )
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    table = Table(title="New uses of old names" if new else None, title_justify="left")
    table.add_column("calls", justify="right")
    for heading in ("last use", "old name", "called at", "in", "use instead"):
        table.add_column(heading, overflow="fold")
    for record in records:
        last = datetime.fromtimestamp(record.last, UTC)
        place = f"{record.file}:{record.line}"
        cells = (record.name, place, record.function, record.target)
        table.add_row(f"{record.count:,}", f"{last:%Y-%m-%d %H:%M}", *map(escape, cells))
    console.print(table)
    calls = sum(record.count for record in records)
    names = len({record.name for record in records})
    found = f"{_counted(len(records), 'site')} of {_counted(names, 'old name')}"
    console.print(f"{found}, {_counted(calls, 'call')}", highlight=False)
    if differences:
        found = _counted(len(differences), "difference")
        console.print(f"\n{found} between the old way and the new:", highlight=False)
        for d in differences[-_BAR:]:
            text = f"  {d.file}:{d.line} {d.name} {d.aspect}: {d.old} -> {d.new}"
            console.print(text, markup=False, highlight=False)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _print_days(days: Sequence[Day]) -> None:
    if not days:
        click.echo("No uses of old names.")
        return
    most = max(day.sites for day in days)
    click.echo(f"{'day':<10}  {'sites':>6}  {'names':>6}  {'calls':>12}")
    for day in days:
        bar = "#" * round(_BAR * day.sites / most)
        click.echo(f"{day.day}  {day.sites:>6}  {day.names:>6}  {day.calls:>12,}  {bar}".rstrip())
