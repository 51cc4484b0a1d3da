"""The plan of a layer: what differs is made there, everything else by whoever keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from trunkline.compiler.planner import Plan, plan
from trunkline.graph.blueprint import Opening, Recipe
from trunkline.graph.lifetimes import effective_scopes
from trunkline.resolution.state import MISSING

if TYPE_CHECKING:
    from trunkline.resolution.derivation import Layer

__all__ = ["derived_plan"]

_GIVEN_OR_CONSTANT = (Opening.GIVEN, Opening.CONSTANT)


def derived_plan(layer: Layer, ways: Mapping[str, Layer], settling: Iterable[str]) -> Plan:
    """Plan how a layer's scopes resolve every node.

    Args:
        layer: The layer.
        ways: The layer that each shadowed scope leaves things to, by the scope's name; the
            outermost always leaves them to the parent.
        settling: Nodes that the start of the layer builds.
    """
    graph = layer.blueprint.graph
    homes = effective_scopes(graph)
    recipes = {name: _recipe(layer, name, homes[name], ways) for name in graph.nodes}
    settled = tuple(
        name
        for name in layer.reference.blueprint.eager
        if name in graph and (recipes[name].opening is Opening.CONSTANT or name in settling)
    )
    awaited = [
        name
        for name, node in layer.reference.nodes.items()
        if node.is_async and name in graph and name not in settled
    ]
    planned = plan(replace(layer.blueprint, recipes=recipes, eager=settled), awaited=awaited)
    shadowed = {graph.scopes[0], *ways}
    noted = frozenset(
        node.name
        for node in planned.nodes.values()
        if node.recipe.torn_down and node.home not in shadowed and layer.is_changed(node.name)
    )
    return planned._replace(noted=noted)


def _recipe(layer: Layer, name: str, home: str, ways: Mapping[str, Layer]) -> Recipe:
    """How the node is made: as the blueprint says, or by the layer that keeps it."""
    recipe = layer.blueprint.recipes[name]
    node = layer.blueprint.graph[name]
    if node.scope is None or recipe.opening in _GIVEN_OR_CONSTANT:
        return recipe
    outermost = home == layer.blueprint.graph.scopes[0]
    keeper = layer.parent if outermost else ways.get(home)
    if keeper is None or not _is_same(layer, keeper, name):
        return recipe
    value = keeper.built(name) if outermost else MISSING
    if value is not MISSING:
        return Recipe(Opening.CONSTANT, value)
    attr = keeper.own_program.plan.nodes[name].attr
    return Recipe(Opening.DELEGATED, f"m_{attr}")


def _is_same(layer: Layer, neighbour: Layer, name: str) -> bool:
    change = layer.change if neighbour is layer.parent else neighbour.change
    return name not in change.names and name in neighbour.blueprint.graph
