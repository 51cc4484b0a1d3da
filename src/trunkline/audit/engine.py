"""Runs the audit: finds the files, reads what can matter, asks the rules, sorts what they found."""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from trunkline.audit import entities
from trunkline.audit.config import AuditConfig
from trunkline.audit.discovery import discover
from trunkline.audit.entities import Entity
from trunkline.audit.findings import Finding, Suppressed, Undecided, is_within
from trunkline.audit.interfaces import interfaces
from trunkline.audit.modules import build_table
from trunkline.audit.problems import CheckerError
from trunkline.audit.project import Project, Source
from trunkline.audit.rule import PROGRAM, Rule
from trunkline.audit.source.encoding import character_column, source_lines
from trunkline.audit.source.facts import Function
from trunkline.audit.source.library import Library
from trunkline.audit.source.memory import collector_paused
from trunkline.audit.source.needles import CONTAINER_NAMES
from trunkline.audit.source.reader import Request
from trunkline.audit.suppression import apply_suppressions
from trunkline.audit.undecided import undecided_names

_WORD: Final = re.compile(r"\w+")


class Result(NamedTuple):
    """What an audit gives.

    Attributes:
        findings: What the rules found, root causes first within a file's order.
        suppressed: What suppressions let by.
        errors: Files and folders that were passed over.
        undecided: What could not be decided from source.
        rules: The rules that ran.
        project: The tree they ran over.
        files: How many files there are.
        read: How many of them were read in this run.
    """

    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...]
    errors: tuple[CheckerError, ...]
    undecided: tuple[Undecided, ...]
    rules: tuple[Rule, ...]
    project: Project
    files: int
    read: int


def run_audit(
    config: AuditConfig,
    rules: Iterable[Rule],
    *,
    paths: Iterable[str] = (),
    cached: bool = True,
) -> Result:
    """Audit a tree.

    Args:
        config: What is canonical, and where code lies.
        rules: The rules to run.
        paths: Files or folders, from the root with ``/``, to report on; empty for all. The whole
            tree is read either way: what a name leads to may stand anywhere.
        cached: False to read everything anew.
    """
    chosen = tuple(rules)
    with collector_paused():
        project, errors = open_project(config, chosen, cached=cached)
        found = [finding for rule in chosen for finding in rule.check(project)]
        if any("canonical" in rule.judges_by for rule in chosen):
            project.undecided.extend(undecided_names(project))
    project.library.flush()
    unique = sorted(set(_in_characters(project, found)))
    kept, suppressed = apply_suppressions(project, unique, chosen)
    wanted = tuple(paths)
    if wanted:
        kept = [finding for finding in kept if is_within(finding.path, wanted)]
        suppressed = [item for item in suppressed if is_within(item.finding.path, wanted)]
    return Result(
        tuple(kept), tuple(suppressed), (*errors, *project.library.errors()),
        tuple(dict.fromkeys(project.undecided)), chosen, project,
        len(project.table.names), project.library.read_files,
    )  # fmt: skip


def open_project(
    config: AuditConfig, rules: tuple[Rule, ...], *, cached: bool = True
) -> tuple[Project, tuple[CheckerError, ...]]:
    """Find and read the files of a tree, as far as the rules ask.

    Returns:
        The tree, and the folders that could not be read.
    """
    containers = any(rule.names == CONTAINER_NAMES for rule in rules)
    return open_tree(config, _request(config, rules), containers=containers, cached=cached)


def open_tree(
    config: AuditConfig, request: Request, *, containers: bool, cached: bool
) -> tuple[Project, tuple[CheckerError, ...]]:
    """Find and read the files of a tree, as far as a request asks.

    Args:
        config: What is canonical, and where code lies.
        request: What to read of the files.
        containers: True to read all that names a container class as well.
        cached: False to read everything anew, and keep nothing.

    Returns:
        The tree, and the folders that could not be read.
    """
    discovery = discover(config.root, config.excludes)
    table = build_table(discovery, config.sources)
    library = Library(config, discovery, table, request, cached=cached)
    project = Project(config, table, library)
    # The canonical modules are few and say which methods to look for: one reading instead of two.
    library.load(lambda: _method_names(project))
    project.refresh()
    # Re-exports under other names make those names matter, which may turn up more of them.
    while (config.canonical or containers) and library.extend(
        _further_names(project, containers=containers)
    ):
        project.refresh()
    library.forget_sources()
    return project, discovery.errors


