"""A bridge that is closed, stuck or of somebody else neither holds a run nor makes it lie."""

from dataclasses import replace

import pytest

from tests.unit.runtime.engine.parts import (
    QUICK,
    Line,
    a_context,
    agents_with,
    forever,
    noop,
    running_besides_this,
)
from trunkline_runtime.backplane import EmbeddedBackplane
from trunkline_runtime.engine import UserExecutionEngine
from trunkline_runtime.errors import BridgeClosed, ContextTypeError, ForeignContext, RunTimeout
from trunkline_runtime.messages import Delivery, EventType, check_run

pytestmark = pytest.mark.asyncio


async def test_a_closed_bridge_refuses_the_run_and_the_user_hears_nothing():
    line = Line()
    engine = line.engine(agents_with(work=noop))
    await line.bridge.close()
    with pytest.raises(BridgeClosed):
        await engine.execute("work")
    assert line.events == []
    assert engine.stats().refused == 1
    assert running_besides_this() == set()


async def test_an_agent_whose_bridge_closes_meanwhile_learns_the_truth():
    told = []

    async def work(run, given):
        await line.bridge.close()
        told.append(await run.progress(n=1))
        with pytest.raises(BridgeClosed):
            await run.call_tool("anything")

    line = Line()
    agents = agents_with(work=work)
    agents.register_tool("anything", constant)
    result = await line.engine(agents).execute("work")
    assert [delivery.kind for delivery in told] == ["refused"]
    assert line.types() == ["agent_started"]
    assert result.ok  # the agent did return; that nobody could be told is in the log


class _StuckSink:
    """A bridge whose backplane never answers from the n-th event on."""

    def __init__(self, context, good):
        self.context = context
        self.good = good

    async def emit(self, event_type, payload, *, agent_name, run_id):
        if not self.good:
            await forever()
        self.good -= 1
        return Delivery.stored(1)


@pytest.mark.parametrize("good", [1, 2])
async def test_a_bridge_that_never_answers_cannot_hold_a_run(good, caplog):
    async def work(run, given):
        await run.progress(n=1)

    limits = replace(QUICK, run_seconds=0.05, grace_seconds=0.01)
    sink = _StuckSink(a_context(), good)
    engine = UserExecutionEngine(sink.context, sink, agents_with(work=work), limits)
    result = await engine.execute("work")
    assert result.events == good
    assert running_besides_this() == set()
    assert "could not be sent" in caplog.text


async def test_a_bridge_that_never_answers_the_start_refuses_the_run(caplog):
    limits = replace(QUICK, run_seconds=0.05, grace_seconds=0.01)
    sink = _StuckSink(a_context(), 0)
    engine = UserExecutionEngine(sink.context, sink, agents_with(work=noop), limits)
    with pytest.raises(Exception, match="stopped after"):
        await engine.execute("work")
    assert running_besides_this() == set()


class _StuckBackplane(EmbeddedBackplane):
    """Hangs while it publishes some of the frames; the bridge has numbered and stored them."""

    def __init__(self, stuck):
        super().__init__()
        self.stuck = stuck
        self.frames = 0

    async def publish(self, user_id, frame):
        self.frames += 1
        if self.frames in self.stuck:
            await forever()
        return await super().publish(user_id, frame)


@pytest.mark.parametrize("stuck", [*([n] for n in range(1, 6)), range(2, 4), range(1, 99)], ids=str)
async def test_whatever_event_is_stuck_on_its_way_the_stored_run_is_sound(stuck, caplog):
    """A client that comes back must find every run ended, and be told what the result says."""

    async def work(run, given):
        await run.progress(n=1)
        await run.call_tool("tool")

    agents = agents_with(work=work)
    agents.register_tool("tool", constant)
    limits = replace(QUICK, run_seconds=0.05, grace_seconds=0.01)
    line = Line(backplane=_StuckBackplane(stuck))
    engine = line.engine(agents, limits)
    try:
        ok = (await engine.execute("work")).ok
    except RunTimeout:
        ok = False
    stored = line.store.after("user-7", "run-12", 0)
    assert check_run(stored) == []
    assert ok == (stored[-1].type == "agent_completed")
    assert running_besides_this() == set()


class _RefusesCompletion:
    """A bridge that raises when it is asked to send a result."""

    def __init__(self, context):
        self.context = context
        self.sent = []

    async def emit(self, event_type, payload, *, agent_name, run_id):
        if event_type is EventType.AGENT_COMPLETED:
            raise RuntimeError("no room for a result")
        self.sent.append(event_type)
        return Delivery.stored(len(self.sent))


async def test_a_result_that_the_bridge_refuses_ends_in_agent_error(caplog):
    sink = _RefusesCompletion(a_context())
    engine = UserExecutionEngine(sink.context, sink, agents_with(work=noop), QUICK)
    result = await engine.execute("work")
    assert sink.sent == [EventType.AGENT_STARTED, EventType.AGENT_ERROR]
    assert (result.ok, result.error_code) == (False, "agent_failed")


class _RefusesToolCompletion(_RefusesCompletion):
    async def emit(self, event_type, payload, *, agent_name, run_id):
        if event_type is EventType.TOOL_COMPLETED:
            raise RuntimeError("no room for a tool")
        return Delivery.stored(1)


async def test_a_tools_own_error_matters_more_than_that_it_could_not_be_reported(caplog):
    seen = []

    def tool() -> None:
        raise OSError("of the tool")

    async def work(run, given):
        try:
            await run.call_tool("tool")
        except OSError as error:
            seen.append(str(error))

    sink = _RefusesToolCompletion(a_context())
    agents = agents_with(work=work)
    agents.register_tool("tool", tool)
    result = await UserExecutionEngine(sink.context, sink, agents, QUICK).execute("work")
    assert result.ok
    assert seen == ["of the tool"]
    assert "could not be reported" in caplog.text


async def test_an_engine_refuses_a_bridge_of_another_user_or_thread():
    mine, other = Line(), Line(a_context(user="user-8"))
    with pytest.raises(ForeignContext, match=r"'user-8'.*'user-7'"):
        UserExecutionEngine(mine.context, other.bridge, agents_with())
    elsewhere = Line(a_context(thread="thread-4"))
    with pytest.raises(ForeignContext, match="thread-4"):
        UserExecutionEngine(mine.context, elsewhere.bridge, agents_with())


async def test_an_engine_accepts_the_bridge_of_its_own_request_for_a_child():
    line = Line()
    child = line.context.child("summarise")
    engine = UserExecutionEngine(child, line.bridge, agents_with(work=noop))
    assert (await engine.execute("work")).ok


@pytest.mark.parametrize("wrong", [None, object()])
async def test_an_engine_refuses_what_is_no_context(wrong):
    line = Line()
    with pytest.raises(ContextTypeError):
        UserExecutionEngine(wrong, line.bridge, agents_with())


def constant() -> int:
    return 1
