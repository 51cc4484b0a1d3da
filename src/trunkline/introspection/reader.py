"""From providers to the nodes and recipes of a blueprint, each once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dependency_injector import providers as stock

from trunkline.graph.blueprint import Lack, Opening, Recipe, Ref, Stray
from trunkline.graph.model import Dependency, Kind, Node, SourceLocation
from trunkline.introspection.describing import Describing
from trunkline.introspection.kinds import VIEWS, WITH_CALL, Provider, effective, is_provider
from trunkline.introspection.naming import class_name, dotted_name
from trunkline.introspection.references import Description
from trunkline.locations import attribute_location
from trunkline.providers.declared import Declared
from trunkline.providers.scoped import ScopeValue

__all__ = ["Reader"]


@dataclass(eq=False, repr=False)
class Reader(Describing):
    """Turns providers into nodes and recipes.

    Attributes:
        declared_in: The class that declares providers which don't know themselves where.
    """

    declared_in: type | None = None
    _reading: set[str] = field(default_factory=set)

    def read(self, name: str, provider: Provider, *, declared_here: bool = False) -> None:
        """Add the provider's node, and those it depends on; nothing where there is one already."""
        if name in self.nodes or name in self._reading:
            return
        self._reading.add(name)
        actual = effective(provider)
        if actual is not provider and self.known(actual) not in (None, name):
            described = self._alias(name, actual)
            provides = described.edges[0].target
        else:
            self.behind.setdefault(actual, name)
            described = self.describe(name, actual)
            provides = self._provides(actual, described.recipe)
            lack = self._lack(actual, described.scope)
            stray = None if declared_here else self._stray(actual)
            if lack is not None or stray is not None:
                recipe = described.recipe._replace(lacks=lack, stray=stray)
                described = described._replace(recipe=recipe)
        location = _location(actual)
        if location is None and declared_here and self.declared_in is not None:
            location = attribute_location(self.declared_in, name)
        self._add(name, described, provides, location, declared=declared_here)

    def stand_in(self, name: str, fake: Provider) -> None:
        """Let another provider make a node's objects."""
        original, self.replacing, self.kept_as = self.nodes[name], name, ""
        actual = effective(fake)
        described = self.describe(name, actual)
        provides = self._provides(actual, described.recipe)
        location = _location(actual) or original.location
        self._add(name, described, provides, location, declared=original.declared)
        self.replacing = None

    def _add(
        self,
        name: str,
        described: Description,
        provides: str,
        location: SourceLocation | None,
        *,
        declared: bool,
    ) -> None:
        self.nodes[name] = Node(
            name=name,
            kind=described.kind,
            scope=described.scope,
            provides=provides,
            dependencies=tuple(described.edges),
            location=location,
            is_async=described.is_async,
            has_teardown=described.recipe.torn_down,
            declared=declared,
            local=described.local,
        )
        self.recipes[name] = described.recipe

    def _alias(self, name: str, actual: Provider) -> Description:
        """A node for a provider that another node's provider answers for: it has no object."""
        target = self.ref(name, "provides", actual)
        recipe = Recipe(Opening.ATTRIBUTE, None, (Ref(target),))
        return Description(Kind.VIEW, None, recipe, [Dependency(target, "provides")])

    def _lack(self, provider: Any, scope: str | None) -> Lack | None:
        """What a provider lacks for making objects."""
        if isinstance(provider, stock.AbstractFactory | stock.AbstractSingleton):
            return Lack.SUBCLASS
        if isinstance(provider, ScopeValue):
            return Lack.GIVER if scope == self.chain[0] else None
        if isinstance(provider, stock.DependenciesContainer):
            return None
        if isinstance(provider, stock.Dependency):
            default: Any = provider.default  # the stubs leave out that there may be none
            return Lack.PROVIDER if default is None else None
        if isinstance(provider, (*WITH_CALL, stock.Resource)) and provider.provides is None:
            return Lack.CALL
        return None

    def _stray(self, provider: Provider) -> Stray | None:
        """Where a provider is declared that is no attribute of the container."""
        if not isinstance(provider, Declared) or provider.declared_as is None:
            return None
        container, name = provider.declared_as
        bases = self.declared_in.__mro__ if self.declared_in is not None else ()
        return Stray(container, name, container in map(class_name, bases))

    def _provides(self, provider: Any, recipe: Recipe) -> str:
        """What a provider's node is said to provide."""
        if isinstance(provider, VIEWS):
            return self._read_by(provider)
        if isinstance(provider, (*WITH_CALL, stock.Resource)):
            return dotted_name(provider)
        return dotted_name(recipe.call if recipe.call is not None else provider)

    def _read_by(self, value: Any) -> str:
        """What a view reads, as it was written."""
        if not is_provider(value):
            return str(value)
        if not isinstance(value, VIEWS):
            return self.known(value) or dotted_name(value)
        base = self._read_by(value.provides)
        if isinstance(value, stock.AttributeGetter):
            return f"{base}.{self._read_by(value.name)}"
        if isinstance(value, stock.ItemGetter):
            return f"{base}[{self._read_by(value.name)}]"
        return f"{base}()" if isinstance(value, stock.MethodCaller) else base


def _location(provider: Provider) -> SourceLocation | None:
    return provider.location if isinstance(provider, Declared) else None
