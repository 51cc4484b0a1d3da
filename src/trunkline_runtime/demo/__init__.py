"""The demonstration: several users' agents at once, over real websockets, and the proof of it."""

from trunkline_runtime.demo.demo import Demo

__all__ = ["Demo"]
