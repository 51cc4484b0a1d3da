"""Through the composition root: real server, real clients, canonical factories."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from containers.application import Application
from containers.request import Request
from tests.integration.application.conftest import Running
from tests.integration.server.wiring import problems
from trunkline import Scope
from trunkline.errors import ScopeValueError
from trunkline_runtime.bridge import AgentWebSocketBridge
from trunkline_runtime.context import Environment, UserExecutionContext
from trunkline_runtime.engine import UserExecutionEngine
from trunkline_runtime.errors import ForeignContext
from trunkline_runtime.server import Identity

pytestmark = pytest.mark.asyncio


def context_of(user: str) -> UserExecutionContext:
    return UserExecutionContext(user, f"thread-{user}", f"run-{user}", environment=Environment.TEST)


@pytest.mark.parametrize("users", [3, 50])
async def test_users_at_once_each_get_their_own_events_in_order(
    running: Running, users: int
) -> None:
    async def use(number: int) -> list[dict[str, Any]]:
        async with running.client(f"user-{number:03d}") as client:
            return await client.run("sum", numbers=[number, 1, 2])

    runs = await asyncio.gather(*(use(number) for number in range(users)))
    for number, frames in enumerate(runs):
        assert problems(frames) == []
        assert {frame["user_id"] for frame in frames} == {f"user-{number:03d}"}
        assert frames[-1]["payload"]["result"] == {
            "total": number + 3,
            "user": f"user-{number:03d}",
        }


async def test_each_run_has_an_engine_and_a_bridge_of_its_own(running: Running) -> None:
    engines: list[UserExecutionEngine] = []

    async def report(run: Any, given: Any) -> str:
        engines.append(running.app.engine())  # the ambient scope, as an old call site finds it
        return str(run.context.user_id)

    running.app.get(Application.agents).register("report", report)
    async with running.client("user-a") as first, running.client("user-b") as second:
        await asyncio.gather(first.run("report"), second.run("report"))
    assert {engine.context.user_id for engine in engines} == {"user-a", "user-b"}
    assert len({id(engine) for engine in engines}) == 2
    assert len({id(engine.bridge) for engine in engines}) == 2
    assert all(engine.bridge.context is engine.context for engine in engines)


async def test_a_closed_request_has_closed_its_engine_and_bridge(running: Running) -> None:
    async with running.app.enter(context_of("user-a")) as request:
        engine = request.get(Request.engine)
        bridge = request.get(Request.bridge)
        assert engine.bridge is bridge
    assert engine.closed
    assert bridge.closed


async def test_nothing_of_a_request_outlives_it(running: Running) -> None:
    async def visit() -> list[weakref.ref[Any]]:
        async with running.app.enter(context_of("user-a")) as request:
            made = [request.get(Request.engine), request.get(Request.bridge)]
            return [weakref.ref(one) for one in made]

    references = await visit()
    gc.collect()
    assert [reference() for reference in references] == [None, None]


async def test_a_request_needs_a_real_context(running: Running) -> None:
    with pytest.raises(ScopeValueError, match="Expected UserExecutionContext, got dict"):
        running.app.enter({"user_id": "user-a"})


async def test_a_session_opens_requests_of_its_own_user_alone(running: Running) -> None:
    sessions = running.app.get(Application.sessions)
    identity = Identity("user-a", expires_at=9e9)
    async with sessions.open_session(identity, connection=None) as session:  # type: ignore[arg-type]
        async with session.open_run(context_of("user-a")) as engine:
            assert engine.context.user_id == "user-a"
        with pytest.raises(ForeignContext):
            async with session.open_run(context_of("user-b")):
                pass


async def test_a_session_scope_lives_as_long_as_its_connection(running: Running) -> None:
    opened: list[Scope] = []
    sessions = running.app.get(Application.sessions)
    real = sessions.open_session

    @asynccontextmanager
    async def watched(identity: Identity, connection: Any) -> AsyncIterator[Any]:
        async with real(identity, connection) as session:
            opened.append(session._session)
            yield session

    sessions.open_session = watched
    async with running.client("user-a") as client:
        await client.run("sum", numbers=[1])
        await client.run("sum", numbers=[2])
        assert len(opened) == 1
        assert not opened[0].closed
    async with asyncio.timeout(10):
        while not opened[0].closed:
            await asyncio.sleep(0.01)


async def test_a_fake_bridge_swapped_in_by_override_receives_the_events(running: Running) -> None:
    sent: list[str] = []

    class RecordingBridge(AgentWebSocketBridge):
        async def emit(self, event_type: Any, payload: Any, **about: Any) -> Any:
            sent.append(str(event_type))
            return await super().emit(event_type, payload, **about)

    app = running.app
    with app.bridge.override(
        type(app.bridge)(RecordingBridge, app.context, app.backplane, app.store, close="close")
    ):
        async with app.enter(context_of("user-a")) as request:
            engine = request.get(Request.engine)
            assert type(engine.bridge) is RecordingBridge
            await engine.execute("sum", {"numbers": [1]})
    assert sent[0] == "agent_started"
    assert sent[-1] == "agent_completed"
    async with app.enter(context_of("user-a")) as request:
        assert type(request.get(Request.bridge)) is AgentWebSocketBridge


async def test_the_whole_application_passes_its_own_check(running: Running) -> None:
    running.app.check()