def _in_characters(project: Project, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield findings with their columns in characters; the parser counts bytes of UTF-8."""
    rows: dict[str, list[str]] = {}
    for finding in findings:
        if finding.path not in rows:
            data = project.library.source(finding.path)
            rows[finding.path] = [] if not data or data.isascii() else source_lines(data)
        lines = rows[finding.path]
        if 0 < finding.line <= len(lines):
            column = character_column(lines[finding.line - 1], finding.column)
            yield finding._replace(column=column)
        else:
            yield finding


def _request(config: AuditConfig, rules: tuple[Rule, ...]) -> Request:
    names: set[str] = set()
    for canonical in config.canonical:
        names.add(canonical.type.last)
        names.add(f"{canonical.type.module.rpartition('.')[2]} import *")
        if canonical.factory is not None:
            # `Application.engine` is reached through the name of its container.
            names.add(canonical.factory.first)
        names.update(legacy.last for legacy in canonical.legacy)
        for legacy in canonical.legacy:
            names.update(_module_spellings(legacy.module))
        for pattern in canonical.family:
            literal = max(re.split(r"[*?\[\]]+", pattern), key=len)
            if len(literal) >= 3:
                names.add(literal)
    encoded = {name.encode() for name in names if name}
    if config.canonical:
        encoded.update(CONTAINER_NAMES)  # what a factory gives is read from its container
    for rule in rules:
        encoded.update(rule.names)
    return Request(
        tuple(sorted(encoded)),
        tuple(sorted({name for rule in rules for name in rule.production})),
        tuple(sorted({name for rule in rules for name in rule.tests})),
        any(rule.needs == PROGRAM for rule in rules),
    )


def _module_spellings(module: str) -> Iterator[str]:
    """Yield what a line holds that imports a module: its last name, where that is a rare word."""
    last = module.rpartition(".")[2]
    if _is_rare(last):
        yield last
        return
    yield module
    yield from (f"{last} import", f"import {last}", f".{last}'", f'.{last}"')


def _is_rare(word: str) -> bool:
    """Tell whether few files hold a word that do not mean what it names."""
    return len(word) >= 8 or "_" in word


def _further_names(project: Project, *, containers: bool) -> set[bytes]:  # noqa: C901 # one case after another
    """Return names under which canonical things are exported, and those of their methods.

    Args:
        project: The tree.
        containers: True to return the names of container classes as well.
    """
    found: set[bytes] = set()
    for source in project.sources():
        for item in source.facts.imports:
            if item.member == "*" and item.module in project.table.files:
                found.update(_star_spellings(project, source.module, item.module))
            if item.scope or item.member is None or item.member in {item.bound, "*"}:
                continue
            entity = project.resolver.lookup(source.module, item.bound)
            if entity.kind == entities.CLASS and project.canonical_of(entity) is not None:
                found.add(item.bound.encode())
        for definition in source.facts.definitions:
            if definition.kind == "assign" and definition.value is not None:
                entity = project.resolver.lookup(source.module, definition.name)
                if entity.kind == entities.CLASS and project.canonical_of(entity) is not None:
                    found.add(definition.name.encode())
        found.update(_given_names(project, source))
    if containers:
        for source in project.sources():
            for declared in source.facts.classes:
                bases = {
                    (base or "").rpartition(":")[2].rpartition(".")[2] for base in declared.bases
                }
                if bases & {"DeclarativeContainer", "ScopedContainer"}:
                    found.add(declared.name.encode())
    found |= _method_names(project)
    found |= _interface_spellings(project)
    found |= _factory_names(project, found)
    return {name for name in found if len(name) > 2}


def _given_names(project: Project, source: Source) -> Iterator[bytes]:
    """Yield the names of tables that hold canonical classes, and what ``__getattr__`` answers."""
    given = list(source.facts.given)
    for store in source.facts.stores:
        name = store.target.partition(":")[2].removesuffix("[]")
        if store.value is not None and not store.scope and store.target.endswith(f":{name}[]"):
            given.append((name, store.value))
    for name, path in given:
        entity = project.resolver.resolve(path)
        if entity.kind == entities.CLASS and project.canonical_of(entity) is not None:
            yield name.encode()


def _star_spellings(project: Project, module: str, target: str) -> Iterator[bytes]:
    """Yield how a star import of a module ends which has a canonical name by one itself."""
    for canonical in project.canonicals:
        if canonical.is_type(project.resolver.lookup(target, canonical.name)):
            yield f"{module.rpartition('.')[2]} import *".encode()
            if module in project.table.packages:
                yield b". import *"


def _factory_names(project: Project, known: set[bytes]) -> set[bytes]:
    """Return the names of functions outside the tests that give canonical objects.

    Only names that few files hold: one that imports such a function need not spell the class. What
    a function gives is followed only where its path spells something that is known already.
    """
    names = {name.decode() for name in known}
    for canonical in project.canonicals:
        names.add(canonical.name)
        names.update(legacy.last for legacy in canonical.config.legacy)
        if canonical.config.factory is not None:
            names.add(canonical.config.factory.first)
    found: set[str] = set()
    while True:
        new = {
            function.name
            for source in project.sources(tests=False)
            for function in source.facts.functions
            if function.name not in found
            and _is_rare(function.name)
            and _gives(project, source, function, names | found)
        }
        if not new:
            return {name.encode() for name in found}
        found |= new


def _gives(project: Project, source: Source, function: Function, names: set[str]) -> bool:
    """Tell whether a module's function gives a canonical object, under one of some names."""
    given = [function.returns] if function.returns else function.returned
    if "." in function.name or len(given) != 1 or names.isdisjoint(_WORD.findall(given[0])):
        return False
    of = Entity(entities.FUNCTION, source.module, function.name)
    result = project.resolver.result(of)
    return any(canonical.is_instance(result) for canonical in project.canonicals)


def _interface_spellings(project: Project) -> set[bytes]:
    """Return what a line holds on which a class derives from a canonical one's interface."""
    names = {
        interface.last
        for canonical in project.canonicals
        if canonical.type.kind == entities.CLASS
        for interface in interfaces(project.resolver, canonical.type)
    }
    forms = ("({},", "({})", "({}[", ", {})", ", {},", ".{})", ".{},")
    return {form.format(name).encode() for name in names for form in forms}


def _method_names(project: Project) -> set[bytes]:
    """Return how the definition of the longest method of every canonical class begins."""
    found: set[bytes] = set()
    for canonical in project.canonicals:
        declared = project.resolver.class_facts(canonical.type)
        if declared is not None:
            public = [name for name in declared.members if not name.startswith("_")]
            if len(public) >= 3:
                found.add(f"def {max(public, key=len)}(".encode())
    return found
