"""The old names of the runtime, each led to the canonical factory of the application.

Old modules import them from here, or declare their own in the same way. ``open_legacy`` is a
provider of the application: it connects the runtime's own old faces, ``create_from_legacy`` and
``create_for_user``, with the started application, and disconnects them when it stops.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from trunkline.legacy import (
    Agrees,
    Arguments,
    Dropped,
    Redirect,
    UsageFile,
    Value,
    check_redirects,
    keep_counts,
    redirect_class,
    redirect_factory,
    redirect_function,
    redirect_scope,
)
from trunkline_runtime.bridge import AgentWebSocketBridge, installed_bridges
from trunkline_runtime.context import Environment, UserExecutionContext
from trunkline_runtime.engine import (
    AgentRegistry,
    EventSink,
    UserExecutionEngine,
    installed,
)
from trunkline_runtime.engine.sink import require_same_owner
from trunkline_runtime.errors import ForeignContext

ENGINE: Final = "containers.application:Application.engine"
BRIDGE: Final = "containers.application:Application.bridge"
ADVICE: Final = "open a request scope with app.enter(context) and resolve Application.engine in it"
REMOVED_IN: Final = "2.0"
KEPT_EVERY: Final = 300.0
"""Seconds between writes of the counts."""


def own_bridge(bridge: Any, values: Mapping[str, Any]) -> None:
    """Refuse a bridge of another user; the engine has one of its own in any case.

    Args:
        bridge: What an old call site passes as a bridge; None and objects that name no user pass.
        values: The scope values, the user's ``context`` among them.

    Raises:
        ForeignContext: The bridge names another user, or another of the user's threads.
    """
    context = values["context"]
    owner: Any = getattr(bridge, "context", None)
    if issubclass(type(owner), UserExecutionContext):
        require_same_owner(owner, context, "bridge")
        return
    named = getattr(bridge, "user_id", None)
    if isinstance(named, str) and named != context.user_id:
        raise ForeignContext(named, context.user_id)


def is_over(engine: UserExecutionEngine) -> bool:
    """Whether an engine runs nothing any more: cleaned up, or closed for idleness."""
    return engine.closed


CONTEXT = Value("context")
OWN_BRIDGE = Agrees("bridge", own_bridge)
OWN_AGENTS = Dropped("the application has one registry of agents")

ENGINE_CALL: Final = Arguments(
    "context",
    "registry, bridge, context",
    "context, registry, bridge",
    "registry, bridge, *, user_context",
    "registry, bridge",
    "*, user_context, registry=, bridge=",
    "*, context, agent_factory, websocket_emitter",
    "*, user_context, registry=, websocket_bridge=",
    context=CONTEXT,
    user_context=CONTEXT,
    registry=OWN_AGENTS,
    agent_factory=OWN_AGENTS,
    bridge=OWN_BRIDGE,
    websocket_bridge=OWN_BRIDGE,
    websocket_emitter=OWN_BRIDGE,
)
OF_CONTEXT: Final = Arguments("context", "*, user_context", context=CONTEXT, user_context=CONTEXT)

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from typing_extensions import deprecated

    @deprecated(ADVICE)
    class ExecutionEngine(UserExecutionEngine):
        """An old name of the engine."""

        def __init__(self, *arguments: Any, **keywords: Any) -> None: ...

    class EngineFactory:
        """What the old getter gave."""

        def create_for_user(self, context: UserExecutionContext) -> UserExecutionEngine:
            """Give the user's engine."""
            ...

    @deprecated(ADVICE)
    def create_request_scoped_engine(*arguments: Any, **keywords: Any) -> UserExecutionEngine:
        """Give the user's engine."""
        ...

    @deprecated(ADVICE)
    def get_execution_engine_factory() -> EngineFactory:
        """Give the old factory."""
        ...

    @deprecated(ADVICE)
    def user_execution_scope(
        context: UserExecutionContext,
    ) -> AbstractAsyncContextManager[UserExecutionEngine]:
        """Open a request scope with the user's engine in it."""
        ...

else:
    ExecutionEngine = redirect_class(
        "ExecutionEngine",
        to=ENGINE,
        adapt=ENGINE_CALL,
        removed_in=REMOVED_IN,
        advice=ADVICE,
        closes_with="cleanup",
        over=is_over,
    )
    create_request_scoped_engine = redirect_function(
        "create_request_scoped_engine",
        to=ENGINE,
        adapt=ENGINE_CALL,
        removed_in=REMOVED_IN,
        advice=ADVICE,
        closes_with="cleanup",
        over=is_over,
    )
    get_execution_engine_factory = redirect_factory(
        "get_execution_engine_factory",
        to=ENGINE,
        methods={"create_for_user": OF_CONTEXT},
        removed_in=REMOVED_IN,
        advice=ADVICE,
        closes_with="cleanup",
        over=is_over,
    )
    user_execution_scope = redirect_scope(
        "user_execution_scope", to=ENGINE, adapt=OF_CONTEXT, removed_in=REMOVED_IN, advice=ADVICE
    )


class CanonicalFactories:
    """The application's factories, as the runtime's ``create_from_legacy`` asks for them."""

    def __init__(self) -> None:
        self._engines = Redirect.of(
            "trunkline_runtime.engine.UserExecutionEngine.create_from_legacy",
            to=ENGINE,
            adapt=OF_CONTEXT,
            advice=ADVICE,
            is_async=False,  # the runtime's engine can be awaited itself
            is_quiet=True,  # the runtime has warned
            closes_with="cleanup",
            over=is_over,
        )

    def create(
        self,
        context: UserExecutionContext,
        *,
        bridge: EventSink | None = None,  # the runtime has checked whose it is
        agents: AgentRegistry | None = None,
    ) -> UserExecutionEngine:
        """Give the engine of a context: that of the open scope, or of one opened for it."""
        engine: UserExecutionEngine = self._engines.call(_calling_frame(), (context,), {})
        return engine


class CanonicalBridges:
    """The same for ``AgentWebSocketBridge.create_for_user``, which is no old name: not counted."""

    def __init__(self) -> None:
        self._bridges = Redirect.of(
            "trunkline_runtime.bridge.AgentWebSocketBridge.create_for_user",
            to=BRIDGE,
            adapt=OF_CONTEXT,
            advice=ADVICE,
            is_async=False,
            is_quiet=True,
        )

    def create(self, context: UserExecutionContext) -> AgentWebSocketBridge:
        """Give the bridge of a context: that of the open scope, or of one opened for it."""
        bridge: AgentWebSocketBridge = self._bridges.resolve(_calling_frame(), (context,), {})
        return bridge


def open_legacy(environment: Environment) -> Iterator[None]:
    """Check the old names, connect the runtime's, and keep the counts.

    Args:
        environment: Where the application runs; test runs leave no counts behind.

    Raises:
        RedirectError: An old name leads nowhere, or its arguments do not fit.
    """
    check_redirects(sys.modules[__name__])
    with ExitStack() as stack:
        if environment is not Environment.TEST:
            stack.callback(keep_counts(UsageFile.of_project(), every=KEPT_EVERY))
        stack.enter_context(installed(CanonicalFactories()))
        stack.enter_context(installed_bridges(CanonicalBridges()))
        yield


def _calling_frame() -> FrameType:
    """The frame outside of the runtime that asked it for something."""
    frame = sys._getframe(2)  # noqa: SLF001  # only the stack knows who calls
    while str(frame.f_globals.get("__name__", "")).startswith("trunkline_runtime."):
        outer = frame.f_back
        if outer is None:
            break
        frame = outer
    return frame
