"""The scenarios: what is asked of each contender, how it is checked, and how it is timed."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from tests.benchmarks import fresh, graphs, isolation, overriding, promises, steps
from tests.benchmarks.contender import Contender, Repeat, Workshop
from tests.benchmarks.rounds import Rounds, interleaved, loops_of
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

__all__ = ["SCENARIOS", "Scenario"]

BARE, SCOPE_CLASS = "constructors, by hand", "a scope class, by hand"
THREADS = 8
TASKS = 1_000

Measure = Callable[["Scenario", Sequence[type[Contender]], int], Rounds]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row of questions.

    Attributes:
        name: What ``--only`` calls it.
        title: What tables call it.
        baseline: Title of the contender that is 1.0.
        asks: The contender's method that answers.
        measure: Checks the answers and times them.
        about: What is done, for the documentation.
        unit: Of the figures; ratios are shown all the same.
        rounds: Fewer than usual for what takes long; 0 for as many as are asked for.
    """

    name: str
    title: str
    baseline: str
    asks: str
    measure: Measure
    about: str
    unit: str = "seconds"
    rounds: int = 0


# checks: each is called with a function that does it once


def check_engine(once: Callable[[], Any]) -> None:
    """The engine of one scope, whole, and another one in another scope over the same singletons."""
    first, second = once(), once()
    for engine in (first, second):
        assert type(engine) is Engine
        assert type(engine.bridge) is Bridge
        assert type(engine.context) is RequestContext
        assert engine.context is engine.bridge.context, "one scope has two contexts"
        assert (engine.context.user, engine.context.run) == ("user", "run"), "not the value given"
        assert type(engine.agents) is Agents
        assert type(engine.settings) is Settings
        assert type(engine.bridge.connections) is Connections
        assert (engine.runs, engine.bridge.pending) == ({}, [])
    assert first is not second, "two scopes share an engine"
    assert first.bridge is not second.bridge, "two scopes share a bridge"
    assert first.context is not second.context, "two scopes share a value"
    assert first.agents is second.agents, "a singleton was built twice"
    assert first.settings is second.settings, "a singleton was built twice"
    assert first.bridge.connections is second.bridge.connections, "a singleton was built twice"


def check_sender(once: Callable[[], Any]) -> None:
    """The same for the smallest classes."""
    first, second = once(), once()
    for sender in (first, second):
        assert type(sender) is Sender
        assert type(sender.writer) is Writer
        assert type(sender.writer.ticket) is Ticket
        assert sender.writer.ticket.number == 1
        assert type(sender.clock) is Clock
        assert type(sender.mailer) is Mailer
        assert type(sender.writer.ledger) is Ledger
    assert first is not second
    assert first.writer is not second.writer
    assert first.writer.ticket is not second.writer.ticket
    assert first.clock is second.clock
    assert first.mailer is second.mailer
    assert first.writer.ledger is second.writer.ledger


def check_same_engine(once: Callable[[], Any]) -> None:
    """An open scope gives one engine however often it is asked."""
    first = once()
    assert type(first) is Engine
    assert first.context is first.bridge.context
    assert all(once() is first for _ in range(3)), "one scope has two engines"


def check_same_settings(once: Callable[[], Any]) -> None:
    """A singleton is one object."""
    first = once()
    assert type(first) is Settings
    assert all(once() is first for _ in range(3)), "a singleton was built twice"


def check_nothing(once: Callable[[], Any]) -> None:
    """There is nothing to look at; it only must not fail."""
    once()


# ways to measure


def repeated(check: Callable[[Callable[[], Any]], None]) -> Measure:
    """Check a contender's run, then time it in rounds."""

    def measure(scenario: Scenario, contenders: Sequence[type[Contender]], rounds: int) -> Rounds:
        with Workshops(contenders) as workshops:
            runs = {}
            for contender, workshop in workshops:
                run = getattr(contender, scenario.asks)()
                _checked(contender, check, lambda w=workshop, r=run: w.call(r, repeat(None, 1)))
                runs[contender.title] = lambda times, w=workshop, r=run: w.call(r, times)
            return interleaved(runs, rounds)

    return measure


def of_graph(graph: graphs.Graph) -> Measure:
    """Check and time requests of a generated graph."""

    def measure(scenario: Scenario, contenders: Sequence[type[Contender]], rounds: int) -> Rounds:
        with Workshops(contenders) as workshops:
            runs = {}
            for contender, workshop in workshops:
                run = contender.graph(graph)
                _checked(
                    contender,
                    lambda once: graphs.check_graph(graph, once),
                    lambda w=workshop, r=run: w.call(r, repeat(None, 1)),
                )
                runs[contender.title] = lambda times, w=workshop, r=run: w.call(r, times)
            return interleaved(runs, rounds)

    return measure


