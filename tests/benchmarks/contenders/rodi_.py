"""rodi: scopes that take values, nothing async, nothing torn down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from rodi import ActivationScope, Container, Services

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


def given_context() -> RequestContext:
    """Declares the scope's value; `create_scope` gives it."""
    raise LookupError("RequestContext")


def given_ticket() -> Ticket:
    """Declares the scope's value; `create_scope` gives it."""
    raise LookupError("Ticket")


class Rodi(Contender):
    """Types resolved by functions that are made once."""

    title = "rodi"
    locked = "no"
    checked = "no"
    cannot: ClassVar[dict[str, str]] = {
        "request_async": "nothing is awaited",
        "request_task": "nothing is awaited",
        "*": "injects no functions",
    }

    def container(self) -> Services:
        container = Container(strict=True)
        for cls in (Settings, Connections, Agents):
            container.add_singleton(cls)
        container.add_scoped_by_factory(given_context, RequestContext)
        container.add_scoped(Bridge)
        container.add_scoped(Engine)
        return container.build_provider()

    def minimal_container(self) -> Services:
        container = Container(strict=True)
        for cls in (Clock, Ledger, Mailer):
            container.add_singleton(cls)
        container.add_scoped_by_factory(given_ticket, Ticket)
        container.add_scoped(Writer)
        container.add_scoped(Sender)
        return container.build_provider()

    def container_of(self, graph: Graph) -> Services:
        container = Container(strict=True)
        container.add_scoped_by_factory(given_context, RequestContext)
        for part in graph.parts:
            match part.life:
                case Life.SINGLETON:
                    container.add_singleton(part.cls)
                case Life.SCOPED:
                    container.add_scoped(part.cls)
                case Life.TRANSIENT:
                    container.add_transient(part.cls)
        return container.build_provider()

    def opened(self) -> ActivationScope:
        context = RequestContext("user", "thread", "run")
        return self.workshop.enter(self.container().create_scope({RequestContext: context}))

    def open_close(self) -> Run:
        container = self.container()

        def run(times: Repeat) -> None:
            for _ in times:
                context = RequestContext("user", "thread", "run")
                with container.create_scope({RequestContext: context}):
                    pass

        return run

    def request(self) -> Run:
        container = self.container()

        def run(times: Repeat) -> Engine:
            for _ in times:
                context = RequestContext("user", "thread", "run")
                with container.create_scope({RequestContext: context}) as scope:
                    engine = scope.get(Engine)
            return engine

        return run

    def request_minimal(self) -> Run:
        container = self.minimal_container()

        def run(times: Repeat) -> Sender:
            for _ in times:
                with container.create_scope({Ticket: Ticket(1)}) as scope:
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
                with container.create_scope({RequestContext: context}) as scope:
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
                with container.create_scope({RequestContext: context}) as scope:
                    thing = scope.get(top)
            return thing

        return run

    def compile(self, graph: Graph) -> Callable[[], Any]:
        def start() -> Any:
            container = self.container_of(graph)
            context = RequestContext("user", "thread", "run")
            with container.create_scope({RequestContext: context}) as scope:
                return scope.get(graph.top.cls)

        return start

    def keep(self, count: int) -> Iterator[Any]:
        container = self.container()
        for _ in range(count):
            context = RequestContext("user", "thread", "run")
            scope = container.create_scope({RequestContext: context})
            yield scope, scope.get(Engine)


CONTENDERS: tuple[type[Contender], ...] = (Rodi,)
