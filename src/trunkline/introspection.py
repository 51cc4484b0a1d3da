"""Reading a container: the one place that knows how dependency-injector keeps its providers.

Relied on, and tested against every version that the package allows:

- ``providers`` of containers, ``declarative_parent`` of instances;
- ``provides``, ``args``, ``kwargs``, ``attributes`` of callables, factories, singletons, resources;
- ``last_overriding`` of every provider; ``default`` of ``Dependency``;
- ``provides`` and ``name`` / ``args`` / ``kwargs`` of views; ``args`` / ``kwargs`` of collections;
  ``selector`` and ``providers`` of choices; ``container`` of ``Container``;
- ``is_delegated`` for arguments that are injected as providers.

Nothing here asks an instance with ``hasattr`` or ``getattr``: configuration options and views
answer every name.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from inspect import isasyncgenfunction, isawaitable, iscoroutinefunction
from typing import Any

from dependency_injector import providers as stock
from dependency_injector import resources

from trunkline.errors import DeclarationError
from trunkline.graph.algorithms import KEY, reachable, topological_order
from trunkline.graph.blueprint import Argument, Blueprint, Constant, Lack, Opening, Recipe, Ref
from trunkline.graph.model import Dependency, Graph, Kind, Node, SourceLocation
from trunkline.graph.openings import opening_of_function
from trunkline.locations import attribute_locations
from trunkline.providers.declared import Declared
from trunkline.providers.keyed import KeyedSingleton
from trunkline.providers.routed import Router
from trunkline.providers.scoped import InScope, Scoped, ScopedResource, ScopeValue
from trunkline.providers.watched import Singleton
from trunkline.scopes import BaseScope

__all__ = [
    "awaits_itself",
    "blueprint_of",
    "bridged_recipe",
    "declared_behind",
    "declared_providers",
    "instance_view",
    "is_configuration",
    "is_provider",
    "is_routed",
    "keeps_state",
    "opening_of_resource",
    "own_providers",
    "stock_overrides",
    "with_providers",
    "written_recipe",
    "written_recipes",
]

Provider = stock.Provider[Any]


def is_provider(value: object) -> bool:
    """Whether a value is a provider of dependency-injector's kind."""
    return isinstance(value, stock.Provider)


def effective(provider: Provider) -> Provider:
    """The provider that answers a call: the innermost override, or the provider itself."""
    while provider.last_overriding is not None:
        others = [other for other in provider.overridden if not isinstance(other, Router)]
        if not others:
            break
        provider = others[-1]
    return provider


def awaits_itself(provider: Provider) -> bool:
    """Whether what a provider calls must be awaited, whoever asks and whatever it is made from.

    Objects of the outermost scope are not: the container's start has awaited them.
    """
    if isinstance(provider, InScope) and provider.scope is not None and not provider.scope.depth:
        return False
    if isinstance(provider, KeyedSingleton):
        return provider.pool.is_async
    if isinstance(provider, ScopedResource):
        return opening_of_resource(provider.provides) in _AWAITED
    if isinstance(provider, Scoped | stock.Factory | stock.Callable):
        return _opening_of_call(provider.provides) in _AWAITED
    return False


def declared_behind(provider: Provider) -> Iterator[Declared[Any]]:
    """The provider, if it is one of trunkline's; else those of them that it leads to first."""
    seen: set[int] = set()
    stack = [provider]
    while stack:
        current = stack.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, Declared):
            yield current
        else:
            stack.extend(current.related)


def instance_view(view: Provider, keys: Mapping[Provider, str]) -> Provider:
    """Copy a view so that it looks at a container's own providers, not at those of its class.

    Args:
        view: A provider that is no part of the container, but looks at such.
        keys: Names by provider, those of the class before the container's own.
    """
    own = {name: provider for provider, name in keys.items()}
    return stock.deepcopy(view, {id(provider): own[name] for provider, name in keys.items()})  # type: ignore[no-any-return]  # a copy is of the same class


