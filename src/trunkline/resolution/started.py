"""Which containers are started in this process.

Code without a scope in hand finds its own by the ambient scope. A thread that did not inherit the
context of the start has none; it may still ask here for the one application there is. The register
itself lies below the providers, which ask it too.
"""

from trunkline.ambient import STARTED, StartedContainer, StartedContainers

__all__ = ["STARTED", "StartedContainer", "StartedContainers"]
