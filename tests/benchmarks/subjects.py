"""The classes that every contender builds: plain ones, with ``__init__`` and annotations.

The first group mirrors the reference runtime in small. The second is as small as classes get, so
that nothing hides what a container adds.
"""

from collections.abc import AsyncIterator

__all__ = [
    "Agents",
    "Bridge",
    "Clock",
    "Connections",
    "Engine",
    "Ledger",
    "Mailer",
    "RequestContext",
    "Sender",
    "Settings",
    "Ticket",
    "Writer",
    "open_bridge",
]


# a request of the reference runtime, in small


class Settings:
    """A singleton: limits that everyone reads."""

    def __init__(self) -> None:
        self.run_limit = 100
        self.run_seconds = 30.0


class Connections:
    """A singleton: who is connected."""

    def __init__(self) -> None:
        self.open: dict[str, object] = {}


class Agents:
    """A singleton: which agents there are."""

    def __init__(self) -> None:
        self.by_name: dict[str, object] = {}


class RequestContext:
    """The scope's value: made anew for each request, by every contender, and given to the scope."""

    def __init__(self, user: str, thread: str, run: str) -> None:
        self.user = user
        self.thread = thread
        self.run = run


class Bridge:
    """A scoped object: numbers what one user's agents send."""

    def __init__(self, context: RequestContext, connections: Connections) -> None:
        self.context = context
        self.connections = connections
        self.sequence = 0
        self.pending: list[object] = []


class Engine:
    """A scoped object: runs one user's agents."""

    def __init__(
        self, context: RequestContext, bridge: Bridge, agents: Agents, settings: Settings
    ) -> None:
        self.context = context
        self.bridge = bridge
        self.agents = agents
        self.settings = settings
        self.runs: dict[str, object] = {}


async def open_bridge(context: RequestContext, connections: Connections) -> AsyncIterator[Bridge]:
    """The bridge as an async resource: it is known to the registry while it is open."""
    bridge = Bridge(context, connections)
    connections.open[context.run] = bridge
    try:
        yield bridge
    finally:
        connections.open.pop(context.run, None)


# the same shape with constructors that only store two or three arguments


class Clock:
    """A singleton that holds nothing."""


class Ledger:
    """A singleton that holds nothing."""


class Mailer:
    """A singleton that holds nothing."""


class Ticket:
    """The scope's value."""

    def __init__(self, number: int) -> None:
        self.number = number


class Writer:
    """A scoped object."""

    def __init__(self, ticket: Ticket, ledger: Ledger) -> None:
        self.ticket = ticket
        self.ledger = ledger


class Sender:
    """A scoped object over another."""

    def __init__(self, writer: Writer, mailer: Mailer, clock: Clock) -> None:
        self.writer = writer
        self.mailer = mailer
        self.clock = clock
