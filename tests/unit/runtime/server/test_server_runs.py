"""Runs under way: cancelled wherever they are, told how they ended, forgotten when they have."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from trunkline_runtime.backplane import EmbeddedBackplane
from trunkline_runtime.bridge import AgentWebSocketBridge, EventStore
from trunkline_runtime.context import ConnectionId, UserExecutionContext
from trunkline_runtime.engine import (
    AgentRegistry,
    EngineLimits,
    Run,
    RunIdInUse,
    UserExecutionEngine,
)
from trunkline_runtime.errors import EngineBusy, RuntimeFault
from trunkline_runtime.server.runs import LiveRun, LiveRuns
from trunkline_runtime.server.sessions import Session

HERE = ConnectionId("connection-1")


class Scopes:
    """A session whose run scopes open and close as a test wants."""

    def __init__(
        self,
        opening: Callable[[], Awaitable[Any]] | None = None,
        closing: Callable[[], Awaitable[Any]] | None = None,
    ) -> None:
        self.store = EventStore(10, 100, 60.0)
        self.closed = 0
        self._opening = opening
        self._closing = closing
        self._agents = AgentRegistry()
        self._agents.register("hang", self._hang)
        self._agents.register("quick", self._quick)
        self.hanging = asyncio.Event()

    async def _hang(self, run: Run, given: Any) -> Any:
        self.hanging.set()
        await asyncio.Event().wait()

    async def _quick(self, run: Run, given: Any) -> Any:
        return "done"

    @asynccontextmanager
    async def open_run(self, context: UserExecutionContext) -> AsyncIterator[UserExecutionEngine]:
        if self._opening is not None:
            await self._opening()
        bridge = AgentWebSocketBridge(context, EmbeddedBackplane(), self.store)
        limits = EngineLimits(grace_seconds=0.05, cancel_attempts=1)
        engine = UserExecutionEngine(context, bridge, self._agents, limits)
        try:
            yield engine
        finally:
            await engine.cleanup()
            await bridge.close()
            self.closed += 1
            if self._closing is not None:
                await self._closing()

    def last(self, run_id: str = "run-1") -> str | None:
        """Tell the type of a run's last event."""
        events = self.store.after("ada", run_id, 0)
        return None if events is None else events[-1].type


class Told:
    """A run, and what its client was told."""

    def __init__(self, agent: str, run_id: str = "run-1", user: str = "ada") -> None:
        self.accepted = False
        self.refused: list[RuntimeFault] = []
        context = UserExecutionContext(user, "thread-1", run_id)
        self.run = LiveRun(context, agent, {}, HERE, self._accept, self._refuse)

    async def _accept(self) -> None:
        self.accepted = True

    async def _refuse(self, fault: RuntimeFault) -> None:
        self.refused.append(fault)


def _start(runs: LiveRuns, told: Told, scopes: Scopes) -> None:
    runs.start(told.run, cast("Session", scopes))


@pytest.mark.asyncio
async def test_a_run_is_accepted_performed_and_forgotten() -> None:
    """Its client is told nothing more than its events say."""
    runs, scopes, told = LiveRuns(4), Scopes(), Told("quick")
    _start(runs, told, scopes)
    assert runs.under_way("ada", "run-1")
    assert not runs.under_way("bob", "run-1")
    assert await runs.wait(runs.all(), 5)
    assert told.accepted
    assert told.refused == []
    assert scopes.last() == "agent_completed"
    assert (len(runs), runs._users, runs._tasks) == (0, {}, {})


@pytest.mark.asyncio
async def test_a_run_cancelled_before_it_began_opens_no_scope() -> None:
    """Cancelled in the same turn in which it was started, it is refused as cancelled."""
    runs, scopes, told = LiveRuns(4), Scopes(), Told("quick")
    _start(runs, told, scopes)
    assert runs.cancel("ada", "run-1", "by the user")
    assert await runs.wait(runs.all(), 5)
    assert [fault.code for fault in told.refused] == ["cancelled"]
    assert scopes.closed == 0


