"""The frozen dependency graph that the live container and the auditor both produce.

A graph holds names, scopes and places in source, never live objects: it can be exported, compared
with an older one and checked without the program it describes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

__all__ = ["Dependency", "Graph", "Kind", "Local", "Node", "SourceLocation"]


class SourceLocation(NamedTuple):
    """A line of source.

    Attributes:
        file: Path of the file, as the interpreter or the auditor knows it.
        line: Line number, from 1.
    """

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Kind(StrEnum):
    """How a provider makes its objects, which decides how long they live."""

    VALUE = "value"
    """Given when its scope opens."""
    SCOPED = "scoped"
    """Built once in each scope."""
    RESOURCE = "resource"
    """Built once in each scope, and torn down with it."""
    SINGLETON = "singleton"
    """Built once in the outermost scope."""
    KEYED = "keyed"
    """Built once for each key in the outermost scope, pinned by the scopes that use it."""
    FACTORY = "factory"
    """Built anew at each use."""
    CONSTANT = "constant"
    """An object that exists already."""
    VIEW = "view"
    """Read from another provider's object: an attribute, an item, a method's result."""
    COLLECTION = "collection"
    """A list or a mapping of other providers' objects."""
    CHOICE = "choice"
    """One of several providers, chosen at each use."""
    DEFERRED = "deferred"
    """Another provider itself, not its object."""
    EXTERNAL = "external"
    """To be supplied by an override."""
    FOREIGN = "foreign"
    """Called as it is: its own library decides what a use gives."""


class Local(StrEnum):
    """What a stock singleton keeps an object for, where it keeps more than one of them."""

    THREAD = "thread"
    """One object for each thread."""
    CONTEXT = "context"
    """One object for each context of :mod:`contextvars`: in asyncio, for each task."""


class Dependency(NamedTuple):
    """An edge of the graph: one argument that another provider fills.

    Attributes:
        target: Name of the node that fills the argument.
        parameter: The keyword, or the position counted from 0, that it fills; an attribute set
            after construction is written with a leading dot.
        deferred: True where the provider itself is passed, so that the target lives on its own.
        conditional: True where only some uses reach the target (one choice of several).
    """

    target: str
    parameter: str
    deferred: bool = False
    conditional: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """One provider.

    Attributes:
        name: Its name in the container, dotted for nested containers; a provider written inside
            another's arguments is named after that argument, for example ``engine[agents]``.
        kind: How it makes objects.
        scope: Name of the scope whose objects it makes; None where each use makes one.
        provides: Dotted name of the class or function it calls, or of a constant's class.
        dependencies: Its edges, in the order of its arguments.
        location: Where it is declared.
        is_async: True where resolving it must be awaited.
        has_teardown: True where closing the scope runs code of its own.
        declared: True where it is an attribute of the container, not written inside another.
        local: What its objects are kept for one by one, within their scope; None where the scope
            has one.
    """

    name: str
    kind: Kind
    scope: str | None
    provides: str
    dependencies: tuple[Dependency, ...] = ()
    location: SourceLocation | None = None
    is_async: bool = False
    has_teardown: bool = False
    declared: bool = True
    local: Local | None = None

    @property
    def lifetime(self) -> str:
        """How long its objects live, as messages show it."""
        if self.local is not None:
            return f"each {self.local}"
        return self.scope or ("each use" if self.kind is not Kind.CONSTANT else "always")

    @property
    def label(self) -> str:
        """The name with its place, as messages show it."""
        return f"{self.name} ({self.location})" if self.location else self.name


@dataclass(frozen=True, slots=True)
class Graph:
    """All providers of one container.

    Attributes:
        name: Dotted name of the container.
        scopes: The scope chain, outermost first.
        nodes: Nodes by name, in the order of declaration.
    """

    name: str
    scopes: tuple[str, ...]
    nodes: Mapping[str, Node] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", MappingProxyType(dict(self.nodes)))

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes.values())

    def __len__(self) -> int:
        return len(self.nodes)

    def __getitem__(self, name: str) -> Node:
        return self.nodes[name]

    def __contains__(self, name: object) -> bool:
        return name in self.nodes

    def depth(self, scope: str) -> int:
        """How far inside the chain a scope lies: 0 for the outermost.

        Raises:
            ValueError: The chain has no such scope.
        """
        return self.scopes.index(scope)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Graph, (self.name, self.scopes, dict(self.nodes)))
