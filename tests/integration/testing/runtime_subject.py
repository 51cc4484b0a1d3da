"""This project's runtime, as the suites of ``trunkline.testing`` see an application."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from containers.application import Application
from tests.integration.server.wiring import Client as WebsocketClient
from trunkline import OpenScope, Scope
from trunkline.overrides import override
from trunkline.testing import Allowed
from trunkline.testing.live import LiveServer
from trunkline.testing.scoped import all_scopes
from trunkline.testing.suites import Event, Subject
from trunkline_runtime.context import Environment, UserExecutionContext
from trunkline_runtime.engine import AgentRegistry, Run
from trunkline_runtime.frozen import FrozenDict
from trunkline_runtime.logs import current_fields
from trunkline_runtime.messages import END_TYPES, check_run
from trunkline_runtime.messages import Event as RunEvent
from trunkline_runtime.settings import load_settings


def make_agents() -> AgentRegistry:
    agents = AgentRegistry()

    async def shout(text: str) -> str:
        await asyncio.sleep(0)
        return text

    async def echo(run: Run, input: Mapping[str, Any]) -> Any:
        await run.thinking("about it", step=1)
        said = await run.call_tool("shout", text=input["message"])
        match input["fault"]:
            case "raise":
                raise RuntimeError(said)
            case "cancel":
                await run.progress(waiting=said)
                await asyncio.Event().wait()
            case "slow":
                for number in range(20):
                    await run.progress(number=number, text=said)
        return {"said": said}

    agents.register_tool("shout", shout)
    agents.register("echo", echo)
    return agents


class RuntimeClient:
    """A client of one user."""

    def __init__(self, websocket: WebsocketClient) -> None:
        self._websocket = websocket

    async def run(self, message: str, *, fault: str = "") -> AsyncIterator[Event]:
        run_id = await self._websocket.start("echo", message=message, fault=fault)
        ended = False
        while not ended:
            frame = await self._websocket.recv()
            if "seq" not in frame:
                continue
            ended = frame["type"] in END_TYPES
            yield frame
            if fault == "cancel" and "waiting" in frame["payload"]:
                await self._websocket.send("cancel_run", run_id=run_id)
            if fault == "slow":
                await asyncio.sleep(0.005)

    async def vanish(self, message: str) -> None:
        await self._websocket.start("echo", message=message, fault="")
        self._websocket.socket.transport.abort()


class RuntimeSubject(Subject):
    """The application of ``containers/``, with an agent that says what it is told."""

    crowd = 200
    kept_bytes = 512  # pydantic keeps the last texts it has read, two of each run: their uuids
    allowed = (Allowed(FrozenDict, reason="it refuses every change, to its depth"),)

    def __init__(self) -> None:
        self.app: Any = None
        self.server: LiveServer | None = None
        self.handshakes = asyncio.Semaphore(32)  # the server admits a few at a time

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        fakes = {Application.settings: load_settings("test"), Application.agents: make_agents}
        async with (
            override(Application, fakes),
            Application() as self.app,
            LiveServer(self.app, Application.agent_server) as self.server,
        ):
            yield

    @asynccontextmanager
    async def connect(self, user: str) -> AsyncIterator[RuntimeClient]:
        assert self.server is not None
        token = self.app.get(Application.signer).sign(user)
        async with AsyncExitStack() as stack:
            async with self.handshakes:
                client = WebsocketClient(f"{self.server.url}/ws", token)
                websocket = await stack.enter_async_context(client)
            yield RuntimeClient(websocket)

    @asynccontextmanager
    async def request(self, user: str, value: object | None = None) -> AsyncIterator[OpenScope]:
        async with self.app.enter(value or self.context(user)) as scope:
            yield scope

    def context(self, user: str) -> UserExecutionContext:
        return UserExecutionContext(
            user, f"thread-{user}", f"run-{user}", environment=Environment.TEST
        )

    def problems(self, events: Sequence[Event]) -> list[str]:
        return check_run([RunEvent.from_json(json.dumps(dict(event))) for event in events])

    def open_requests(self) -> int:
        return sum(s.scope is Scope.REQUEST and not s.closed for s in all_scopes())

    def stored(self, user: str) -> Iterator[Event]:
        store = self.app.get(Application.store)
        for run_id in store.runs(user):
            for event in store.after(user, run_id, 0) or ():
                yield json.loads(event.to_json())

    def forget(self, user: str) -> None:
        self.app.get(Application.store).forget(user)

    def owner_of(self, record: logging.LogRecord) -> str | None:
        return current_fields().get("user_id")
