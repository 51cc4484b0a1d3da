"""What a redirected call costs over the direct one: ``python -m tests.benchmarks.bench_legacy``.

The target is at most 1.5 microseconds over the direct call, after the first call of a site. There are
two: code that has no scope in hand, as old call sites have none, calls ``Application.engine()``; code
that has one asks it, which is the strictest measure. Every form is held to give the scope's own
engine before it is timed.
"""

from __future__ import annotations

import asyncio
import time
import warnings
from collections.abc import Callable
from typing import Any

from containers.application import Application
from containers.legacy import ExecutionEngine, create_request_scoped_engine
from trunkline import providers
from trunkline_runtime.context import UserExecutionContext
from trunkline_runtime.settings import load_settings

TARGET_NS = 1_500
CALLS = 500
ROUNDS = 400


def forms(request: Any) -> dict[str, Callable[[int], Any]]:
    """The direct ways, then the redirected ones; each calls so many times."""
    context, bridge = request.get(Application.context), request.get(Application.bridge)

    def empty(calls: int) -> Any:
        for _ in range(calls):
            pass
        return request.get(Application.engine)

    def get(calls: int) -> Any:
        for _ in range(calls):
            made = request.get(Application.engine)
        return made

    def ambient(calls: int) -> Any:
        for _ in range(calls):
            made = Application.engine()
        return made

    def three(calls: int) -> Any:
        for _ in range(calls):
            made = ExecutionEngine(None, bridge, context)
        return made

    def two(calls: int) -> Any:
        for _ in range(calls):
            made = ExecutionEngine(None, bridge)
        return made

    def keywords(calls: int) -> Any:
        for _ in range(calls):
            made = ExecutionEngine(context=context, agent_factory=None, websocket_emitter=None)
        return made

    def function(calls: int) -> Any:
        for _ in range(calls):
            made = create_request_scoped_engine(context)
        return made

    return {
        "(empty loop)": empty,
        "request.get(Application.engine)": get,
        "Application.engine()": ambient,
        "ExecutionEngine(registry, bridge, context)": three,
        "ExecutionEngine(registry, bridge)": two,
        "ExecutionEngine(context=, ...)": keywords,
        "create_request_scoped_engine(context)": function,
    }


async def main() -> None:
    """Check, time and print."""
    warnings.simplefilter("ignore", DeprecationWarning)
    container: Any = Application(settings=providers.Object(load_settings("test")))
    async with (
        container as app,
        app.enter(UserExecutionContext("user-1", "thread-1", "run-1")) as request,
    ):
        ways = forms(request)
        for name, way in ways.items():
            if way(2) is not request.get(Application.engine):
                raise SystemExit(f"{name} gives another engine")
        best = dict.fromkeys(ways, float("inf"))
        for _ in range(ROUNDS):
            for name, way in ways.items():
                begun = time.perf_counter_ns()
                way(CALLS)
                best[name] = min(best[name], (time.perf_counter_ns() - begun) / CALLS)
    loop = best.pop("(empty loop)")
    asked = best.pop("request.get(Application.engine)")
    called = best.pop("Application.engine()")
    print(f"request.get(Application.engine) {asked - loop:.0f} ns")
    print(f"Application.engine() {called - loop:.0f} ns\n")
    print(f"{'':<44}{'ns':>7}{'over engine()':>15}{'over get(...)':>15}")
    for name, spent in best.items():
        over = (spent - called, spent - asked)
        verdict = "" if max(over) <= TARGET_NS else f"  over the target of {TARGET_NS}"
        print(f"{name:<44}{spent - loop:>7.0f}{over[0]:>15.0f}{over[1]:>15.0f}{verdict}")


if __name__ == "__main__":
    asyncio.run(main())
