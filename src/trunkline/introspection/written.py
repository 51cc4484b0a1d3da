"""How stock providers were written, which a blueprint only calls; and copies that call others."""

from __future__ import annotations

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from dependency_injector import providers as stock

from trunkline.graph.blueprint import Blueprint, Opening, Recipe
from trunkline.introspection.kinds import WITH_CALL, Provider
from trunkline.introspection.reader import Reader
from trunkline.introspection.started import resource_started_by, with_resource

__all__ = ["bridged_recipe", "written_recipe", "written_recipes"]


def written_recipe(blueprint: Blueprint, name: str) -> Recipe:
    """How a node's provider was written, also where the blueprint calls a stock one as it is."""
    return _written(_reader_after(blueprint), name, blueprint.recipes[name])


def written_recipes(blueprint: Blueprint) -> dict[str, Recipe]:
    """The same for all nodes, by name."""
    reader = _reader_after(blueprint)
    return {name: _written(reader, name, recipe) for name, recipe in blueprint.recipes.items()}


def bridged_recipe(
    blueprint: Blueprint, name: str, bridge: Callable[[str], Provider]
) -> Recipe | None:
    """How a copy of a stock provider makes a node's object from other objects than it does.

    Args:
        blueprint: The container.
        name: The node's name.
        bridge: The provider to use for each node that the copied one depends on, by its name.

    Returns:
        The recipe; None where the node isn't made by calling a stock provider.
    """
    recipe = blueprint.recipes[name]
    resource = resource_started_by(recipe)
    if recipe.opening is not Opening.LIVE and resource is None:
        return None
    targets = {edge.target for edge in blueprint.graph[name].dependencies}
    memo = {
        id(provider): bridge(target)
        for provider, target in blueprint.keys.items()
        if target in targets
    }
    if resource is not None:
        return recipe._replace(call=with_resource(recipe, _unstarted_copy(resource, memo)))
    copied = stock.deepcopy(recipe.call, memo)
    copied.reset_override()  # routers alone: what overrides it is what is copied
    return recipe._replace(call=copied, reaches_scope=True)


def _unstarted_copy(resource: Any, memo: dict[int, Any]) -> stock.Resource[Any]:
    """A copy of a stock resource, also of one that has been initialized, which can't be copied."""
    copied = type(resource)(resource.provides)
    copied.set_args(*stock.deepcopy(resource.args, memo))
    copied.set_kwargs(**stock.deepcopy(resource.kwargs, memo))
    return copied  # type: ignore[no-any-return]  # of the same class


def _reader_after(blueprint: Blueprint) -> Reader:
    reader = Reader(blueprint.graph.scopes, blueprint.default_scope, dict(blueprint.keys))
    reader.nodes.update(blueprint.graph.nodes)
    return reader


def _written(reader: Reader, name: str, recipe: Recipe) -> Recipe:
    provider: Any = resource_started_by(recipe)
    opening = recipe.opening
    if opening is Opening.LIVE:
        opening, provider = Opening.CALL, recipe.call
    if not isinstance(provider, (*WITH_CALL, stock.Resource)):
        return recipe
    if iscoroutinefunction(provider.provides):
        opening = Opening.COROUTINE
    return reader.call(name, opening, provider.provides, provider)[0]
