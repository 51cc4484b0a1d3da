"""From providers to names: which node a provider stands for, and what an argument refers to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from dependency_injector import providers as stock

from trunkline.graph.blueprint import Argument, Constant, Opening, Recipe, Ref, replaced_name
from trunkline.graph.model import Dependency, Kind, Local, Node
from trunkline.introspection.kinds import Provider, is_provider

__all__ = ["Description", "References"]


class Description(NamedTuple):
    """What is read of one provider.

    Attributes:
        kind: How it makes objects.
        scope: Name of the scope whose objects it makes; None where each use makes one.
        recipe: How it makes them.
        edges: What it makes them from.
        is_async: Whether resolving it must be awaited.
        local: What it keeps an object for, where it keeps more than one in its scope.
    """

    kind: Kind
    scope: str | None
    recipe: Recipe
    edges: list[Dependency]
    is_async: bool = False
    local: Local | None = None


@dataclass(eq=False, repr=False)
class References:
    """The providers that are known by a name so far.

    Attributes:
        chain: The scope chain, outermost first.
        default_scope: The scope of providers that name none.
        keys: Names of what stands for a node elsewhere: the providers of the declared classes.
        names: Names of the providers that are read.
        nodes: What was read, by name.
        recipes: How it is made, by name.
        behind: Providers that are described under the name of another, which they fill or
            override.
        replacing: Name of the node that another provider is about to make.
        kept_as: Under which name that provider has asked for what it replaces; empty if it has not.
    """

    chain: tuple[str, ...]
    default_scope: str
    keys: dict[Provider, str]
    names: dict[Provider, str] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    recipes: dict[str, Recipe] = field(default_factory=dict)
    behind: dict[Provider, str] = field(default_factory=dict)
    replacing: str | None = None
    kept_as: str = ""
    _references: dict[str, Ref] = field(default_factory=dict)

    def read(self, name: str, provider: Provider, *, declared_here: bool = False) -> None:
        """Add the provider's node, and those it depends on."""
        raise NotImplementedError

    def known(self, provider: Provider) -> str | None:
        """The name of the node that makes a provider's objects, if there is one so far."""
        return self.names.get(provider) or self.keys.get(provider) or self.behind.get(provider)

    def ref(self, owner: str, parameter: str, provider: Provider) -> str:
        """The name of the node that a provider stands for, reading it where it is new."""
        known = self.known(provider)
        if known is not None and known == self.replacing:
            return self._replaced(known)
        if known is not None:
            if known not in self.nodes and provider in self.names:
                self.read(known, provider, declared_here=True)
            return known
        name = f"{owner}[{parameter}]"
        if isinstance(provider, stock.Self):
            name = next(iter(provider.alt_names), "self")
        taken = self.names.values() if isinstance(provider, stock.Self) else ()
        while name in self.nodes or name in taken:  # of a provider that another one now replaces
            name += "'"
        self.names[provider] = name
        self.read(name, provider)
        return name

    def argument(self, owner: str, parameter: str, value: Any, edges: list[Dependency]) -> Argument:
        """An argument as the plan has it, its edge added."""
        if not is_provider(value):
            return Constant(value)
        if stock.is_delegated(value):
            edges.append(Dependency(self.ref(owner, parameter, value), parameter, deferred=True))
            return Constant(value)
        target = self.ref(owner, parameter, value)
        edges.append(Dependency(target, parameter))
        reference = self._references.get(target)
        if reference is None:
            reference = self._references[target] = Ref(target)
        return reference

    def call(
        self, name: str, opening: Opening, call: Any, provider: Any
    ) -> tuple[Recipe, list[Dependency]]:
        """The recipe of a provider that holds a callable and arguments, and its edges."""
        edges: list[Dependency] = []
        args = tuple(
            self.argument(name, str(index), value, edges)
            for index, value in enumerate(provider.args)
        )
        kwargs = tuple(
            (key, self.argument(name, key, value, edges)) for key, value in provider.kwargs.items()
        )
        attributes: tuple[tuple[str, Argument], ...] = ()
        if isinstance(provider, stock.Factory | stock.BaseSingleton):
            attributes = tuple(
                (key, self.argument(name, f".{key}", value, edges))
                for key, value in provider.attributes.items()
            )
        return Recipe(opening, call, args, kwargs, attributes), edges

    def _replaced(self, name: str) -> str:
        """The name under which a fake finds what it replaces, however often it asks."""
        if not self.kept_as:
            kept = replaced_name(name)
            while kept in self.nodes:
                kept += "'"
            self.nodes[kept] = replace(self.nodes[name], name=kept, declared=False)
            self.recipes[kept] = self.recipes[name]
            self.kept_as = kept
        return self.kept_as
