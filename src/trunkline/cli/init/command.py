"""The command: what it writes, and what it says."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from trunkline.cli.faults import CommandError
from trunkline.cli.init.container import FirstContainer
from trunkline.cli.init.project import Project, Symbol
from trunkline.cli.init.texts import redirects_text, snake_case

__all__ = ["init"]


@click.command()
@click.option("--package", help="The package to write into; needed where there are several.")
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
    package: str | None, type_: str | None, value: str | None, olds: Sequence[str], dry_run: bool
) -> None:
    """Write a first container, configuration and redirects into this project.

    \b
        trunkline init --type shop.engine:Engine --value shop.users:User \\
            --old shop.old.engine:ExecutionEngine

    Nothing that exists is overwritten, and no old module is touched: what to write there is said.
    """  # noqa: D301  # \b is click's mark for a paragraph that is not rewrapped
    if olds and type_ is None:
        raise CommandError(
            "an old name needs something to lead to", remedy="name the class: --type MODULE:CLASS"
        )
    project = Project(Path.cwd())
    home = project.package(package)
    canonical = project.symbol("--type", type_) if type_ else None
    user = project.symbol("--value", value) if value else None
    old_names = [project.symbol("--old", old) for old in olds]
    for name in old_names:
        if canonical is not None and name.path == canonical.path:
            raise CommandError(f"{name.path} can't lead to itself", remedy="name an old class")
    work = Work(project, dry_run)
    container = FirstContainer(project, canonical, user)
    is_new = work.write(f"{home}/containers.py", container.text())
    undecided = container.open_questions if is_new else []
    if canonical is not None and old_names:
        work.write(f"{home}/legacy.py", redirects_text(home, canonical, user, old_names))
    work.configure(home, canonical, old_names)
    work.ignore(".trunkline/")
    for line in work.done:
        click.echo(line)
    for question in undecided:
        click.echo(question)
    click.echo("\nNext:")
    for number, step in enumerate(_next_steps(home, canonical, old_names, undecided), 1):
        click.echo(f"  {number}. {step}")


@dataclass(slots=True)
class Work:
    """What is done, and said."""

    project: Project
    dry_run: bool
    done: list[str] = field(default_factory=list)

    def write(self, name: str, text: str) -> bool:
        """Write a new file under the sources; whether there was none."""
        path = self.project.source / name
        shown = path.relative_to(self.project.root)
        if path.exists():
            self.done.append(f"kept   {shown} (it exists)")
            return False
        self._store(path, text)
        self.done.append(f"{self._verb('wrote', 'write')} {shown}")
        return True

    def configure(self, home: str, canonical: Symbol | None, olds: Sequence[Symbol]) -> None:
        """Name the container, and what is canonical, in ``pyproject.toml``."""
        path = self.project.root / "pyproject.toml"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        try:
            known = tomllib.loads(text).get("tool", {}).get("trunkline", {})
        except tomllib.TOMLDecodeError as error:
            raise CommandError(f"{path} can't be read", cause=str(error)) from error
        if known:
            self.done.append("kept   pyproject.toml (it has a table [tool.trunkline])")
            return
        lines = ["[tool.trunkline]", f'container = "{home}.containers:Application"']
        if canonical is not None:
            lines += [
                "",
                "[[tool.trunkline.canonical]]",
                f'type = "{canonical.path}"',
                f'factory = "{home}.containers:Application.{snake_case(canonical.name)}"',
            ]
            if olds:
                listed = ", ".join(f'"{old.path}"' for old in olds)
                lines.append(f"legacy = [{listed}]")
        gap = "\n" if text and not text.endswith("\n\n") else ""
        self._store(path, f"{text}{gap}" + "\n".join(lines) + "\n")
        self.done.append(f"{self._verb('added', 'add')} [tool.trunkline] to pyproject.toml")

    def ignore(self, name: str) -> None:
        """Keep the folder of counts out of version control."""
        path = self.project.root / ".gitignore"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if name in text.split():
            self.done.append(f"kept   .gitignore (it names {name})")
            return
        end = "" if not text or text.endswith("\n") else "\n"
        self._store(path, f"{text}{end}{name}\n")
        self.done.append(f"{self._verb('added', 'add')} {name} to .gitignore")

    def _verb(self, past: str, future: str) -> str:
        return f"would {future}" if self.dry_run else past.ljust(6)

    def _store(self, path: Path, text: str) -> None:
        if not self.dry_run:
            path.write_text(text, encoding="utf-8")


def _next_steps(
    home: str, canonical: Symbol | None, olds: Sequence[Symbol], undecided: Sequence[str]
) -> Iterator[str]:
    if canonical is None:
        yield f"declare your providers in {home}/containers.py"
    if undecided:
        yield f"decide what {home}/containers.py marks as not decided, and uncomment it"
    yield "trunkline check: does the graph hold?"
    yield f"start it around your program: async with {home}.containers.Application() as app"
    for module in dict.fromkeys(old.module for old in olds):
        names = ", ".join(old.name for old in olds if old.module == module)
        yield f"replace {names} in {module} by: from {home}.legacy import {names}"
    if olds:
        yield f"call {home}.legacy.start() when your program starts: it keeps the counts"
    yield "trunkline audit: what goes round it; trunkline legacy: which old names are still used"
