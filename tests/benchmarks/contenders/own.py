"""trunkline: as it is, and with a default safety or convenience taken away."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from typing import Annotated, Any, ClassVar

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
from trunkline import Inject, OpenScope, ScopedContainer, inject, providers

__all__ = ["CONTENDERS"]


class Application(ScopedContainer):
    """The reference runtime in small."""

    settings = providers.Singleton(Settings)
    connections = providers.Singleton(Connections)
    agents = providers.Singleton(Agents)

    context = providers.ScopeValue(RequestContext)
    bridge = providers.Scoped(Bridge, context, connections)
    engine = providers.Scoped(Engine, context, bridge, agents, settings)


class UnlockedApplication(Application):
    """The same where one thread or task uses a scope."""

    locked = False


class InHandApplication(Application):
    """The same whose scopes are handed on."""

    ambient = False


class UnlockedInHandApplication(UnlockedApplication):
    """The same with neither."""

    ambient = False


class AsyncApplication(ScopedContainer):
    """The same with the bridge as an async resource."""

    settings = providers.Singleton(Settings)
    connections = providers.Singleton(Connections)
    agents = providers.Singleton(Agents)

    context = providers.ScopeValue(RequestContext)
    bridge = providers.ScopedResource(open_bridge, context, connections)
    engine = providers.Scoped(Engine, context, bridge, agents, settings)


class UnlockedAsyncApplication(AsyncApplication):
    """The same where one thread or task uses a scope."""

    locked = False


class InHandAsyncApplication(AsyncApplication):
    """The same whose scopes are handed on."""

    ambient = False


class UnlockedInHandAsyncApplication(UnlockedAsyncApplication):
    """The same with neither."""

    ambient = False


class MinimalApplication(ScopedContainer):
    """The smallest classes."""

    clock = providers.Singleton(Clock)
    ledger = providers.Singleton(Ledger)
    mailer = providers.Singleton(Mailer)

    ticket = providers.ScopeValue(Ticket)
    writer = providers.Scoped(Writer, ticket, ledger)
    sender = providers.Scoped(Sender, writer, mailer, clock)


class UnlockedMinimalApplication(MinimalApplication):
    """The same where one thread or task uses a scope."""

    locked = False


class InHandMinimalApplication(MinimalApplication):
    """The same whose scopes are handed on."""

    ambient = False


class UnlockedInHandMinimalApplication(UnlockedMinimalApplication):
    """The same with neither."""

    ambient = False


@inject
def handle(number: int, engine: Annotated[Engine, Inject(Application.engine)]) -> Engine:
    """A function with one injected argument."""
    return engine


@inject
async def handle_async(
    number: int, engine: Annotated[Engine, Inject(Application.engine)]
) -> Engine:
    """The same as a coroutine function."""
    return engine


def handle_by_hand(number: int, scope: OpenScope) -> Engine:
    """What one writes without injection who has the scope in hand."""
    return scope.get(Application.engine)


async def handle_by_hand_async(number: int, scope: OpenScope) -> Engine:
    """The same as a coroutine function."""
    return scope.get(Application.engine)


_numbers = itertools.count()


def container_of(graph: Graph, says: type[ScopedContainer]) -> tuple[type[ScopedContainer], Any]:
    """A container class for a generated graph, with the settings of another, and its top.

    Its name is its own, so that no source that was compiled for another container is found again.
    """
    made: dict[str, Any] = {"context": providers.ScopeValue(RequestContext)}
    for part in graph.parts:
        kind: Any = {
            Life.SINGLETON: providers.Singleton,
            Life.SCOPED: providers.Scoped,
            Life.TRANSIENT: providers.Factory,
        }[part.life]
        made[part.name] = kind(part.cls, *(made[need] for need in part.needs))
    name = f"{graph.name.title()}{next(_numbers)}"
    declared: Any = type(ScopedContainer)(
        name,
        (ScopedContainer,),
        {**made, "locked": says.locked, "ambient": says.ambient, "__module__": __name__},
    )
    return declared, made[graph.top.name]


class Trunkline(Contender):
    """Every default: locked, checked, ambient."""

    title = "trunkline"
    locked = "yes"
    checked = "yes"

    application: ClassVar[Any] = Application
    async_application: ClassVar[Any] = AsyncApplication
    minimal_application: ClassVar[Any] = MinimalApplication

    def open_close(self) -> Run:
        app = self.workshop.enter(self.application())

        def run(times: Repeat) -> None:
            for _ in times:
                with app.enter(RequestContext("user", "thread", "run")):
                    pass

        return run

    def request(self) -> Run:
        app = self.workshop.enter(self.application())

        def run(times: Repeat) -> Engine:
            for _ in times:
                with app.enter(RequestContext("user", "thread", "run")) as scope:
                    engine = scope.get(Application.engine)
            return engine

        return run

    def request_minimal(self) -> Run:
        app = self.workshop.enter(self.minimal_application())

        def run(times: Repeat) -> Sender:
            for _ in times:
                with app.enter(Ticket(1)) as scope:
                    sender = scope.get(MinimalApplication.sender)
            return sender

        return run

    def request_async(self) -> Run:
        app = self.workshop.enter_async(self.async_application())

        async def run(times: Repeat) -> Engine:
            for _ in times:
                async with app.enter(RequestContext("user", "thread", "run")) as scope:
                    engine = await scope.aget(AsyncApplication.engine)
            return engine

        return run

    def request_task(self) -> Callable[[], Any]:
        app = self.workshop.enter_async(self.async_application())

        async def request() -> Engine:
            async with app.enter(RequestContext("user", "thread", "run")) as scope:
                engine = await scope.aget(AsyncApplication.engine)
                await asyncio.sleep(0)
                return engine

        return request

    def warm_scoped(self) -> Run:
        app = self.workshop.enter(self.application())
        scope = self.workshop.enter(app.enter(RequestContext("user", "thread", "run")))

        def run(times: Repeat) -> Engine:
            for _ in times:
                engine = scope.get(Application.engine)
            return engine

        return run

    def warm_singleton(self) -> Run:
        app = self.workshop.enter(self.application())
        scope = self.workshop.enter(app.enter(RequestContext("user", "thread", "run")))

        def run(times: Repeat) -> Settings:
            for _ in times:
                settings = scope.get(Application.settings)
            return settings

        return run

    def hundred(self) -> Run:
        app = self.workshop.enter(self.application())

        def run(times: Repeat) -> Engine:
            for _ in times:
                with app.enter(RequestContext("user", "thread", "run")) as scope:
                    for _ in range(100):
                        engine = scope.get(Application.engine)
            return engine

        return run

    def inject(self) -> Run:
        app = self.workshop.enter(self.application())
        self.workshop.enter(app.enter(RequestContext("user", "thread", "run")))

        def run(times: Repeat) -> Engine:
            for _ in times:
                engine = handle(1)
            return engine

        return run

    def inject_async(self) -> Run:
        app = self.workshop.enter_async(self.application())
        self.workshop.enter_async(app.enter(RequestContext("user", "thread", "run")))

        async def run(times: Repeat) -> Engine:
            for _ in times:
                engine = await handle_async(1)
            return engine

        return run

    def graph(self, graph: Graph) -> Run:
        declared, top = container_of(graph, self.application)
        app = self.workshop.enter(declared())

        def run(times: Repeat) -> Any:
            for _ in times:
                with app.enter(RequestContext("user", "thread", "run")) as scope:
                    thing = scope.get(top)
            return thing

        return run

    def compile(self, graph: Graph) -> Callable[[], Any]:
        def start() -> Any:
            declared, top = container_of(graph, self.application)
            app = self.workshop.enter(declared())
            with app.enter(RequestContext("user", "thread", "run")) as scope:
                return scope.get(top)

        return start

    def keep(self, count: int) -> Iterator[Any]:
        app = self.workshop.enter(self.application())
        for _ in range(count):
            scope = app.enter(RequestContext("user", "thread", "run"))
            yield scope, scope.get(Application.engine)


class Unlocked(Trunkline):
    """Where one thread or task uses a scope."""

    title = "trunkline, `locked = False`"
    locked = "no"

    application = UnlockedApplication
    async_application = UnlockedAsyncApplication
    minimal_application = UnlockedMinimalApplication


class InHand(Trunkline):
    """Scopes that don't become the ambient one."""

    title = "trunkline, `ambient = False`"
    cannot: ClassVar[dict[str, str]] = {"*": "the same as with the ambient variable"}

    warm_scoped = warm_singleton = compile = keep = None  # type: ignore[assignment]
    inject = inject_async = None  # type: ignore[assignment]

    application = InHandApplication
    async_application = InHandAsyncApplication
    minimal_application = InHandMinimalApplication


