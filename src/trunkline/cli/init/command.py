"""The command: what it writes, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from trunkline.audit.proposal import Factory
from trunkline.cli.faults import CommandError
from trunkline.cli.init.configuration import canonical_table, lists, proposal_tables
from trunkline.cli.init.container import FirstContainer
from trunkline.cli.init.project import Project
from trunkline.cli.init.steps import found_families, next_steps
from trunkline.cli.init.survey import Survey, survey_project
from trunkline.cli.init.texts import Redirects, snake_case
from trunkline.cli.init.work import Work

__all__ = ["init"]


@click.command()
@click.option(
    "--package", help="The package to write into; that of --type, or the only one, unless given."
)
@click.option(
    "--module",
    help="The module of it that is to hold the container. [default: where one is, or containers]",
)
@click.option(
    "--container",
    metavar="MODULE:CLASS",
    help="The container that is there to build on, where there are several.",
)
@click.option(
    "--type",
    "type_",
    metavar="MODULE:CLASS",
    help="A class that is to have one canonical factory.",
)
@click.option(
    "--value",
    metavar="MODULE:CLASS",
    help="The class of what a request is opened with, such as a user's context.",
)
@click.option(
    "--old",
    "olds",
    metavar="MODULE:NAME",
    multiple=True,
    help="An old class or function that is to lead to --type. May be repeated.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
def init(
    module: str | None,
    dry_run: bool,
    **options: Any,
) -> None:
    """Write a first container, configuration and redirects into this project.

    \b
        trunkline init --type shop.engine:Engine --value shop.users:User \\
            --old shop.old.engine:ExecutionEngine

    Without --type it looks at the code, and proposes in the configuration what families of names
    look like versions of one thing; a person confirms them.

    A container that is there already is read, and its providers are the factories of what they
    make. Nothing that exists is overwritten, and no old module is touched: what to write there is
    said.
    """  # noqa: D301  # \b is click's mark for a paragraph that is not rewrapped
    project = Project.at(Path.cwd())
    if module is not None and not module.isidentifier():
        raise CommandError(f"--module {module!r} is no name", remedy="write a module's name")
    work = Work(project, dry_run)
    known = work.configured()
    survey = survey_project(project, known, module=module, **options)
    first = FirstContainer(
        project, survey.wanted, survey.user, survey.present, each_call=survey.canonical is None
    )
    if survey.present is not None:
        work.keep_container(survey.present, first.additions())
        is_written = False
    else:
        is_written = work.write_container(survey.module, first.text())
    factories = _all_factories(survey, first, is_written=is_written)
    if survey.canonical is not None and survey.olds:
        factory = factories[survey.canonical.path].path
        value = first.value_name()
        redirects = Redirects(factory, survey.canonical, survey.user, value, survey.olds)
        work.redirects(survey.legacy, redirects)
    _configure(work, known, survey, factories)
    work.ignore(".trunkline")
    work.finish()
    is_told = is_written or survey.present is not None
    _say(work, survey, factories, first if is_told else None)


def _configure(
    work: Work, known: Mapping[str, Any], survey: Survey, factories: Mapping[str, Factory]
) -> None:
    """Plan the configuration, of what is named or of what the code looks like."""
    canonical = survey.canonical
    if canonical is not None:
        factory = factories[canonical.path]
        tables = canonical_table(canonical, factory, survey.olds)
        is_known = lists(known, canonical, factory, survey.olds)
        work.configure(survey.container, tables, is_known=is_known)
        return
    if not known.get("canonical"):
        work.done.append(found_families(survey.candidates, survey.present))
    tables = proposal_tables(survey.candidates, factories)
    work.configure(survey.container, tables, is_known=not tables)


def _say(
    work: Work, survey: Survey, factories: Mapping[str, Factory], first: FirstContainer | None
) -> None:
    """Say what was done, what is left to bring in, and what to do next."""
    for line in (*work.done, *(first.open_questions if first else ())):
        click.echo(line)
    for name, text in work.left.items():
        click.echo(f"\nBring into {name}:\n")
        click.echo("".join(f"    {line}".rstrip() + "\n" for line in text.splitlines()), nl=False)
    click.echo("\nNext:")
    steps = next_steps(survey, first, factories, is_left=bool(work.left))
    for number, step in enumerate(steps, 1):
        click.echo(f"  {number}. {step}")


def _all_factories(
    survey: Survey, first: FirstContainer, *, is_written: bool
) -> dict[str, Factory]:
    """What makes each class, or is to make it."""
    found = dict(survey.factories)
    for type_path, made in first.factories.items():
        scope = "request" if made.is_scoped else None
        if type_path not in found or scope != found[type_path].scope is None:
            path = f"{survey.container}.{made.name}"
            found[type_path] = Factory(path, made.is_whole and is_written, scope)
    for candidate in survey.candidates:
        name = snake_case(candidate.chosen.rpartition(":")[2].rpartition(".")[2])
        found.setdefault(candidate.chosen, Factory(f"{survey.container}.{name}", stands=False))
    return found
