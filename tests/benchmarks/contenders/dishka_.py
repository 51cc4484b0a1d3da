"""dishka: as installed, and with a lock for each scope."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from dishka import (
    AsyncContainer,
    Container,
    FromDishka,
    Provider,
    Scope,
    make_async_container,
    make_container,
)
from dishka.integrations.base import wrap_injection

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


def application(*, asynchronous: bool = False) -> Provider:
    provider = Provider()
    for cls in (Settings, Connections, Agents):
        provider.provide(cls, scope=Scope.APP)
    provider.from_context(RequestContext, scope=Scope.REQUEST)
    provider.provide(open_bridge if asynchronous else Bridge, scope=Scope.REQUEST)
    provider.provide(Engine, scope=Scope.REQUEST)
    return provider


def provider_of(graph: Graph) -> Provider:
    provider = Provider()
    provider.from_context(RequestContext, scope=Scope.REQUEST)
    for part in graph.parts:
        scope = Scope.APP if part.life is Life.SINGLETON else Scope.REQUEST
        provider.provide(part.cls, scope=scope, cache=part.life is not Life.TRANSIENT)
    return provider


class Dishka(Contender):
    """The application's objects are locked, a request's are not."""

    title = "dishka"
    locked = "no"
    checked = "no"

    def open_close(self) -> Run:
        container = self._made(application())

        def run(times: Repeat) -> None:
            for _ in times:
                with container({RequestContext: RequestContext("user", "thread", "run")}):
                    pass

        return run

    def request(self) -> Run:
        container = self._made(application())

        def run(times: Repeat) -> Engine:
            for _ in times:
                context = RequestContext("user", "thread", "run")
                with container({RequestContext: context}) as scope:
                    engine = scope.get(Engine)
            return engine

        return run

    def request_minimal(self) -> Run:
        provider = Provider()
        for cls in (Clock, Ledger, Mailer):
            provider.provide(cls, scope=Scope.APP)
        provider.from_context(Ticket, scope=Scope.REQUEST)
        provider.provide(Writer, scope=Scope.REQUEST)
        provider.provide(Sender, scope=Scope.REQUEST)
        container = self._made(provider)

        def run(times: Repeat) -> Sender:
            for _ in times:
                with container({Ticket: Ticket(1)}) as scope:
                    sender = scope.get(Sender)
            return sender

        return run

    def request_async(self) -> Run:
        container = self._made_async(application(asynchronous=True))

        async def run(times: Repeat) -> Engine:
            for _ in times:
                context = RequestContext("user", "thread", "run")
                async with container({RequestContext: context}) as scope:
                    engine = await scope.get(Engine)
            return engine

        return run

    def request_task(self) -> Callable[[], Any]:
        container = self._made_async(application(asynchronous=True))

        async def request() -> Engine:
            context = RequestContext("user", "thread", "run")
            async with container({RequestContext: context}) as scope:
                engine = await scope.get(Engine)
                await asyncio.sleep(0)
                return engine

        return request

    def warm_scoped(self) -> Run:
        scope = self._opened()

        def run(times: Repeat) -> Engine:
            for _ in times:
                engine = scope.get(Engine)
            return engine

        return run

    def warm_singleton(self) -> Run:
        scope = self._opened()

        def run(times: Repeat) -> Settings:
            for _ in times:
                settings = scope.get(Settings)
            return settings

        return run

    def hundred(self) -> Run:
        container = self._made(application())

        def run(times: Repeat) -> Engine:
            for _ in times:
                context = RequestContext("user", "thread", "run")
                with container({RequestContext: context}) as scope:
                    for _ in range(100):
                        engine = scope.get(Engine)
            return engine

        return run

    def graph(self, graph: Graph) -> Run:
        container = self._made(provider_of(graph))
        top = graph.top.cls

        def run(times: Repeat) -> Any:
            for _ in times:
                context = RequestContext("user", "thread", "run")
                with container({RequestContext: context}) as scope:
                    thing = scope.get(top)
            return thing

        return run

    def compile(self, graph: Graph) -> Callable[[], Any]:
        def start() -> Any:
            container = self._made(provider_of(graph))
            context = RequestContext("user", "thread", "run")
            with container({RequestContext: context}) as scope:
                return scope.get(graph.top.cls)

        return start

    def inject(self) -> Run:
        scope = self._opened()

        def handle(number: int, engine: FromDishka[Engine]) -> Engine:
            return engine

        injected = wrap_injection(func=handle, container_getter=lambda *_: scope, is_async=False)

        def run(times: Repeat) -> Engine:
            for _ in times:
                engine = injected(1)
            return engine

        return run

    def inject_async(self) -> Run:
        container = self._made_async(application())
        scope = self.workshop.enter_async(
            container({RequestContext: RequestContext("user", "thread", "run")})
        )

        async def handle(number: int, engine: FromDishka[Engine]) -> Engine:
            return engine

        injected = wrap_injection(func=handle, container_getter=lambda *_: scope, is_async=True)

        async def run(times: Repeat) -> Engine:
            for _ in times:
                engine = await injected(1)
            return engine

        return run

    def keep(self, count: int) -> Iterator[Any]:
        container = self._made(application())
        for _ in range(count):
            scope = container({RequestContext: RequestContext("user", "thread", "run")})
            yield scope, scope.get(Engine)

    def _made(self, provider: Provider) -> Container:
        container = make_container(provider)
        self.workshop.stack.callback(container.close)
        return container

    def _made_async(self, provider: Provider) -> AsyncContainer:
        container = make_async_container(provider)
        self.workshop.stack.callback(lambda: self.workshop.wait(container.close()))
        return container

    def _opened(self) -> Container:
        container = self._made(application())
        context = RequestContext("user", "thread", "run")
        return self.workshop.enter(container({RequestContext: context}))


class LockedDishka(Dishka):
    """A lock for each request's scope, as its documentation says for scopes that are shared."""

    title = "dishka, with `lock_factory`"
    locked = "one for a scope"
    cannot: ClassVar[dict[str, str]] = {"*": "the lock is of scopes only; see dishka"}

    compile = keep = inject = inject_async = None  # type: ignore[assignment]

    def open_close(self) -> Run:
        container, lock = self._made(application()), threading.Lock

        def run(times: Repeat) -> None:
            for _ in times:
                context = RequestContext("user", "thread", "run")
                with container({RequestContext: context}, lock_factory=lock):
                    pass

        return run

    def request(self) -> Run:
        container, lock = self._made(application()), threading.Lock

        def run(times: Repeat) -> Engine:
            for _ in times:
                context = RequestContext("user", "thread", "run")
                with container({RequestContext: context}, lock_factory=lock) as scope:
                    engine = scope.get(Engine)
            return engine

        return run

    def request_minimal(self) -> Run:
        provider, lock = Provider(), threading.Lock
        for cls in (Clock, Ledger, Mailer):
            provider.provide(cls, scope=Scope.APP)
        provider.from_context(Ticket, scope=Scope.REQUEST)
        provider.provide(Writer, scope=Scope.REQUEST)
        provider.provide(Sender, scope=Scope.REQUEST)
        container = self._made(provider)

        def run(times: Repeat) -> Sender:
            for _ in times:
                with container({Ticket: Ticket(1)}, lock_factory=lock) as scope:
                    sender = scope.get(Sender)
            return sender

        return run

    def request_async(self) -> Run:
        container, lock = self._made_async(application(asynchronous=True)), asyncio.Lock

        async def run(times: Repeat) -> Engine:
            for _ in times:
                context = RequestContext("user", "thread", "run")
                async with container({RequestContext: context}, lock_factory=lock) as scope:
                    engine = await scope.get(Engine)
            return engine

        return run

    def request_task(self) -> Callable[[], Any]:
        container, lock = self._made_async(application(asynchronous=True)), asyncio.Lock

        async def request() -> Engine:
            context = RequestContext("user", "thread", "run")
            async with container({RequestContext: context}, lock_factory=lock) as scope:
                engine = await scope.get(Engine)
                await asyncio.sleep(0)
                return engine

        return request

    def hundred(self) -> Run:
        container, lock = self._made(application()), threading.Lock

        def run(times: Repeat) -> Engine:
            for _ in times:
                context = RequestContext("user", "thread", "run")
                with container({RequestContext: context}, lock_factory=lock) as scope:
                    for _ in range(100):
                        engine = scope.get(Engine)
            return engine

        return run

    def graph(self, graph: Graph) -> Run:
        container, lock = self._made(provider_of(graph)), threading.Lock
        top = graph.top.cls

        def run(times: Repeat) -> Any:
            for _ in times:
                context = RequestContext("user", "thread", "run")
                with container({RequestContext: context}, lock_factory=lock) as scope:
                    thing = scope.get(top)
            return thing

        return run

    def _opened(self) -> Container:
        container = self._made(application())
        context = RequestContext("user", "thread", "run")
        return self.workshop.enter(
            container({RequestContext: context}, lock_factory=threading.Lock)
        )


CONTENDERS: tuple[type[Contender], ...] = (Dishka, LockedDishka)
