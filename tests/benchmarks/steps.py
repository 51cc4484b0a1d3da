"""Where a request's time goes: the same request, one step more each time."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any, Self

from tests.benchmarks.contender import Contender, Repeat, Workshop
from tests.benchmarks.contenders.own import Application, InHandApplication
from tests.benchmarks.rounds import Rounds, interleaved
from tests.benchmarks.subjects import Agents, Bridge, Connections, Engine, RequestContext, Settings

__all__ = ["BARE", "measure"]

BARE = "the three constructors"

_variable: ContextVar[object] = ContextVar("benchmark")


class _Empty:
    """A context manager that does nothing."""

    __slots__ = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass


def constructors(times: Repeat) -> None:
    connections, agents, settings = Connections(), Agents(), Settings()
    for _ in times:
        context = RequestContext("user", "thread", "run")
        bridge = Bridge(context, connections)
        Engine(context, bridge, agents, settings)


def context_alone(times: Repeat) -> None:
    for _ in times:
        RequestContext("user", "thread", "run")


def empty_with(times: Repeat) -> None:
    empty = _Empty()
    for _ in times:
        with empty:
            pass


def set_and_reset(times: Repeat) -> None:
    for _ in times:
        token = _variable.set(times)
        _variable.reset(token)


def measure(scenario: Any, contenders: Sequence[type[Contender]], rounds: int) -> Rounds:
    """Time the steps; nothing is compared, so there is nothing to check."""
    del scenario, contenders
    with Workshop.opened() as workshop:
        app = workshop.enter(InHandApplication())
        ambient = workshop.enter(Application())
        given = RequestContext("user", "thread", "run")
        bridge, engine = Application.bridge, Application.engine
        opened = workshop.enter(app.enter(given))
        opened.get(engine)

        def enter(times: Repeat) -> None:
            for _ in times:
                app.enter(given)

        def enter_and_leave(times: Repeat) -> None:
            for _ in times:
                with app.enter(given):
                    pass

        def enter_and_leave_ambient(times: Repeat) -> None:
            for _ in times:
                with ambient.enter(given):
                    pass

        def with_bridge(times: Repeat) -> None:
            for _ in times:
                with app.enter(given) as scope:
                    scope.get(bridge)

        def with_engine(times: Repeat) -> None:
            for _ in times:
                with app.enter(given) as scope:
                    scope.get(engine)

        def whole(times: Repeat) -> None:
            for _ in times:
                with app.enter(RequestContext("user", "thread", "run")) as scope:
                    scope.get(Application.engine)

        def whole_ambient(times: Repeat) -> None:
            for _ in times:
                with ambient.enter(RequestContext("user", "thread", "run")) as scope:
                    scope.get(Application.engine)

        def warm(times: Repeat) -> None:
            for _ in times:
                opened.get(engine)

        return interleaved(
            {
                BARE: constructors,
                "the context's constructor": context_alone,
                "`with` of an empty context manager": empty_with,
                "`set` and `reset` of a context variable": set_and_reset,
                "`get` of a built object": warm,
                "`enter`": enter,
                "`enter`, leave": enter_and_leave,
                "`enter`, leave, ambient": enter_and_leave_ambient,
                "`enter`, `get` the bridge, leave": with_bridge,
                "`enter`, `get` the engine, leave": with_engine,
                "the whole request": whole,
                "the whole request, ambient": whole_ambient,
            },
            rounds,
        )
