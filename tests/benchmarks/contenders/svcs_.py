"""svcs: a service locator whose factories ask the container for what they need.

Its documentation registers application-wide objects as values and writes factories by hand; that
is faster than its ``autowire`` too, so it is what is done here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, ClassVar

import svcs

from tests.benchmarks.contender import Contender, Repeat, Run
from tests.benchmarks.graphs import Graph, Life, Part
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


def make_bridge(svcs_container: svcs.Container) -> Bridge:
    return Bridge(*svcs_container.get(RequestContext, Connections))


def make_engine(svcs_container: svcs.Container) -> Engine:
    return Engine(*svcs_container.get(RequestContext, Bridge, Agents, Settings))


async def make_opened_bridge(svcs_container: svcs.Container) -> AsyncIterator[Bridge]:
    async for bridge in open_bridge(*svcs_container.get(RequestContext, Connections)):
        yield bridge


async def make_engine_async(svcs_container: svcs.Container) -> Engine:
    return Engine(*await svcs_container.aget(RequestContext, Bridge, Agents, Settings))


def make_writer(svcs_container: svcs.Container) -> Writer:
    return Writer(*svcs_container.get(Ticket, Ledger))


def make_sender(svcs_container: svcs.Container) -> Sender:
    return Sender(*svcs_container.get(Writer, Mailer, Clock))


def registry() -> svcs.Registry:
    made = svcs.Registry()
    for value in (Settings(), Connections(), Agents()):
        made.register_value(type(value), value)
    return made


def application() -> svcs.Registry:
    made = registry()
    made.register_factory(Bridge, make_bridge)
    made.register_factory(Engine, make_engine)
    return made


def async_application() -> svcs.Registry:
    made = registry()
    made.register_factory(Bridge, make_opened_bridge)
    made.register_factory(Engine, make_engine_async)
    return made


def registry_of(graph: Graph) -> svcs.Registry:
    made = svcs.Registry()
    types = {part.name: part.cls for part in graph.parts} | {"context": RequestContext}
    for part in graph.parts:
        if part.life is Life.SINGLETON:
            made.register_value(part.cls, part.cls())
        else:
            made.register_factory(part.cls, _factory(part, [types[need] for need in part.needs]))
    return made


def _factory(part: Part, needs: list[type]) -> Callable[[svcs.Container], Any]:
    cls = part.cls
    if len(needs) == 1:
        (only,) = needs

        def make(svcs_container: svcs.Container) -> Any:
            return cls(svcs_container.get(only))
    else:

        def make(svcs_container: svcs.Container) -> Any:
            return cls(*svcs_container.get(*needs))

    return make


class Svcs(Contender):
    """One container a request, with the request's value in a registry of its own."""

    title = "svcs"
    locked = "no"
    checked = "no"
    cannot: ClassVar[dict[str, str]] = {
        "mixed": "a container keeps whatever it made: nothing is made anew",
        "*": "a service locator: injects no functions",
    }

    def open_close(self) -> Run:
        made = application()

        def run(times: Repeat) -> None:
            for _ in times:
                with svcs.Container(made) as scope:
                    scope.register_local_value(
                        RequestContext, RequestContext("user", "thread", "run")
                    )

        return run

    def request(self) -> Run:
        made = application()

        def run(times: Repeat) -> Engine:
            for _ in times:
                with svcs.Container(made) as scope:
                    scope.register_local_value(
                        RequestContext, RequestContext("user", "thread", "run")
                    )
                    engine = scope.get(Engine)
            return engine

        return run

    def request_minimal(self) -> Run:
        made = svcs.Registry()
        for value in (Clock(), Ledger(), Mailer()):
            made.register_value(type(value), value)
        made.register_factory(Writer, make_writer)
        made.register_factory(Sender, make_sender)

        def run(times: Repeat) -> Sender:
            for _ in times:
                with svcs.Container(made) as scope:
                    scope.register_local_value(Ticket, Ticket(1))
                    sender = scope.get(Sender)
            return sender

        return run

    def request_async(self) -> Run:
        made = async_application()

        async def run(times: Repeat) -> Engine:
            for _ in times:
                async with svcs.Container(made) as scope:
                    scope.register_local_value(
                        RequestContext, RequestContext("user", "thread", "run")
                    )
                    engine = await scope.aget(Engine)
            return engine

        return run

    def request_task(self) -> Callable[[], Any]:
        made = async_application()

        async def request() -> Engine:
            async with svcs.Container(made) as scope:
                scope.register_local_value(RequestContext, RequestContext("user", "thread", "run"))
                engine = await scope.aget(Engine)
                await asyncio.sleep(0)
                return engine

        return request

    def _opened(self) -> svcs.Container:
        scope = self.workshop.enter(svcs.Container(application()))
        scope.register_local_value(RequestContext, RequestContext("user", "thread", "run"))
        return scope

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
        made = application()

        def run(times: Repeat) -> Engine:
            for _ in times:
                with svcs.Container(made) as scope:
                    scope.register_local_value(
                        RequestContext, RequestContext("user", "thread", "run")
                    )
                    for _ in range(100):
                        engine = scope.get(Engine)
            return engine

        return run

    def graph(self, graph: Graph) -> Run:
        made, top = registry_of(graph), graph.top.cls

        def run(times: Repeat) -> Any:
            for _ in times:
                with svcs.Container(made) as scope:
                    scope.register_local_value(
                        RequestContext, RequestContext("user", "thread", "run")
                    )
                    thing = scope.get(top)
            return thing

        return run

    def compile(self, graph: Graph) -> Callable[[], Any]:
        def start() -> Any:
            with svcs.Container(registry_of(graph)) as scope:
                scope.register_local_value(RequestContext, RequestContext("user", "thread", "run"))
                return scope.get(graph.top.cls)

        return start

    def keep(self, count: int) -> Iterator[Any]:
        made = application()
        for _ in range(count):
            scope = svcs.Container(made)
            scope.register_local_value(RequestContext, RequestContext("user", "thread", "run"))
            yield scope, scope.get(Engine)


CONTENDERS: tuple[type[Contender], ...] = (Svcs,)
