"""Finding and importing the container that a command works on."""

from __future__ import annotations

import sys
import tomllib
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from trunkline.audit.config import default_sources
from trunkline.cli.faults import CommandError

if TYPE_CHECKING:
    from trunkline.containers import ContainerInstance, ScopedContainer

__all__ = ["Found", "container_option", "find_container", "import_modules"]

_HOW_TO_BEGIN = (
    "name the container in pyproject.toml:\n"
    "      [tool.trunkline]\n"
    '      container = "app.containers:Application"\n'
    "    or on the command line: --container app.containers:Application"
)

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Found:
    """A container class and the project it belongs to.

    Attributes:
        declared: The class.
        root: Folder of the project, which shown paths are relative to.
        project: Its ``pyproject.toml``, where there is one.
    """

    declared: type[ScopedContainer]
    root: Path
    project: Path | None

    def instance(self) -> ContainerInstance:
        """An instance, not started."""
        return cast("ContainerInstance", self.declared())


def container_option(command: F) -> F:
    """The option ``--container``, which every command that needs a container takes."""
    return click.option(
        "--container",
        metavar="MODULE:CLASS",
        help="The container, in place of the one that pyproject.toml names.",
    )(command)


def find_container(target: str | None, start: Path | None = None) -> Found:
    """Import the container that the command line or the nearest ``pyproject.toml`` names.

    The project's folder (the current one, where there is no ``pyproject.toml``) becomes the first
    of ``sys.path``, and its ``src`` comes next where modules lie in that.

    Args:
        target: ``module:Class`` as the command line gives it, if it does.
        start: Folder from which to look upwards; the current one by default.

    Raises:
        CommandError: None is named, or it can't be imported, or it is no container.
    """
    start = Path.cwd() if start is None else start
    project = next(
        (p for folder in (start, *start.parents) if (p := folder / "pyproject.toml").is_file()),
        None,
    )
    if target is None:
        target = _named_in(project, start)
    root = project.parent if project is not None else start
    folders = [str(root / folder) for folder in sorted(default_sources(str(root)))]
    if sys.path[: len(folders)] != folders:
        sys.path[:0] = folders
    module_name, colon, attribute = target.partition(":")
    if not (module_name and colon and attribute):
        raise CommandError(
            f"{target!r} doesn't name a container",
            remedy="write module:Class, for example app.containers:Application",
        )
    return Found(_container_in(_imported(module_name, root), attribute), root, project)


def import_modules(found: Found, more: Iterable[str]) -> None:
    """Import the modules that ``imports`` of ``pyproject.toml`` names, and others.

    Args:
        found: The container, which is imported already.
        more: Dotted names of the others.

    Raises:
        CommandError: One can't be imported, or ``imports`` is no list of names.
    """
    named = _settings(found.project).get("imports", []) if found.project is not None else []
    if not (isinstance(named, list) and all(isinstance(name, str) for name in named)):
        raise CommandError(
            f"imports in [tool.trunkline] of {found.project} is {named!r}",
            remedy='write a list of modules such as ["app.web", "app.jobs"]',
        )
    for name in (*named, *more):
        _imported(name, found.root)


def _named_in(project: Path | None, start: Path) -> str:
    if project is None:
        raise CommandError(
            "no container is named",
            cause=f"there is no pyproject.toml in {start} or above it",
            remedy=_HOW_TO_BEGIN,
        )
    named = _settings(project).get("container")
    if named is None:
        raise CommandError(
            "no container is named",
            cause=f"{project} has no container in its table [tool.trunkline]",
            remedy=_HOW_TO_BEGIN,
        )
    if not isinstance(named, str):
        raise CommandError(
            f"container in [tool.trunkline] of {project} is {named!r}",
            remedy='write a text such as "app.containers:Application"',
        )
    return named


def _settings(project: Path) -> dict[str, Any]:
    """The table ``[tool.trunkline]``."""
    try:
        table = tomllib.loads(project.read_text(encoding="utf-8")).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise CommandError(f"{project} can't be read", cause=str(error)) from error
    settings = table.get("trunkline", {})
    return settings if isinstance(settings, dict) else {}


def _imported(name: str, root: Path) -> ModuleType:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise CommandError(
                f"there is no module {error.name}",
                cause=f"{root} comes first where modules are looked for, and has none",
                remedy="mend the name, or install the package it is in",
            ) from error
        raise _failed_import(name, error) from error
    except (Exception, SystemExit) as error:
        # A module may raise anything when it is imported; all of it is the user's to see.
        raise _failed_import(name, error) from error


def _failed_import(name: str, error: BaseException) -> CommandError:
    if isinstance(error, SyntaxError) and error.filename is not None:
        place = f"{error.filename}:{error.lineno}"
    else:
        frames = [
            frame
            for frame in traceback.extract_tb(error.__traceback__)
            if not frame.filename.startswith("<frozen importlib")
        ]
        last = frames[-1]
        place = f"{last.filename}:{last.lineno}"
        if last.line:
            place += f": {last.line}"
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    return CommandError(
        f"{name} can't be imported\n  {type(error).__name__}: {said}\n  at: {place}"
    )


def _container_in(module: ModuleType, attribute: str) -> type[ScopedContainer]:
    from dependency_injector.containers import DeclarativeContainer

    from trunkline.containers import ScopedContainer

    found: Any = module
    for part in attribute.split("."):
        found = getattr(found, part, None)
    if isinstance(found, type) and issubclass(found, ScopedContainer):
        return found
    known = sorted(
        name
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, ScopedContainer)
        and value is not ScopedContainer
    )
    if found is None:
        shown = f"{module.__name__} has no {attribute}"
    else:
        shown = f"{module.__name__}:{attribute} is no ScopedContainer but {found!r}"
    if isinstance(found, type) and issubclass(found, DeclarativeContainer):
        remedy = (
            "let it derive from trunkline.ScopedContainer in place of DeclarativeContainer: its "
            "providers go on working"
        )
    elif known:
        remedy = f"name one of its containers: {', '.join(known)}"
    else:
        remedy = "declare one: class Application(trunkline.ScopedContainer): ..."
    raise CommandError(shown, remedy=remedy)
