"""modern-di: child containers with values; each cached object is built under a lock of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from modern_di import Container, Group, Scope, providers

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
)

__all__ = ["CONTENDERS"]


class Services(Group):
    settings = providers.Factory(Settings, cache=True)
    connections = providers.Factory(Connections, cache=True)
    agents = providers.Factory(Agents, cache=True)

    context = providers.ContextProvider(RequestContext, scope=Scope.REQUEST)
    bridge = providers.Factory(Bridge, scope=Scope.REQUEST, cache=True)
    engine = providers.Factory(Engine, scope=Scope.REQUEST, cache=True)


class MinimalServices(Group):
    clock = providers.Factory(Clock, cache=True)
    ledger = providers.Factory(Ledger, cache=True)
    mailer = providers.Factory(Mailer, cache=True)

    ticket = providers.ContextProvider(Ticket, scope=Scope.REQUEST)
    writer = providers.Factory(Writer, scope=Scope.REQUEST, cache=True)
    sender = providers.Factory(Sender, scope=Scope.REQUEST, cache=True)


class ModernDi(Contender):
    """Scopes are child containers."""

    title = "modern-di"
    locked = "yes"
    checked = "no"
    cannot: ClassVar[dict[str, str]] = {
        "request_async": "nothing is made by await",
        "request_task": "nothing is made by await",
        "*": "function injection is left to integrations",
    }

    def container(self) -> Container:
        return Container(groups=[Services])

    def minimal_container(self) -> Container:
        return Container(groups=[MinimalServices])

    def container_of(self, graph: Graph) -> Container:
        made: dict[str, Any] = {
            "context": providers.ContextProvider(RequestContext, scope=Scope.REQUEST)
        }
        for part in graph.parts:
            scope = Scope.APP if part.life is Life.SINGLETON else Scope.REQUEST
            cache = part.life is not Life.TRANSIENT
            made[part.name] = providers.Factory(part.cls, scope=scope, cache=cache)
        container = Container(groups=[type("Generated", (Group,), made)])
        container.validate()
        return container

    def opened(self) -> Container:
        context = RequestContext("user", "thread", "run")
        child = self.container().build_child_container(
            scope=Scope.REQUEST, context={RequestContext: context}
        )
        return self.workshop.enter(child)

    def open_close(self) -> Run:
        build, request = self.container().build_child_container, Scope.REQUEST

        def run(times: Repeat) -> None:
            for _ in times:
                context = RequestContext("user", "thread", "run")
                with build(scope=request, context={RequestContext: context}):
                    pass

        return run

    def request(self) -> Run:
        build, request = self.container().build_child_container, Scope.REQUEST

        def run(times: Repeat) -> Engine:
            for _ in times:
                context = RequestContext("user", "thread", "run")
                with build(scope=request, context={RequestContext: context}) as scope:
                    engine = scope.resolve(Engine)
            return engine

        return run

    def request_minimal(self) -> Run:
        build, request = self.minimal_container().build_child_container, Scope.REQUEST

        def run(times: Repeat) -> Sender:
            for _ in times:
                with build(scope=request, context={Ticket: Ticket(1)}) as scope:
                    sender = scope.resolve(Sender)
            return sender

        return run

    def warm_scoped(self) -> Run:
        scope = self.opened()

        def run(times: Repeat) -> Engine:
            for _ in times:
                engine = scope.resolve(Engine)
            return engine

        return run

    def warm_singleton(self) -> Run:
        scope = self.opened()

        def run(times: Repeat) -> Settings:
            for _ in times:
                settings = scope.resolve(Settings)
            return settings

        return run

    def hundred(self) -> Run:
        build, request = self.container().build_child_container, Scope.REQUEST

        def run(times: Repeat) -> Engine:
            for _ in times:
                context = RequestContext("user", "thread", "run")
                with build(scope=request, context={RequestContext: context}) as scope:
                    for _ in range(100):
                        engine = scope.resolve(Engine)
            return engine

        return run

    def graph(self, graph: Graph) -> Run:
        build, request = self.container_of(graph).build_child_container, Scope.REQUEST
        top = graph.top.cls

        def run(times: Repeat) -> Any:
            for _ in times:
                context = RequestContext("user", "thread", "run")
                with build(scope=request, context={RequestContext: context}) as scope:
                    thing = scope.resolve(top)
            return thing

        return run

    def compile(self, graph: Graph) -> Callable[[], Any]:
        def start() -> Any:
            build, request = self.container_of(graph).build_child_container, Scope.REQUEST
            context = RequestContext("user", "thread", "run")
            with build(scope=request, context={RequestContext: context}) as scope:
                return scope.resolve(graph.top.cls)

        return start

    def keep(self, count: int) -> Iterator[Any]:
        build, request = self.container().build_child_container, Scope.REQUEST
        for _ in range(count):
            context = RequestContext("user", "thread", "run")
            scope = build(scope=request, context={RequestContext: context})
            yield scope, scope.resolve(Engine)


CONTENDERS: tuple[type[Contender], ...] = (ModernDi,)
