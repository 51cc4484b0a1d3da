"""Imports that cannot work, what breaks because of them, and which line is the cause."""

from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from trunkline.audit import entities
from trunkline.audit.first_failures import Failure, Step, first_failures
from trunkline.audit.project import Project
from trunkline.audit.source import facts
from trunkline.audit.source.facts import Definition, Import

_SOFT = facts.GUARDED | facts.FALLBACK | facts.CONDITIONAL | facts.IN_FUNCTION | facts.TYPE_CHECKING
_LATE = facts.CONDITIONAL | facts.IN_FUNCTION
_UNJUDGED = facts.VERSION_CHECK | facts.NEVER


class BrokenImport(NamedTuple):
    """One import whose target does not exist."""

    path: str
    line: int
    column: int
    problem: str
    cause: str
    remedy: str
    fails_module: bool
    """True when importing the file that holds it fails."""


class Consequence(NamedTuple):
    """One import that fails because the module it names cannot be imported."""

    path: str
    line: int
    column: int
    target: str
    root: str
    """``path:line`` of the broken import at the end of the chain."""


class BrokenReport(NamedTuple):
    """All broken imports of a tree, parted by what they are."""

    roots: tuple[BrokenImport, ...]
    masked: tuple[BrokenImport, ...]
    consequences: tuple[Consequence, ...]
    """The first import to fail of each module that cannot be imported because of another's."""
    late: tuple[Consequence, ...]
    """Imports that fail when they are run: in functions, or on a condition."""
    breaks: dict[tuple[str, int], int]


def broken_imports(project: Project) -> BrokenReport:
    """Judge every import of a tree of which all imports were read; once for each project."""
    if project.broken is None:
        project.broken = _report(project)
    return project.broken


def _report(project: Project) -> BrokenReport:
    roots: list[BrokenImport] = []
    masked: list[BrokenImport] = []
    for path in project.library.paths():
        known = project.library.facts(path)
        if not known.level:
            continue
        for item in known.imports:
            if item.flags & _UNJUDGED:
                continue
            found = _judge(project, path, item)
            if found is None:
                continue
            if item.flags & facts.GUARDED:
                if _stands_in(known.definitions, known.imports, item) and not _private(item):
                    masked.append(found)
            elif not item.flags & facts.FALLBACK:
                roots.append(found)
    breaks, consequences, late = _spread(project, roots)
    return BrokenReport(tuple(roots), tuple(masked), tuple(consequences), tuple(late), breaks)


def _judge(project: Project, path: str, item: Import) -> BrokenImport | None:  # noqa: PLR0911 # one case after another
    """Return why an import cannot work; None where it can, or where that is unknown."""
    if item.flags & facts.BEYOND_TOP:
        return None
    resolver = project.resolver
    fails = not item.flags & _SOFT
    state = resolver.module_state(item.module, path)
    if state in {"external", "unknown"}:
        return None
    if state == "no":
        absent = _first_absent(project, item.module)
        near = _near(absent.rpartition(".")[2], _children(project, absent.rpartition(".")[0]))
        return BrokenImport(
            path, item.line, item.column, f"there is no module {absent}",
            f"{absent.rpartition('.')[0] or 'the tree'} has no {absent.rpartition('.')[2]}",
            f"did you mean {near}?" if near else "", fails,
        )  # fmt: skip
    if item.member == "*":
        return _unexported(project, path, item)
    if item.member is None:
        return None
    if (
        not item.flags & facts.TYPE_CHECKING
        and item.module in project.table.files
        and resolver.for_checkers_alone(item.module, item.member)
    ):
        return BrokenImport(
            path, item.line, item.column, f"{item.module} has no {item.member} when it is run",
            "it is bound under TYPE_CHECKING alone",
            "bind it at run time too, or import it under TYPE_CHECKING here as well", fails,
        )  # fmt: skip
    entity = resolver.lookup(item.module, item.member)
    if entity.kind != entities.MISSING:
        return None
    if (entity.module, entity.name) != (item.module, item.member):
        # The name is imported there from somewhere that lacks it: that import is reported itself.
        return None
    if project.table.names.get(path) == item.module:
        return None
    near = (
        _near(item.member, resolver.names(item.module))
        if item.module in project.table.files
        else ""
    )
    return BrokenImport(
        path, item.line, item.column, f"{item.module} has no {item.member}",
        f"neither a name in {project.table.files.get(item.module, item.module)} nor a module in it",
        f"did you mean {near}?" if near else "", fails,
    )  # fmt: skip


def _unexported(project: Project, path: str, item: Import) -> BrokenImport | None:
    """Return why a star import cannot work: its module exports a name that it lacks."""
    known = project.resolver.facts(item.module) if item.module in project.table.files else None
    if known is None or known.exports is None or known.dynamic & facts.DYNAMIC_ALL:
        return None
    for name in known.exports:
        entity = project.resolver.lookup(item.module, name)
        lacks = entity == (entities.MISSING, item.module, name)
        checked = not item.flags & facts.TYPE_CHECKING and project.resolver.for_checkers_alone(
            item.module, name
        )
        if lacks or checked:
            return BrokenImport(
                path, item.line, item.column, f"__all__ of {item.module} names {name}",
                f"{project.table.files[item.module]} "
                + ("has no such name" if lacks else "binds it under TYPE_CHECKING alone"),
                "take it out of __all__, or define it" + ("" if lacks else " at run time too"),
                not item.flags & _SOFT,
            )  # fmt: skip
    return None


def _near(name: str, known: object) -> str:
    import difflib

    close = difflib.get_close_matches(name, list(known), 1, 0.8)  # type: ignore[call-overload] # any names
    return str(close[0]) if close else ""


