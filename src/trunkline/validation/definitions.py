"""Checks of what a declaration lacks before any object can be made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from trunkline.graph.blueprint import Lack, Recipe
from trunkline.graph.model import Graph
from trunkline.validation.findings import Finding
from trunkline.validation.places import place_of

__all__ = ["check_definitions"]

_TOLD: Final[Mapping[Lack, tuple[str, str, str]]] = {
    Lack.PROVIDER: (
        "undefined-dependency",
        "{name} is to be supplied from outside, and nothing supplies it",
        "pass {name}=... to the container, override it, or give it a default",
    ),
    Lack.SUBCLASS: (
        "abstract-provider",
        "{name} is abstract, and nothing overrides it",
        "override {name} with a provider of a subclass",
    ),
    Lack.CALL: (
        "nothing-provided",
        "{name} has no class or function to call",
        "name one as the first argument of the provider, or by set_provides",
    ),
    Lack.GIVER: (
        "value-without-giver",
        "{name} is a value of {scope}, the outermost scope, which is given none when it opens",
        "declare a providers.Object, or give the value an inner scope",
    ),
}


def check_definitions(graph: Graph, recipes: Mapping[str, Recipe]) -> Iterator[Finding]:
    """Find providers that can't make an object, whatever they are passed.

    Args:
        graph: The graph.
        recipes: How its nodes are made, by name.

    Yields:
        Findings of ``undefined-dependency``, ``abstract-provider``, ``nothing-provided`` and
        ``value-without-giver``.
    """
    for node in graph:
        recipe = recipes.get(node.name)
        if recipe is None or recipe.lacks is None:
            continue
        check, message, remedy = _TOLD[recipe.lacks]
        yield Finding(
            check=check,
            subject=node.name,
            message=message.format(name=node.name, scope=node.scope),
            remedy=remedy.format(name=node.name),
            location=place_of(graph, node),
        )
