"""What became of an event that was sent: the truth, in three words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Delivery"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """The outcome of sending one event. It is true unless the event was refused.

    Attributes:
        kind: "delivered" to at least one connection; "stored" for replay, because no connection
            took it; "refused", and then neither sent nor stored.
        connections: How many connections took it.
        reason: Why it was refused, or why it was stored where that is known.
        seq: Its sequence number in its run; None when it was refused.
    """

    kind: Literal["delivered", "stored", "refused"]
    connections: int = 0
    reason: str | None = None
    seq: int | None = None

    def __post_init__(self) -> None:
        if (self.kind == "delivered") != (self.connections > 0):
            message = f"a {self.kind} event cannot have reached {self.connections} connections"
            raise ValueError(message)
        if self.kind == "refused" and not self.reason:
            raise ValueError("a refused event needs its reason")

    @classmethod
    def delivered(cls, connections: int, seq: int) -> Delivery:
        """Return the outcome of an event that ``connections`` (1 or more) connections took."""
        return cls("delivered", connections, None, seq)

    @classmethod
    def stored(cls, seq: int, reason: str | None = None) -> Delivery:
        """Return the outcome of an event that waits to be replayed."""
        return cls("stored", 0, reason, seq)

    @classmethod
    def refused(cls, reason: str) -> Delivery:
        """Return the outcome of an event that was neither sent nor stored."""
        return cls("refused", 0, reason, None)

    @property
    def ok(self) -> bool:
        """Whether the event reached its user, or will."""
        return self.kind != "refused"

    def __bool__(self) -> bool:
        return self.ok
