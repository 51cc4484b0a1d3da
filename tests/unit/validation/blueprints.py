"""Blueprints that the tests of this folder check, written by hand."""

from collections.abc import Callable
from typing import Any

from trunkline.graph.blueprint import Argument, Blueprint, Constant, Opening, Recipe, Ref
from trunkline.graph.model import Dependency, Graph, Kind, Node, SourceLocation

SCOPES = ("APP", "SESSION", "REQUEST")


class Provider:
    """What stands for a provider object."""


def is_provider(value: object) -> bool:
    return isinstance(value, Provider)


def as_argument(value: object) -> Argument:
    return value if isinstance(value, Ref | Constant) else Constant(value)


def recipe(
    call: Callable[..., Any] | Any,
    *args: object,
    opening: Opening = Opening.CALL,
    attributes: dict[str, object] | None = None,
    **kwargs: object,
) -> Recipe:
    return Recipe(
        opening,
        call,
        tuple(map(as_argument, args)),
        tuple((name, as_argument(value)) for name, value in kwargs.items()),
        tuple((name, as_argument(value)) for name, value in (attributes or {}).items()),
    )


def given(cls: type) -> Recipe:
    return Recipe(Opening.GIVEN, cls)


def constant(value: object) -> Recipe:
    return Recipe(Opening.CONSTANT, value)


def attribute(base: str, *name: str) -> Recipe:
    return Recipe(Opening.ATTRIBUTE, None, (Ref(base), *map(Constant, name)))


def blueprint(
    recipes: dict[str, Recipe], kinds: dict[str, Kind] | None = None, *deferred: str
) -> Blueprint:
    """A blueprint whose edges are those of the recipes; line N declares the N-th node.

    Args:
        recipes: How nodes are made, by name.
        kinds: Kinds of nodes that are not SCOPED (VALUE and CONSTANT by their openings).
        *deferred: Names of nodes that are passed as providers wherever they are used.
    """
    nodes = {}
    for line, (name, made) in enumerate(recipes.items(), start=1):
        kind = {Opening.GIVEN: Kind.VALUE, Opening.CONSTANT: Kind.CONSTANT}.get(
            made.opening, Kind.SCOPED
        )
        kind = (kinds or {}).get(name, kind)
        arguments = [
            *((str(index), argument) for index, argument in enumerate(made.args)),
            *made.kwargs,
            *made.attributes,
        ]
        nodes[name] = Node(
            name=name,
            kind=kind,
            scope={Kind.FACTORY: None, Kind.CONSTANT: None, Kind.SINGLETON: "APP"}.get(
                kind, "REQUEST"
            ),
            provides=name,
            dependencies=tuple(
                Dependency(argument.name, parameter, deferred=argument.name in deferred)
                for parameter, argument in arguments
                if isinstance(argument, Ref)
            ),
            location=SourceLocation("app.py", line),
            is_async=made.opening in (Opening.COROUTINE, Opening.ASYNC_GENERATOR),
        )
    return Blueprint(Graph("app:Application", SCOPES, nodes), recipes)
