"""Dependency graphs of containers, from source: the same model that live containers produce."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from trunkline.audit import entities
from trunkline.audit.container_bodies import Body, bodies_of
from trunkline.audit.containers import MAKERS, chained, has_scopes, inherited_kind, is_container
from trunkline.audit.entities import Entity
from trunkline.audit.findings import Finding, Undecided
from trunkline.audit.lifetimes import (
    AGGREGATES,
    SCOPES,
    configured_scope,
    is_delegated,
    lifetime,
)
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule
from trunkline.audit.source.facts import Argument, Call, Class, Store

if TYPE_CHECKING:
    from trunkline.graph.model import Dependency, Graph, Node, SourceLocation
    from trunkline.validation import Finding as GraphFinding

_NO_EDGES: Final = frozenset({"Object", "Configuration"})
LITERALS: Final = frozenset({"Dict", "Selector", *AGGREGATES})
"""Providers that take the items of a literal for providers; others inject the literal as it is."""
SETTERS: Final = {
    "add_args": "", "set_args": "", "add_kwargs": "", "set_kwargs": "", "add_attributes": ".",
    "set_attributes": ".",
}  # fmt: skip
"""Methods of stock providers that take further arguments; what their keywords begin with."""


class ContainerGraph(NamedTuple):
    """What was read of one container.

    Attributes:
        path: Path of its file.
        graph: The graph.
        configured: The scopes that are configured for the types of its own providers, by their
            names.
    """

    path: str
    graph: "Graph"
    configured: dict[str, str]


def container_graphs(project: Project) -> Iterator[ContainerGraph]:
    """Yield the graph of every container class outside the tests."""
    for source in project.sources(tests=False):
        for item in source.facts.classes:
            entity = Entity(entities.CLASS, source.module, item.name)
            if is_container(project.resolver, entity):
                read = _graph(project, entity, source.path, item)
                if read is not None and read.graph.nodes:
                    yield read


def graph_findings(
    project: Project,
    rule: Rule,
    graphs: Iterable[ContainerGraph],
    check: "Callable[[Graph], Iterable[GraphFinding]]",
) -> Iterator[Finding]:
    """Yield as a rule's findings what a check finds in the graph of every container.

    Args:
        project: The project.
        rule: Whose findings they are.
        graphs: The graphs of its containers.
        check: A check that the live container is held to as well.
    """
    every = [(path, found) for path, graph, _ in graphs for found in check(graph)]
    own = {(found.location, found.subject) for _, found in every}
    for path, found in every:
        if _is_of_nested(found, own):
            continue
        at = found.location
        file, line = (at.file, at.line) if at else (path, 0)
        yield rule.finding(
            file,
            line,
            indent(project, file, line),
            found.message,
            cause="; ".join(found.hops),
            remedy=found.remedy,
        )


def _is_of_nested(found: "GraphFinding", own: "set[tuple[SourceLocation | None, str]]") -> bool:
    """Tell whether a finding is one of a nested container's own, which has it as well."""
    rest = found.subject
    while "." in rest:
        rest = rest.partition(".")[2]
        if (found.location, rest) in own:
            return True
    return False


def indent(project: Project, path: str, line: int) -> int:
    """Return the column at which a line's text begins: graphs keep lines alone."""
    rows = (project.library.source(path) or b"").splitlines()[max(line - 1, 0) : line]
    return sum(len(row) - len(row.lstrip()) for row in rows)


def _graph(project: Project, entity: Entity, path: str, item: Class) -> ContainerGraph | None:
    from trunkline.graph.model import Graph

    bodies = bodies_of(project, entity)
    if bodies is None:
        reason = "the container has a scope chain of its own"
        project.undecided.append(Undecided(path, item.line, entity.full, reason))
        return None
    reader = _GraphReader(project, bodies, has_scopes=has_scopes(project.resolver, entity))
    graph = Graph(entity.full.replace(":", "."), SCOPES, reader.nodes)
    return ContainerGraph(path, graph, reader.configured)


class _Read(NamedTuple):
    """An expression that stands for a provider, by the name of its node."""

    target: str
    deferred: bool = False


