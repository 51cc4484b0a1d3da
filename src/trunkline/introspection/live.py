"""Stock providers that are called as they are: their edges are read, their objects are theirs."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import iscoroutinefunction
from typing import Any

from dependency_injector import providers as stock

from trunkline.graph.blueprint import Opening, Recipe
from trunkline.graph.model import Dependency, Kind, Local, Node
from trunkline.introspection.kinds import WITH_CALL, stock_arguments
from trunkline.introspection.references import Description, References

__all__ = ["Live"]

_SCOPED_KINDS = (Kind.VALUE, Kind.SCOPED, Kind.RESOURCE, Kind.KEYED)


class Live(References):
    """Reads the providers of which nothing tells when they change."""

    def describe_live(self, name: str, provider: Any) -> Description:
        """A node whose objects come from the provider's own ``__call__``."""
        edges = self._live_edges(name, provider)
        is_async = isinstance(provider, stock.Coroutine) or self.await_behind(edges)
        if isinstance(provider, WITH_CALL):
            is_async = is_async or iscoroutinefunction(provider.provides)
        reaches = any(
            (node.scope is not None and node.kind in _SCOPED_KINDS)
            or (node.name in self.recipes and self.recipes[node.name].reaches_scope)
            for node in self._behind(edges, deferred=True)
        )
        single = isinstance(provider, stock.BaseSingleton)
        recipe = Recipe(
            Opening.LIVE,
            provider,
            reaches_scope=reaches,
            kept_by_call=single
            and not isinstance(provider, stock.Singleton | stock.ThreadSafeSingleton),
        )
        scope = self.chain[0] if single else None
        return Description(_kind(provider), scope, recipe, edges, is_async, _local(provider))

    def await_behind(self, edges: list[Dependency]) -> bool:
        """Whether something that the edges lead to has to be awaited."""
        return any(node.is_async for node in self._behind(edges, deferred=False))

    def _live_edges(self, name: str, provider: Any) -> list[Dependency]:
        edges: list[Dependency] = []
        if isinstance(provider, stock.Selector):
            self.argument(name, "selector", provider.selector, edges)
        if isinstance(provider, stock.Selector | stock.Aggregate):
            return edges + [
                Dependency(self.ref(name, str(key), option), str(key), conditional=True)
                for key, option in provider.providers.items()
            ]
        for parameter, value in stock_arguments(provider):
            self.argument(name, parameter, value, edges)
        return edges

    def _behind(self, edges: list[Dependency], *, deferred: bool) -> Iterator[Node]:
        """The nodes that edges lead to; of stock providers, which sum up theirs, no further."""
        seen: set[str] = set()
        stack = [edge.target for edge in edges if deferred or not edge.deferred]
        while stack:
            name = stack.pop()
            if name not in seen and name in self.nodes:
                seen.add(name)
                yield self.nodes[name]
                if name not in self.recipes or self.recipes[name].opening is not Opening.LIVE:
                    further = self.nodes[name].dependencies
                    stack.extend(e.target for e in further if deferred or not e.deferred)


_KINDS = (
    (stock.BaseSingleton, Kind.SINGLETON),
    ((stock.Factory, stock.Callable), Kind.FACTORY),
    ((stock.Selector, stock.Aggregate), Kind.CHOICE),
    ((stock.List, stock.Dict), Kind.COLLECTION),
    ((stock.Dependency, stock.DependenciesContainer), Kind.EXTERNAL),
    ((stock.Object, stock.ConfigurationOption, stock.Configuration), Kind.CONSTANT),
)


_LOCALS = (
    (stock.ThreadLocalSingleton, Local.THREAD),
    ((stock.ContextLocalSingleton, stock.ContextLocalResource), Local.CONTEXT),
)


def _local(provider: Any) -> Local | None:
    return next((local for kinds, local in _LOCALS if isinstance(provider, kinds)), None)


def _kind(provider: Any) -> Kind:
    return next((kind for kinds, kind in _KINDS if isinstance(provider, kinds)), Kind.FOREIGN)
