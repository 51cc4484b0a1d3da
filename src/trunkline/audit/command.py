"""The commands ``audit`` and ``explain``."""

# Paths stay texts: pathlib is slow over thousands of files, and slow to import.
# ruff: noqa: PTH100, PTH109, PTH110, PTH112, PTH113, PTH123

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import click

from trunkline.audit.reports import FORMATS, MACHINE_FORMATS

if TYPE_CHECKING:
    from trunkline.audit.config import AuditConfig
    from trunkline.audit.engine import Result
    from trunkline.audit.findings import Finding
    from trunkline.audit.reports.outline import Report
    from trunkline.audit.rule import Rule


def _codes(option: str, value: tuple[str, ...]) -> tuple[str, ...]:
    """Return the selectors that an option was given, all of them known."""
    from trunkline.audit.problems import UsageError
    from trunkline.audit.registry import close_name, known_selector

    codes = _split(value)
    listed = "`trunkline explain` lists the rules"
    if value and not codes:
        raise UsageError(f"{option} names no rule", listed)
    for code in codes:
        if not known_selector(code):
            close = close_name(code)
            raise UsageError(
                f"no rule is called {code!r}", f"did you mean {close}?" if close else listed
            )
    return codes


def _split(value: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of rules that were given, several of them with commas."""
    return tuple(part.strip() for item in value for part in item.split(",") if part.strip())


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--select",
    multiple=True,
    metavar="RULES",
    help="Rules to run: codes, prefixes, names, ALL, canonical or program; several with commas.",
)
@click.option("--ignore", multiple=True, metavar="RULES", help="Rules not to run.")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="Form of the report.",
)
@click.option("--output", "-o", metavar="FILE", help="Write the report to a file.")
@click.option(
    "--baseline",
    metavar="FILE",
    help="Let the findings of this file by. [default: the one that the configuration names]",
)
@click.option("--no-baseline", is_flag=True, help="Report what the baseline lets by, too.")
@click.option(
    "--write-baseline",
    is_flag=True,
    help="Write what stands to the baseline; an older one only shrinks.",
)
@click.option(
    "--fix", is_flag=True, help="Rewrite what is safe to rewrite, showing the diff first."
)
@click.option(
    "--diff",
    "only_diff",
    is_flag=True,
    help="Print as a patch what --fix would do; change nothing.",
)
@click.option("--statistics", is_flag=True, help="Print how many findings each rule has.")
@click.option("--watch", is_flag=True, help="Run again whenever a file changes.")
@click.option(
    "--history",
    type=click.IntRange(1, 500),
    metavar="COMMITS",
    help="Add the trend over the last commits to the report.",
)
@click.option("--no-cache", is_flag=True, help="Read every file anew.")
@click.option(
    "--root",
    metavar="FOLDER",
    help="Folder of the project. [default: the nearest with a pyproject.toml]",
)
def audit(paths: tuple[str, ...], **options: Any) -> None:
    """Find everything that goes round the canonical factories, from source alone.

    Exits with 0 when nothing is found, 1 when something is, 2 when the command or the
    configuration is mistaken.
    """
    _guarded(lambda: _audit(paths, options))


@click.command()
@click.argument("rules", nargs=-1, metavar="[RULE]...")
def explain(rules: tuple[str, ...]) -> None:
    """Explain rules, with examples; without one, list them all.

    A rule is named by its code or name; a prefix of codes (TL2), ALL, canonical and program list
    what --select runs by them.
    """
    from trunkline.audit import explain as pages

    def run() -> int:
        names = _split(rules)
        texts = [pages.explained(name) for name in names] if rules else [pages.rule_list()]
        click.echo("\n".join(texts), nl=False)
        return 0

    _guarded(run)


def _guarded(run: Callable[[], int]) -> NoReturn:
    sys.exit(_explained(run))


def _explained(run: Callable[[], int]) -> int:
    """Run a command; explain a person's mistake instead of showing where it was noticed."""
    from trunkline.audit.problems import ConfigurationError, UsageError

    try:
        return run()
    except ConfigurationError as error:
        click.echo(f"The configuration has mistakes:\n{error}", err=True)
    except UsageError as error:
        click.echo(f"Error: {error}", err=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        click.echo(f"Error: {error.strerror or error}: {error.filename or ''}", err=True)
    return 2


def _audit(paths: tuple[str, ...], options: dict[str, Any]) -> int:
    from trunkline.audit.config_reader import load_config
    from trunkline.audit.problems import UsageError
    from trunkline.audit.registry import select_rules

    select, ignore = _codes("--select", options["select"]), _codes("--ignore", options["ignore"])
    for path in paths:
        if not os.path.exists(path):
            raise UsageError(f"there is no file or folder {path}", "name one that exists")
    if options["only_diff"] and options["write_baseline"]:
        raise UsageError("--diff changes nothing, and --write-baseline writes", "give one of them")
    if options["root"] and not os.path.isdir(options["root"]):
        raise UsageError(f"there is no folder {options['root']}", "name one that exists")
    root = os.path.abspath(options["root"]) if options["root"] else _root(paths)
    wanted = _relative(paths, root)

    def once() -> int:
        config = load_config(root)
        rules = select_rules(select or config.select, (*config.ignore, *ignore))
        if not rules:
            raise UsageError("no rule is left to run", "ignore less, or select more")
        return _once(config, rules, wanted, options)

    return _watch(root, options["baseline"], once) if options["watch"] else once()


def _root(paths: tuple[str, ...]) -> str:
    """Return the project's folder: that of the ``pyproject.toml`` above, or else the current one.

    A path within the current folder is a part of the project, which is read whole.
    """
    from trunkline.audit.config import find_root

    root, here = find_root(paths[0] if paths else "."), os.getcwd()
    is_project = os.path.isfile(f"{root}/pyproject.toml")
    return here if not is_project and root.startswith(f"{here}/") else root


def _relative(paths: tuple[str, ...], root: str) -> tuple[str, ...]:
    from trunkline.audit.problems import UsageError

    found = []
    for path in paths:
        relative = os.path.relpath(os.path.abspath(path), root).replace(os.sep, "/")
        if relative.startswith("../"):
            raise UsageError(f"{path} is outside the project {root}", "name its folder with --root")
        found.append("" if relative == "." else relative)
    return tuple(found)


def _once(
    config: "AuditConfig",
    rules: "tuple[Rule, ...]",
    wanted: tuple[str, ...],
    options: dict[str, Any],
) -> int:
    from trunkline.audit.engine import run_audit
    from trunkline.audit.notes import say_what_is_not_judged, warn_of_nothing

    result = run_audit(config, rules, paths=wanted, cached=not options["no_cache"])
    if options["fix"] or options["only_diff"]:
        from trunkline.audit.fixing import fix

        result = fix(config, rules, wanted, options, result)
    warn_of_nothing(result, wanted)
    if options["format_name"] not in MACHINE_FORMATS and result.files:
        say_what_is_not_judged(config, rules)
    report = _report(config, rules, wanted, result, options)
    if report is None:
        return 0
    _show(report, options)
    return 1 if report.findings else 0


def _report(
    config: "AuditConfig",
    rules: "tuple[Rule, ...]",
    wanted: tuple[str, ...],
    result: "Result",
    options: dict[str, Any],
) -> "Report | None":
    from trunkline.audit.baseline import (
        Judged,
        baseline_path,
        compare,
        load_baseline,
        write_baseline,
    )
    from trunkline.audit.findings import is_within
    from trunkline.audit.notes import say_what_was_written
    from trunkline.audit.reports.outline import Report
    from trunkline.audit.repository import repository_prefix
    from trunkline.audit.sources import SourceLines

    lines = SourceLines(config.root)
    files = sum(not wanted or is_within(name, wanted) for name in result.project.table.names)
    path = baseline_path(config, options)
    judged = Judged.by(config, rules, result.errors, wanted)
    if options["write_baseline"]:
        written = write_baseline(path, result.findings, lines, judged)
        say_what_was_written(path, written)
        if written.findings == len(result.findings):
            return None
    findings = result.findings
    known: tuple[Finding, ...] = ()
    gone = 0
    before: dict[str, int] | None = None
    if not options["no_baseline"] and (options["baseline"] or os.path.exists(path)):
        findings, known, gone, before = compare(load_baseline(path), result.findings, lines, judged)
    trend: tuple[tuple[str, int], ...] = ()
    if options["history"]:
        from trunkline.audit.history import history

        trend = tuple(
            (f"{point.date} {point.commit}", point.findings)
            for point in history(config, rules, options["history"], wanted)
        )
    return Report(
        findings, known, result.suppressed, result.errors, result.undecided, rules,
        tuple(str(item.type) for item in config.canonical), files, lines, before, gone,
        trend, "" if before is None else os.path.relpath(path, config.root),
        repository_prefix(config.root),
    )  # fmt: skip


def _show(report: "Report", options: dict[str, Any]) -> None:
    from trunkline.audit.notes import closing_lines
    from trunkline.audit.reports import draw_report
    from trunkline.audit.reports.text import summary

    if options["only_diff"] and options["format_name"] == "text" and not options["output"]:
        click.echo(summary(report), err=True)  # what is printed is a patch, and nothing else
        return
    if options["statistics"] and options["format_name"] == "text":
        from trunkline.audit.reports.text import statistics

        text = statistics(report)
    else:
        text = draw_report(report, options["format_name"])
    if options["format_name"] == "text":
        lines = closing_lines(report, is_fixed=options["fix"])
        text += "".join(f"{line}\n" for line in lines)
    if options["output"]:
        with open(options["output"], "w", encoding="utf-8") as file:
            file.write(text)
        click.echo(f"{options['output']}: {summary(report)}", err=True)
    else:
        click.echo(text, nl=False)


def _watch(root: str, baseline: str | None, once: Callable[[], int]) -> int:
    from trunkline.audit.watch import changes

    code = 0
    try:
        for _ in changes(root, baseline):
            click.clear()
            code = _explained(once)  # a mistake is there to be mended while we watch
    except KeyboardInterrupt:
        click.echo()
    return code
