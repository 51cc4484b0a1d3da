"""Stock resources as generators, so that a scope starts and stops them like its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import partial
from inspect import isawaitable
from typing import Any

from dependency_injector import providers as stock

from trunkline.graph.blueprint import Opening, Recipe

__all__ = ["resource_recipe", "resource_started_by", "with_resource"]


def resource_recipe(provider: stock.Resource[Any], *, is_async: bool) -> Recipe:
    """The recipe that starts a stock resource and, at the scope's end, stops it."""
    if is_async:
        return Recipe(Opening.ASYNC_GENERATOR, partial(_run_async, provider))
    return Recipe(Opening.GENERATOR, partial(_run, provider))


def resource_started_by(recipe: Recipe) -> stock.Resource[Any] | None:
    """The stock resource that such a recipe starts; None for any other recipe."""
    call: Any = recipe.call
    if isinstance(call, partial) and call.func in (_run, _run_async):
        resource: stock.Resource[Any] = call.args[0]
        return resource
    return None


def with_resource(recipe: Recipe, provider: stock.Resource[Any]) -> partial[Any]:
    """What a recipe that starts a stock resource calls to start another one."""
    run: Any = recipe.call
    return partial(run.func, provider)


def _run(provider: Any) -> Iterator[Any]:
    provider.init()
    yield provider()
    provider.shutdown()


async def _run_async(provider: Any) -> AsyncIterator[Any]:
    started = provider.init()
    value = await started if isawaitable(started) else started
    yield value
    stopped = provider.shutdown()
    if isawaitable(stopped):
        await stopped
