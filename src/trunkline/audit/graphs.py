"""Dependency graphs of containers, from source: the same model that live containers produce."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from trunkline.audit import entities
from trunkline.audit.containers import (
    MAKERS,
    is_async,
    is_container,
    provider_kind,
)
from trunkline.audit.entities import Entity
from trunkline.audit.findings import Undecided
from trunkline.audit.project import Project
from trunkline.audit.source.facts import Call, Class, Facts

if TYPE_CHECKING:
    from trunkline.graph.model import Dependency, Graph, Kind, Node

SCOPES: Final = ("APP", "SESSION", "REQUEST", "STEP")
_DEFAULT_SCOPE: Final = "REQUEST"
_SCOPED: Final = frozenset({"Scoped", "ScopedResource", "ScopeValue", "KeyedSingleton"})
_SINGLETONS: Final = frozenset(
    {"Singleton", "ThreadSafeSingleton", "ThreadLocalSingleton", "AbstractSingleton"}
)


class Declared(NamedTuple):
    """One attribute of a container that is a provider."""

    name: str
    kind: str
    call: Call
    owner: str
    path: str


def container_graphs(project: Project) -> Iterator[tuple[str, "Graph"]]:
    """Yield the path and the graph of every container class outside the tests."""
    for source in project.sources(tests=False):
        for item in source.facts.classes:
            entity = Entity(entities.CLASS, source.module, item.name)
            if not is_container(project.resolver, entity):
                continue
            graph = _graph(project, entity, source.path, item)
            if graph is not None and graph.nodes:
                yield source.path, graph


def _graph(project: Project, entity: Entity, path: str, item: Class) -> "Graph | None":
    from trunkline.graph.model import Graph

    declared: dict[str, Declared] = {}
    for base in reversed(project.resolver.ancestors(entity)[0]):
        if base.module == "trunkline.containers":
            continue  # the framework's own base, where its source is part of the tree
        home = project.table.files[base.module]
        own = project.resolver.class_facts(base)
        if own is None or {"scopes", "default_scope"} & {*own.members}:
            reason = "the container has a scope chain of its own"
            project.undecided.append(Undecided(path, item.line, entity.full, reason))
            return None
        for provider in _declared(project, base, home, project.library.containers(home)):
            declared[provider.name] = provider
    nodes: dict[str, Node] = {}
    for provider in declared.values():
        node = _node(project, entity, provider, declared)
        nodes[node.name] = node
    return Graph(entity.full.replace(":", "."), SCOPES, nodes)


def _declared(project: Project, base: Entity, path: str, known: Facts) -> Iterator[Declared]:
    prefix = f"{base.module}:{base.name}."
    for store in known.stores:
        name = store.target.removeprefix(prefix)
        if not store.target.startswith(prefix) or not name.isidentifier() or store.value is None:
            continue
        for call in known.calls:
            if call.line != store.line or f"{call.callee}()" != store.value:
                continue
            kind = provider_kind(project.resolver, call.callee)
            if kind is not None:
                yield Declared(name, kind, call, base.name, path)
            break


def _node(
    project: Project, entity: Entity, provider: Declared, declared: dict[str, Declared]
) -> "Node":
    from trunkline.graph.model import Node, SourceLocation

    kind, scope = _life(provider)
    arguments = [argument for argument in provider.call.arguments if argument.keyword != "["]
    provides = ""
    if arguments and (provider.kind in MAKERS or provider.kind == "ScopeValue"):
        provides = project.resolver.resolve(arguments[0].value).full.replace(":", ".")
        arguments = arguments[1:]
    dependencies: list[Dependency] = []
    for position, argument in enumerate(arguments):
        if argument.keyword == "scope":
            continue
        edge = _edge(argument.value, argument.keyword or str(position), declared)
        if edge is not None:
            dependencies.append(edge)
    owner = Entity(entities.PROVIDER, entity.module, f"{entity.name}.{provider.name}")
    return Node(
        provider.name, kind, scope, provides, tuple(dependencies),
        SourceLocation(provider.path, provider.call.line), is_async(project.resolver, owner),
    )  # fmt: skip


def _edge(value: str | None, parameter: str, declared: dict[str, Declared]) -> "Dependency | None":
    from trunkline.graph.model import Dependency

    if value is None or ":" not in value:
        return None
    rest = value.partition(":")[2].split(".")
    for index, part in enumerate(rest):
        # behind anything but a class it is an attribute of what another provider gives
        if part in declared and (index == 1 or ".".join(rest[:index]) == declared[part].owner):
            return Dependency(part, parameter, deferred=rest[index + 1 :][:1] == ["provider"])
    return None


def _life(provider: Declared) -> tuple["Kind", str | None]:  # noqa: PLR0911 # one case after another
    """Return the kind of a provider's node and the scope whose objects it makes."""
    from trunkline.graph.model import Kind

    kind = provider.kind
    if kind in _SCOPED:
        scope = next(
            (
                (argument.value or "").rpartition(".")[2]
                for argument in provider.call.arguments
                if argument.keyword == "scope"
            ),
            _DEFAULT_SCOPE,
        )
        node = {
            "Scoped": Kind.SCOPED,
            "ScopedResource": Kind.RESOURCE,
            "ScopeValue": Kind.VALUE,
            "KeyedSingleton": Kind.KEYED,  # the scope that pins the object
        }
        return node[kind], scope if scope in SCOPES else _DEFAULT_SCOPE
    if kind in _SINGLETONS:
        return Kind.SINGLETON, SCOPES[0]
    if kind == "Resource":
        return Kind.RESOURCE, SCOPES[0]
    if kind in {"Factory", "Callable", "Coroutine", "AbstractFactory"}:
        return Kind.FACTORY, None
    if kind in {"List", "Dict", "Aggregate", "FactoryAggregate"}:
        return Kind.COLLECTION, None
    if kind in {"Object", "Configuration"}:
        return Kind.CONSTANT, None
    if kind == "Selector":
        return Kind.CHOICE, None
    if kind in {"Delegate", "Self"}:
        return Kind.DEFERRED, None
    return (Kind.EXTERNAL if "Depend" in kind else Kind.FOREIGN), None
