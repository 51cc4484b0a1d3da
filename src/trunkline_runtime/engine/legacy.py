"""The old way to make an engine, and the port by which it finds the canonical factory.

The runtime knows no container. The composition root installs its factory here, and the old names
lead to it; where none is installed they fail, and say so, rather than build something else.
"""

import warnings
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final, Protocol

from trunkline_runtime.context import UserExecutionContext, require_context
from trunkline_runtime.engine.faults import NoCanonicalFactory
from trunkline_runtime.engine.port import Port
from trunkline_runtime.engine.registry import AgentRegistry
from trunkline_runtime.engine.sink import EventSink, require_same_owner
from trunkline_runtime.errors import ForeignContext

if TYPE_CHECKING:
    from trunkline_runtime.engine.engine import UserExecutionEngine

__all__ = ["CanonicalEngines", "canonical_engines", "installed", "resolve"]


class CanonicalEngines(Protocol):
    """The canonical factory of engines, as the composition root provides it."""

    def create(
        self,
        context: UserExecutionContext,
        *,
        bridge: EventSink | None = None,
        agents: AgentRegistry | None = None,
    ) -> "UserExecutionEngine":
        """Make an engine, or return that of the open scope.

        It returns the engine itself and no coroutine, because half of the old call sites do not
        await.

        Args:
            context: Whose engine.
            bridge: The bridge the call site passed, which is of the same user; None where it
                passed none, or something that is no bridge of this runtime.
            agents: The registry it passed, likewise.
        """
        ...


canonical_engines: Final[Port[CanonicalEngines]] = Port("canonical_engines")
"""Where the factory is installed."""


def installed(engines: CanonicalEngines) -> AbstractContextManager[None]:
    """Install a canonical factory for the tasks that are started inside.

    Args:
        engines: The factory.
    """
    return canonical_engines.installed(engines)


_KEYWORDS: Final[Mapping[str, frozenset[str]]] = {
    "registry": frozenset({"registry", "agent_registry", "agent_factory", "agents"}),
    "bridge": frozenset({"bridge", "websocket_bridge", "websocket_emitter"}),
    "context": frozenset({"context", "user_context", "user_execution_context"}),
}
_REMEDY: Final = "resolve the engine from the container's request scope instead"


def resolve(
    name: str, arguments: tuple[Any, ...], keywords: Mapping[str, Any]
) -> tuple[UserExecutionContext, object]:
    """Ask the canonical factory for what an old call wants, and warn at the caller's line.

    Args:
        name: The class that was called.
        arguments: The positional arguments of its ``create_from_legacy``, which calls this.
        keywords: The others.

    Returns:
        The context, and what the factory returned.

    Raises:
        ContextTypeError: The context is missing, or no ``UserExecutionContext``.
        ForeignContext: The bridge is another user's.
        NoCanonicalFactory: No composition root has installed its factory.
        TypeError: The arguments fit none of the forms.
    """
    given = _sorted_arguments(arguments, keywords)
    context = require_context(given["context"])
    bridge = _own_bridge(given["bridge"], context)
    agents = given["registry"] if isinstance(given["registry"], AgentRegistry) else None
    unused = [
        f"{name} ({type(given[name]).__name__})"
        for name, used in (("registry", agents), ("bridge", bridge))
        if given[name] is not None and used is None
    ]
    warnings.warn(_text(name, unused), DeprecationWarning, stacklevel=3)
    engines = canonical_engines.get()
    if engines is None:
        raise NoCanonicalFactory(name)
    return context, engines.create(context, bridge=bridge, agents=agents)


def _sorted_arguments(arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> dict[str, Any]:
    name = "create_from_legacy()"
    if len(arguments) > 3:
        raise TypeError(
            f"{name} takes registry, bridge and context, not {len(arguments)} arguments"
        )
    # One alone is the context, unless the context is given by name: then it is the registry.
    by_name = any(keyword in _KEYWORDS["context"] for keyword in keywords)
    alone = len(arguments) == 1 and not by_name
    places = ("context",) if alone else ("registry", "bridge", "context")
    given: dict[str, Any] = dict(zip(places, arguments, strict=False))
    for keyword, value in keywords.items():
        place = next((place for place, names in _KEYWORDS.items() if keyword in names), None)
        if place is None:
            raise TypeError(f"{name} got an unexpected keyword argument {keyword!r}")
        if place in given:
            raise TypeError(f"{name} got two values for the {place}")
        given[place] = value
    return {"registry": None, "bridge": None, "context": None, **given}


def _own_bridge(bridge: Any, context: UserExecutionContext) -> EventSink | None:
    """Return a bridge of this runtime, if it is the context's; None for anything else.

    An object of another kind cannot prove whose it is, and is left out; but one that names
    another user is refused, because the call site has mixed up two users.
    """
    owner: Any = getattr(bridge, "context", None)
    emits = callable(getattr(bridge, "emit", None))
    if issubclass(type(owner), UserExecutionContext) and emits:
        require_same_owner(owner, context, "bridge")
        return bridge  # type: ignore[no-any-return]  # it has what an EventSink has
    named = getattr(bridge, "user_id", None)
    if isinstance(named, str) and named != context.user_id:
        raise ForeignContext(named, context.user_id)
    return None


def _text(name: str, unused: list[str]) -> str:
    text = f"{name}.create_from_legacy is deprecated: {_REMEDY}"
    return f"{text} (not used here: {', '.join(unused)})" if unused else text
