"""What each connection and each run has of its own."""

from containers.infrastructure import Infrastructure
from trunkline import Scope, providers
from trunkline_runtime.bridge import AgentWebSocketBridge
from trunkline_runtime.context import UserExecutionContext
from trunkline_runtime.engine import UserExecutionEngine
from trunkline_runtime.server import Identity, SessionOwner


class Request(Infrastructure):
    """The canonical factories: one context, one bridge and one engine a request."""

    identity = providers.ScopeValue(Identity, scope=Scope.SESSION)
    owner = providers.Scoped(SessionOwner, identity, scope=Scope.SESSION)

    context = providers.ScopeValue(UserExecutionContext)
    bridge = providers.ScopedResource(
        AgentWebSocketBridge,
        context,
        Infrastructure.backplane,
        Infrastructure.store,
        close="close",
    )
    engine = providers.ScopedResource(
        UserExecutionEngine,
        context,
        bridge,
        Infrastructure.agents,
        Infrastructure.engine_limits,
        Infrastructure.slots,
        close="cleanup",
    )
