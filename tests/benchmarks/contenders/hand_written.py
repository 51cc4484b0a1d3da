"""Code that needs no container: bare constructor calls, and an ordinary scope class."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Any, ClassVar, Self

from tests.benchmarks.contender import Contender, Repeat, Run
from tests.benchmarks.graphs import Graph, Life
from tests.benchmarks.subjects import (
    Agents,
    Bridge,
    Clock,
    Connections,
    Engine,
    Ledger,
    Mailer,
    RequestContext,
    Sender,
    Settings,
    Ticket,
    Writer,
    open_bridge,
)

__all__ = ["CONTENDERS"]

managed_bridge = asynccontextmanager(open_bridge)


class Singletons:
    """What an application makes once."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.connections = Connections()
        self.agents = Agents()


class SlotRead:
    """The least that any way of asking for an object costs: a method that reads a slot."""

    __slots__ = ("_thing",)

    def __init__(self, thing: object) -> None:
        self._thing = thing

    def thing(self) -> Any:
        return self._thing


class Constructors(Contender):
    """The calls that someone would write who builds the objects in place."""

    title = "constructors, by hand"
    locked = "no"
    checked = "no"
    cannot: ClassVar[dict[str, str]] = {
        "open_close": "there is no scope",
        "hundred": "there is no scope",
        "inject": "there is no scope to read from",
        "inject_async": "there is no scope to read from",
        "*": "there is nothing to compile",
    }

    def request(self) -> Run:
        shared = Singletons()
        connections, agents, settings = shared.connections, shared.agents, shared.settings

        def run(times: Repeat) -> Engine:
            for _ in times:
                context = RequestContext("user", "thread", "run")
                bridge = Bridge(context, connections)
                engine = Engine(context, bridge, agents, settings)
            return engine

        return run

    def request_minimal(self) -> Run:
        clock, ledger, mailer = Clock(), Ledger(), Mailer()

        def run(times: Repeat) -> Sender:
            for _ in times:
                writer = Writer(Ticket(1), ledger)
                sender = Sender(writer, mailer, clock)
            return sender

        return run

    def request_async(self) -> Run:
        shared = Singletons()
        connections, agents, settings = shared.connections, shared.agents, shared.settings

        async def run(times: Repeat) -> Engine:
            for _ in times:
                context = RequestContext("user", "thread", "run")
                async with managed_bridge(context, connections) as bridge:
                    engine = Engine(context, bridge, agents, settings)
            return engine

        return run

    def request_task(self) -> Callable[[], Any]:
        shared = Singletons()
        connections, agents, settings = shared.connections, shared.agents, shared.settings

        async def request() -> Engine:
            context = RequestContext("user", "thread", "run")
            async with managed_bridge(context, connections) as bridge:
                engine = Engine(context, bridge, agents, settings)
                await asyncio.sleep(0)
                return engine

        return request

    def warm_scoped(self) -> Run:
        shared = Singletons()
        context = RequestContext("user", "thread", "run")
        bridge = Bridge(context, shared.connections)
        held = SlotRead(Engine(context, bridge, shared.agents, shared.settings))

        def run(times: Repeat) -> Engine:
            for _ in times:
                engine = held.thing()
            return engine

        return run

    def warm_singleton(self) -> Run:
        held = SlotRead(Settings())

        def run(times: Repeat) -> Settings:
            for _ in times:
                settings = held.thing()
            return settings

        return run

    def graph(self, graph: Graph) -> Run:
        lines = ["def run(times):", "    for _ in times:"]
        lines.append("        context = Context('user', 'thread', 'run')")
        names: dict[str, Any] = {"Context": RequestContext}
        transient = {part.name: part for part in graph.parts if part.life is Life.TRANSIENT}
        for part in graph.needed():
            names[part.name.title()] = part.cls
            if part.life is Life.SINGLETON:
                names[part.name] = part.cls()
            elif part.life is Life.SCOPED:
                lines.append(f"        {part.name} = {_call(part, transient)}")
        lines.append(f"    return {graph.top.name}")
        exec("\n".join(lines), names)
        return names["run"]

    def keep(self, count: int) -> Iterator[Any]:
        shared = Singletons()
        for _ in range(count):
            context = RequestContext("user", "thread", "run")
            bridge = Bridge(context, shared.connections)
            yield Engine(context, bridge, shared.agents, shared.settings)


def _call(part: Any, transient: dict[str, Any]) -> str:
    """The constructor call, with those of transient arguments in place."""
    arguments = [
        _call(transient[need], transient) if need in transient else need for need in part.needs
    ]
    return f"{part.name.title()}({', '.join(arguments)})"


class RequestScope:
    """What someone would write who wants a scope: the value checked, objects built once.

    Neither threads nor tasks may share it, it closes nothing but itself, and using it when it is
    closed gives an AttributeError of None.
    """

    __slots__ = ("_app", "_bridge", "_context", "_engine")

    def __init__(self, app: Singletons, context: RequestContext) -> None:
        if type(context) is not RequestContext:
            raise TypeError(f"expected a RequestContext, got a {type(context).__name__}")
        self._app: Any = app
        self._context: Any = context
        self._bridge: Any = None
        self._engine: Any = None

    @property
    def settings(self) -> Settings:
        return self._app.settings

    @property
    def bridge(self) -> Bridge:
        if self._bridge is None:
            self._bridge = Bridge(self._context, self._app.connections)
        return self._bridge

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            app = self._app
            self._engine = Engine(self._context, self.bridge, app.agents, app.settings)
        return self._engine

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._app = self._context = self._bridge = self._engine = None