def in_threads(scenario: Scenario, contenders: Sequence[type[Contender]], rounds: int) -> Rounds:
    """Requests in several threads at once, each with scopes of its own."""
    with Workshops(contenders) as workshops:
        runs, loops = {}, {}
        for contender, _ in workshops:
            run = contender.request()
            engines = _spread(run, 4)
            assert len({id(engine) for engine in engines}) == THREADS, contender.title
            assert len({id(engine.bridge) for engine in engines}) == THREADS, contender.title
            assert len({id(engine.settings) for engine in engines}) == 1, contender.title
            runs[contender.title] = lambda times, r=run: _spread(r, len(list(times)))
            loops[contender.title] = loops_of(run)
        return interleaved(runs, rounds, loops)


def _spread(run: Callable[[Repeat], Any], times: int) -> list[Any]:
    """Do it so often in each thread; what each thread got last."""
    results: list[Any] = [None] * THREADS
    start = threading.Barrier(THREADS)

    def work(index: int) -> None:
        start.wait()
        results[index] = run(repeat(None, times))

    threads = [threading.Thread(target=work, args=(index,)) for index in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def in_tasks(scenario: Scenario, contenders: Sequence[type[Contender]], rounds: int) -> Rounds:
    """Many requests as tasks of one event loop, all of them open at once."""
    with Workshops(contenders) as workshops:
        runs = {}
        for contender, workshop in workshops:
            request = contender.request_task()

            async def run(times: Repeat, request: Any = request) -> list[Any]:
                for _ in times:
                    engines = await asyncio.gather(*[request() for _ in range(TASKS)])
                return engines

            engines = workshop.call(run, repeat(None, 1))
            assert len({id(engine) for engine in engines}) == TASKS, contender.title
            assert len({id(engine.bridge) for engine in engines}) == TASKS, contender.title
            assert len({id(engine.settings) for engine in engines}) == 1, contender.title
            assert all(engine.context is engine.bridge.context for engine in engines)
            runs[contender.title] = lambda times, w=workshop, r=run: w.call(r, times)
        return interleaved(runs, rounds)


def compiled(providers: int) -> Measure:
    """From declarations to the first object, each time with new classes."""

    def measure(scenario: Scenario, contenders: Sequence[type[Contender]], rounds: int) -> Rounds:
        figures: dict[str, list[float]] = {contender.title: [] for contender in contenders}
        for number in range(rounds):
            start = number % len(contenders)
            for contender in [*contenders[start:], *contenders[:start]]:
                graph = graphs.clusters(providers)
                with Workshop.opened() as workshop:
                    begin = contender(workshop).compile(graph)
                    gc.collect()
                    began = time.process_time_ns()
                    top = begin()
                    took = time.process_time_ns() - began
                assert type(top) is graph.top.cls, contender.title
                figures[contender.title].append(took / 1e9)
                del sys.modules[type(top).__module__]
        return Rounds(figures)

    return measure


def kept(scenario: Scenario, contenders: Sequence[type[Contender]], rounds: int) -> Rounds:
    """Bytes that an open scope with its three objects holds."""
    count = 500
    figures: dict[str, list[float]] = {contender.title: [] for contender in contenders}
    for _ in range(rounds):
        for contender in contenders:
            with Workshop.opened() as workshop:
                scopes = contender(workshop).keep(count)
                held = [next(scopes)]  # what the first one alone makes is no part of a scope
                gc.collect()
                tracemalloc.start()
                held += scopes
                gc.collect()
                size, _ = tracemalloc.get_traced_memory()
                tracemalloc.stop()
                figures[contender.title].append((size - sys.getsizeof(held)) / (count - 1))
                del held
    return Rounds(figures)


def imported(scenario: Scenario, contenders: Sequence[type[Contender]], rounds: int) -> Rounds:
    """Imports in processes of their own."""
    return fresh.measure(rounds)


class Workshops:
    """A workshop for each contender, closed together."""

    def __init__(self, contenders: Iterable[type[Contender]]) -> None:
        self._contenders = contenders
        self._workshops: list[Workshop] = []

    def __enter__(self) -> Iterator[tuple[Contender, Workshop]]:
        for contender in self._contenders:
            workshop = Workshop()
            self._workshops.append(workshop)
            yield contender(workshop), workshop

    def __exit__(self, *_: object) -> None:
        for workshop in self._workshops:
            workshop.close()


def _checked(
    contender: Contender, check: Callable[[Callable[[], Any]], None], once: Callable[[], Any]
) -> None:
    """Run a check, and name the contender that fails it."""
    try:
        check(once)
    except Exception as error:
        error.add_note(f"benchmark contender: {contender.title}")
        raise


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "open_close",
        "open and close",
        SCOPE_CLASS,
        "open_close",
        repeated(check_nothing),
        "A scope is opened with a new request context and closed; nothing is built in it.",
    ),
    Scenario(
        "request",
        "open, resolve three, close",
        BARE,
        "request",
        repeated(check_engine),
        "A scope is opened with a new request context, the engine is asked for (which takes the "
        "bridge, the context and three singletons), and the scope is closed.",
    ),
    Scenario(
        "request_minimal",
        "the same, smallest classes",
        BARE,
        "request_minimal",
        repeated(check_sender),
        "The same with constructors that store one to three arguments and do nothing else.",
    ),
    Scenario(
        "request_async",
        "the same, async, one resource",
        BARE,
        "request_async",
        repeated(check_engine),
        "The bridge is an async generator with a teardown; the scope is opened and closed by "
        "`async with`. By hand it is `contextlib.asynccontextmanager` of the same generator.",
    ),
    Scenario(
        "warm_scoped",
        "warm get, scoped",
        BARE,
        "warm_scoped",
        repeated(check_same_engine),
        "An open scope is asked for an engine that is there. By hand it is a slot read by a "
        "method.",
    ),
    Scenario(
        "warm_singleton",
        "warm get, singleton",
        BARE,
        "warm_singleton",
        repeated(check_same_settings),
        "An open scope is asked for the settings.",
    ),
    Scenario(
        "hundred",
        "100 resolutions in a scope",
        SCOPE_CLASS,
        "hundred",
        repeated(check_engine),
        "A scope is opened, asked for its engine a hundred times, and closed.",
    ),
    Scenario(
        "deep",
        "deep chain of 30",
        BARE,
        "graph",
        of_graph(graphs.chain(30)),
        "Thirty scoped objects, each over the one before.",
    ),
    Scenario(
        "wide",
        "wide node of 30",
        BARE,
        "graph",
        of_graph(graphs.wide(30)),
        "One scoped object over thirty others.",
    ),
    Scenario(
        "grid",
        "grid of 200",
        BARE,
        "graph",
        of_graph(graphs.grid(20, 10)),
        "Twenty rows of ten scoped objects, each over three of the row below, and one object "
        "over the last row.",
    ),
    Scenario(
        "sparse",
        "3 of 200",
        BARE,
        "graph",
        of_graph(graphs.sparse()),
        "One scoped object over two of 199 others, of which the rest is not asked for.",
    ),
    Scenario(
        "mixed",
        "mixed lifetimes",
        BARE,
        "graph",
        of_graph(graphs.mixed()),
        "Four singletons, eight scoped objects over them, twelve objects that are made anew at "
        "each use (eighteen uses), and two scoped objects over these.",
    ),
    Scenario(
        "inject",
        "`@inject` call",
        SCOPE_CLASS,
        "inject",
        repeated(check_same_engine),
        "A function with one plain argument and the engine injected from the open scope. By hand "
        "it is given the scope and reads the engine from it.",
    ),
    Scenario(
        "inject_async",
        "`@inject` call, async",
        SCOPE_CLASS,
        "inject_async",
        repeated(check_same_engine),
        "The same with a coroutine function.",
    ),
    Scenario(
        "threads",
        f"{THREADS} threads",
        BARE,
        "request",
        in_threads,
        "The request above in eight threads of one application at once, each with its own scopes.",
    ),
    Scenario(
        "tasks",
        f"{TASKS:,} concurrent tasks",
        BARE,
        "request_task",
        in_tasks,
        "The async request above in a thousand tasks that are all open at once; the cost of the "
        "tasks themselves is in every figure.",
    ),
    *(
        Scenario(
            f"compile_{providers}",
            f"compile {providers:,} providers",
            "trunkline",
            "compile",
            compiled(providers),
            f"From classes to the first object of the first request, with {providers:,} providers "
            "in unrelated groups of ten: declaring, validating where the library does, compiling "
            "or planning, opening a scope.",
            rounds=rounds,
        )
        for providers, rounds in ((100, 15), (1_000, 7), (10_000, 3))
    ),
    Scenario(
        "memory",
        "memory of a scope",
        BARE,
        "keep",
        kept,
        "Bytes that Python allocates for an open scope with its three objects.",
        unit="bytes",
        rounds=3,
    ),
    Scenario(
        "imports",
        "import time",
        "dependency-injector",
        "",
        imported,
        "New processes that import what a first container needs, bytecode caches written before; "
        "trunkline also declares, starts and stops one.",
        rounds=15,
    ),
    Scenario(
        "steps",
        "steps of a request",
        steps.BARE,
        "",
        steps.measure,
        "Where trunkline's time goes: each line is one step more than another.",
    ),
    Scenario(
        "promises",
        "what each promise costs",
        steps.BARE,
        "",
        promises.measure,
        "The request by a scope that is written by hand for it alone: each line promises more, the "
        "last what a compiled scope promises.",
    ),
    Scenario(
        "overriding",
        "a request under overrides",
        overriding.NEVER,
        "",
        overriding.measure,
        "The request above, where an override replaces the bridge by one that costs the same.",
    ),
    Scenario(
        "overriding_async",
        "the same, async",
        overriding.NEVER,
        "",
        overriding.measure_async,
        "The async request above, where an override replaces the bridge by such another resource.",
    ),
    Scenario(
        "isolation",
        "proof of isolation",
        isolation.REFERENTS,
        "",
        isolation.measure,
        f"The objects of two scopes, {isolation.OBJECTS:,} in all, are followed and compared.",
        rounds=7,
    ),
)
