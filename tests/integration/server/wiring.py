"""A server wired by hand from the runtime's real parts, and clients for it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from trunkline_runtime.backplane import EmbeddedBackplane
from trunkline_runtime.bridge import (
    AgentWebSocketBridge,
    Connection,
    ConnectionRegistry,
    EventStore,
)
from trunkline_runtime.context import Environment, UserExecutionContext
from trunkline_runtime.engine import (
    AgentRegistry,
    EngineLimits,
    Run,
    UserExecutionEngine,
    UserSlots,
)
from trunkline_runtime.messages import END_TYPES, Event, check_run
from trunkline_runtime.server import (
    SUBPROTOCOL,
    AgentServer,
    Identity,
    ServerOptions,
    TokenSigner,
    TokenVerifier,
)

SECRET = "a-secret-of-the-tests-that-is-long-enough"
ISSUER = "trunkline"
AUDIENCE = "trunkline-runtime"

PATIENCE = 60.0  # seconds after which a test gives up what it waits for

LIMITS = EngineLimits(
    runs_per_user=8,
    engines_per_user=8,
    run_seconds=60.0,  # far beyond what a busy machine takes; tests of a limit set their own
    queue_seconds=60.0,
    grace_seconds=0.1,
    cancel_attempts=2,
)
OPTIONS = ServerOptions(
    port=0,
    environment=Environment.TEST,
    origins=("https://app.example.com",),
    stall_seconds=0.5,
    stop_seconds=1.0,
    close_seconds=0.5,
    detach_seconds=60.0,
    handshake_seconds=5.0,
)


class Gate:
    """Holds agents until a test lets them go on."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()

    async def pass_through(self) -> None:
        self.reached.set()
        await self.opened.wait()


def register_agents(agents: AgentRegistry, gate: Gate | None = None) -> AgentRegistry:
    """Register an agent for every way a run can go."""

    async def add(left: int, right: int) -> int:
        return left + right

    agents.register_tool("add", add)

    async def sum_up(run: Run, input: Mapping[str, Any]) -> Any:
        await run.thinking("adding", step=1, progress=0.5)
        total = 0
        for number in input["numbers"]:
            total = await run.call_tool("add", left=total, right=number)
        return {"total": total, "user": str(run.context.user_id)}

    async def hang(run: Run, input: Mapping[str, Any]) -> Any:
        await run.progress(state="hanging")
        await asyncio.Event().wait()

    async def fail(run: Run, input: Mapping[str, Any]) -> Any:
        raise RuntimeError("a detail that is nobody's business")

    async def count(run: Run, input: Mapping[str, Any]) -> Any:
        for number in range(input["to"]):
            await run.progress(number=number, text="x" * input.get("size", 0))
            if input.get("pause"):
                await asyncio.sleep(input["pause"])
        return input["to"]

    async def gated(run: Run, input: Mapping[str, Any]) -> Any:
        await run.progress(part=1)
        if gate is not None:
            await gate.pass_through()
        await run.progress(part=2)
        return "through"

    for name, agent in {
        "sum": sum_up,
        "hang": hang,
        "fail": fail,
        "count": count,
        "gated": gated,
    }.items():
        agents.register(name, agent)
    return agents


@dataclass
class WiredSession:
    """A session whose runs get a bridge and an engine of their own."""

    sessions: WiredSessions
    identity: Identity

    @asynccontextmanager
    async def open_run(self, context: UserExecutionContext) -> AsyncIterator[UserExecutionEngine]:
        wired = self.sessions
        wired.contexts.append(context)
        wired.open_runs += 1
        bridge = AgentWebSocketBridge(context, wired.backplane, wired.store)
        engine = UserExecutionEngine(context, bridge, wired.agents, wired.limits, wired.slots)
        wired.engines.append(engine)
        try:
            yield engine
        finally:
            await engine.cleanup()
            await bridge.close()
            wired.open_runs -= 1


@dataclass
class WiredSessions:
    """Opens sessions as a composition root would, and remembers what it opened."""

    agents: AgentRegistry
    backplane: EmbeddedBackplane
    store: EventStore
    limits: EngineLimits = LIMITS
    slots: UserSlots = field(default_factory=UserSlots)
    contexts: list[UserExecutionContext] = field(default_factory=list)
    engines: list[UserExecutionEngine] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    open_sessions: int = 0
    interrupted: int = 0
    open_runs: int = 0

    @asynccontextmanager
    async def open_session(
        self, identity: Identity, connection: Connection
    ) -> AsyncIterator[WiredSession]:
        self.connections.append(connection)
        self.open_sessions += 1
        try:
            yield WiredSession(self, identity)
        except asyncio.CancelledError:
            self.interrupted += 1
            raise
        finally:
            self.open_sessions -= 1


