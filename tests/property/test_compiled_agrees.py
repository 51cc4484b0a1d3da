"""Promise 7: compiled and interpreted results agree on identity, order, teardown and errors."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.property.drawn_graphs import SYNC_KINDS, Drawn, drawn
from tests.property.drawn_providers import (
    DrawnError,
    FalsyError,
    Recorder,
    container_of,
    override_in,
    values_of,
)
from trunkline import Scope
from trunkline.compiler.planner import SLOTS, plan
from trunkline.errors import TrunklineError
from trunkline.resolution.interpreter import Interpreter

EXAMPLES = settings(
    max_examples=120,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
BODY_ERRORS = (None, DrawnError, FalsyError, StopIteration, asyncio.CancelledError)
"""What a scope's body raises, by the number that is drawn."""


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

    def __init__(self, app: Any) -> None:
        self.app = app

    def start(self) -> Any:
        return self.app

    def enter(self, outer: Any, scope: Scope, given: dict[Any, Any]) -> Any:
        return outer.enter(scope=scope, given=given)


class Interpreted:
    """Drives the interpreter."""

    def __init__(self, app: Any) -> None:
        self.app = app  # it watches its providers weakly
        self.interpreter = Interpreter(plan(app.blueprint()))

    def start(self) -> Any:
        return self.interpreter.start()

    def enter(self, outer: Any, scope: Scope, given: dict[Any, Any]) -> Any:
        return outer.enter(scope=scope.name, given=given)


class User:
    """Does with a container what was drawn, and notes what happens."""

    def __init__(self, driver_type: Any, drawing: Drawn, *, awaits: bool) -> None:
        self.drawing = drawing
        self.awaits = awaits
        self.recorder = Recorder()
        self.log = self.recorder.log
        cls, self.keys = container_of(drawing, self.recorder)
        self.app = cls()
        override_in(self.app, drawing, self.recorder)
        self.driver = driver_type(self.app)
        self.stack: list[tuple[Any, int]] = []

    async def run(self) -> None:
        try:
            self.stack.append((await self._begin(self.driver.start()), 0))
        except BaseException as failure:  # the outcome is compared
            self.log.append(("start", outcome(failure)))
            return
        try:
            for step in self.drawing.steps:
                self.log.append(step.action)
                await self._do(step)
        except BaseException as failure:  # the outcome is compared
            self.log.append(("broken off", outcome(failure)))
            while self.stack:
                await self._end(failure)
        while self.stack:
            await self._end(None)

    async def _do(self, step: Any) -> None:
        scope, depth = self.stack[-1]
        try:
            if step.action == "enter" and step.scope.depth > depth:
                given = values_of(self.drawing, step.scope, self.keys, self.recorder)
                inner = self.driver.enter(scope, step.scope, given)
                self.stack.append((await self._begin(inner), step.scope.depth))
            elif step.action == "get":
                self.log.append(self.recorder.label(scope.get(self.keys[step.provider])))
            elif step.action == "aget" and self.awaits:
                self.log.append(self.recorder.label(await scope.aget(self.keys[step.provider])))
            elif step.action == "leave" and len(self.stack) > 1:
                kind = BODY_ERRORS[step.error]
                await self._end(kind("body") if kind is not None else None)
        except Exception as failure:  # the outcome is compared
            self.log.append(outcome(failure))

    async def _begin(self, manager: Any) -> Any:
        return await manager.__aenter__() if self.awaits else manager.__enter__()

    async def _end(self, error: BaseException | None) -> None:
        scope, _ = self.stack.pop()
        try:
            if error is None:
                await self._leave(scope, None)
            else:
                try:
                    raise error
                except BaseException as raised:  # so that it has a traceback, and is being handled
                    await self._leave(scope, raised)
        except BaseException as failure:  # the outcome is compared
            self.log.append(("leaving", outcome(failure)))

    async def _leave(self, scope: Any, error: BaseException | None) -> None:
        kind = None if error is None else type(error)
        if self.awaits:
            await scope.__aexit__(kind, error, None)
        else:
            scope.__exit__(kind, error, None)


def drive(coroutine: Coroutine[Any, Any, None], cancelled: int) -> None:
    """Run to the end what only suspends itself, cancelling it at one of its suspensions."""
    suspensions = 0
    try:
        while True:
            suspensions += 1
            if suspensions == cancelled + 1 and cancelled:
                coroutine.throw(asyncio.CancelledError("drawn"))
            else:
                coroutine.send(None)
    except StopIteration:
        return


def happened(driver_type: Any, drawing: Drawn, *, awaits: bool) -> list[object]:
    """What happened, step by step, after looking whether teardowns kept their order."""
    user = User(driver_type, drawing, awaits=awaits)
    drive(user.run(), drawing.cancelled)
    for provider in user.app.providers.values():
        provider.reset_override()
    assert not user.recorder.faults
    closes = awaits or all(spec.kind != "aclosing" for spec in drawing.specs)
    assert not closes or not any(user.recorder.open.values()), "left open"
    return user.log


@pytest.fixture(params=[0, SLOTS], ids=["on pages", "in slots"], autouse=True)
def _slots(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawn graphs are small: let scopes keep what they hold in either way."""
    monkeypatch.setattr("trunkline.compiler.planner.SLOTS", request.param)


def check(agree: Callable[[], None]) -> None:
    """Run a property; a stock provider that is called without a loop drops what it was to await."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
        agree()
        gc.collect()


def test_async_containers_agree() -> None:
    @EXAMPLES
    @given(drawn())
    def agree(drawing: Drawn) -> None:
        compiled = happened(Compiled, drawing, awaits=True)
        assert compiled == happened(Interpreted, drawing, awaits=True)

    check(agree)


def test_sync_containers_agree() -> None:
    @EXAMPLES
    @given(drawn(SYNC_KINDS))
    def agree(drawing: Drawn) -> None:
        compiled = happened(Compiled, drawing, awaits=False)
        assert compiled == happened(Interpreted, drawing, awaits=False)

    check(agree)


def test_async_graphs_in_sync_hands_agree_on_the_errors() -> None:
    @settings(max_examples=40)
    @given(drawn(), st.booleans())
    def agree(drawing: Drawn, awaits: bool) -> None:
        compiled = happened(Compiled, drawing, awaits=awaits)
        assert compiled == happened(Interpreted, drawing, awaits=awaits)

    check(agree)
