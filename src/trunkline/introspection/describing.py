"""What each kind of provider is in the graph: how it makes objects, and how long they live."""

from __future__ import annotations

from typing import Any

from dependency_injector import providers as stock

from trunkline.errors import DeclarationError
from trunkline.graph.blueprint import Argument, Opening, Recipe
from trunkline.graph.lifetimes import KEY
from trunkline.graph.model import Dependency, Kind
from trunkline.introspection.kinds import VIEWS, reads_same
from trunkline.introspection.live import Live
from trunkline.introspection.openings import (
    AWAITED,
    close_awaits,
    is_async_resource,
    opening_of_call,
    opening_of_resource,
)
from trunkline.introspection.references import Description
from trunkline.introspection.started import resource_recipe
from trunkline.providers.declared import Declared
from trunkline.providers.keyed import KeyedSingleton
from trunkline.providers.scoped import InScope, Scoped, ScopedResource, ScopeValue
from trunkline.providers.watched import Singleton

__all__ = ["Describing"]


class Describing(Live):
    """Reads one provider."""

    def describe(self, name: str, provider: Any) -> Description:
        """What a provider is, under the name of its node."""
        if isinstance(provider, InScope):
            return self._in_scope(name, provider)
        if isinstance(provider, Declared):
            return self._declared(name, provider)
        if isinstance(provider, stock.Resource):
            return self._resource(name, provider)
        if isinstance(provider, VIEWS):
            return self._view(name, provider)
        if isinstance(provider, stock.Delegate):
            target: Any = provider.provides
            edge = Dependency(self.ref(name, "provides", target), "provides", deferred=True)
            return Description(Kind.DEFERRED, None, Recipe(Opening.CONSTANT, target), [edge])
        return self.describe_live(name, provider)

    def _in_scope(self, name: str, provider: Any) -> Description:
        scope = provider.scope.name if provider.scope is not None else self.default_scope
        if scope not in self.chain:
            raise DeclarationError(
                f"{name} lives in {provider.scope!r}, which is no scope of its container",
                location=provider.location,
                cause=f"the container's chain is {' > '.join(self.chain)}",
                remedy="name a scope of that chain, or give the container another: scopes = ...",
            )
        if isinstance(provider, ScopeValue):
            return Description(Kind.VALUE, scope, Recipe(Opening.GIVEN, provider.provides), [])
        if isinstance(provider, KeyedSingleton):
            return self._keyed(name, scope, provider)
        is_resource = isinstance(provider, ScopedResource)
        find_opening = opening_of_resource if is_resource else opening_of_call
        opening = find_opening(provider.provides)
        recipe, edges = self.call(name, opening, provider.provides, provider)
        if isinstance(provider, Scoped):
            return Description(Kind.SCOPED, scope, recipe, edges, opening in AWAITED)
        limited = recipe._replace(
            close=provider.close,
            close_awaits=close_awaits(provider),
            close_seconds=provider.close_seconds,
        )
        return Description(Kind.RESOURCE, scope, limited, edges, opening in AWAITED)

    def _keyed(self, name: str, scope: str, provider: KeyedSingleton[Any]) -> Description:
        edges: list[Dependency] = []

        def argument(parameter: str, value: Any) -> Argument:
            same = parameter != KEY and reads_same(value, provider.key)
            return self.argument(name, parameter, provider.key if same else value, edges)

        recipe = provider.recipe(argument)
        return Description(Kind.KEYED, scope, recipe, edges, recipe.opening in AWAITED)

    def _declared(self, name: str, provider: Any) -> Description:
        if isinstance(provider, stock.Object):
            recipe = Recipe(Opening.CONSTANT, provider.provides)
            return Description(Kind.CONSTANT, None, recipe, [])
        opening = opening_of_call(provider.provides)
        recipe, edges = self.call(name, opening, provider.provides, provider)
        if isinstance(provider, Singleton):
            return Description(Kind.SINGLETON, self.chain[0], recipe, edges, opening in AWAITED)
        return Description(Kind.FACTORY, None, recipe, edges, opening in AWAITED)

    def _resource(self, name: str, provider: Any) -> Description:
        _, edges = self.call(name, Opening.LIVE, provider.provides, provider)
        is_async = is_async_resource(provider.provides) or self.await_behind(edges)
        recipe = resource_recipe(provider, is_async=is_async)
        return Description(Kind.RESOURCE, self.chain[0], recipe, edges, is_async)

    def _view(self, name: str, provider: Any) -> Description:
        edges: list[Dependency] = []
        base = self.argument(name, "provides", provider.provides, edges)
        if isinstance(provider, stock.ProvidedInstance):
            recipe = Recipe(Opening.ATTRIBUTE, None, (base,))
        elif isinstance(provider, stock.MethodCaller):
            caller: Any = provider  # the stubs take any attribute of a view for another view
            args = tuple(
                self.argument(name, str(index), value, edges)
                for index, value in enumerate(caller.args)
            )
            kwargs = tuple(
                (key, self.argument(name, key, value, edges))
                for key, value in caller.kwargs.items()
            )
            recipe = Recipe(Opening.METHOD, None, (base, *args), kwargs)
        else:
            is_attribute = isinstance(provider, stock.AttributeGetter)
            key = self.argument(name, "name", provider.name, edges)
            opening = Opening.ATTRIBUTE if is_attribute else Opening.ITEM
            recipe = Recipe(opening, None, (base, key))
        return Description(Kind.VIEW, None, recipe, edges)