def make_signer(**changes: Any) -> TokenSigner:
    return TokenSigner(
        **{
            "secret": SECRET,
            "issuer": ISSUER,
            "audience": AUDIENCE,
            "lifetime_seconds": 600.0,
            "environment": Environment.TEST,
            **changes,
        }
    )


@dataclass
class Wired:
    """A server and all it is made of."""

    server: AgentServer
    sessions: WiredSessions
    connections: ConnectionRegistry
    backplane: EmbeddedBackplane
    store: EventStore
    signer: TokenSigner
    gate: Gate

    @property
    def url(self) -> str:
        host, port = self.server.address
        return f"ws://{host}:{port}/ws"

    def client(self, user: str, **options: Any) -> Client:
        """Make a client of a user, not connected yet."""
        return Client(self.url, self.signer.sign(user), **options)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0.005)

    @property
    def quiet(self) -> bool:
        """Whether every scope that was opened is closed."""
        return self.sessions.open_sessions == 0 and self.sessions.open_runs == 0


def wire(
    options: ServerOptions = OPTIONS,
    *,
    limits: EngineLimits = LIMITS,
    connections: int = 200,
    replay_events: int = 10_000,
    clock: Callable[[], float] | None = None,
) -> Wired:
    gate = Gate()
    agents = register_agents(AgentRegistry(), gate)
    backplane = EmbeddedBackplane()
    store = EventStore(100, replay_events, 60.0)
    sessions = WiredSessions(agents, backplane, store, limits)
    registry = ConnectionRegistry(connections)
    timed = {} if clock is None else {"clock": clock}
    verifier = TokenVerifier(SECRET, ISSUER, AUDIENCE, environment=Environment.TEST, **timed)
    server = AgentServer(options, verifier, sessions, agents, registry, backplane, store)
    return Wired(server, sessions, registry, backplane, store, make_signer(**timed), gate)


class Client:
    """A client as an application would write it, on the websockets library."""

    def __init__(self, url: str, token: str, **options: Any) -> None:
        options.setdefault("additional_headers", {"Authorization": f"Bearer {token}"})
        options.setdefault("subprotocols", [SUBPROTOCOL])
        self._connecting = connect(url, compression=None, proxy=None, **options)
        self._socket: ClientConnection | None = None

    async def __aenter__(self) -> Self:
        self._socket = await self._connecting
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.socket.close()

    @property
    def socket(self) -> ClientConnection:
        assert self._socket is not None
        return self._socket

    async def send(self, type: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": type, **fields}))

    async def recv(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            frame = json.loads(await self.socket.recv())
        assert isinstance(frame, dict)
        return frame

    async def ask(self, type: str, **fields: Any) -> dict[str, Any]:
        await self.send(type, **fields)
        return await self.recv()

    async def start(self, agent: str, run_id: str | None = None, **input: Any) -> str:
        """Start a run and return its identifier."""
        answer = await self.ask(
            "run_agent", agent=agent, thread_id="thread-1", run_id=run_id, input=input
        )
        assert answer["type"] == "accepted", answer
        return str(answer["run_id"])

    async def until(self, *types: str) -> list[dict[str, Any]]:
        """Receive frames up to the first of one of these types."""
        frames = [await self.recv()]
        while frames[-1]["type"] not in types:
            frames.append(await self.recv())
        return frames

    async def until_end(self) -> list[dict[str, Any]]:
        """Receive frames up to the end of a run."""
        return await self.until(*END_TYPES)

    async def run(
        self, agent: str, run_id: str | None = None, **input: Any
    ) -> list[dict[str, Any]]:
        """Run an agent and return its events."""
        await self.start(agent, run_id, **input)
        return await self.until_end()

    async def closed(self) -> int:
        """Wait until the server has closed the connection and return the close code."""
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    await self.socket.recv()
        except ConnectionClosed:
            code = self.socket.close_code
            assert code is not None
            return code


def problems(frames: list[dict[str, Any]]) -> list[str]:
    """Check the events of one run with the runtime's own checker."""
    return check_run([Event.from_json(json.dumps(frame)) for frame in frames])


def seqs(frames: list[dict[str, Any]]) -> list[int]:
    return [frame["seq"] for frame in frames if "seq" in frame]
