"""How long the objects of each class of provider live, as the live container reads it."""

from typing import TYPE_CHECKING, Final

from trunkline.audit.source.facts import Call

if TYPE_CHECKING:
    from trunkline.graph.model import Kind

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
    "ContextLocalResource": "RESOURCE",
}  # fmt: skip
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


def lifetime(kind: str, call: Call) -> tuple["Kind", str | None]:
    """Return the kind of a provider's node and the scope whose objects it makes.

    Args:
        kind: Name of the provider's class.
        call: The call that declares it.

    Returns:
        The kind, and the scope; None where each use makes an object, or nothing is known.
    """
    from trunkline.graph.model import Kind

    kind = kind.removeprefix("Delegated")
    if kind in _IN_SCOPE:
        scope = _DEFAULT_SCOPE
        for argument in call.arguments:
            if argument.keyword in {"scope", "**"}:
                scope = (argument.value or "").rpartition(".")[2]
        # a scope that is computed may be any
        return (Kind[_IN_SCOPE[kind]], scope) if scope in SCOPES else (Kind.FOREIGN, None)
    if kind in _OUTERMOST:
        return Kind[_OUTERMOST[kind]], SCOPES[0]
    return Kind[_EACH_USE.get(kind, "FOREIGN")], None


def is_delegated(kind: str | None) -> bool:
    """Tell whether providers of a class are injected themselves, instead of what they make."""
    return kind is not None and (kind.startswith("Delegated") or kind in AGGREGATES)
