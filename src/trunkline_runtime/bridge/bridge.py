"""Carries the events of one user's request to that user's connections, in order."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from trunkline_runtime.backplane import Backplane
from trunkline_runtime.bridge import canonical
from trunkline_runtime.bridge.store import EventStore
from trunkline_runtime.context import RunId, UserExecutionContext, require_context
from trunkline_runtime.engine.logs import identifiers
from trunkline_runtime.engine.sink import require_same_owner
from trunkline_runtime.messages import Delivery, Event, EventType, RunOrder, validate_payload

__all__ = ["AgentWebSocketBridge"]

logger = logging.getLogger(__name__)

_CLOSED: Final = "the bridge is closed: its request has ended"
_ENDED_KEPT: Final = 256  # ended runs that are remembered, so that their strays are told so


@dataclass(slots=True)
class _Track:
    """One run, as far as it has come."""

    order: RunOrder
    seq: int = 0
    senders: int = 0  # that hold this track, in their turn or before it
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class AgentWebSocketBridge:
    """The events of one request on their way to its user, and to nobody else.

    Each event gets its place in its run (1, 2, 3, without gaps), is checked against the order of a
    run, kept for replay, and published to all of the user's connections. This is done under a lock
    for each run, first come first served, so that concurrent senders cannot swap events. A refused
    event takes no number. Once an event is numbered and stored it counts as sent: a sender that is
    cancelled while it is being published, or a backplane that fails, leaves it to be replayed.

    Args:
        context: Whose events they are, and in which conversation and request.
        backplane: Takes frames to the user's connections.
        store: Keeps events for replay.
        clock: The time of an event, in UTC.

    Raises:
        ContextTypeError: ``context`` is no ``UserExecutionContext``.
    """

    def __init__(
        self,
        context: UserExecutionContext,
        backplane: Backplane,
        store: EventStore,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._context = require_context(context)
        self._backplane = backplane
        self._store = store
        self._clock = clock
        self._tracks: dict[RunId, _Track] = {}
        self._ended: deque[RunId] = deque()
        self._closed = False

    create_for_user = classmethod(canonical.create_for_user)

    @property
    def context(self) -> UserExecutionContext:
        """Whose bridge it is."""
        return self._context

    @property
    def closed(self) -> bool:
        """Whether it takes no more events."""
        return self._closed

    def require(self, context: object) -> None:
        """Refuse any context but one of this bridge's user and thread.

        Raises:
            ContextTypeError: It is no context.
            ForeignContext: It is another user's, or of another thread.
        """
        require_same_owner(self._context, context, "bridge")

    async def emit(
        self,
        event_type: EventType,
        payload: Mapping[str, Any],
        *,
        agent_name: str,
        run_id: RunId,
        context: UserExecutionContext | None = None,
    ) -> Delivery:
        """Send one event of a run to the user.

        Args:
            event_type: Its type.
            payload: Its payload, as the type's schema says; it is copied.
            agent_name: The agent that runs.
            run_id: The run.
            context: Whose event the sender believes it to be; checked, if given.

        Returns:
            The truth: delivered to so many connections; stored for replay, because none took it;
            or refused, because the bridge is closed.

        Raises:
            ForeignContext: ``context`` is not of this bridge's user and thread.
            InvalidPayload: The payload breaks the schema of its type.
            EventOrderError: The order of the run forbids the event.
        """
        if context is not None:
            self.require(context)
        checked = validate_payload(event_type, payload)
        track = self._tracks.get(run_id)
        if track is None:
            track = self._tracks[run_id] = _Track(RunOrder(run_id))
        track.senders += 1
        try:
            async with track.turn:
                if self._closed:
                    return Delivery.refused(_CLOSED)
                event = self._next_event(track, event_type, checked, agent_name, run_id)
                self._store.append(event)
                return await self._publish(event)
        finally:
            track.senders -= 1
            self._tidy(run_id, track)

    async def close(self, seconds: float = 5.0) -> None:
        """Refuse every further event, and wait for those being sent. Closing twice is the same.

        Args:
            seconds: How long to wait. What is not published by then is stored for replay.
        """
        self._closed = True
        try:
            async with asyncio.timeout(seconds):
                for track in tuple(self._tracks.values()):
                    async with track.turn:
                        pass
        except TimeoutError:
            logger.warning(
                "events were still being published when the bridge closed", extra=self._fields()
            )

    def _next_event(
        self,
        track: _Track,
        event_type: EventType,
        payload: Mapping[str, Any],
        agent_name: str,
        run_id: RunId,
    ) -> Event:
        """Number an event; a refusal leaves the run as it was."""
        context = self._context
        event = Event(
            type=event_type,
            seq=track.seq + 1,
            user_id=context.user_id,
            thread_id=context.thread_id,
            run_id=run_id,
            request_id=context.request_id,
            agent_name=agent_name,
            timestamp=self._clock(),
            payload=payload,
        )
        track.order.accept(event_type, payload)
        track.seq = event.seq
        if track.order.ended:
            self._ended.append(run_id)
        return event

    async def _publish(self, event: Event) -> Delivery:
        try:
            reached = await self._backplane.publish(self._context.user_id, event.to_json())
        except Exception:
            logger.exception(
                "an event was stored but not published", extra=self._fields(event.run_id)
            )
            return Delivery.stored(event.seq, "the backplane failed")
        if reached:
            return Delivery.delivered(reached, event.seq)
        return Delivery.stored(event.seq, "no connection took it")

    def _tidy(self, run_id: RunId, track: _Track) -> None:
        """Forget runs that never began, and those that ended long ago."""
        if not track.seq and not track.senders:
            self._tracks.pop(run_id, None)
        while len(self._ended) > _ENDED_KEPT:
            self._tracks.pop(self._ended.popleft(), None)

    def _fields(self, run_id: str | None = None) -> dict[str, str]:
        fields = identifiers(self._context)
        return fields if run_id is None else {**fields, "run_id": run_id}