class InHandByCall(Contender):
    """The same said by each call, in a container whose scopes are ambient otherwise."""

    title = "trunkline, `enter(..., ambient=False)`"
    locked = "yes"
    checked = "yes"
    cannot: ClassVar[dict[str, str]] = {"*": "the same as where the container says so"}

    def request(self) -> Run:
        app = self.workshop.enter(Application())

        def run(times: Repeat) -> Engine:
            for _ in times:
                with app.enter(RequestContext("user", "thread", "run"), ambient=False) as scope:
                    engine = scope.get(Application.engine)
            return engine

        return run


class UnlockedInHand(InHand):
    """Neither lock nor ambient variable: what most libraries do."""

    title = "trunkline, `locked = False`, `ambient = False`"
    locked = "no"

    application = UnlockedInHandApplication
    async_application = UnlockedInHandAsyncApplication
    minimal_application = UnlockedInHandMinimalApplication


class Started(Contender):
    """A container that is declared already: what its start and its first request take."""

    title = "trunkline, declared before"
    locked = "yes"
    checked = "yes"
    cannot: ClassVar[dict[str, str]] = {"*": "the same as trunkline: only starting is timed"}

    validate: ClassVar[bool] = True

    def compile(self, graph: Graph) -> Callable[[], Any]:
        declared, top = container_of(graph, Application)
        declared.validate = self.validate
        container = declared()

        def start() -> Any:
            app = self.workshop.enter(container)
            with app.enter(RequestContext("user", "thread", "run")) as scope:
                return scope.get(top)

        return start


