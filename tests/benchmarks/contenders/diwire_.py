"""diwire: as installed, and as its documentation says is fastest (strict, no locks, no context).

It has no scope values. Its own integrations give a request by a factory that reads a context
variable, which is what is done here too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, ClassVar

from diwire import (
    Container,
    DependencyRegistrationPolicy,
    Injected,
    Lifetime,
    LockMode,
    MissingPolicy,
    Scope,
    resolver_context,
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

TOO_LONG = "takes more than a minute, and was left out"

current: ContextVar[Any] = ContextVar("current")


def current_value() -> Any:
    """The value of the request that is being served."""
    return current.get()


def add_singleton(container: Container, cls: type) -> None:
    container.add(cls, scope=Scope.APP, lifetime=Lifetime.SCOPED)


def add_scoped(container: Container, cls: type) -> None:
    container.add(cls, scope=Scope.REQUEST, lifetime=Lifetime.SCOPED)


def add_value(container: Container, cls: type) -> None:
    container.add_factory(
        current_value, provides=cls, scope=Scope.REQUEST, lifetime=Lifetime.SCOPED
    )


class Diwire(Contender):
    """Every default: locks, resolver context, unknown classes registered by themselves."""

    title = "diwire"
    locked = "threads or tasks"
    checked = "no"
    cannot: ClassVar[dict[str, str]] = {"compile_10000": TOO_LONG}

    def container(self) -> Container:
        return Container()

    def application(self) -> Container:
        container = self.container()
        for cls in (Settings, Connections, Agents):
            add_singleton(container, cls)
        add_value(container, RequestContext)
        add_scoped(container, Bridge)
        add_scoped(container, Engine)
        container.compile()
        return container

    def async_application(self) -> Container:
        container = self.container()
        for cls in (Settings, Connections, Agents):
            add_singleton(container, cls)
        add_value(container, RequestContext)
        container.add_generator(
            open_bridge, provides=Bridge, scope=Scope.REQUEST, lifetime=Lifetime.SCOPED
        )
        add_scoped(container, Engine)
        container.compile()
        return container

    def open_close(self) -> Run:
        container = self.application()

        def run(times: Repeat) -> None:
            for _ in times:
                token = current.set(RequestContext("user", "thread", "run"))
                with container.enter_scope(Scope.REQUEST):
                    pass
                current.reset(token)

        return run

    def request(self) -> Run:
        container = self.application()

        def run(times: Repeat) -> Engine:
            for _ in times:
                token = current.set(RequestContext("user", "thread", "run"))
                with container.enter_scope(Scope.REQUEST) as scope:
                    engine = scope.resolve(Engine)
                current.reset(token)
            return engine

        return run

    def request_minimal(self) -> Run:
        container = self.container()
        for cls in (Clock, Ledger, Mailer):
            add_singleton(container, cls)
        add_value(container, Ticket)
        add_scoped(container, Writer)
        add_scoped(container, Sender)
        container.compile()

        def run(times: Repeat) -> Sender:
            for _ in times:
                token = current.set(Ticket(1))
                with container.enter_scope(Scope.REQUEST) as scope:
                    sender = scope.resolve(Sender)
                current.reset(token)
            return sender

        return run

    def request_async(self) -> Run:
        container = self.async_application()

        async def run(times: Repeat) -> Engine:
            for _ in times:
                token = current.set(RequestContext("user", "thread", "run"))
                async with container.enter_scope(Scope.REQUEST) as scope:
                    engine = await scope.aresolve(Engine)
                current.reset(token)
            return engine

        return run

    def request_task(self) -> Callable[[], Any]:
        container = self.async_application()

        async def request() -> Engine:
            token = current.set(RequestContext("user", "thread", "run"))
            async with container.enter_scope(Scope.REQUEST) as scope:
                engine = await scope.aresolve(Engine)
                await asyncio.sleep(0)
            current.reset(token)
            return engine

        return request

    def opened(self) -> Any:
        """A scope that stays open."""
        container = self.application()
        current.set(RequestContext("user", "thread", "run"))
        return self.workshop.enter(container.enter_scope(Scope.REQUEST))

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
        container = self.application()

        def run(times: Repeat) -> Engine:
            for _ in times:
                token = current.set(RequestContext("user", "thread", "run"))
                with container.enter_scope(Scope.REQUEST) as scope:
                    for _ in range(100):
                        engine = scope.resolve(Engine)
                current.reset(token)
            return engine

        return run

    def graph(self, graph: Graph) -> Run:
        container = self._container_of(graph)
        top = graph.top.cls

        def run(times: Repeat) -> Any:
            for _ in times:
                token = current.set(RequestContext("user", "thread", "run"))
                with container.enter_scope(Scope.REQUEST) as scope:
                    thing = scope.resolve(top)
                current.reset(token)
            return thing

        return run

    def _container_of(self, graph: Graph) -> Container:
        container = self.container()
        add_value(container, RequestContext)
        for part in graph.parts:
            match part.life:
                case Life.SINGLETON:
                    add_singleton(container, part.cls)
                case Life.SCOPED:
                    add_scoped(container, part.cls)
                case Life.TRANSIENT:
                    container.add(part.cls, scope=Scope.REQUEST, lifetime=Lifetime.TRANSIENT)
        container.compile()
        return container

    def compile(self, graph: Graph) -> Callable[[], Any]:
        def start() -> Any:
            container = self._container_of(graph)
            current.set(RequestContext("user", "thread", "run"))
            with container.enter_scope(Scope.REQUEST) as scope:
                return scope.resolve(graph.top.cls)

        return start

    def inject(self) -> Run:
        self.opened()

        @resolver_context.inject
        def handle(number: int, engine: Injected[Engine]) -> Engine:
            return engine

        def run(times: Repeat) -> Engine:
            for _ in times:
                engine = handle(1)
            return engine

        return run

    def inject_async(self) -> Run:
        @resolver_context.inject
        async def handle(number: int, engine: Injected[Engine]) -> Engine:
            return engine

        container = self.application()

        async def begin() -> None:
            current.set(RequestContext("user", "thread", "run"))
            await container.enter_scope(Scope.REQUEST).__aenter__()

        self.workshop.wait(begin())

        async def run(times: Repeat) -> Engine:
            for _ in times:
                engine = await handle(1)
            return engine

        return run

    def keep(self, count: int) -> Iterator[Any]:
        container = self.application()
        for _ in range(count):
            current.set(RequestContext("user", "thread", "run"))
            scope = container.enter_scope(Scope.REQUEST)
            yield scope, scope.resolve(Engine)


class StrictDiwire(Diwire):
    """Nothing registers itself, nothing locks, no resolver context."""

    title = "diwire, strict, no locks"
    locked = "no"
    cannot: ClassVar[dict[str, str]] = {
        "compile_10000": TOO_LONG,
        "*": "its injection needs the resolver context",
    }

    inject = inject_async = None  # type: ignore[assignment]

    def container(self) -> Container:
        return Container(
            lock_mode=LockMode.NONE,
            missing_policy=MissingPolicy.ERROR,
            dependency_registration_policy=DependencyRegistrationPolicy.IGNORE,
            use_resolver_context=False,
        )


CONTENDERS: tuple[type[Contender], ...] = (Diwire, StrictDiwire)
