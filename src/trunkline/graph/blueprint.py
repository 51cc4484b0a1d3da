"""A graph together with how each of its objects is made: what the compiler works from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final, NamedTuple

from trunkline.graph.model import Graph

__all__ = [
    "TORN_DOWN",
    "Argument",
    "Blueprint",
    "Constant",
    "Lack",
    "Opening",
    "Recipe",
    "Ref",
    "Stray",
    "replaced_name",
    "written_name",
]


class Lack(Enum):
    """What a declaration lacks, so that no object can be made of it."""

    PROVIDER = auto()
    """Another provider was to supply the object, and none does."""
    SUBCLASS = auto()
    """It is abstract, and nothing overrides it."""
    CALL = auto()
    """It has no class or function to call."""
    GIVER = auto()
    """It is to be given when the outermost scope opens, which nobody gives values."""


class Opening(Enum):
    """What is done with a recipe's call to get the object."""

    GIVEN = auto()
    """The object is given when the scope opens; ``call`` is its type."""
    CALL = auto()
    """The call's result is the object."""
    COROUTINE = auto()
    """The call's result is awaited."""
    GENERATOR = auto()
    """The first value of a generator is the object; the rest of it is the teardown."""
    ASYNC_GENERATOR = auto()
    """The same, of an async generator."""
    CONTEXT_MANAGER = auto()
    """The object is what the context manager's ``__enter__`` returns."""
    ASYNC_CONTEXT_MANAGER = auto()
    """The same with ``__aenter__``."""
    CONSTANT = auto()
    """``call`` itself is the object."""
    METHOD = auto()
    """The first argument is called with the others."""
    ATTRIBUTE = auto()
    """An attribute of the first argument, named by the second; without a second, the first."""
    ITEM = auto()
    """An item of the first argument, keyed by the second."""
    LIVE = auto()
    """``call`` is a provider of another library, called without arguments in the open scope."""
    DELEGATED = auto()
    """The scope that this one shadows makes and keeps it, by its method named ``call``."""


TORN_DOWN = frozenset(
    {
        Opening.GENERATOR,
        Opening.ASYNC_GENERATOR,
        Opening.CONTEXT_MANAGER,
        Opening.ASYNC_CONTEXT_MANAGER,
    }
)
"""The openings that end with a teardown of their own."""


@dataclass(frozen=True, slots=True)
class Ref:
    """An argument filled by another node."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """An argument that is passed as it is."""

    value: object


Argument = Ref | Constant


class Stray(NamedTuple):
    """What a provider is that a container uses and knows by no name.

    Attributes:
        container: Dotted name of the container class that declares it.
        name: Its name there.
        replaced: Whether that class is a base, whose provider of that name is another one here.
    """

    container: str
    name: str
    replaced: bool


class Recipe(NamedTuple):
    """How one node's object is made.

    Attributes:
        opening: What is done with the call.
        call: The callable, the type or the object itself, as the opening says.
        args: Positional arguments.
        kwargs: Keyword arguments in order.
        attributes: Attributes set on the object after it is made.
        close: Name of the object's method that tears it down; empty where there is none.
        close_awaits: True where that method must be awaited.
        close_seconds: Time that its async teardown may take; None for no limit.
        reaches_scope: True where a live provider may resolve scoped objects itself, so that the
            scope has to be the ambient one during the call.
        lacks: What the declaration lacks; None where it is complete.
        kept_by_call: True where what is called keeps the object, for each thread or context, so
            that no scope may.
        stray: Where the provider was declared, if not in this container.
    """

    opening: Opening
    call: Callable[..., Any] | Any
    args: tuple[Argument, ...] = ()
    kwargs: tuple[tuple[str, Argument], ...] = ()
    attributes: tuple[tuple[str, Argument], ...] = ()
    close: str = ""
    close_awaits: bool = False
    close_seconds: float | None = None
    reaches_scope: bool = False
    lacks: Lack | None = None
    kept_by_call: bool = False
    stray: Stray | None = None

    @property
    def torn_down(self) -> bool:
        """Whether closing the scope runs code for the object."""
        return bool(self.close) or self.opening in TORN_DOWN


@dataclass(frozen=True, slots=True)
class Blueprint:
    """Everything that is known of a container's providers before anything is built.

    Attributes:
        graph: Names, lifetimes and edges.
        recipes: How each node is made, by node name.
        keys: The provider objects that stand for each node, by which a user asks for it.
        default_scope: Name of the scope that ``enter`` opens unless told otherwise.
        eager: Names of the outermost scope's nodes to build when it opens, in order.
    """

    graph: Graph
    recipes: Mapping[str, Recipe]
    keys: Mapping[Any, str] = field(default_factory=dict)
    default_scope: str = ""
    eager: tuple[str, ...] = ()


_REPLACED: Final = "[replaced]"


def replaced_name(name: str) -> str:
    """Under which name a node goes on that another one stands in for."""
    return f"{name}{_REPLACED}"


def written_name(name: str) -> str:
    """The name that a node was declared by, whether or not another one stands in for it."""
    return name.removesuffix(_REPLACED)
