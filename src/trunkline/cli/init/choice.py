"""Which container the project is to have: one that is there, or one to be written."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from trunkline.cli.faults import CommandError
from trunkline.cli.init.declared import DeclaredContainer

__all__ = ["chosen_container"]


def chosen_container(
    containers: Sequence[DeclaredContainer],
    *,
    named: str | None,
    module: str | None,
    usual: str,
    configured: object,
    canonical: str | None,
) -> DeclaredContainer | None:
    """Choose among the containers that a project has; None where one is to be written.

    Args:
        containers: Them.
        named: The one that the command line names, if it does.
        module: The module that it names to hold the container, if it does.
        usual: The module that would hold it if nothing were said.
        configured: The one that ``pyproject.toml`` names.
        canonical: The class that it is to make, if that is known.

    Raises:
        CommandError: There is none of that name, or several and nothing tells which is meant.
    """
    if named is not None:
        for container in containers:
            if container.path == named:
                return container
        raise CommandError(
            f"--container: there is no container {named}",
            cause="a container derives from DeclarativeContainer or ScopedContainer",
            remedy=f"name one of: {', '.join(c.path for c in containers) or 'none is there'}",
        )
    if module is not None:
        return _only([c for c in containers if c.module == module], canonical)
    for container in containers:
        if container.path == configured:
            return container
    within = {path for container in containers for path in container.within}
    outer = [container for container in containers if container.path not in within]
    return _only([c for c in outer if c.module == usual] or outer, canonical)


def _only(
    containers: Collection[DeclaredContainer], canonical: str | None
) -> DeclaredContainer | None:
    """Return the one that is meant: the only one, what makes the class, that named Application."""
    for candidates in (
        containers,
        [c for c in containers if canonical is not None and c.factory_of(canonical) is not None],
        [c for c in containers if c.name == "Application"],
    ):
        if len(candidates) == 1:
            return next(iter(candidates))
    if not containers:
        return None
    raise CommandError(
        f"the project has {len(containers)} containers: {', '.join(c.path for c in containers)}",
        cause="the configuration names one of them",
        remedy="say which: --container MODULE:CLASS",
    )
