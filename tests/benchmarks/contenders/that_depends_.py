"""that-depends: context resources, which live as long as a ``container_context``.

A scoped object is a generator there. The request's value goes through the global context.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from that_depends import (
    BaseContainer,
    ContextScopes,
    Provide,
    container_context,
    fetch_context_item,
    inject,
    providers,
)

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


def yielding(cls: type) -> Callable[..., Iterator[Any]]:
    """A generator that makes one object: what a context resource takes."""

    def made(*args: Any) -> Iterator[Any]:
        yield cls(*args)

    return made


class Services(BaseContainer):
    default_scope = ContextScopes.ANY
    alias = "services"

    settings = providers.Singleton(Settings)
    connections = providers.Singleton(Connections)
    agents = providers.Singleton(Agents)

    context = providers.Factory(fetch_context_item, "context")
    bridge = providers.ContextResource(yielding(Bridge), context, connections)
    engine = providers.ContextResource(yielding(Engine), context, bridge, agents, settings)


class AsyncServices(BaseContainer):
    default_scope = ContextScopes.ANY
    alias = "async services"

    settings = providers.Singleton(Settings)
    connections = providers.Singleton(Connections)
    agents = providers.Singleton(Agents)

    context = providers.Factory(fetch_context_item, "context")
    bridge = providers.ContextResource(open_bridge, context, connections)
    engine = providers.ContextResource(yielding(Engine), context, bridge, agents, settings)


class MinimalServices(BaseContainer):
    default_scope = ContextScopes.ANY
    alias = "minimal services"

    clock = providers.Singleton(Clock)
    ledger = providers.Singleton(Ledger)
    mailer = providers.Singleton(Mailer)

    ticket = providers.Factory(fetch_context_item, "ticket")
    writer = providers.ContextResource(yielding(Writer), ticket, ledger)
    sender = providers.ContextResource(yielding(Sender), writer, mailer, clock)


@inject(scope=None)
def handle(number: int, engine: Engine = Provide[Services.engine]) -> Engine:
    """A function with one injected argument."""
    return engine


@inject(scope=None)
async def handle_async(number: int, engine: Engine = Provide[Services.engine]) -> Engine:
    """The same as a coroutine function."""
    return engine


def providers_of(graph: Graph) -> tuple[Any, list[Any]]:
    """The top's provider, and those that a context opens."""
    made: dict[str, Any] = {"context": providers.Factory(fetch_context_item, "context")}
    for part in graph.parts:
        needs = [made[need] for need in part.needs]
        match part.life:
            case Life.SINGLETON:
                made[part.name] = providers.Singleton(part.cls, *needs)
            case Life.SCOPED:
                made[part.name] = providers.ContextResource(yielding(part.cls), *needs)
            case Life.TRANSIENT:
                made[part.name] = providers.Factory(part.cls, *needs)
    scoped = [made[part.name] for part in graph.parts if part.life is Life.SCOPED]
    return made[graph.top.name], scoped


class ThatDepends(Contender):
    """A lock for each context resource."""

    title = "that-depends"
    locked = "yes"
    checked = "no"
    cannot: ClassVar[dict[str, str]] = {"keep": "has no scope that could be kept"}

    def open_close(self) -> Run:
        bridge, engine = Services.bridge, Services.engine

        def run(times: Repeat) -> None:
            for _ in times:
                given = {"context": RequestContext("user", "thread", "run")}
                with container_context(bridge, engine, global_context=given):
                    pass

        return run

    def request(self) -> Run:
        bridge, engine = Services.bridge, Services.engine

        def run(times: Repeat) -> Engine:
            for _ in times:
                given = {"context": RequestContext("user", "thread", "run")}
                with container_context(bridge, engine, global_context=given):
                    thing = engine.resolve_sync()
            return thing

        return run

    def request_minimal(self) -> Run:
        writer, sender = MinimalServices.writer, MinimalServices.sender

        def run(times: Repeat) -> Sender:
            for _ in times:
                with container_context(writer, sender, global_context={"ticket": Ticket(1)}):
                    thing = sender.resolve_sync()
            return thing

        return run

    def request_async(self) -> Run:
        bridge, engine = AsyncServices.bridge, AsyncServices.engine

        async def run(times: Repeat) -> Engine:
            for _ in times:
                given = {"context": RequestContext("user", "thread", "run")}
                async with container_context(bridge, engine, global_context=given):
                    thing = await engine.resolve()
            return thing

        return run

    def request_task(self) -> Callable[[], Any]:
        bridge, engine = AsyncServices.bridge, AsyncServices.engine

        async def request() -> Engine:
            given = {"context": RequestContext("user", "thread", "run")}
            async with container_context(bridge, engine, global_context=given):
                thing = await engine.resolve()
                await asyncio.sleep(0)
                return thing

        return request

    def _open(self) -> None:
        given = {"context": RequestContext("user", "thread", "run")}
        self.workshop.enter(
            container_context(Services.bridge, Services.engine, global_context=given)
        )

    def warm_scoped(self) -> Run:
        self._open()
        engine = Services.engine

        def run(times: Repeat) -> Engine:
            for _ in times:
                thing = engine.resolve_sync()
            return thing

        return run

    def warm_singleton(self) -> Run:
        settings = Services.settings

        def run(times: Repeat) -> Settings:
            for _ in times:
                thing = settings.resolve_sync()
            return thing

        return run

    def hundred(self) -> Run:
        bridge, engine = Services.bridge, Services.engine

        def run(times: Repeat) -> Engine:
            for _ in times:
                given = {"context": RequestContext("user", "thread", "run")}
                with container_context(bridge, engine, global_context=given):
                    for _ in range(100):
                        thing = engine.resolve_sync()
            return thing

        return run

    def graph(self, graph: Graph) -> Run:
        top, scoped = providers_of(graph)

        def run(times: Repeat) -> Any:
            for _ in times:
                given = {"context": RequestContext("user", "thread", "run")}
                with container_context(*scoped, global_context=given):
                    thing = top.resolve_sync()
            return thing

        return run

    def compile(self, graph: Graph) -> Callable[[], Any]:
        def start() -> Any:
            top, scoped = providers_of(graph)
            given = {"context": RequestContext("user", "thread", "run")}
            with container_context(*scoped, global_context=given):
                return top.resolve_sync()

        return start

    def inject(self) -> Run:
        self._open()

        def run(times: Repeat) -> Engine:
            for _ in times:
                engine = handle(1)
            return engine

        return run

    def inject_async(self) -> Run:
        given = {"context": RequestContext("user", "thread", "run")}
        self.workshop.enter_async(
            container_context(Services.bridge, Services.engine, global_context=given)
        )

        async def run(times: Repeat) -> Engine:
            for _ in times:
                engine = await handle_async(1)
            return engine

        return run


CONTENDERS: tuple[type[Contender], ...] = (ThatDepends,)
