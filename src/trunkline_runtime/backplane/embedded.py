"""The backplane of a single process: a dictionary of users, each with its own subscribers."""

import logging
from collections.abc import Callable

from trunkline_runtime.backplane.protocol import BackplaneStopped, Deliver, Subscription

__all__ = ["EmbeddedBackplane"]

logger = logging.getLogger(__name__)


class _Subscription:
    """Identified by itself: one callable may be subscribed twice, and each closes its own."""

    __slots__ = ("_detach", "deliver")

    def __init__(self, deliver: Deliver, detach: Callable[["_Subscription"], None]) -> None:
        self.deliver = deliver
        self._detach = detach

    def close(self) -> None:
        self._detach(self)


class EmbeddedBackplane:
    """A ``Backplane`` inside one event loop.

    Each user is a shard of its own: publishing touches that user's subscribers alone, so the cost
    of a frame does not depend on how many users are connected. Publishing never suspends: a frame
    has been offered to every connection when ``publish`` returns.
    """

    def __init__(self) -> None:
        self._shards: dict[str, dict[_Subscription, None]] = {}  # a dict keeps subscription order
        self._stopped = False

    async def start(self) -> None:
        """Take subscriptions, also again after a ``stop``."""
        self._stopped = False

    async def stop(self) -> None:
        """Drop every subscription and take no more."""
        self._stopped = True
        self._shards.clear()

    async def publish(self, user_id: str, frame: str) -> int:
        """Offer the frame to each of the user's connections; see ``Backplane.publish``."""
        shard = self._shards.get(user_id)
        if shard is None:
            return 0
        # A copy: a connection that finds itself full may close its subscription while we deliver.
        return sum(_offered(subscription, user_id, frame) for subscription in tuple(shard))

    def subscribe(self, user_id: str, deliver: Deliver) -> Subscription:
        """Attach a connection; see ``Backplane.subscribe``."""
        if self._stopped:
            raise BackplaneStopped

        def detach(subscription: _Subscription) -> None:
            shard = self._shards.get(user_id)
            if shard is None or subscription not in shard:
                return
            del shard[subscription]
            if not shard:
                del self._shards[user_id]

        subscription = _Subscription(deliver, detach)
        self._shards.setdefault(user_id, {})[subscription] = None
        return subscription

    def subscribers(self, user_id: str) -> int:
        """Count the subscriptions of a user."""
        return len(self._shards.get(user_id, ()))


def _offered(subscription: _Subscription, user_id: str, frame: str) -> bool:
    try:
        return bool(subscription.deliver(frame))
    except Exception:
        # One connection's defect must not keep the frame from the user's other connections.
        logger.exception("a connection failed to take a frame", extra={"user_id": user_id})
        return False
