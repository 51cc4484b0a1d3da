"""A container's blueprint, and the same with other providers in the place of some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from trunkline.graph.algorithms import reachable, topological_order
from trunkline.graph.blueprint import Blueprint, Recipe
from trunkline.graph.model import Graph, Kind
from trunkline.introspection.kinds import Provider, effective
from trunkline.introspection.naming import declared_providers, keys_of_classes
from trunkline.introspection.reader import Reader
from trunkline.scopes import BaseScope

__all__ = ["blueprint_of", "own_providers", "with_providers"]


def blueprint_of(
    container: Any, *, name: str, scopes: type[BaseScope], default_scope: BaseScope
) -> Blueprint:
    """Read a container's providers into a blueprint.

    Args:
        container: A container instance, or a declared class.
        name: Name of the container for messages.
        scopes: Its scope chain.
        default_scope: The scope that ``enter`` opens.
    """
    chain = tuple(scope.name for scope in scopes)
    reader = Reader(chain, default_scope.name, keys_of_classes(container))
    for declared, provider in declared_providers(container).items():
        reader.names.setdefault(provider, declared)
    reader.declared_in = container.declarative_parent or type(container)
    for provider, declared in tuple(reader.names.items()):
        reader.read(declared, provider, declared_here=True)
    graph = Graph(name, chain, reader.nodes)
    return Blueprint(
        graph=graph,
        recipes=reader.recipes,
        keys={**reader.keys, **reader.names},
        default_scope=default_scope.name,
        eager=_eager(graph, reader.recipes),
    )


def own_providers(container: Any, blueprint: Blueprint) -> list[Provider]:
    """The providers of an instance, those written inside others among them."""
    shared = keys_of_classes(container)
    return [provider for provider in blueprint.keys if provider not in shared]


def with_providers(blueprint: Blueprint, fakes: Mapping[str, Provider]) -> Blueprint:
    """A blueprint in which some nodes are made by other providers.

    A provider that refers to what it replaces gets the original, which becomes a node of its own.
    One that names no scope makes its objects in the scope of what it replaces.

    Args:
        blueprint: The container as it is.
        fakes: The providers to use, by the names of the nodes that they replace.
    """
    graph = blueprint.graph
    reader = Reader(
        graph.scopes,
        blueprint.default_scope,
        {**blueprint.keys, **{effective(fake): name for name, fake in fakes.items()}},
        nodes=dict(graph.nodes),
        recipes=dict(blueprint.recipes),
    )
    for name, fake in fakes.items():
        reader.default_scope = graph[name].scope or blueprint.default_scope
        reader.stand_in(name, fake)
    return replace(
        blueprint,
        graph=Graph(graph.name, graph.scopes, reader.nodes),
        recipes=reader.recipes,
        keys={**blueprint.keys, **reader.names},
    )


def _eager(graph: Graph, recipes: Mapping[str, Recipe]) -> tuple[str, ...]:
    """What the outermost scope builds when it opens.

    Everything declared that lives there, unless each of its users reaches it only in some cases
    (one choice of several, or as a provider): such an object may never be wanted. Nor is what its
    provider keeps for each thread or context: the one that starts the container may never use it.
    """
    certain: set[str] = set()
    uncertain: set[str] = set()
    for node in graph:
        for edge in node.dependencies:
            (uncertain if edge.deferred or edge.conditional else certain).add(edge.target)
    outermost = graph.scopes[0]
    roots = {
        node.name
        for node in graph
        if node.scope == outermost
        and node.kind in (Kind.SINGLETON, Kind.RESOURCE, Kind.SCOPED)
        and node.declared
        and not recipes[node.name].kept_by_call
        and (node.name in certain or node.name not in uncertain)
    }
    conditional_only = uncertain - certain
    wanted = roots | {
        name
        for name in reachable(graph, roots)
        if graph[name].scope == outermost
        and name not in conditional_only
        and not recipes[name].kept_by_call
    }
    return tuple(name for name in topological_order(graph) if name in wanted)
