"""What the server really opened and closed, written down as it happens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from trunkline_runtime.bridge import AgentWebSocketBridge, Connection
from trunkline_runtime.context import UserExecutionContext
from trunkline_runtime.engine import UserExecutionEngine
from trunkline_runtime.server import Identity, Session, Sessions

__all__ = ["Ledger", "OpenedRun"]


@dataclass(slots=True)
class OpenedRun:
    """One REQUEST scope.

    Attributes:
        user_id: Whose run.
        engine: The engine that the scope gave; kept, so that no other object gets its identity.
        closed: Whether the scope was left and its engine and bridge were closed by then.
    """

    user_id: str
    engine: UserExecutionEngine
    closed: bool = False

    @property
    def bridge(self) -> AgentWebSocketBridge:
        """The engine's bridge."""
        bridge = self.engine.bridge
        if not isinstance(bridge, AgentWebSocketBridge):
            raise TypeError(f"the engine has no websocket bridge but {type(bridge).__name__}")
        return bridge


@dataclass(slots=True)
class Ledger:
    """Opens sessions as ``sessions`` does, and writes down every scope.

    Attributes:
        sessions: What really opens them.
        runs: Every REQUEST scope, in the order of opening.
        open_sessions: SESSION scopes that are open now.
        opened_sessions: SESSION scopes so far.
        most_at_once: The most REQUEST scopes that were open at the same time.
    """

    sessions: Sessions
    runs: list[OpenedRun] = field(default_factory=list)
    open_sessions: int = 0
    opened_sessions: int = 0
    most_at_once: int = 0

    @asynccontextmanager
    async def open_session(
        self, identity: Identity, connection: Connection
    ) -> AsyncIterator[Session]:
        """Open the SESSION scope of a connection."""
        async with self.sessions.open_session(identity, connection) as session:
            self.open_sessions += 1
            self.opened_sessions += 1
            yield _WrittenSession(self, session)
        self.open_sessions -= 1

    @property
    def open_runs(self) -> int:
        """REQUEST scopes that are open now."""
        return sum(not run.closed for run in self.runs)


class _WrittenSession:
    def __init__(self, ledger: Ledger, session: Session) -> None:
        self._ledger = ledger
        self._session = session

    @asynccontextmanager
    async def open_run(self, context: UserExecutionContext) -> AsyncIterator[UserExecutionEngine]:
        ledger = self._ledger
        async with self._session.open_run(context) as engine:
            run = OpenedRun(context.user_id, engine)
            ledger.runs.append(run)
            ledger.most_at_once = max(ledger.most_at_once, ledger.open_runs)
            yield engine
        run.closed = engine.closed and run.bridge.closed
