"""How a frame reaches every open connection of one user, wherever that connection lives."""

from trunkline_runtime.backplane.embedded import EmbeddedBackplane
from trunkline_runtime.backplane.protocol import Backplane, BackplaneStopped, Deliver, Subscription

__all__ = ["Backplane", "BackplaneStopped", "Deliver", "EmbeddedBackplane", "Subscription"]
