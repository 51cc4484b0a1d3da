"""Containers of the audited tree: which class attributes are providers and what they provide."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from trunkline.audit import entities
from trunkline.audit.entities import Entity, unknown
from trunkline.audit.source.facts import Call, Import

if TYPE_CHECKING:
    from trunkline.audit.resolver import Resolver

_PROVIDER_MODULES: Final = (
    "dependency_injector.providers", "trunkline.providers", "trunkline", "dependency_injector",
)  # fmt: skip
MAKERS: Final = frozenset({
    "Factory", "Singleton", "ThreadSafeSingleton", "ThreadLocalSingleton", "ContextLocalSingleton",
    "Resource", "ContextLocalResource", "Callable", "Coroutine", "AbstractFactory",
    "AbstractSingleton", "Scoped", "ScopedResource", "KeyedSingleton",
})  # fmt: skip
"""Providers whose first argument is what they call."""
_ADDS_NOTHING: Final = frozenset({"__slots__", "__doc__", "provided_type"})


class Provider(NamedTuple):
    """One provider as its container declares it.

    Attributes:
        kind: Name of the provider's class: ``Singleton``.
        call: The call that declares it.
        provides: What it calls, where it is one that calls something.
    """

    kind: str
    call: Call
    provides: str | None


def provider_kind(resolver: "Resolver", callee: str | None) -> str | None:
    """Return the name of the provider class that a callee is; None where it is none."""
    target = resolver.resolve(callee)
    return _kind(target.full) if target.kind in {entities.EXTERNAL, entities.CLASS} else None


def inherited_kind(resolver: "Resolver", callee: str | None) -> str | None:
    """Return the name of the provider class that a callee is, or is another name for.

    A class of the tree is one where it derives from a provider and adds nothing. To know that takes
    reading the class, so that this is to be asked of the calls of containers alone.
    """
    kind = provider_kind(resolver, callee)
    target = resolver.resolve(callee)
    if kind is not None or target.kind != entities.CLASS:
        return kind
    for item in resolver.ancestors(target)[0]:
        declared = resolver.class_facts(item)
        if declared is None or not {*declared.members} <= _ADDS_NOTHING:
            return None
    kinds = {_kind(base.full) for _, base in _bases(resolver, target)} & MAKERS
    return kinds.pop() if len(kinds) == 1 else None


def _kind(full: str) -> str | None:
    module, _, name = full.replace(":", ".").rpartition(".")
    if module in _PROVIDER_MODULES or module.startswith("trunkline.providers"):
        return name if name[:1].isupper() else None
    return None


def declared_provider(resolver: "Resolver", module: str, qualname: str) -> Provider | None:
    """Return the provider that a class attribute declares; None where it is none."""
    path = resolver.table.files.get(module)
    if path is None:
        return None
    bound = resolver.names(module).get(qualname.partition(".")[0], ())
    holder = next((item for item in reversed(bound) if not isinstance(item, Import)), None)
    if holder is None:
        return None
    known = resolver.library.container(path, holder.line)
    for store in known.stores:
        if store.target != f"{module}:{qualname}" or store.value is None:
            continue
        for last in known.calls:
            if last.span == store.span:
                [call, *_] = chained(last, known.calls)
                kind = provider_kind(resolver, call.callee)
                if kind is None:
                    return None
                first = call.arguments[0].value if call.arguments else None
                makes = kind in MAKERS or kind == "ScopeValue"
                return Provider(kind, call, _imported(resolver, module, first) if makes else None)
    return None


def chained(call: Call, calls: Iterable[Call]) -> Iterator[Call]:
    """Yield the calls that a chain consists of, the innermost first: ``a(x).add_args(y)``.

    Args:
        call: The whole chain.
        calls: The calls of its file.
    """
    owner, dot, _ = (call.callee or "").rpartition("().")
    if dot:
        for other in calls:
            if other.callee == owner and other.span[:2] == call.span[:2]:
                yield from chained(other, calls)
                break
    yield call


def _imported(resolver: "Resolver", module: str, first: str | None) -> str | None:
    """Return the path of what a provider calls, which may be named by a text to import it by.

    The rules are dependency-injector's: a name alone is one of the calling module, a dot before it
    stands for the module's package.
    """
    if first is None or not first.startswith("='"):
        return first
    home, dot, name = first[2:-1].rpartition(".")
    if not dot:
        home = module
    elif first.startswith("='."):
        package = module
        if module not in resolver.table.packages:
            package = module.rpartition(".")[0]
        for _ in range(len(home) - len(home.lstrip(".")) - 1):
            package = package.rpartition(".")[0]
        home = ".".join(filter(None, (package, home.lstrip("."))))
    return f"{home}:{name}"


def is_provider(resolver: "Resolver", module: str, qualname: str) -> bool:
    """Tell whether a class attribute declares a provider."""
    return declared_provider(resolver, module, qualname) is not None


def provided(resolver: "Resolver", owner: Entity) -> Entity:
    """Return what calling a provider gives."""
    provider = declared_provider(resolver, owner.module, owner.name)
    if provider is None or provider.provides is None:
        return unknown("what the provider gives is not known")
    result = made_by(resolver, provider.provides)
    if result is None:
        return unknown("what the provider gives is not known")
    if is_async(resolver, owner):
        return Entity(entities.AWAITABLE, result.module, result.name)
    return result


def made_by(resolver: "Resolver", provides: str | None) -> Entity | None:
    """Return the object, awaited, that calling a class or function gives; None if not known."""
    target = resolver.resolve(provides)
    if target.kind == entities.FUNCTION:
        function = resolver.function(target)
        returns = function.returns if function is not None else None
        target = resolver.resolve(returns.removesuffix("^") if returns is not None else None)
    if target.kind != entities.CLASS:
        return None
    return Entity(entities.INSTANCE, target.module, target.name)


def nested_provider(resolver: "Resolver", owner: Entity, name: str) -> Entity:
    """Return the provider that a container declares which another holds as a provider."""
    provider = declared_provider(resolver, owner.module, owner.name)
    if provider is None or provider.kind != "Container" or not provider.call.arguments:
        return unknown("an attribute of a provider")
    for argument in provider.call.arguments[1:]:
        if argument.keyword in {name, "**"}:
            return unknown("a provider that the outer container replaces")
    inner = resolver.resolve(provider.call.arguments[0].value)
    if inner.kind != entities.CLASS:
        return unknown("a container that is not known")
    return resolver.step(inner, name)


def is_async(resolver: "Resolver", owner: Entity, seen: frozenset[Entity] = frozenset()) -> bool:
    """Tell whether calling a provider gives something to await."""
    provider = declared_provider(resolver, owner.module, owner.name)
    if provider is None or owner in seen:
        return False
    if provider.kind == "Coroutine":
        return True
    target = resolver.resolve(provider.provides)
    if target.kind == entities.CLASS and any(
        base.full in _ASYNC_RESOURCES for _, base in _bases(resolver, target)
    ):
        return True
    if target.kind == entities.FUNCTION:
        function = resolver.function(target)
        if function is not None and function.is_async:
            return True
    return any(
        is_async(resolver, dependency, seen | {owner})
        for argument in provider.call.arguments
        if (dependency := resolver.resolve(argument.value)).kind == entities.PROVIDER
    )


_ASYNC_RESOURCES: Final = frozenset({
    "dependency_injector.resources:AsyncResource", "dependency_injector:resources.AsyncResource",
})  # fmt: skip
CONTAINER_BASES: Final = frozenset({
    "dependency_injector.containers:DeclarativeContainer",
    "dependency_injector:containers.DeclarativeContainer",
    "trunkline:ScopedContainer", "trunkline.containers:ScopedContainer",
    "trunkline:containers.ScopedContainer",
})  # fmt: skip


def is_container(resolver: "Resolver", entity: Entity) -> bool:
    """Tell whether a class derives from a declarative container."""
    return container_base(resolver, entity) is not None


def container_base(resolver: "Resolver", entity: Entity) -> tuple[Entity, Entity] | None:
    """Return by what a class is a declarative container; None where it is none.

    Returns:
        The class of its line that has a library's container for a base, and that base.
    """
    return next(_container_bases(resolver, entity), None)


def has_scopes(resolver: "Resolver", entity: Entity) -> bool:
    """Tell whether a container derives from one with scopes."""
    return any(base.full.startswith("trunkline") for _, base in _container_bases(resolver, entity))


def _container_bases(resolver: "Resolver", entity: Entity) -> Iterator[tuple[Entity, Entity]]:
    """Yield the declarative containers that a class derives from, each behind what names it."""
    return (pair for pair in _bases(resolver, entity) if pair[1].full in CONTAINER_BASES)


def _bases(resolver: "Resolver", entity: Entity) -> Iterator[tuple[Entity, Entity]]:
    """Yield every class that a class derives from, as far as is known, behind what names it."""
    for item in resolver.ancestors(Entity(entities.CLASS, entity.module, entity.name))[0]:
        declared = resolver.class_facts(item)
        for base in declared.bases if declared is not None else ():
            yield item, resolver.resolve((base or "").removesuffix("[]"))