def _children(project: Project, package: str) -> list[str]:
    prefix = f"{package}." if package else ""
    return [
        name[len(prefix) :]
        for name in project.table.files
        if name.startswith(prefix) and "." not in name[len(prefix) :]
    ]


def _first_absent(project: Project, module: str) -> str:
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        name = ".".join(parts[:end])
        if not project.table.exists(name):
            return name
    return module


def _private(item: Import) -> bool:
    name = f"{item.module}.{item.member or ''}"
    return any(part.startswith("_") for part in name.split("."))


def _stands_in(
    definitions: tuple[Definition, ...], imports: tuple[Import, ...], item: Import
) -> bool:
    """Tell whether a handler binds the name that the guarded import would have bound."""
    return any(
        definition.name == item.bound and definition.flags & facts.FALLBACK
        for definition in definitions
    ) or any(other.bound == item.bound and other.flags & facts.FALLBACK for other in imports)


def _spread(
    project: Project, roots: list[BrokenImport]
) -> tuple[dict[tuple[str, int], int], list[Consequence], list[Consequence]]:
    """Follow broken modules to those that import them, and each back to the line that fails first.

    Returns:
        How many other modules fail first at each root, by its path and line; the import by which
        each of them does; and the imports of broken modules in those that are whole.
    """
    files = project.table.files
    consequences: list[Consequence] = []
    breaks: dict[tuple[str, int], int] = {}
    failures = first_failures(_steps(project, roots))
    for name, failure in failures.items():
        if failure.target:
            step, place = failure.step, (files[failure.module], failure.root.line)
            line, column = (step.line, step.column) if step is not None else (1, 0)
            cause = f"{place[0]}:{place[1]}"
            consequences.append(Consequence(files[name], line, column, failure.target, cause))
            breaks[place] = breaks.get(place, 0) + 1
    return breaks, sorted(consequences), sorted(_late(project, roots, failures))


def _late(
    project: Project, roots: list[BrokenImport], failures: dict[str, Failure]
) -> Iterator[Consequence]:
    """Yield the imports of broken modules that run late, or on a condition, in whole modules."""
    files = project.table.files
    own = {(root.path, root.line, root.column) for root in roots}
    for path in project.library.paths() if failures else ():
        module = project.table.names[path]
        if module in failures or files.get(module) != path:
            continue
        for item in project.library.facts(path).imports:
            if not item.flags & _LATE or item.flags & (_SOFT & ~_LATE | _UNJUDGED):
                continue
            if (path, item.line, item.column) in own:
                continue
            broken = next((name for name in _runs(project, path, item) if name in failures), None)
            if broken is not None:
                failure = failures[broken]
                cause = f"{files[failure.module]}:{failure.root.line}"
                yield Consequence(path, item.line, item.column, broken, cause)


def _steps(project: Project, roots: list[BrokenImport]) -> dict[str, list[Step]]:
    """Return for every module that cannot be imported the imports that fail, in their order."""
    steps: dict[str, list[Step]] = {}
    for root in roots:
        module = project.table.names[root.path]
        if root.fails_module and project.table.files.get(module) == root.path:
            steps.setdefault(module, []).append(Step(root.line, root.column, True, ""))
    importers = _importers(project) if steps else {}
    queue = deque(steps)
    while queue:
        target = queue.popleft()
        for name, item in importers.get(target, ()):
            if name not in steps:
                steps[name] = []
                queue.append(name)
            if item is not None:
                steps[name].append(Step(item.line, item.column, False, target))
    for found in steps.values():
        found.sort()
    return steps


def _importers(project: Project) -> dict[str, list[tuple[str, Import | None]]]:
    """Return for every module those that run it when they are imported, and by which import.

    None stands for the packages around a module, which are run before it.
    """
    found: dict[str, list[tuple[str, Import | None]]] = {}
    table = project.table
    for path in project.library.paths():
        own = table.names[path]
        if table.files.get(own) != path:
            continue  # a package of the same name hides it
        for item in project.library.facts(path).imports:
            if item.flags & _SOFT or item.flags & _UNJUDGED:
                continue
            for target in _runs(project, path, item):
                # A package that is being imported already is not run again by its own modules.
                if target in table.files and not f"{own}.".startswith(f"{target}."):
                    found.setdefault(target, []).append((own, item))
        package = own.rpartition(".")[0]
        while package:
            if package in table.files:
                found.setdefault(package, []).append((own, None))
            package = package.rpartition(".")[0]
    return found


def _runs(project: Project, path: str, item: Import) -> Iterator[str]:
    """Yield the modules that an import runs, in their order: packages before what is in them."""
    state = project.resolver.module_state(item.module, path)
    if state not in {"yes", "no"}:
        return
    # of a module that is not there the packages are run all the same
    package = item.module if state == "yes" else item.module.rpartition(".")[0]
    yield from _with_packages(package)
    if state == "yes" and item.member not in {None, "*"}:
        submodule = f"{item.module}.{item.member}"
        if submodule in project.table.files and not _binds(project, item):
            yield submodule


@lru_cache(maxsize=10_000)
def _with_packages(module: str) -> tuple[str, ...]:
    """Return a module after the packages that it lies in."""
    parts = module.split(".")
    return tuple(".".join(parts[:end]) for end in range(1, len(parts) + 1))


def _binds(project: Project, item: Import) -> bool:
    """Tell whether the module itself binds the imported name, so that no submodule is imported."""
    module = item.module
    return module in project.table.files and item.member in project.resolver.names(module)
