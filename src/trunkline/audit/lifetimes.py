"""How long the objects of each class of provider live, as the live container reads it."""

from typing import TYPE_CHECKING, Final, NamedTuple

from trunkline.audit import entities
from trunkline.audit.containers import made_by
from trunkline.audit.project import Project
from trunkline.audit.source.facts import Call

if TYPE_CHECKING:
    from trunkline.graph.model import Kind, Local

SCOPES: Final = ("APP", "SESSION", "REQUEST", "STEP")
_DEFAULT_SCOPE: Final = "REQUEST"
AGGREGATES: Final = ("Aggregate", "FactoryAggregate")
"""Providers that hold several others by name; the caller says which."""

# Names of members of `Kind`, which is imported only where a graph is made.
_IN_SCOPE: Final = {
    "Scoped": "SCOPED",
    "ScopedResource": "RESOURCE",
    "ScopeValue": "VALUE",
    "KeyedSingleton": "KEYED",  # its scope is the one that pins the object
}
_OUTERMOST: Final = {
    **dict.fromkeys(
        (
            "Singleton", "ThreadSafeSingleton", "ThreadLocalSingleton", "ContextLocalSingleton",
            "AbstractSingleton",
        ),
        "SINGLETON",
    ),
    "Resource": "RESOURCE",
}  # fmt: skip
_LOCAL: Final = {
    "ThreadLocalSingleton": "THREAD",
    "ContextLocalSingleton": "CONTEXT",
    "ContextLocalResource": "CONTEXT",
}
_EACH_USE: Final = {
    **dict.fromkeys(
        (
            "Factory", "AbstractFactory", "Callable", "AbstractCallable", "Coroutine",
            "AbstractCoroutine",
        ),
        "FACTORY",
    ),
    **dict.fromkeys(("List", "Dict"), "COLLECTION"),
    **dict.fromkeys(("Selector", *AGGREGATES), "CHOICE"),
    **dict.fromkeys(("Object", "Configuration"), "CONSTANT"),
    **dict.fromkeys(("Dependency", "DependenciesContainer", "ExternalDependency"), "EXTERNAL"),
    **dict.fromkeys(
        (
            "Delegate", "CallableDelegate", "CoroutineDelegate", "FactoryDelegate",
            "SingletonDelegate", "Self",
        ),
        "DEFERRED",
    ),
}  # fmt: skip


class Lifetime(NamedTuple):
    """How long a provider's objects live.

    Attributes:
        kind: The kind of its node.
        scope: The scope whose objects it makes; None where each use makes an object, or nothing is
            known.
        local: What it keeps an object for, where it keeps more than one in its scope.
    """

    kind: "Kind"
    scope: str | None
    local: "Local | None" = None


def lifetime(kind: str, call: Call, *, has_scopes: bool) -> Lifetime:
    """Return how long a provider's objects live, by its class alone.

    Args:
        kind: Name of the provider's class.
        call: The call that declares it.
        has_scopes: False for a container of dependency-injector itself. There a context is what a
            request is elsewhere; in one with scopes it may see many of them come and go.
    """
    from trunkline.graph.model import Kind, Local

    kind = kind.removeprefix("Delegated")
    if kind in _IN_SCOPE:
        scope = _DEFAULT_SCOPE
        for argument in call.arguments:
            if argument.keyword in {"scope", "**"}:
                scope = (argument.value or "").rpartition(".")[2]
        # a scope that is computed may be any
        known = scope in SCOPES
        return Lifetime(Kind[_IN_SCOPE[kind]], scope) if known else Lifetime(Kind.FOREIGN, None)
    local = Local[_LOCAL[kind]] if kind in _LOCAL else None
    if kind in _OUTERMOST:
        own = local is not Local.CONTEXT or has_scopes
        return Lifetime(Kind[_OUTERMOST[kind]], SCOPES[0] if own else None, local)
    return Lifetime(Kind[_EACH_USE.get(kind, "FOREIGN")], None, local)


def configured_scope(project: Project, kind: str, call: Call) -> str | None:
    """Return the scope that is configured for the type that a provider makes, or waits for."""
    if not any(canonical.config.scope for canonical in project.canonicals):
        return None
    if kind == "Dependency":
        named = [a.value for a in call.arguments if a.keyword in {None, "instance_of"}]
        made = project.resolver.resolve(named[0] if named else None)
    else:
        found = made_by(project.resolver, call.arguments[0].value if call.arguments else None)
        made = found or entities.unknown("what it makes is not known")
    canonical = project.canonical_of(made)
    scope = canonical.config.scope if canonical is not None else None
    return scope.upper() if scope is not None else None


def is_delegated(kind: str | None) -> bool:
    """Tell whether providers of a class are injected themselves, instead of what they make."""
    return kind is not None and (kind.startswith("Delegated") or kind in AGGREGATES)
