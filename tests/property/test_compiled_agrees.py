"""Promise 7: compiled and interpreted results agree on identity, order, teardown and errors."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.property.drawn_graphs import (
    ASYNC,
    KINDS,
    Drawn,
    DrawnError,
    Recorder,
    container_of,
    drawn,
    values_of,
)
from trunkline import Scope
from trunkline.compiler.planner import plan
from trunkline.errors import TrunklineError
from trunkline.resolution.interpreter import Interpreter

EXAMPLES = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def outcome(error: BaseException) -> object:
    """What of an error both have to agree on."""
    if isinstance(error, BaseExceptionGroup):
        context = error.__context__
        return (
            type(error).__name__,
            [outcome(inner) for inner in error.exceptions],
            type(context).__name__,
        )
    if isinstance(error, TrunklineError):
        return type(error).__name__
    return (type(error).__name__, str(error), getattr(error, "__notes__", []))


class Compiled:
    """Drives the compiled container."""

    def __init__(self, cls: Any) -> None:
        self.app = cls()

    def start(self) -> Any:
        return self.app

    def enter(self, outer: Any, scope: Scope, given: dict[Any, Any]) -> Any:
        return outer.enter(scope=scope, given=given)


class Interpreted:
    """Drives the interpreter."""

    def __init__(self, cls: Any) -> None:
        app = cls()
        self.app = app  # it watches its providers weakly
        self.interpreter = Interpreter(plan(app.blueprint()))

    def start(self) -> Any:
        return self.interpreter.start()

    def enter(self, outer: Any, scope: Scope, given: dict[Any, Any]) -> Any:
        return outer.enter(scope=scope.name, given=given)


async def run(driver_type: Any, drawing: Drawn, *, awaits: bool) -> list[object]:
    """What happened, step by step."""
    recorder = Recorder()
    log = recorder.log
    cls, keys = container_of(drawing, recorder)
    driver = driver_type(cls)
    stack: list[tuple[Any, int]] = []

    async def begin(manager: Any) -> Any:
        return await manager.__aenter__() if awaits else manager.__enter__()

    async def end(scope: Any, error: BaseException | None) -> None:
        kind = type(error) if error is not None else None
        try:
            if error is not None:
                try:
                    raise error
                except DrawnError:
                    await leave(scope, kind, error)
            else:
                await leave(scope, kind, error)
        except BaseException as failure:  # the outcome is compared
            log.append(("leaving", outcome(failure)))

    async def leave(scope: Any, kind: Any, error: BaseException | None) -> None:
        if awaits:
            await scope.__aexit__(kind, error, None)
        else:
            scope.__exit__(kind, error, None)

    try:
        root = await begin(driver.start())
    except BaseException as failure:  # the outcome is compared
        return [*log, ("start", outcome(failure))]
    stack.append((root, 0))
    for step in drawing.steps:
        scope, depth = stack[-1]
        log.append(step.action)
        try:
            if step.action == "enter" and step.scope.depth > depth:
                given = values_of(drawing, step.scope, keys, recorder)
                inner = driver.enter(scope, step.scope, given)
                stack.append((await begin(inner), step.scope.depth))
            elif step.action == "get":
                log.append(recorder.label(scope.get(keys[step.provider])))
            elif step.action == "aget" and awaits:
                log.append(recorder.label(await scope.aget(keys[step.provider])))
            elif step.action == "leave" and len(stack) > 1:
                stack.pop()
                await end(scope, DrawnError("body") if step.fails else None)
        except Exception as failure:  # the outcome is compared
            log.append(outcome(failure))
    while stack:
        await end(stack.pop()[0], None)
    return log


@EXAMPLES
@given(drawn())
def test_async_containers_agree(drawing: Drawn) -> None:
    compiled = asyncio.run(run(Compiled, drawing, awaits=True))
    assert compiled == asyncio.run(run(Interpreted, drawing, awaits=True))


@EXAMPLES
@given(drawn(tuple(kind for kind in KINDS if kind not in ASYNC)))
def test_sync_containers_agree(drawing: Drawn) -> None:
    compiled = asyncio.run(run(Compiled, drawing, awaits=False))
    assert compiled == asyncio.run(run(Interpreted, drawing, awaits=False))


@settings(max_examples=40, deadline=None)
@given(drawn(), st.booleans())
def test_async_graphs_in_sync_hands_agree_on_the_errors(drawing: Drawn, awaits: bool) -> None:
    compiled = asyncio.run(run(Compiled, drawing, awaits=awaits))
    assert compiled == asyncio.run(run(Interpreted, drawing, awaits=awaits))
