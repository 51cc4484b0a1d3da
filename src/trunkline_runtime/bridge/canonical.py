"""The port by which a bridge's old face finds the canonical factory.

Like ``engine.legacy``: the runtime knows no container, so the composition root installs its
factory here.
"""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final, Protocol

from trunkline_runtime.context import UserExecutionContext, require_context
from trunkline_runtime.engine import NoCanonicalFactory
from trunkline_runtime.engine.port import Port

if TYPE_CHECKING:
    from trunkline_runtime.bridge.bridge import AgentWebSocketBridge

__all__ = ["CanonicalBridges", "canonical_bridges", "create_for_user", "installed_bridges"]


class CanonicalBridges(Protocol):
    """The canonical factory of bridges, as the composition root provides it."""

    def create(self, context: UserExecutionContext) -> "AgentWebSocketBridge":
        """Make a bridge for a context, or return that of the open scope.

        Args:
            context: Whose bridge.
        """
        ...


canonical_bridges: Final[Port[CanonicalBridges]] = Port("canonical_bridges")
"""Where the factory is installed."""


def installed_bridges(bridges: CanonicalBridges) -> AbstractContextManager[None]:
    """Install a canonical factory for the tasks that are started inside.

    Args:
        bridges: The factory.
    """
    return canonical_bridges.installed(bridges)


def create_for_user(
    cls: type["AgentWebSocketBridge"], context: UserExecutionContext
) -> "AgentWebSocketBridge":
    """Return the bridge of a context from the canonical factory.

    Args:
        cls: The bridge class.
        context: Whose bridge.

    Raises:
        ContextTypeError: ``context`` is missing, or no ``UserExecutionContext``.
        NoCanonicalFactory: No composition root has installed its factory.
        ForeignContext: The factory returned a bridge of another user or thread.
    """
    context = require_context(context)
    bridges = canonical_bridges.get()
    if bridges is None:
        raise NoCanonicalFactory(cls.__name__)
    bridge: object = bridges.create(context)
    if not isinstance(bridge, cls):
        raise NoCanonicalFactory(
            cls.__name__, f"its canonical factory returned {type(bridge).__name__}"
        )
    bridge.require(context)
    return bridge
