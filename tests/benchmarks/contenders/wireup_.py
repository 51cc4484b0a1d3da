"""wireup: as installed, and with locks for scopes that tasks or threads share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, ClassVar

import wireup
from wireup import AsyncContainer, Injected, SyncContainer
from wireup.ioc.container.async_container import ScopedAsyncContainer
from wireup.ioc.container.sync_container import ScopedSyncContainer

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


def singleton(cls: type) -> Any:
    return wireup.injectable(lifetime="singleton")(cls)


def scoped(made: Any) -> Any:
    return wireup.injectable(lifetime="scoped")(made)


@wireup.injectable(lifetime="scoped")
def given_context() -> RequestContext:
    """Declares the scope's value; `enter_scope` gives it."""
    raise LookupError("RequestContext")


@wireup.injectable(lifetime="scoped")
def given_ticket() -> Ticket:
    """Declares the scope's value; `enter_scope` gives it."""
    raise LookupError("Ticket")


@wireup.injectable(lifetime="scoped")
async def opened_bridge(context: RequestContext, connections: Connections) -> AsyncIterator[Bridge]:
    """The resource, under the return type that wireup reads."""
    async for bridge in open_bridge(context, connections):
        yield bridge


class Wireup(Contender):
    """Singletons are locked while they are built, a request's objects are not."""

    title = "wireup"
    locked = "no"
    checked = "no"
    cannot: ClassVar[dict[str, str]] = {
        "grid": "its check follows every path through the graph, and here there are billions"
    }
    shared: ClassVar[bool] = False

    def container(self) -> SyncContainer:
        return wireup.create_sync_container(
            injectables=[
                *map(singleton, (Settings, Connections, Agents)),
                given_context,
                *map(scoped, (Bridge, Engine)),
            ],
            concurrent_scoped_access=self.shared,
        )

    def minimal_container(self) -> SyncContainer:
        return wireup.create_sync_container(
            injectables=[
                *map(singleton, (Clock, Ledger, Mailer)),
                given_ticket,
                *map(scoped, (Writer, Sender)),
            ],
            concurrent_scoped_access=self.shared,
        )

    def async_container(self) -> AsyncContainer:
        return wireup.create_async_container(
            injectables=[
                *map(singleton, (Settings, Connections, Agents)),
                given_context,
                opened_bridge,
                scoped(Engine),
            ],
            concurrent_scoped_access=self.shared,
        )

    def container_of(self, graph: Graph) -> SyncContainer:
        lifetimes: Any = {
            Life.SINGLETON: "singleton",
            Life.SCOPED: "scoped",
            Life.TRANSIENT: "transient",
        }
        made = [wireup.injectable(lifetime=lifetimes[part.life])(part.cls) for part in graph.parts]
        return wireup.create_sync_container(
            injectables=[given_context, *made], concurrent_scoped_access=self.shared
        )

    def opened(self) -> ScopedSyncContainer:
        context = RequestContext("user", "thread", "run")
        return self.workshop.enter(self.container().enter_scope({RequestContext: context}))

    def open_close(self) -> Run:
        container = self.container()

        def run(times: Repeat) -> None:
            for _ in times:
                context = RequestContext("user", "thread", "run")
                with container.enter_scope({RequestContext: context}):
                    pass

        return run

    def request(self) -> Run:
        container = self.container()

        def run(times: Repeat) -> Engine:
            for _ in times:
                context = RequestContext("user", "thread", "run")
                with container.enter_scope({RequestContext: context}) as scope:
                    engine = scope.get(Engine)
            return engine

        return run

    def request_minimal(self) -> Run:
        container = self.minimal_container()

        def run(times: Repeat) -> Sender:
            for _ in times:
                with container.enter_scope({Ticket: Ticket(1)}) as scope:
                    sender = scope.get(Sender)
            return sender

        return run

    def warm_scoped(self) -> Run:
        scope = self.opened()

        def run(times: Repeat) -> Engine:
            for _ in times:
                engine = scope.get(Engine)
            return engine

        return run

    def warm_singleton(self) -> Run:
        scope = self.opened()

        def run(times: Repeat) -> Settings:
            for _ in times:
                settings = scope.get(Settings)
            return settings

        return run

    def hundred(self) -> Run:
        container = self.container()

        def run(times: Repeat) -> Engine:
            for _ in times:
                context = RequestContext("user", "thread", "run")
                with container.enter_scope({RequestContext: context}) as scope:
                    for _ in range(100):
                        engine = scope.get(Engine)
            return engine

        return run

    def graph(self, graph: Graph) -> Run:
        container = self.container_of(graph)
        top = graph.top.cls

        def run(times: Repeat) -> Any:
            for _ in times:
                context = RequestContext("user", "thread", "run")
                with container.enter_scope({RequestContext: context}) as scope:
                    thing = scope.get(top)
            return thing

        return run

    def compile(self, graph: Graph) -> Callable[[], Any]:
        def start() -> Any:
            container = self.container_of(graph)
            context = RequestContext("user", "thread", "run")
            with container.enter_scope({RequestContext: context}) as scope:
                return scope.get(graph.top.cls)

        return start

    def keep(self, count: int) -> Iterator[Any]:
        container = self.container()
        for _ in range(count):
            context = RequestContext("user", "thread", "run")
            scope = container.enter_scope({RequestContext: context})
            yield scope, scope.get(Engine)

    def request_async(self) -> Run:
        container = self.async_container()

        async def run(times: Repeat) -> Engine:
            for _ in times:
                context = RequestContext("user", "thread", "run")
                async with container.enter_scope({RequestContext: context}) as scope:
                    engine = await scope.get(Engine)
            return engine

        return run

    def request_task(self) -> Callable[[], Any]:
        container = self.async_container()

        async def request() -> Engine:
            context = RequestContext("user", "thread", "run")
            async with container.enter_scope({RequestContext: context}) as scope:
                engine = await scope.get(Engine)
                await asyncio.sleep(0)
                return engine

        return request

    def inject(self) -> Run:
        container = self.container()
        context = RequestContext("user", "thread", "run")
        scope = self.workshop.enter(container.enter_scope({RequestContext: context}))

        def supplied() -> ScopedSyncContainer:
            return scope

        @wireup.inject_from_container(container, supplied)
        def handle(number: int, engine: Injected[Engine]) -> Engine:
            return engine

        def run(times: Repeat) -> Engine:
            for _ in times:
                engine = handle(1)
            return engine

        return run

    def inject_async(self) -> Run:
        container = self.async_container()
        context = RequestContext("user", "thread", "run")
        scope = self.workshop.enter_async(container.enter_scope({RequestContext: context}))

        def supplied() -> ScopedAsyncContainer:
            return scope

        @wireup.inject_from_container(container, supplied)
        async def handle(number: int, engine: Injected[Engine]) -> Engine:
            return engine

        async def run(times: Repeat) -> Engine:
            for _ in times:
                engine = await handle(1)
            return engine

        return run


class SharedWireup(Wireup):
    """The scope may be shared: each object is built under a lock."""

    title = "wireup, `concurrent_scoped_access`"
    locked = "yes"
    shared = True


CONTENDERS: tuple[type[Contender], ...] = (Wireup, SharedWireup)
