"""dependency-injector, which has no scopes.

Its nearest thing is the context-local singleton: one object a context, until it is reset. The
request's value comes from a context variable. Resetting each provider by name is its fastest way
to end a request; nothing is torn down but resources.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, ClassVar

from dependency_injector import containers, providers
from dependency_injector.wiring import Provide, inject

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

current: ContextVar[Any] = ContextVar("current")


class Services(containers.DeclarativeContainer):
    settings = providers.Singleton(Settings)
    connections = providers.Singleton(Connections)
    agents = providers.Singleton(Agents)

    context = providers.Callable(current.get)
    bridge = providers.ContextLocalSingleton(Bridge, context, connections)
    engine = providers.ContextLocalSingleton(Engine, context, bridge, agents, settings)


class AsyncServices(containers.DeclarativeContainer):
    settings = providers.Singleton(Settings)
    connections = providers.Singleton(Connections)
    agents = providers.Singleton(Agents)

    context = providers.Callable(current.get)
    bridge = providers.ContextLocalResource(open_bridge, context, connections)
    engine = providers.ContextLocalSingleton(Engine, context, bridge, agents, settings)


class MinimalServices(containers.DeclarativeContainer):
    clock = providers.Singleton(Clock)
    ledger = providers.Singleton(Ledger)
    mailer = providers.Singleton(Mailer)

    ticket = providers.Callable(current.get)
    writer = providers.ContextLocalSingleton(Writer, ticket, ledger)
    sender = providers.ContextLocalSingleton(Sender, writer, mailer, clock)


@inject
def handle(number: int, engine: Engine = Provide[Services.engine]) -> Engine:
    """A function with one injected argument, wired by its module."""
    return engine


@inject
async def handle_async(number: int, engine: Engine = Provide[Services.engine]) -> Engine:
    """The same as a coroutine function."""
    return engine


_numbers = itertools.count()


def container_of(graph: Graph) -> tuple[Any, Any, list[Any]]:
    """A container for a generated graph, its top, and the providers that a request resets."""
    made: dict[str, Any] = {"context": providers.Callable(current.get)}
    for part in graph.parts:
        kind: Any = {
            Life.SINGLETON: providers.Singleton,
            Life.SCOPED: providers.ContextLocalSingleton,
            Life.TRANSIENT: providers.Factory,
        }[part.life]
        made[part.name] = kind(part.cls, *(made[need] for need in part.needs))
    declared: Any = type(containers.DeclarativeContainer)(
        f"Services{next(_numbers)}", (containers.DeclarativeContainer,), made
    )
    container = declared()
    scoped = [getattr(container, part.name) for part in graph.parts if part.life is Life.SCOPED]
    return container, getattr(container, graph.top.name), scoped


class DependencyInjector(Contender):
    """Context-local singletons, reset after each request."""

    title = "dependency-injector"
    locked = "no: one for a context"
    checked = "no"
    cannot: ClassVar[dict[str, str]] = {"keep": "has no scope that could be kept"}

    def open_close(self) -> Run:
        container = Services()
        bridge, engine = container.bridge, container.engine

        def run(times: Repeat) -> None:
            for _ in times:
                token = current.set(RequestContext("user", "thread", "run"))
                engine.reset()
                bridge.reset()
                current.reset(token)

        return run

    def request(self) -> Run:
        container = Services()

        def run(times: Repeat) -> Engine:
            for _ in times:
                token = current.set(RequestContext("user", "thread", "run"))
                engine = container.engine()
                container.engine.reset()
                container.bridge.reset()
                current.reset(token)
            return engine

        return run

    def request_minimal(self) -> Run:
        container = MinimalServices()

        def run(times: Repeat) -> Sender:
            for _ in times:
                token = current.set(Ticket(1))
                sender = container.sender()
                container.sender.reset()
                container.writer.reset()
                current.reset(token)
            return sender

        return run

    def request_async(self) -> Run:
        container = AsyncServices()

        async def run(times: Repeat) -> Engine:
            for _ in times:
                token = current.set(RequestContext("user", "thread", "run"))
                engine = await container.engine()
                container.engine.reset()
                await container.bridge.shutdown()
                current.reset(token)
            return engine

        return run

    def request_task(self) -> Callable[[], Any]:
        container = AsyncServices()

        async def request() -> Engine:
            token = current.set(RequestContext("user", "thread", "run"))
            engine = await container.engine()
            await asyncio.sleep(0)
            container.engine.reset()
            await container.bridge.shutdown()
            current.reset(token)
            return engine

        return request

    def warm_scoped(self) -> Run:
        container = Services()
        current.set(RequestContext("user", "thread", "run"))

        def run(times: Repeat) -> Engine:
            for _ in times:
                engine = container.engine()
            return engine

        return run

    def warm_singleton(self) -> Run:
        container = Services()

        def run(times: Repeat) -> Settings:
            for _ in times:
                settings = container.settings()
            return settings

        return run

    def hundred(self) -> Run:
        container = Services()

        def run(times: Repeat) -> Engine:
            for _ in times:
                token = current.set(RequestContext("user", "thread", "run"))
                for _ in range(100):
                    engine = container.engine()
                container.engine.reset()
                container.bridge.reset()
                current.reset(token)
            return engine

        return run

    def graph(self, graph: Graph) -> Run:
        _, top, scoped = container_of(graph)

        def run(times: Repeat) -> Any:
            for _ in times:
                token = current.set(RequestContext("user", "thread", "run"))
                thing = top()
                for provider in scoped:
                    provider.reset()
                current.reset(token)
            return thing

        return run

    def compile(self, graph: Graph) -> Callable[[], Any]:
        def start() -> Any:
            _, top, _ = container_of(graph)
            current.set(RequestContext("user", "thread", "run"))
            return top()

        return start

    def inject(self) -> Run:
        container = Services()
        container.wire(modules=[__name__])
        self.workshop.stack.callback(container.unwire)
        current.set(RequestContext("user", "thread", "run"))

        def run(times: Repeat) -> Engine:
            for _ in times:
                engine = handle(1)
            return engine

        return run

    def inject_async(self) -> Run:
        container = Services()
        container.wire(modules=[__name__])
        self.workshop.stack.callback(container.unwire)

        async def begin() -> None:
            current.set(RequestContext("user", "thread", "run"))

        self.workshop.wait(begin())

        async def run(times: Repeat) -> Engine:
            for _ in times:
                engine = await handle_async(1)
            return engine

        return run


CONTENDERS: tuple[type[Contender], ...] = (DependencyInjector,)