class AsyncRequestScope(RequestScope):
    """The same with the bridge as an async resource."""

    __slots__ = ("_exits",)

    def __init__(self, app: Singletons, context: RequestContext) -> None:
        super().__init__(app, context)
        self._exits = AsyncExitStack()

    async def aengine(self) -> Engine:
        if self._engine is None:
            app = self._app
            if self._bridge is None:
                self._bridge = await self._exits.enter_async_context(
                    managed_bridge(self._context, app.connections)
                )
            self._engine = Engine(self._context, self._bridge, app.agents, app.settings)
        return self._engine

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._exits.aclose()
        self._app = self._context = self._bridge = self._engine = None


class MinimalScope:
    """The same for the smallest classes."""

    __slots__ = ("_app", "_sender", "_ticket", "_writer")

    def __init__(self, app: Any, ticket: Ticket) -> None:
        if type(ticket) is not Ticket:
            raise TypeError(f"expected a Ticket, got a {type(ticket).__name__}")
        self._app: Any = app
        self._ticket: Any = ticket
        self._writer: Any = None
        self._sender: Any = None

    @property
    def writer(self) -> Writer:
        if self._writer is None:
            self._writer = Writer(self._ticket, self._app.ledger)
        return self._writer

    @property
    def sender(self) -> Sender:
        if self._sender is None:
            self._sender = Sender(self.writer, self._app.mailer, self._app.clock)
        return self._sender

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._app = self._ticket = self._writer = self._sender = None


class MinimalSingletons:
    """What an application of the smallest classes makes once."""

    def __init__(self) -> None:
        self.clock, self.ledger, self.mailer = Clock(), Ledger(), Mailer()


class ScopeClass(Contender):
    """An ordinary class with slots, properties and a context manager."""

    title = "a scope class, by hand"
    locked = "no"
    checked = "yes"
    cannot: ClassVar[dict[str, str]] = {
        "graph": "nobody writes this class by hand",
        "*": "there is nothing to compile",
    }

    def open_close(self) -> Run:
        app = Singletons()

        def run(times: Repeat) -> None:
            for _ in times:
                with RequestScope(app, RequestContext("user", "thread", "run")):
                    pass

        return run

    def request(self) -> Run:
        app = Singletons()

        def run(times: Repeat) -> Engine:
            for _ in times:
                with RequestScope(app, RequestContext("user", "thread", "run")) as scope:
                    engine = scope.engine
            return engine

        return run

    def request_minimal(self) -> Run:
        app = MinimalSingletons()

        def run(times: Repeat) -> Sender:
            for _ in times:
                with MinimalScope(app, Ticket(1)) as scope:
                    sender = scope.sender
            return sender

        return run

    def request_async(self) -> Run:
        app = Singletons()

        async def run(times: Repeat) -> Engine:
            for _ in times:
                context = RequestContext("user", "thread", "run")
                async with AsyncRequestScope(app, context) as scope:
                    engine = await scope.aengine()
            return engine

        return run

    def request_task(self) -> Callable[[], Any]:
        app = Singletons()

        async def request() -> Engine:
            context = RequestContext("user", "thread", "run")
            async with AsyncRequestScope(app, context) as scope:
                engine = await scope.aengine()
                await asyncio.sleep(0)
                return engine

        return request

    def warm_scoped(self) -> Run:
        scope = RequestScope(Singletons(), RequestContext("user", "thread", "run"))

        def run(times: Repeat) -> Engine:
            for _ in times:
                engine = scope.engine
            return engine

        return run

    def warm_singleton(self) -> Run:
        scope = RequestScope(Singletons(), RequestContext("user", "thread", "run"))

        def run(times: Repeat) -> Settings:
            for _ in times:
                settings = scope.settings
            return settings

        return run

    def hundred(self) -> Run:
        app = Singletons()

        def run(times: Repeat) -> Engine:
            for _ in times:
                with RequestScope(app, RequestContext("user", "thread", "run")) as scope:
                    for _ in range(100):
                        engine = scope.engine
            return engine

        return run

    def inject(self) -> Run:
        scope = RequestScope(Singletons(), RequestContext("user", "thread", "run"))

        def handle(number: int, scope: RequestScope) -> Engine:
            return scope.engine

        def run(times: Repeat) -> Engine:
            for _ in times:
                engine = handle(1, scope)
            return engine

        return run

    def inject_async(self) -> Run:
        scope = RequestScope(Singletons(), RequestContext("user", "thread", "run"))

        async def handle(number: int, scope: RequestScope) -> Engine:
            return scope.engine

        async def run(times: Repeat) -> Engine:
            for _ in times:
                engine = await handle(1, scope)
            return engine

        return run

    def keep(self, count: int) -> Iterator[Any]:
        app = Singletons()
        for _ in range(count):
            scope = RequestScope(app, RequestContext("user", "thread", "run"))
            yield scope, scope.engine


CONTENDERS: tuple[type[Contender], ...] = (Constructors, ScopeClass)
