"""What every backplane offers, whether it lives in this process or spans many."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from trunkline_runtime.errors import RuntimeFault

__all__ = ["Backplane", "BackplaneStopped", "Deliver", "Subscription"]

Deliver: TypeAlias = Callable[[str], bool]
"""Takes one frame without blocking; False where the connection is full or closed."""


class BackplaneStopped(RuntimeFault):
    """A connection subscribed to a backplane that has stopped: the server is going away."""

    code = "stopping"
    retryable = True

    def __init__(self) -> None:
        super().__init__(
            "The backplane has stopped and takes no subscriptions",
            "Start it before the server listens, and stop it after the last connection closed.",
            "The server is stopping. Connect again shortly.",
        )


class Subscription(Protocol):
    """One connection's place on the backplane."""

    def close(self) -> None:
        """Take the connection off. Closing twice does nothing."""
        ...


class Backplane(Protocol):
    """Carries frames to the connections of one user and to nobody else.

    Frames published one after the other for one user arrive in that order at every connection.
    A connection that cannot take a frame never delays another.
    """

    async def start(self) -> None:
        """Make ready to publish and subscribe."""
        ...

    async def stop(self) -> None:
        """Drop every subscription. Stopping twice does nothing."""
        ...

    async def publish(self, user_id: str, frame: str) -> int:
        """Send a frame to every connection of a user.

        Args:
            user_id: Whose connections.
            frame: The text of one websocket message.

        Returns:
            How many connections took the frame.
        """
        ...

    def subscribe(self, user_id: str, deliver: Deliver) -> Subscription:
        """Attach a connection of a user.

        Args:
            user_id: Whose frames it gets.
            deliver: Called with every frame; must not block.

        Raises:
            BackplaneStopped: After ``stop``.
        """
        ...