class StartedUnchecked(Started):
    """The same without the check of the whole graph."""

    title = "trunkline, declared before, `validate = False`"
    validate = False


class ByName(Contender):
    """An open scope asked by the provider's name."""

    title = "trunkline, `scope.engine()`"
    locked = "yes"
    checked = "yes"
    cannot: ClassVar[dict[str, str]] = {"*": "another way to write a warm `get`"}

    def warm_scoped(self) -> Run:
        app = self.workshop.enter(Application())
        scope = self.workshop.enter(app.enter(RequestContext("user", "thread", "run")))

        def run(times: Repeat) -> Engine:
            for _ in times:
                engine = scope.engine()
            return engine

        return run

    def warm_singleton(self) -> Run:
        app = self.workshop.enter(Application())
        scope = self.workshop.enter(app.enter(RequestContext("user", "thread", "run")))

        def run(times: Repeat) -> Settings:
            for _ in times:
                settings = scope.settings()
            return settings

        return run


class AtHand(Contender):
    """A provider that was looked up before, as other libraries' classes are."""

    title = "trunkline, the provider at hand"
    locked = "yes"
    checked = "yes"
    cannot: ClassVar[dict[str, str]] = {"*": "another way to write a warm `get`"}

    def warm_scoped(self) -> Run:
        app = self.workshop.enter(Application())
        scope = self.workshop.enter(app.enter(RequestContext("user", "thread", "run")))
        provider = Application.engine

        def run(times: Repeat) -> Engine:
            for _ in times:
                engine = scope.get(provider)
            return engine

        return run

    def warm_singleton(self) -> Run:
        app = self.workshop.enter(Application())
        scope = self.workshop.enter(app.enter(RequestContext("user", "thread", "run")))
        provider = Application.settings

        def run(times: Repeat) -> Settings:
            for _ in times:
                settings = scope.get(provider)
            return settings

        return run


class ReadByHand(Contender):
    """trunkline without injection: the function is given the scope and asks it."""

    title = "trunkline, read by hand"
    locked = "yes"
    checked = "yes"
    cannot: ClassVar[dict[str, str]] = {"*": "the same as trunkline: nothing is injected"}

    def inject(self) -> Run:
        app = self.workshop.enter(Application())
        scope = self.workshop.enter(app.enter(RequestContext("user", "thread", "run")))

        def run(times: Repeat) -> Engine:
            for _ in times:
                engine = handle_by_hand(1, scope)
            return engine

        return run

    def inject_async(self) -> Run:
        app = self.workshop.enter_async(Application())
        scope = self.workshop.enter_async(app.enter(RequestContext("user", "thread", "run")))

        async def run(times: Repeat) -> Engine:
            for _ in times:
                engine = await handle_by_hand_async(1, scope)
            return engine

        return run


CONTENDERS: tuple[type[Contender], ...] = (
    Trunkline,
    InHand,
    InHandByCall,
    Unlocked,
    UnlockedInHand,
    Started,
    StartedUnchecked,
    AtHand,
    ByName,
    ReadByHand,
)
