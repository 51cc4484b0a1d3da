"""The command: what it writes, and what it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from trunkline.cli.faults import CommandError
from trunkline.cli.init.container import FirstContainer
from trunkline.cli.init.project import Project, Symbol
from trunkline.cli.init.texts import Redirects
from trunkline.cli.init.work import Work

__all__ = ["init"]


@click.command()
@click.option(
    "--package", help="The package to write into; that of --type, or the only one, unless given."
)
@click.option(
    "--module",
    default="containers",
    show_default=True,
    help="The module of it that is to hold the container.",
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
    package: str | None,
    module: str,
    type_: str | None,
    value: str | None,
    olds: Sequence[str],
    dry_run: bool,
) -> None:
    """Write a first container, configuration and redirects into this project.

    \b
        trunkline init --type shop.engine:Engine --value shop.users:User \\
            --old shop.old.engine:ExecutionEngine

    Without --type it looks at the code, and proposes in the configuration what families of names
    look like versions of one thing; a person confirms them.

    Nothing that exists is overwritten, and no old module is touched: what to write there is said.
    """  # noqa: D301  # \b is click's mark for a paragraph that is not rewrapped
    project = Project(Path.cwd())
    if not module.isidentifier():
        raise CommandError(f"--module {module!r} is no name", remedy="write a module's name")
    canonical = project.symbol("--type", type_) if type_ else None
    home = project.package(package, canonical)
    user = project.symbol("--value", value) if value else None
    old_names = [project.symbol("--old", old) for old in dict.fromkeys(olds)]
    _refuse_confusion(canonical, old_names, f"{home}.legacy")
    work = Work(project, dry_run)
    container = FirstContainer(project, canonical, user)
    is_new = work.container(f"{home}.{module}", container.text())
    undecided = container.open_questions if is_new else []
    if canonical is not None and old_names:
        redirects = Redirects(f"{home}.{module}", canonical, user, old_names)
        work.redirects(f"{home}.legacy", redirects)
    work.configure(f"{home}.{module}", canonical, old_names)
    work.ignore(".trunkline")
    work.finish()
    for line in (*work.done, *undecided):
        click.echo(line)
    for name, text in work.left.items():
        click.echo(f"\nBring into {name}:\n")
        click.echo("".join(f"    {line}".rstrip() + "\n" for line in text.splitlines()), nl=False)
    click.echo("\nNext:")
    steps = _next_steps(project, f"{home}.{module}", canonical, old_names, undecided)
    for number, step in enumerate(steps, 1):
        click.echo(f"  {number}. {step}")


def _refuse_confusion(canonical: Symbol | None, olds: Sequence[Symbol], home: str) -> None:
    """Refuse old names that can't lead to the canonical one, or not from one module."""
    if olds and canonical is None:
        raise CommandError(
            "an old name needs something to lead to", remedy="name the class: --type MODULE:CLASS"
        )
    for old in olds:
        if canonical is not None and old.path == canonical.path:
            raise CommandError(f"{old.path} can't lead to itself", remedy="name an old class")
        if old.module == home:
            raise CommandError(
                f"{old.path} is where its redirect would be written",
                remedy=f"move it to another module, and give {home} the redirects alone",
            )
    for name, times in Counter(old.name for old in olds).items():
        if times > 1:
            alike = " and ".join(old.path for old in olds if old.name == name)
            raise CommandError(
                f"{alike} would be one name in {home}",
                remedy="give one of them; let its redirect stand for the other too, or write that "
                "by hand under another name",
            )


def _next_steps(
    project: Project,
    container: str,
    canonical: Symbol | None,
    olds: Sequence[Symbol],
    undecided: Sequence[str],
) -> Iterator[str]:
    home, _, module = container.rpartition(".")
    if canonical is None:
        yield f"declare your providers in {home}/{module}.py"
    if undecided:
        yield f"decide what {home}/{module}.py marks as not decided, and uncomment it"
    installed = "" if project.source == project.root else " (install the package before)"
    yield f"trunkline check: does the graph hold?{installed}"
    yield f"start it around your program: async with {container}.Application() as app"
    for old_home in dict.fromkeys(old.module for old in olds):
        names = ", ".join(old.name for old in olds if old.module == old_home)
        yield f"replace {names} in {old_home} by: from {home}.legacy import {names}"
    if olds:
        yield f"call {home}.legacy.start() when your program starts: it keeps the counts"
    yield "trunkline audit: what goes round it; trunkline legacy: which old names are still used"
