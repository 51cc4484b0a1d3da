"""The containers that a project has, as its source declares them: nothing is imported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from trunkline.audit import entities
from trunkline.audit.config_reader import load_config
from trunkline.audit.containers import (
    MAKERS,
    Provider,
    container_base,
    declared_provider,
    has_scopes,
    provided,
)
from trunkline.audit.engine import open_tree
from trunkline.audit.entities import Entity
from trunkline.audit.lifetimes import lifetime
from trunkline.audit.problems import ConfigurationError
from trunkline.audit.project import Project as Tree
from trunkline.audit.source.needles import CONTAINER_NAMES
from trunkline.audit.source.reader import Request
from trunkline.cli.faults import CommandError

__all__ = ["DeclaredContainer", "DeclaredProvider", "declared_containers", "read_tree"]

_OF_A_SCOPE = frozenset({"Scoped", "ScopedResource", "ScopeValue"})
_FACTORIES = MAKERS - {"AbstractFactory", "AbstractSingleton"}
"""Providers that make what they name; abstract ones are there to be overridden."""


@dataclass(frozen=True, slots=True)
class DeclaredProvider:
    """A provider of a container.

    Attributes:
        name: Its name; dotted for one of a container that this one holds.
        kind: Name of its class: ``Singleton``.
        makes: The class of what it gives, as ``module:Name``; None where that can't be told.
        scope: How long an object of it lives, as configuration writes it; None where each use
            makes one, or that can't be told.
        owner: The class that declares it, or the container by which this one holds it.
    """

    name: str
    kind: str
    makes: str | None
    scope: str | None
    owner: str

    @property
    def is_factory(self) -> bool:
        """Whether it makes what it gives."""
        return self.kind in _FACTORIES

    @property
    def is_scoped(self) -> bool:
        """Whether each scope has its own object."""
        return self.kind in _OF_A_SCOPE


@dataclass(frozen=True, slots=True)
class DeclaredContainer:
    """A container class.

    Attributes:
        module: The module that defines it.
        name: Its name there.
        file: The module's file, from the project's root.
        providers: What it declares and inherits, what it inherits last.
        stock_class: The class of its line that derives from dependency-injector's own container,
            as ``module:Name``; None where it is a `ScopedContainer`.
        within: The containers that it derives from or holds.
    """

    module: str
    name: str
    file: str
    providers: tuple[DeclaredProvider, ...]
    stock_class: str | None
    within: frozenset[str]

    @property
    def path(self) -> str:
        """The container as ``module:Name``."""
        return f"{self.module}:{self.name}"

    @property
    def is_stock(self) -> bool:
        """Whether it derives from dependency-injector's own container by itself."""
        return self.stock_class == self.path

    def factory_of(self, type_: str) -> DeclaredProvider | None:
        """The provider that makes a class, its own before those of containers that it holds."""
        fitting = [p for p in self.providers if p.is_factory and p.makes == type_]
        return min(fitting, key=lambda provider: provider.name.count("."), default=None)


def read_tree(root: Path) -> Tree:
    """Read the project: the imports and names of every file, and all of its containers.

    Raises:
        CommandError: Its configuration has mistakes, which would be those of the audit as well.
    """
    try:
        config = load_config(str(root))
    except ConfigurationError as error:
        raise CommandError("the configuration has mistakes", cause=str(error)) from error
    plain = config._replace(canonical=(), contracts=())
    return open_tree(plain, Request(CONTAINER_NAMES, program=True), containers=True, cached=False)[
        0
    ]


def declared_containers(tree: Tree) -> list[DeclaredContainer]:
    """Return the containers outside the tests, in the order of their modules."""
    found = []
    for source in tree.sources(tests=False):
        for item in source.facts.classes:
            if not all(part.isidentifier() for part in item.name.split(".")):
                continue  # of a function, where nobody else can come by it
            declared = _declared(
                tree, Entity(entities.CLASS, source.module, item.name), source.path
            )
            if declared is not None:
                found.append(declared)
    return found


def _declared(tree: Tree, entity: Entity, file: str) -> DeclaredContainer | None:
    found = container_base(tree.resolver, entity)
    if found is None or entity.module.startswith("trunkline."):
        return None
    inner: set[str] = set()
    providers = tuple(_providers(tree, entity, inner, (entity,)))
    line = tree.resolver.ancestors(entity)[0][1:]
    return DeclaredContainer(
        entity.module,
        entity.name,
        file,
        providers,
        None if has_scopes(tree.resolver, entity) else found[0].full,
        frozenset(inner | {one.full for one in line}),
    )


def _providers(
    tree: Tree, container: Entity, inner: set[str], holders: tuple[Entity, ...], prefix: str = ""
) -> Iterator[DeclaredProvider]:
    """Yield the providers of a container; the containers that it holds are added to `inner`."""
    seen: set[str] = set()
    is_scoped = has_scopes(tree.resolver, container)
    for item in tree.resolver.ancestors(container)[0]:
        known = tree.resolver.class_facts(item)
        for member in known.members if known is not None else ():
            own = Entity(entities.PROVIDER, item.module, f"{item.name}.{member}")
            provider = declared_provider(tree.resolver, own.module, own.name)
            if member in seen or provider is None:
                continue
            seen.add(member)
            name = f"{prefix}{member}"
            scope = lifetime(provider.kind, provider.call, has_scopes=is_scoped).scope
            made = _made(tree, own, provider)
            life = scope.lower() if scope else None
            yield DeclaredProvider(name, provider.kind, made, life, item.full)
            if provider.kind != "Container" or not provider.call.arguments:
                continue
            held = tree.resolver.resolve(provider.call.arguments[0].value)
            if held.kind == entities.CLASS and held not in holders:
                inner.add(held.full)
                replaced = {argument.keyword for argument in provider.call.arguments}
                for one in _providers(tree, held, inner, (*holders, held), f"{name}."):
                    if one.name.removeprefix(f"{name}.").partition(".")[0] not in replaced:
                        yield replace(one, owner=item.full)


def _made(tree: Tree, own: Entity, provider: Provider) -> str | None:
    """Return the class of what a provider gives, by what its function returns or yields too."""
    given = provided(tree.resolver, own)
    if given.kind in {entities.INSTANCE, entities.AWAITABLE}:
        return given.full
    target = tree.resolver.resolve(provider.provides)
    function = tree.resolver.function(target) if target.kind == entities.FUNCTION else None
    if function is None or function.returns is not None:
        return None
    block = tree.library.block(tree.table.files[target.module], function.line)
    given_by = [one.returned for one in block.functions if one.name == function.name]
    if len(given_by) != 1 or len(given_by[0]) != 1:
        return None
    given = tree.resolver.resolve(given_by[0][0])
    return given.full if given.kind == entities.INSTANCE else None
