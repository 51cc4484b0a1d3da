"""What the engine needs of a bridge."""

from collections.abc import Mapping
from typing import Any, Protocol

from trunkline_runtime.context import RunId, UserExecutionContext, require_context
from trunkline_runtime.errors import ForeignContext
from trunkline_runtime.messages import Delivery, EventType

__all__ = ["EventSink", "require_same_owner"]


class EventSink(Protocol):
    """Takes the events of one user's runs. ``AgentWebSocketBridge`` is the canonical one."""

    @property
    def context(self) -> UserExecutionContext:
        """Whose events it takes."""
        ...

    async def emit(
        self,
        event_type: EventType,
        payload: Mapping[str, Any],
        *,
        agent_name: str,
        run_id: RunId,
    ) -> Delivery:
        """Send one event of a run.

        Args:
            event_type: Its type.
            payload: Its payload, as the type's schema says.
            agent_name: The agent that runs.
            run_id: The run.

        Returns:
            What became of it.

        Raises:
            EventOrderError: The order of the run forbids it.
            InvalidPayload: The payload breaks its schema.
        """
        ...


def require_same_owner(owner: UserExecutionContext, other: object, what: str) -> None:
    """Refuse a context that is not of the owner's user and thread.

    Another request of the same conversation (a child's, for instance) is accepted; another
    conversation is not, because events would be labelled with the wrong one.

    Args:
        owner: The context of the object that is asked.
        other: The context that was passed.
        what: The object, for the error: "bridge", "engine".

    Raises:
        ContextTypeError: ``other`` is no context.
        ForeignContext: It is another user's, or of another thread.
    """
    context = require_context(other)
    if context.user_id != owner.user_id:
        raise ForeignContext(owner.user_id, context.user_id, what)
    if context.thread_id != owner.thread_id:
        raise ForeignContext(
            f"{owner.user_id} in thread {owner.thread_id}",
            f"{context.user_id} in thread {context.thread_id}",
            what,
        )
