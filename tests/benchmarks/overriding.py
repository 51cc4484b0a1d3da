"""What an override costs: requests where none ever was, where one has ended, and under one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextvars import Context, copy_context
from itertools import repeat
from typing import Any

from tests.benchmarks.contender import Contender, Repeat, Run, Workshop
from tests.benchmarks.contenders.own import Application, AsyncApplication
from tests.benchmarks.rounds import Rounds, interleaved
from tests.benchmarks.subjects import Bridge, Connections, Engine, RequestContext
from trunkline.overrides import override

__all__ = ["ASIDE", "ENDED", "INSIDE", "NEVER", "measure", "measure_async"]

NEVER = "no override was ever active"
ENDED = "one was, and has ended"
ASIDE = "one is active in another context"
INSIDE = "under an override, after the first request"
EVERYWHERE = "under an override of all contexts, after the first request"
FAKED = (INSIDE, EVERYWHERE)


class FakeBridge(Bridge):
    """It costs what the real one costs."""


async def open_fake_bridge(
    context: RequestContext, connections: Connections
) -> AsyncIterator[FakeBridge]:
    """The same as an async resource."""
    bridge = FakeBridge(context, connections)
    connections.open[context.run] = bridge
    try:
        yield bridge
    finally:
        connections.open.pop(context.run, None)


def measure(scenario: Any, contenders: Sequence[type[Contender]], rounds: int) -> Rounds:
    """Check which bridge each request is given, then time the requests."""
    del scenario, contenders

    def requests(app: Any) -> Run:
        def run(times: Repeat) -> Engine:
            for _ in times:
                with app.enter(RequestContext("user", "thread", "run")) as scope:
                    engine = scope.get(Application.engine)
            return engine

        return run

    with Workshop.opened() as workshop:
        fakes = {Application.bridge: FakeBridge}
        return _timed(workshop, lambda: workshop.enter(Application()), fakes, requests, rounds)


def measure_async(scenario: Any, contenders: Sequence[type[Contender]], rounds: int) -> Rounds:
    """The same with async requests; the bridge, real or not, is an async resource."""
    del scenario, contenders

    def requests(app: Any) -> Run:
        async def run(times: Repeat) -> Engine:
            for _ in times:
                async with app.enter(RequestContext("user", "thread", "run")) as scope:
                    engine = await scope.aget(AsyncApplication.engine)
            return engine

        return run

    with Workshop.opened() as workshop:
        fakes = {AsyncApplication.bridge: open_fake_bridge}
        started = lambda: workshop.enter_async(AsyncApplication())  # noqa: E731  # as above
        return _timed(workshop, started, fakes, requests, rounds)


def _timed(
    workshop: Workshop,
    started: Callable[[], Any],
    fakes: Mapping[Any, Any],
    requests: Callable[[Any], Run],
    rounds: int,
) -> Rounds:
    """Time each case on a container and in a context of its own."""
    runs = {}
    for case in (NEVER, ENDED, ASIDE, INSIDE, EVERYWHERE):
        app = started()
        run, context = requests(app), copy_context()

        def call(times: Repeat, run: Run = run, context: Context = context) -> Engine:
            result = context.run(run, times)
            if asyncio.iscoroutine(result):
                result = workshop.runner.run(result, context=context)
            return result  # type: ignore[no-any-return]  # what a run returns is the engine

        if case != NEVER:
            where = copy_context() if case == ASIDE else context
            fake = override(app, fakes, everywhere=case == EVERYWHERE)
            where.run(fake.__enter__)
            assert type(call(repeat(None, 1), context=where).bridge) is FakeBridge, case
            if case == ENDED:
                where.run(fake.__exit__, None, None, None)
            else:
                workshop.stack.callback(where.run, fake.__exit__, None, None, None)
        expected = FakeBridge if case in FAKED else Bridge
        first, second = call(repeat(None, 1)), call(repeat(None, 1))
        assert type(first.bridge) is expected, case
        assert first is not second, case
        assert first.settings is second.settings, case
        runs[case] = call
    return interleaved(runs, rounds)