def declared_providers(container: Any) -> dict[str, Provider]:
    """A container's providers by name, those of nested containers with dotted names."""
    found: dict[str, Provider] = {}
    for name, provider in container.providers.items():
        if isinstance(provider, stock.Self):
            continue
        found[name] = provider
        if isinstance(provider, stock.Container):
            for inner, nested in declared_providers(provider.container).items():
                found[f"{name}.{inner}"] = nested
    return found


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
    reader = _Reader(chain, default_scope.name, _keys_of(container))
    for declared, provider in declared_providers(container).items():
        reader.names.setdefault(provider, declared)
    reader.locations = attribute_locations(container.declarative_parent or type(container))
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
    shared = _keys_of(container)
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
    reader = _Reader(
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


def written_recipe(blueprint: Blueprint, name: str) -> Recipe:
    """How a node's provider was written, also where the blueprint calls a stock one as it is."""
    return _written(_reader_after(blueprint), name, blueprint.recipes[name])


def written_recipes(blueprint: Blueprint) -> dict[str, Recipe]:
    """The same for all nodes, by name."""
    reader = _reader_after(blueprint)
    return {name: _written(reader, name, recipe) for name, recipe in blueprint.recipes.items()}


def _reader_after(blueprint: Blueprint) -> _Reader:
    reader = _Reader(blueprint.graph.scopes, blueprint.default_scope, dict(blueprint.keys))
    reader.nodes.update(blueprint.graph.nodes)
    return reader


def _written(reader: _Reader, name: str, recipe: Recipe) -> Recipe:
    call: Any = recipe.call
    if recipe.opening is Opening.LIVE:
        opening, provider = Opening.CALL, call
    elif isinstance(call, partial) and call.func in (_run_resource, _run_async_resource):
        opening, provider = recipe.opening, call.args[0]
    else:
        return recipe
    if not isinstance(
        provider, stock.Factory | stock.BaseSingleton | stock.Callable | stock.Resource
    ):
        return recipe
    if iscoroutinefunction(provider.provides):
        opening = Opening.COROUTINE
    return reader.call(name, opening, provider.provides, provider)[0]


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
    call: Any = recipe.call
    resource = isinstance(call, partial) and call.func in (_run_resource, _run_async_resource)
    if recipe.opening is not Opening.LIVE and not resource:
        return None
    targets = {edge.target for edge in blueprint.graph[name].dependencies}
    memo = {
        id(provider): bridge(target)
        for provider, target in blueprint.keys.items()
        if target in targets
    }
    copied = stock.deepcopy(call.args[0] if resource else call, memo)
    copied.reset_override()  # routers alone: what overrides it is what is copied
    if resource:
        return replace(recipe, call=partial(call.func, copied))
    return replace(recipe, call=copied, reaches_scope=True)


def is_routed(provider: Provider) -> bool:
    """Whether direct calls of a provider need a router to see a caller's overrides."""
    return not isinstance(provider, InScope | Singleton | stock.Aggregate)


def keeps_state(provider: object) -> bool:
    """Whether a stock provider keeps what it made."""
    return isinstance(provider, stock.BaseSingleton | stock.Resource)


def stock_overrides(provider: Provider) -> tuple[Provider, ...]:
    """The overrides that users put on a provider by its own ``override()``, the latest last."""
    if provider.last_overriding is None:
        return ()
    return tuple(other for other in provider.overridden if not isinstance(other, Router))


def is_configuration(provider: object) -> bool:
    """Whether a provider is a configuration or an option of one, which is read at each use."""
    return isinstance(provider, stock.Configuration | stock.ConfigurationOption)


def _keys_of(container: Any) -> dict[Provider, str]:
    """The providers of the declared classes, by which users name the instance's own."""
    keys: dict[Provider, str] = {}
    parent = container.declarative_parent
    known = declared_providers(container)
    for base in parent.__mro__ if parent is not None else ():
        if isinstance(base, type) and isinstance(base.__dict__.get("providers"), dict):
            for name, provider in declared_providers(base).items():
                if name in known:
                    keys.setdefault(provider, name)
    return keys


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
    wanted = {
        name
        for name in reachable(graph, roots)
        if graph[name].scope == outermost
        and name not in conditional_only
        and not recipes[name].kept_by_call
    }
    return tuple(name for name in topological_order(graph) if name in wanted | roots)


@dataclass
class _Reader:
    """Turns providers into nodes and recipes, each once."""

    chain: tuple[str, ...]
    default_scope: str
    keys: dict[Provider, str]
    names: dict[Provider, str] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    recipes: dict[str, Recipe] = field(default_factory=dict)
    behind: dict[Provider, str] = field(default_factory=dict)
    """Providers that are described under the name of another, which they fill or override."""
    locations: Mapping[str, SourceLocation] = field(default_factory=dict)
    reading: set[str] = field(default_factory=set)
    replacing: str | None = None

    def read(self, name: str, provider: Provider, *, declared_here: bool = False) -> None:
        """Add the provider's node, and those it depends on."""
        if name in self.nodes or name in self.reading:
            return
        self.reading.add(name)
        actual = effective(provider)
        if actual is not provider and self._known(actual) not in (None, name):
            kind, scope, recipe, edges, is_async = self._alias(name, actual)
            provides = edges[0].target
        else:
            self.behind.setdefault(actual, name)
            kind, scope, recipe, edges, is_async = self._describe(name, actual)
            provides = self._provides(actual, recipe)
            lack = self._lack(actual, scope)
            recipe = replace(recipe, lacks=lack) if lack is not None else recipe
        location = actual.location if isinstance(actual, Declared) else None
        self.nodes[name] = Node(
            name=name,
            kind=kind,
            scope=scope,
            provides=provides,
            dependencies=tuple(edges),
            location=location or self.locations.get(name),
            is_async=is_async,
            has_teardown=recipe.torn_down,
            declared=declared_here,
        )
        self.recipes[name] = recipe

    def ref(self, owner: str, parameter: str, provider: Provider) -> str:
        """The name of the node that a provider stands for, reading it where it is new."""
        known = self._known(provider)
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

    def _known(self, provider: Provider) -> str | None:
        """The name of the node that makes a provider's objects, if there is one so far."""
        return self.names.get(provider) or self.keys.get(provider) or self.behind.get(provider)

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
        if isinstance(provider, (*_WITH_CALL, stock.Resource)) and provider.provides is None:
            return Lack.CALL
        return None

    def _provides(self, provider: Any, recipe: Recipe) -> str:
        """What a provider's node is said to provide."""
        if isinstance(provider, _VIEWS):
            return self._read_by(provider)
        if isinstance(provider, (*_WITH_CALL, stock.Resource)):
            return _dotted(provider)
        return _dotted(recipe.call if recipe.call is not None else provider)

    def _read_by(self, value: Any) -> str:
        """What a view reads, as it was written."""
        if not is_provider(value):
            return str(value)
        if not isinstance(value, _VIEWS):
            return self._known(value) or _dotted(value)
        base = self._read_by(value.provides)
        if isinstance(value, stock.AttributeGetter):
            return f"{base}.{self._read_by(value.name)}"
        if isinstance(value, stock.ItemGetter):
            return f"{base}[{self._read_by(value.name)}]"
        return f"{base}()" if isinstance(value, stock.MethodCaller) else base

    def _alias(
        self, name: str, actual: Provider
    ) -> tuple[Kind, str | None, Recipe, list[Dependency], bool]:
        """A node for a provider that another node's provider answers for: it has no object."""
        target = self.ref(name, "provides", actual)
        recipe = Recipe(Opening.ATTRIBUTE, None, (Ref(target),))
        return Kind.VIEW, None, recipe, [Dependency(target, "provides")], False

    def stand_in(self, name: str, fake: Provider) -> None:
        """Let another provider make a node's objects."""
        original, self.replacing = self.nodes[name], name
        actual = effective(fake)
        kind, scope, recipe, edges, is_async = self._describe(name, actual)
        location = actual.location if isinstance(actual, Declared) else None
        self.nodes[name] = Node(
            name=name,
            kind=kind,
            scope=scope,
            provides=self._provides(actual, recipe),
            dependencies=tuple(edges),
            location=location or original.location,
            is_async=is_async,
            has_teardown=recipe.torn_down,
            declared=original.declared,
        )
        self.recipes[name] = recipe
        self.replacing = None

    def _replaced(self, name: str) -> str:
        """The name under which a fake finds what it replaces."""
        kept = f"{name}[replaced]"
        while kept in self.nodes:
            kept += "'"
        self.nodes[kept] = replace(self.nodes[name], name=kept, declared=False)
        self.recipes[kept] = self.recipes[name]
        return kept

    def argument(self, owner: str, parameter: str, value: Any, edges: list[Dependency]) -> Argument:
        """An argument as the plan has it, its edge added."""
        if not is_provider(value):
            return Constant(value)
        if stock.is_delegated(value):
            edges.append(Dependency(self.ref(owner, parameter, value), parameter, deferred=True))
            return Constant(value)
        target = self.ref(owner, parameter, value)
        edges.append(Dependency(target, parameter))
        return Ref(target)

    def call(
        self, name: str, opening: Opening, call: Any, provider: Any
    ) -> tuple[Recipe, list[Dependency]]:
        """The recipe of a provider that holds a callable and arguments."""
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

    def _describe(
        self, name: str, provider: Any
    ) -> tuple[Kind, str | None, Recipe, list[Dependency], bool]:
        outermost = self.chain[0]
        if isinstance(provider, InScope):
            return self._in_scope(name, provider)
        if isinstance(provider, Declared):
            return self._declared(name, provider, outermost)
        if isinstance(provider, stock.Resource):
            return self._resource(name, provider, outermost)
        if isinstance(provider, _VIEWS):
            return self._view(name, provider)
        if isinstance(provider, stock.Delegate):
            target: Any = provider.provides
            edge = Dependency(self.ref(name, "provides", target), "provides", deferred=True)
            return Kind.DEFERRED, None, Recipe(Opening.CONSTANT, target), [edge], False
        return self._live(name, provider, outermost)

    def _in_scope(
        self, name: str, provider: Any
    ) -> tuple[Kind, str | None, Recipe, list[Dependency], bool]:
        scope = provider.scope.name if provider.scope is not None else self.default_scope
        if scope not in self.chain:
            raise DeclarationError(
                f"{name} lives in {provider.scope!r}, which is no scope of its container",
                location=provider.location,
                cause=f"the container's chain is {' > '.join(self.chain)}",
                remedy="name a scope of that chain, or give the container another: scopes = ...",
            )
        if isinstance(provider, ScopeValue):
            return Kind.VALUE, scope, Recipe(Opening.GIVEN, provider.provides), [], False
        if isinstance(provider, KeyedSingleton):
            edges: list[Dependency] = []

            def argument(parameter: str, value: Any) -> Argument:
                same = parameter != KEY and _reads_same(value, provider.key)
                return self.argument(name, parameter, provider.key if same else value, edges)

            recipe = provider.recipe(argument)
            return Kind.KEYED, scope, recipe, edges, recipe.opening in _AWAITED
        opening = (
            opening_of_resource(provider.provides)
            if isinstance(provider, ScopedResource)
            else _opening_of_call(provider.provides)
        )
        recipe, edges = self.call(name, opening, provider.provides, provider)
        if isinstance(provider, Scoped):
            return Kind.SCOPED, scope, recipe, edges, opening in _AWAITED
        limited = replace(
            recipe,
            close=provider.close,
            close_awaits=_close_awaits(provider),
            close_seconds=provider.close_seconds,
        )
        return Kind.RESOURCE, scope, limited, edges, opening in _AWAITED

    def _declared(
        self, name: str, provider: Any, outermost: str
    ) -> tuple[Kind, str | None, Recipe, list[Dependency], bool]:
        if isinstance(provider, stock.Object):
            return Kind.CONSTANT, None, Recipe(Opening.CONSTANT, provider.provides), [], False
        opening = _opening_of_call(provider.provides)
        recipe, edges = self.call(name, opening, provider.provides, provider)
        if isinstance(provider, Singleton):
            return Kind.SINGLETON, outermost, recipe, edges, opening in _AWAITED
        return Kind.FACTORY, None, recipe, edges, opening in _AWAITED

    def _resource(
        self, name: str, provider: Any, outermost: str
    ) -> tuple[Kind, str | None, Recipe, list[Dependency], bool]:
        _, edges = self.call(name, Opening.LIVE, provider.provides, provider)
        started = inspect.unwrap(provider.provides)
        is_async = (
            isasyncgenfunction(started)
            or iscoroutinefunction(started)
            or (isinstance(started, type) and issubclass(started, resources.AsyncResource))
            or self._await_behind(edges)
        )
        opening = Opening.ASYNC_GENERATOR if is_async else Opening.GENERATOR
        runner = partial(_run_async_resource if is_async else _run_resource, provider)
        return Kind.RESOURCE, outermost, Recipe(opening, runner), edges, is_async

    def _view(
        self, name: str, provider: Any
    ) -> tuple[Kind, str | None, Recipe, list[Dependency], bool]:
        edges: list[Dependency] = []
        if isinstance(provider, stock.ProvidedInstance):
            base = self.argument(name, "provides", provider.provides, edges)
            return Kind.VIEW, None, Recipe(Opening.ATTRIBUTE, None, (base,)), edges, False
        base = self.argument(name, "provides", provider.provides, edges)
        if isinstance(provider, stock.MethodCaller):
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
            return Kind.VIEW, None, recipe, edges, False
        opening = Opening.ATTRIBUTE if isinstance(provider, stock.AttributeGetter) else Opening.ITEM
        key = self.argument(name, "name", provider.name, edges)
        return Kind.VIEW, None, Recipe(opening, None, (base, key)), edges, False

    def _live(
        self, name: str, provider: Any, outermost: str
    ) -> tuple[Kind, str | None, Recipe, list[Dependency], bool]:
        """A stock provider: its edges are read, its objects come from its own ``__call__``."""
        edges = self._live_edges(name, provider)
        is_async = isinstance(provider, stock.Coroutine) or self._await_behind(edges)
        if isinstance(provider, _WITH_CALL):
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
        kind, scope = Kind.FOREIGN, None
        if single:
            kind, scope = Kind.SINGLETON, outermost
        elif isinstance(provider, stock.Factory | stock.Callable):
            kind = Kind.FACTORY
        elif isinstance(provider, stock.Selector | stock.Aggregate):
            kind = Kind.CHOICE
        elif isinstance(provider, stock.List | stock.Dict):
            kind = Kind.COLLECTION
        elif isinstance(provider, stock.Dependency | stock.DependenciesContainer):
            kind = Kind.EXTERNAL
        elif isinstance(provider, stock.Object | stock.ConfigurationOption | stock.Configuration):
            kind = Kind.CONSTANT
        return kind, scope, recipe, edges, is_async

    def _live_edges(self, name: str, provider: Any) -> list[Dependency]:
        edges: list[Dependency] = []
        if isinstance(provider, stock.Selector):
            self.argument(name, "selector", provider.selector, edges)
        if isinstance(provider, stock.Selector | stock.Aggregate):
            return edges + [
                Dependency(self.ref(name, str(key), option), str(key), conditional=True)
                for key, option in provider.providers.items()
            ]
        for parameter, value in _stock_arguments(provider):
            self.argument(name, parameter, value, edges)
        return edges

    def _await_behind(self, edges: list[Dependency]) -> bool:
        """Whether something that the edges lead to has to be awaited."""
        return any(node.is_async for node in self._behind(edges, deferred=False))

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


def _reads_same(value: Any, other: Any) -> bool:
    """Whether two views read the same part of the same provider's object."""
    if value is other:
        return True
    if type(value) is not type(other):
        return False
    if isinstance(value, stock.ProvidedInstance):
        return _reads_same(value.provides, other.provides)
    if isinstance(value, stock.AttributeGetter | stock.ItemGetter):
        return _reads_same(value.provides, other.provides) and _reads_same(value.name, other.name)
    return isinstance(value, str | int) and value == other


def _stock_arguments(provider: Any) -> Iterator[tuple[str, Any]]:
    """Parameters and values of a stock provider's injections."""
    if isinstance(provider, stock.Dependency):
        if provider.default is not None:
            yield "default", provider.default
    elif isinstance(provider, _WITH_ARGUMENTS):
        args = () if isinstance(provider, stock.Dict) else provider.args
        kwargs = {} if isinstance(provider, stock.List) else provider.kwargs
        yield from ((str(index), value) for index, value in enumerate(args))
        yield from ((str(key), value) for key, value in kwargs.items())
        if isinstance(provider, stock.Factory | stock.BaseSingleton):
            yield from ((f".{key}", value) for key, value in provider.attributes.items())
    elif not isinstance(provider, _SELF_CONTAINED):
        yield from ((str(index), value) for index, value in enumerate(provider.related))


_WITH_CALL = (stock.Factory, stock.BaseSingleton, stock.Callable)
_WITH_ARGUMENTS = (*_WITH_CALL, stock.List, stock.Dict)
_SELF_CONTAINED = (stock.Configuration, stock.ConfigurationOption, stock.Container)
_VIEWS = (stock.ProvidedInstance, stock.AttributeGetter, stock.ItemGetter, stock.MethodCaller)
_SCOPED_KINDS = (Kind.VALUE, Kind.SCOPED, Kind.RESOURCE, Kind.KEYED)
_AWAITED = (Opening.COROUTINE, Opening.ASYNC_GENERATOR, Opening.ASYNC_CONTEXT_MANAGER)


def _opening_of_call(call: Any) -> Opening:
    awaited = opening_of_function(call) is Opening.COROUTINE
    return Opening.COROUTINE if awaited else Opening.CALL


def opening_of_resource(call: Any) -> Opening:
    """How the object of a resource is got from what its callable returns."""
    opening = opening_of_function(call)
    if opening is not Opening.CALL:
        return opening
    while isinstance(call, partial):
        call = call.func
    returned = call if isinstance(call, type) else _return_type(call)
    if _is_a(returned, AbstractAsyncContextManager):
        return Opening.ASYNC_CONTEXT_MANAGER
    return Opening.CONTEXT_MANAGER if _is_a(returned, AbstractContextManager) else opening


def _close_awaits(provider: Any) -> bool:
    """Whether the method that tears a resource's object down must be awaited."""
    if not provider.close:
        return False
    call = provider.provides
    made = call if isinstance(call, type) else _return_type(call)
    method = inspect.getattr_static(made, provider.close, None)
    if not callable(method):
        raise DeclarationError(
            f"{provider.describe()} is closed by {provider.close!r}, which is no method of "
            f"{getattr(made, '__qualname__', 'what it returns')}",
            location=provider.location,
            cause="the name is misspelt, or the function that makes the object is not annotated "
            "with the class it returns",
            remedy="name a method of the class, or use a generator with the teardown after `yield`",
        )
    return iscoroutinefunction(method)


def _is_a(returned: Any, base: type) -> bool:
    return isinstance(returned, type) and issubclass(returned, base)


def _return_type(call: Any) -> Any:
    """The class that a function is annotated to return, if it says."""
    try:
        annotation = inspect.signature(call, eval_str=True).return_annotation
    except (NameError, TypeError, ValueError, AttributeError, SyntaxError):
        return None
    return getattr(annotation, "__origin__", annotation)


def _run_resource(provider: Any) -> Iterator[Any]:
    provider.init()
    yield provider()
    provider.shutdown()


async def _run_async_resource(provider: Any) -> AsyncIterator[Any]:
    started = provider.init()
    value = await started if isawaitable(started) else started
    yield value
    stopped = provider.shutdown()
    if isawaitable(stopped):
        await stopped


def _dotted(value: Any) -> str:
    call = value.func if isinstance(value, partial) else value
    if isinstance(call, stock.Provider):
        provides = call.provides if isinstance(call, (*_WITH_CALL, stock.Resource)) else None
        return _dotted(provides) if provides is not None else f"providers.{type(call).__name__}"
    if not isinstance(call, type) and not inspect.isroutine(call):
        call = type(call)
    module = getattr(call, "__module__", None) or type(call).__module__  # methods of C have none
    return f"{module}.{getattr(call, '__qualname__', type(call).__qualname__)}"
