"""What a project has before anything is written, and what is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from trunkline.audit.proposal import Candidate, Factory, propose
from trunkline.cli.faults import CommandError
from trunkline.cli.init.choice import chosen_container
from trunkline.cli.init.configuration import existing_factories
from trunkline.cli.init.declared import DeclaredContainer, declared_containers, read_tree
from trunkline.cli.init.project import Project, Symbol

__all__ = ["Survey", "survey_project"]


@dataclass(frozen=True, slots=True)
class Survey:
    """What a project has, and what is asked for.

    Attributes:
        home: The package to write into; empty for the folder of the modules itself.
        module: The module that is to hold a container that is written.
        canonical: What is to have one canonical factory, where that is named.
        user: The class of the scope value.
        olds: The old names.
        present: The container that is there.
        candidates: What looks canonical, where nothing is named.
        factories: What makes each class already.
        wanted: What the container is to make, as nothing else does.
    """

    home: str
    module: str
    canonical: Symbol | None
    user: Symbol | None
    olds: Sequence[Symbol]
    present: DeclaredContainer | None
    candidates: Sequence[Candidate]
    factories: Mapping[str, Factory]
    wanted: Sequence[Symbol]

    @property
    def container(self) -> str:
        """The container that configuration is to name: ``module:Class``."""
        return self.present.path if self.present else f"{self.module}:Application"

    @property
    def legacy(self) -> str:
        """The module of the redirects."""
        return _within(self.home, "legacy")


def survey_project(
    project: Project,
    known: Mapping[str, Any],
    *,
    package: str | None,
    module: str | None,
    container: str | None,
    type_: str | None,
    value: str | None,
    olds: Sequence[str],
) -> Survey:
    """Look at a project.

    Args:
        project: It.
        known: Its table ``[tool.trunkline]``.
        package: The package to write into, if it is named.
        module: The module of it that is to hold the container, if it is named.
        container: The container that is there to build on, if it is named.
        type_: What is canonical, if it is named.
        value: The class of the scope value, if there is to be one.
        olds: The old names.

    Raises:
        CommandError: Something that is named does not exist, or cannot be told.
    """
    canonical = project.symbol("--type", type_) if type_ else None
    user = project.symbol("--value", value) if value else None
    old_names = [project.symbol("--old", old) for old in dict.fromkeys(olds)]
    tree = read_tree(project.root)
    containers = declared_containers(tree)
    home = _home(project, package, canonical, containers)
    _refuse_confusion(canonical, old_names, _within(home, "legacy"))
    usual = _within(home, module or "containers")
    present = chosen_container(
        containers,
        named=container,
        module=usual if module else None,
        usual=usual,
        configured=known.get("container"),
        canonical=canonical.path if canonical else None,
    )
    candidates = [] if canonical or known.get("canonical") else propose(tree)
    factories = existing_factories([present, *containers] if present else containers)
    wanted = _wanted(project, canonical, candidates, factories, present)
    return Survey(home, usual, canonical, user, old_names, present, candidates, factories, wanted)


def _within(package: str, module: str) -> str:
    return f"{package}.{module}" if package else module


def _home(
    project: Project,
    package: str | None,
    canonical: Symbol | None,
    containers: Sequence[DeclaredContainer],
) -> str:
    """The package to write into; empty where there is none to tell, and nothing to write."""
    try:
        return project.package(package, canonical)
    except CommandError:
        if package is not None or canonical is not None or not containers:
            raise
        return ""


def _wanted(
    project: Project,
    canonical: Symbol | None,
    candidates: Sequence[Candidate],
    made: Mapping[str, Factory],
    present: DeclaredContainer | None,
) -> list[Symbol]:
    """The classes that the container is to make, unless another makes them already."""
    if canonical is not None:
        own = present.factory_of(canonical.path) if present is not None else None
        is_own = own is not None and "." not in own.name
        return [canonical] if is_own or canonical.path not in made else []
    found = []
    for candidate in candidates:
        if candidate.chosen not in made:
            with suppress(CommandError):  # a class within another, which people declare
                found.append(project.symbol("", candidate.chosen))
    return found


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