@pytest.mark.asyncio
async def test_a_run_cancelled_while_its_scope_opens_is_refused() -> None:
    """The opening is interrupted; no event was sent, so the client is told by a refusal."""
    opening = asyncio.Event()

    async def hang() -> None:
        opening.set()
        await asyncio.Event().wait()

    runs, scopes, told = LiveRuns(4), Scopes(hang), Told("quick")
    _start(runs, told, scopes)
    await opening.wait()
    runs.cancel("ada", "run-1", "by the user")
    assert await runs.wait(runs.all(), 5)
    assert [fault.code for fault in told.refused] == ["cancelled"]


@pytest.mark.asyncio
async def test_a_cancellation_that_the_opening_swallows_still_counts() -> None:
    """A scope that opens all the same runs nothing and is closed."""
    opening = asyncio.Event()

    async def stubborn() -> None:
        opening.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return

    runs, scopes, told = LiveRuns(4), Scopes(stubborn), Told("quick")
    _start(runs, told, scopes)
    await opening.wait()
    runs.cancel("ada", "run-1", "by the user")
    assert await runs.wait(runs.all(), 5)
    assert [fault.code for fault in told.refused] == ["cancelled"]
    assert scopes.last() is None
    assert scopes.closed == 1


@pytest.mark.asyncio
async def test_a_running_run_is_cancelled_through_its_engine_and_its_scope_closes() -> None:
    """agent_error tells it; the closing of the scope is not interrupted, however often asked."""
    closing, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        closing.set()
        await go_on.wait()

    runs, scopes, told = LiveRuns(4), Scopes(closing=slow), Told("hang")
    _start(runs, told, scopes)
    await scopes.hanging.wait()
    assert runs.cancel("ada", "run-1", "by the user")
    await closing.wait()
    assert runs.cancel("ada", "run-1", "again")
    await asyncio.sleep(0)
    go_on.set()
    assert await runs.wait(runs.all(), 5)
    assert told.refused == []
    assert scopes.last() == "agent_error"


@pytest.mark.asyncio
async def test_a_scope_that_hangs_is_cancelled_by_force() -> None:
    """What does not end when asked is cancelled, and the stop says whether it ended."""
    runs = LiveRuns(4)

    async def hang() -> None:
        await asyncio.Event().wait()

    _start(runs, Told("hang"), scopes := Scopes(closing=hang))
    await scopes.hanging.wait()
    assert await runs.stop(runs.all(), "the server is stopping", 0.2)
    assert len(runs) == 0


@pytest.mark.asyncio
async def test_a_scope_that_fails_is_told_only_if_no_event_tells(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A failing opening refuses the run without details; a failing closing is only logged."""

    async def fail() -> None:
        raise RuntimeError("no database at 10.0.0.1")

    runs, told = LiveRuns(4), Told("quick")
    _start(runs, told, Scopes(opening=fail))
    assert await runs.wait(runs.all(), 5)
    assert [fault.public_message for fault in told.refused] == ["The request could not be served."]
    closed = Told("quick")
    _start(runs, closed, Scopes(closing=fail))
    assert await runs.wait(runs.all(), 5)
    assert closed.refused == []
    assert [record.getMessage() for record in caplog.records if record.exc_info] == [
        "the scope of a run failed"
    ] * 2


@pytest.mark.asyncio
async def test_identifiers_are_a_users_own_and_used_once_at_a_time() -> None:
    """Two users may use the same identifier; one user may not, until the first run has ended."""
    runs, scopes = LiveRuns(4), Scopes()
    _start(runs, Told("hang"), scopes)
    _start(runs, Told("hang", user="bob"), scopes)
    with pytest.raises(RunIdInUse):
        _start(runs, Told("quick"), scopes)
    assert len(runs.started_by("ada", HERE)) == 1
    assert runs.started_by("ada", ConnectionId("connection-2")) == ()
    assert not runs.cancel("eve", "run-1", "by the user")
    assert await runs.stop(runs.all(), "the test is over", 5)


@pytest.mark.asyncio
async def test_a_user_has_so_many_runs_under_way() -> None:
    """One more is busy, and may be tried again; another user is not concerned."""
    runs, scopes = LiveRuns(2), Scopes()
    for number in range(2):
        _start(runs, Told("hang", f"run-{number}"), scopes)
    with pytest.raises(EngineBusy):
        _start(runs, Told("quick", "run-2"), scopes)
    _start(runs, Told("hang", user="bob"), scopes)
    assert await runs.stop(runs.all(), "the test is over", 5)