class _GraphReader:
    """Reads the nodes of one container.

    Args:
        project: The tree.
        bodies: The classes that declare its providers, those that others override first.
        has_scopes: Whether it has scopes, or is nested in one that has.
    """

    def __init__(self, project: Project, bodies: list[Body], *, has_scopes: bool) -> None:
        self._project = project
        self._has_scopes = has_scopes
        self.configured: dict[str, str] = {}
        self._prefixes = tuple(body.prefix for body in bodies)
        self._homes = {name: body for body in bodies for name in body.stores}
        self.nodes: dict[str, Node] = {}
        for name, body in self._homes.items():
            stores = body.stores[name]
            if len(stores) == 1:  # what is set in several ways is not known
                self._declared(name, stores[0], body)

    def _declared(self, name: str, store: Store, body: Body) -> None:
        call = body.calls.get(store.span) if store.span is not None else None
        chain = list(chained(call, body.calls.values())) if call is not None else []
        kind = inherited_kind(self._project.resolver, chain[0].callee) if chain else None
        if kind is None:
            self._view(name, store.value, call, body, store.line)
            return
        self._provider(name, kind, [*chain, *body.additions.get(name, ())], body)

    def _provider(self, name: str, kind: str, calls: list[Call], body: Body) -> None:
        """Add the node of a provider, given the call that makes it and those that add to it."""
        from trunkline.graph.model import Kind, Node, SourceLocation

        call = calls[0]
        if kind == "Container":
            self._nested(name, call, body)
            return
        node_kind, scope, local = lifetime(kind, call, has_scopes=self._has_scopes)
        configured = configured_scope(self._project, kind, call)
        if configured is not None:
            self.configured[name] = configured
            if node_kind in {Kind.FACTORY, Kind.EXTERNAL}:
                scope = configured
        arguments = call.arguments
        provides = ""
        if arguments and (kind in MAKERS or kind == "ScopeValue"):
            provides = self._project.resolver.resolve(arguments[0].value).full.replace(":", ".")
            arguments = arguments[1:]
        edges = [] if kind in _NO_EDGES else self._edges(name, kind, arguments, body)
        for other in calls[1:]:
            prefix = SETTERS.get((other.callee or "").rpartition(".")[2])
            if prefix is not None:
                edges += self._edges(name, kind, other.arguments, body, prefix)
        if node_kind is Kind.DEFERRED:
            edges = [edge._replace(deferred=True) for edge in edges]
        self.nodes[name] = Node(
            name, node_kind, scope, provides, tuple(edges), SourceLocation(body.path, call.line),
            declared="[" not in name, local=local,
        )  # fmt: skip

    def _nested(self, name: str, call: Call, body: Body) -> None:
        """Add the nodes of a container that this one holds, with what is put into it."""
        from trunkline.graph.model import Dependency, Kind, Node, SourceLocation

        inner = self._project.resolver.resolve(call.arguments[0].value if call.arguments else None)
        bodies = None
        if inner.kind == entities.CLASS and is_container(self._project.resolver, inner):
            bodies = bodies_of(self._project, inner)
        if bodies is None or any(argument.keyword == "**" for argument in call.arguments):
            return
        reader = _GraphReader(self._project, bodies, has_scopes=self._has_scopes)
        for node in reader.nodes.values():
            edges = [edge._replace(target=f"{name}.{edge.target}") for edge in node.dependencies]
            own = f"{name}.{node.name}"
            self.nodes[own] = replace(node, name=own, dependencies=tuple(edges))
        for argument in call.arguments[1:]:
            replaced = f"{name}.{argument.keyword}"
            read = self._read(replaced, argument, body)
            if read is not None and read.target != replaced:
                place = SourceLocation(body.path, call.line)
                edge = Dependency(read.target, "provides", read.deferred)
                self.nodes[replaced] = Node(replaced, Kind.VIEW, None, "", (edge,), place)
            elif read is None:
                self.nodes.pop(replaced, None)  # something that is not known

    def _edges(
        self, name: str, kind: str, arguments: tuple[Argument, ...], body: Body, prefix: str = ""
    ) -> "list[Dependency]":
        """Return the edges of a provider's arguments, adding the nodes of what is written in place.

        Args:
            name: Name of the provider's node.
            kind: Name of its class.
            arguments: The arguments, without the class or function that it calls.
            body: Where they stand.
            prefix: What the names of attributes begin with, which are set after construction.
        """
        from trunkline.graph.lifetimes import KEY
        from trunkline.graph.model import Dependency

        edges: list[Dependency] = []
        key = next((a.value for a in arguments if a.keyword == KEY), None)
        for position, argument in enumerate(arguments):
            if argument.keyword == "scope" or (argument.keyword == "[" and kind not in LITERALS):
                continue
            named = argument.keyword is not None and argument.keyword.isidentifier()
            parameter = f"{prefix}{argument.keyword}" if named else str(position)
            # the key given as an argument too is the same object, read once
            same = kind == "KeyedSingleton" and argument.value == key and argument.span is None
            read = self._read(f"{name}[{KEY if same else parameter}]", argument, body)
            if read is not None:
                conditional = kind in AGGREGATES or (kind == "Selector" and position > 0)
                edges.append(Dependency(read.target, parameter, read.deferred, conditional))
        return edges

    def _read(self, name: str, argument: Argument, body: Body) -> _Read | None:
        """Return the node that an argument stands for; one written in place is added by `name`."""
        call = body.calls.get(argument.span) if argument.span is not None else None
        if call is not None:
            chain = list(chained(call, body.calls.values()))
            kind = inherited_kind(self._project.resolver, chain[0].callee)
            if kind is not None:
                self._provider(name, kind, chain, body)
                return _Read(name, is_delegated(kind))
        head, rest = self._head(argument.value)
        if head is None:
            return None
        if rest and self._holds_container(head):
            return _Read(f"{head}.{rest[0]}") if len(rest) == 1 else None
        if not rest or rest[0] == "provider":
            return _Read(head, bool(rest) or self._is_delegated(head))
        self._view(name, argument.value, call, body, call.line if call is not None else 0)
        return _Read(name)

    def _view(self, name: str, value: str | None, call: Call | None, body: Body, line: int) -> None:
        """Add the node of what is read from another provider's object, or of another name for it.

        Args:
            name: Name of the node.
            value: Path of the expression.
            call: The call that it is, where a method of the object is called.
            body: Where it stands.
            line: Number of its line; 0 where it is not known.
        """
        from trunkline.graph.model import Dependency, Kind, Node, SourceLocation

        head, rest = self._head(value)
        if head is None or self._holds_container(head):
            return
        deferred = rest[0] == "provider" if rest else self._is_delegated(head)
        edges = [Dependency(head, "provides", deferred)]
        if call is not None:
            edges += self._edges(name, "MethodCaller", call.arguments, body)
        place = SourceLocation(body.path, line) if line else None
        kind = Kind.DEFERRED if deferred else Kind.VIEW
        self.nodes[name] = Node(name, kind, None, "", tuple(edges), place, declared="[" not in name)

    def _head(self, value: str | None) -> tuple[str | None, list[str]]:
        """Return the container's own name that a path begins with, and the steps after it."""
        for prefix in self._prefixes:
            if value is not None and value.startswith(prefix):
                name, *rest = value[len(prefix) :].replace("[]", ".[]").split(".")
                return (name, rest) if name in self._homes else (None, [])
        return None, []

    def _is_delegated(self, name: str) -> bool:
        """Tell whether a provider is injected itself, instead of what it makes."""
        return is_delegated(self._kind(name))

    def _holds_container(self, name: str) -> bool:
        """Tell whether a provider is a container that this one holds."""
        return self._kind(name) == "Container"

    def _kind(self, name: str) -> str | None:
        """Return the name of the class of a declared provider."""
        body = self._homes[name]
        store = body.stores[name][0]
        call = body.calls.get(store.span) if store.span is not None else None
        return inherited_kind(self._project.resolver, call.callee) if call is not None else None
