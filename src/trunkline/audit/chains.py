"""Which modules import which, and the shortest chains of imports between them."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from trunkline.audit.project import Project
from trunkline.audit.source import facts
from trunkline.audit.source.facts import Import


class Link(NamedTuple):
    """One import.

    Attributes:
        importer: Dotted name of the module that imports.
        imported: Dotted name of what it imports, which may lie outside the tree.
        path: The importer's file.
        line: Line of the import, from 1.
        column: Column of it, from 0.
    """

    importer: str
    imported: str
    path: str
    line: int
    column: int


class ImportGraph:
    """The imports of a tree, as its lines write them.

    Args:
        project: The tree.
        type_checking: True to count imports under ``TYPE_CHECKING`` too.
    """

    def __init__(self, project: Project, *, type_checking: bool) -> None:
        self.links: dict[str, list[Link]] = {}
        self._importers: dict[str, list[Link]] = {}
        for source in project.sources(1):
            for item in source.facts.imports:
                if item.flags & facts.TYPE_CHECKING and not type_checking:
                    continue
                for name in imported_names(project, item):
                    link = Link(source.module, name, source.path, item.line, item.column)
                    self.links.setdefault(source.module, []).append(link)
                    self._importers.setdefault(name, []).append(link)

    def imported(self) -> Iterable[str]:
        """Return the names of all that is imported, in order."""
        return sorted(self._importers)

    def ways_to(self, targets: Iterable[str], is_between: Callable[[str], bool]) -> dict[str, Link]:
        """Return the first link of the shortest way from every module to some others.

        Args:
            targets: Where ways end.
            is_between: Tells of a module whether ways may lead through it; false of the targets.

        Returns:
            A link for each module between: its way goes on with the link of what it imports.
        """
        found: dict[str, Link] = {}
        waiting = deque(targets)
        while waiting:
            for link in self._importers.get(waiting.popleft(), ()):
                if link.importer not in found and is_between(link.importer):
                    found[link.importer] = link
                    waiting.append(link.importer)
        return found


def imported_names(project: Project, item: Import) -> tuple[str, ...]:
    """Return what an import asks for: the module, or the one that it takes from a package.

    Outside the tree nobody knows whether a member is a module, so that both are given.
    """
    if item.member in {None, "*"}:
        return (item.module,)
    inner = f"{item.module}.{item.member}"
    if project.table.exists(inner):
        return (inner,)
    return (item.module,) if project.table.exists(item.module) else (item.module, inner)


def chain_from(link: Link, ways: dict[str, Link]) -> tuple[Link, ...]:
    """Return the links of the chain that begins with one."""
    links = [link]
    while links[-1].imported in ways:
        links.append(ways[links[-1].imported])
    return tuple(links)
