"""An event recorder: what was sent, to whom, in which order."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trunkline.testing.canary import Canary

__all__ = ["EventRecorder"]


class EventRecorder:
    """Records events; may be called from any task or thread.

    Args:
        canary: Checks that no event shows its user another's mark.

    Attributes:
        events: What was recorded, in order: the user (None where none was named) and the event.
    """

    def __init__(self, canary: Canary | None = None) -> None:
        self._canary = canary
        self.events: list[tuple[str | None, Any]] = []
        self._lock = threading.Lock()

    def __call__(self, event: Any, user: str | None = None) -> None:
        """Record an event.

        Args:
            event: The event.
            user: Whose it is.

        Raises:
            CrossUserError: It shows the mark of another.
        """
        with self._lock:
            self.events.append((user, event))
        if self._canary is not None and user is not None:
            self._canary.check(user, event)

    async def send(self, event: Any, user: str | None = None) -> None:
        """The same, to be awaited."""
        self(event, user)

    def of(self, user: str | None) -> list[Any]:
        """The events of one user, in order."""
        return [event for owner, event in self.events if owner == user]
