"""Carries the events of a user's runs to that user's connections, and keeps them for replay."""

from trunkline_runtime.bridge.bridge import AgentWebSocketBridge
from trunkline_runtime.bridge.canonical import (
    CanonicalBridges,
    canonical_bridges,
    installed_bridges,
)
from trunkline_runtime.bridge.connections import Connection, ConnectionRegistry
from trunkline_runtime.bridge.store import EventStore

__all__ = [
    "AgentWebSocketBridge",
    "CanonicalBridges",
    "Connection",
    "ConnectionRegistry",
    "EventStore",
    "canonical_bridges",
    "installed_bridges",
]
