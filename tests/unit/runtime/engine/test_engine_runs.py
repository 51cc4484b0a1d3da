"""Every run begins with agent_started, ends exactly once, and leaves nothing running."""

import asyncio
import contextlib
import contextvars
import logging
from dataclasses import dataclass, replace

import pytest

from tests.unit.runtime.engine.parts import (
    QUICK,
    Line,
    a_context,
    agents_with,
    running_besides_this,
)
from trunkline_runtime.backplane import EmbeddedBackplane
from trunkline_runtime.engine import PipelineStep, RunIdInUse, UserExecutionEngine
from trunkline_runtime.errors import (
    BridgeClosed,
    ContextTypeError,
    EngineClosed,
    EventOrderError,
    ForeignContext,
    InvalidPayload,
    RequestRefused,
    RunTimeout,
    UnknownAgent,
)
from trunkline_runtime.messages import Delivery, EventType, check_run

pytestmark = pytest.mark.asyncio


async def forever():
    await asyncio.get_running_loop().create_future()


async def _run(agent, limits=QUICK, given=None):
    """Run one agent to its end on a line of its own; nothing may be left running."""
    line = Line()
    engine = line.engine(agents_with(work=agent), limits)
    result = await engine.execute("work", given)
    assert line.problems() == []
    assert running_besides_this() == set()
    assert result.events == len(line.events)
    await engine.cleanup()
    return line, result


async def test_an_agent_that_returns_ends_in_agent_completed():
    async def work(run, given):
        await run.thinking("looking", 1, 0.5)
        await run.progress(files=3)
        await run.custom(answer=42)
        return {"given": dict(given), "user": run.context.user_id}

    line, result = await _run(work, given={"a": 1})
    assert line.types() == [
        "agent_started",
        "agent_thinking",
        "progress_update",
        "custom",
        "agent_completed",
    ]
    assert (result.ok, result.error_code) == (True, None)
    assert result.result == {"given": {"a": 1}, "user": "user-7"}
    assert line.end().payload["result"] == {"given": {"a": 1}, "user": "user-7"}
    assert {event.agent_name for event in line.events} == {"work"}
    assert {event.request_id for event in line.events} == {line.context.request_id}


async def test_each_run_of_a_class_gets_an_instance_of_its_own():
    class Agent:
        def __init__(self):
            self.seen = []

        async def run(self, run, given):
            self.seen.append(given["n"])
            return self.seen

    engine = Line().engine(agents_with(work=Agent))
    results = [await engine.execute("work", {"n": n}) for n in range(3)]
    assert [result.result for result in results] == [[0], [1], [2]]


async def test_what_an_agent_raises_reaches_the_log_and_not_the_user(caplog):
    async def work(run, given):
        raise ValueError("password=hunter2 in /etc/app")

    line, result = await _run(work)
    assert line.types() == ["agent_started", "agent_error"]
    assert (result.ok, result.error_code, result.retryable) == (False, "agent_failed", False)
    assert "hunter2" not in line.end().to_json()
    assert "ValueError" not in line.end().to_json()
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "hunter2" in caplog.text
    assert (record.user_id, record.thread_id, record.run_id, record.request_id) == (
        "user-7",
        "thread-3",
        "run-12",
        line.context.request_id,
    )
    assert record.agent_name == "work"


async def test_a_fault_that_says_what_the_user_may_see_is_shown_to_the_user():
    async def work(run, given):
        raise RequestRefused("invalid_path", "There is no such directory", retryable=True)

    line, result = await _run(work)
    assert dict(line.end().payload) == {
        "code": "invalid_path",
        "message": "There is no such directory",
        "retryable": True,
    }
    assert (result.error_code, result.retryable) == ("invalid_path", True)


async def test_a_fault_inside_a_task_group_is_shown_too():
    async def refuse():
        raise RequestRefused("invalid_path", "no")

    async def work(run, given):
        async with asyncio.TaskGroup() as group:
            group.create_task(refuse())
            group.create_task(forever())

    _, result = await _run(work)
    assert result.error_code == "invalid_path"


async def test_a_group_with_anything_but_faults_is_a_failure_of_the_agent(caplog):
    async def work(run, given):
        raise ExceptionGroup("both", [RequestRefused("x", "no"), ValueError("secret")])

    _, result = await _run(work)
    assert result.error_code == "agent_failed"


async def test_an_agent_that_exits_the_process_only_fails(caplog):
    async def work(run, given):
        raise SystemExit(3)

    _, result = await _run(work)
    assert result.error_code == "agent_failed"


async def test_a_hanging_agent_ends_in_a_timeout():
    async def work(run, given):
        await forever()

    line, result = await _run(work, replace(QUICK, run_seconds=0.05))
    assert line.types() == ["agent_started", "agent_error"]
    assert (result.error_code, result.retryable) == ("timeout", True)


async def test_an_agent_that_swallows_a_cancellation_is_cancelled_again():
    async def work(run, given):
        with contextlib.suppress(asyncio.CancelledError):
            await forever()
        await forever()

    _, result = await _run(work, replace(QUICK, run_seconds=0.05))
    assert result.error_code == "timeout"


async def test_an_agent_that_answers_its_cancellation_with_a_result_is_still_over_time():
    async def work(run, given):
        with contextlib.suppress(asyncio.CancelledError):
            await forever()
        return "too late"

    _, result = await _run(work, replace(QUICK, run_seconds=0.05))
    assert (result.error_code, result.result) == ("timeout", None)


async def test_what_an_agent_raises_while_it_is_stopped_is_in_the_log(caplog):
    async def work(run, given):
        try:
            await forever()
        finally:
            raise KeyError("lost in cleanup")

    _, result = await _run(work, replace(QUICK, run_seconds=0.05))
    assert result.error_code == "timeout"
    [record] = [record for record in caplog.records if "while it was stopped" in record.msg]
    assert record.run_id == "run-12"
    assert "lost in cleanup" in caplog.text


async def test_an_agent_may_still_send_events_while_it_cleans_up():
    async def work(run, given):
        try:
            await forever()
        finally:
            await run.progress(message="closing files")

    line, _ = await _run(work, replace(QUICK, run_seconds=0.05))
    assert line.types() == ["agent_started", "progress_update", "agent_error"]


async def test_an_agent_that_never_stops_is_given_up_and_keeps_its_place(caplog):
    """The truth: what cannot be stopped is reported, still counts, and can send nothing more."""
    let_go = asyncio.Event()
    refusals = []

    async def work(run, given):
        while not let_go.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await let_go.wait()
        try:
            await run.progress(n=1)
        except EventOrderError as refusal:
            refusals.append(refusal)
            raise

    line = Line()
    limits = replace(QUICK, run_seconds=0.05, grace_seconds=0.005, runs_per_user=1, queue_seconds=0)
    engine = line.engine(agents_with(work=work, other=work), limits)
    result = await engine.execute("work")
    assert result.error_code == "timeout"
    assert line.problems() == []
    assert engine.stats().abandoned == 1
    assert "would not stop" in caplog.text
    [stuck] = running_besides_this()
    assert not stuck.done()
    let_go.set()
    await asyncio.wait({stuck})
    await asyncio.sleep(0)
    assert [refusal.run_id for refusal in refusals] == ["run-12"]
    assert "has ended after its run" in caplog.text
    assert engine.stats().running == 0
    assert (await engine.execute("other")).error_code is None  # its place is free again
    assert len(line.of("run-12")) == 2


async def test_cancel_ends_a_run_from_another_task():
    begun = asyncio.Event()

    async def work(run, given):
        begun.set()
        await forever()

    line = Line()
    engine = line.engine(agents_with(work=work))
    call = asyncio.create_task(engine.execute("work"))
    await begun.wait()
    assert engine.cancel("run-12") is True
    result = await call
    assert line.types() == ["agent_started", "agent_error"]
    assert (result.ok, result.error_code) == (False, "cancelled")
    assert line.end().payload["message"] == "The run was cancelled: by the user."
    assert engine.cancel("run-12") is False
    assert engine.stats().cancelled == 1
    assert running_besides_this() == set()


async def test_a_run_that_is_cancelled_as_it_begins_still_tells_its_start_and_end():
    async def work(run, given):
        await forever()

    line = Line()
    engine = line.engine(agents_with(work=work))
    call = asyncio.create_task(engine.execute("work"))
    await asyncio.sleep(0)
    assert line.events == []
    assert engine.cancel("run-12") is True
    assert (await call).error_code == "cancelled"
    assert line.types() == ["agent_started", "agent_error"]
    assert running_besides_this() == set()


async def test_a_cancelled_caller_finds_nothing_running():
    begun = asyncio.Event()

    async def work(run, given):
        begun.set()
        with contextlib.suppress(asyncio.CancelledError):
            await forever()
        await forever()

    line = Line()
    engine = line.engine(agents_with(work=work))
    call = asyncio.create_task(engine.execute("work"))
    await begun.wait()
    call.cancel()
    await asyncio.sleep(0)
    call.cancel()  # an impatient one
    with pytest.raises(asyncio.CancelledError):
        await call
    assert line.types() == ["agent_started", "agent_error"]
    assert line.problems() == []
    assert running_besides_this() == set()
    assert engine.stats().running == 0


async def test_tasks_of_the_run_end_with_it():
    ended = []

    async def child(run, name):
        try:
            await run.custom(name=name)
            await forever()
        finally:
            ended.append(name)

    async def work(run, given):
        run.create_task(child(run, "a"), name="a")
        run.create_task(child(run, "b"))
        await asyncio.sleep(0)
        return "done"

    _, result = await _run(work)
    assert result.ok
    assert sorted(ended) == ["a", "b"]


async def test_a_task_that_is_started_while_the_run_is_stopped_is_stopped_too():
    async def work(run, given):
        try:
            await forever()
        finally:
            run.create_task(forever())

    await _run(work, replace(QUICK, run_seconds=0.05))


async def test_a_failed_task_that_nobody_awaited_is_in_the_log(caplog):
    async def child():
        raise KeyError("lost")

    async def work(run, given):
        run.create_task(child())
        await asyncio.sleep(0)
        return 1

    _, result = await _run(work)
    assert result.ok
    [record] = [record for record in caplog.records if "a task of the run failed" in record.msg]
    assert record.run_id == "run-12"


async def test_nothing_is_sent_or_started_after_the_end():
    kept = []

    async def work(run, given):
        kept.append(run)

    line, _ = await _run(work)
    [run] = kept
    for call in (run.thinking("x"), run.progress(n=1), run.custom(n=1), run.call_tool("any")):
        with pytest.raises(EventOrderError, match="the run has ended"):
            await call
    with pytest.raises(EventOrderError, match="the run has ended"):
        run.create_task(forever())
    assert line.types() == ["agent_started", "agent_completed"]


async def test_events_of_concurrent_tasks_are_numbered_in_the_order_of_their_calls():
    async def work(run, given):
        async with asyncio.TaskGroup() as group:
            for n in range(50):
                group.create_task(run.custom(n=n))

    line, _ = await _run(work)
    assert [event.payload["n"] for event in line.events[1:-1]] == list(range(50))
    assert [event.seq for event in line.events] == list(range(1, 53))


@dataclass
class Found:
    name: str
    size: int


async def test_a_result_becomes_plain_data():
    async def work(run, given):
        return [Found("a", 1)]

    _, result = await _run(work)
    assert result.result == [{"name": "a", "size": 1}]


@pytest.mark.parametrize(
    "value", [object(), float("nan"), "x" * 2000, lambda: 0], ids=["object", "nan", "large", "code"]
)
async def test_a_result_that_cannot_be_sent_ends_in_agent_error(value):
    async def work(run, given):
        return value

    line, result = await _run(work, replace(QUICK, event_bytes=1000))
    assert line.types() == ["agent_started", "agent_error"]
    assert (result.ok, result.result, result.error_code) == (False, None, "invalid_payload")


async def test_an_event_that_cannot_be_sent_is_refused_and_the_run_goes_on():
    async def work(run, given):
        with pytest.raises(InvalidPayload):
            await run.progress(secret=object())
        with pytest.raises(InvalidPayload):
            await run.thinking("x", progress=2.0)
        with pytest.raises(InvalidPayload, match="bytes of JSON"):
            await run.custom(text="x" * 2000)
        return "still here"

    line, result = await _run(work, replace(QUICK, event_bytes=1000))
    assert result.ok
    assert line.types() == ["agent_started", "agent_completed"]


async def test_an_unknown_agent_is_refused_before_anything_happens():
    line = Line()
    engine = line.engine(agents_with(alpha=_noop, beta=_noop))
    with pytest.raises(UnknownAgent, match="known: alpha, beta"):
        await engine.execute("gamma")
    assert line.events == []
    assert engine.history() == ()


async def test_input_that_is_no_mapping_is_refused():
    engine = Line().engine(agents_with(work=_noop))
    with pytest.raises(TypeError, match="mapping"):
        await engine.execute("work", ["path"])


async def test_a_closed_bridge_refuses_the_run_and_the_user_hears_nothing():
    line = Line()
    engine = line.engine(agents_with(work=_noop))
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
    agents.register_tool("anything", _tool)
    result = await line.engine(agents).execute("work")
    assert [delivery.kind for delivery in told] == ["refused"]
    assert line.types() == ["agent_started"]
    assert result.ok  # the agent did return; that nobody could be told is in the log


async def test_the_first_run_has_the_contexts_id_and_later_ones_are_numbered():
    engine = Line().engine(agents_with(work=_noop))
    results = [await engine.execute("work") for _ in range(3)]
    assert [result.run_id for result in results] == ["run-12", "run-12.2", "run-12.3"]
    assert (await engine.execute("work", run_id="run-99")).run_id == "run-99"


async def test_the_contexts_id_is_not_used_again_when_it_was_asked_for():
    engine = Line().engine(agents_with(work=_noop))
    first = await engine.execute("work", run_id="run-12")
    second = await engine.execute("work")
    assert (first.run_id, second.run_id) == ("run-12", "run-12.2")


async def test_an_agent_knows_how_long_it_has():
    async def work(run, given):
        return run.seconds_left

    _, result = await _run(work, replace(QUICK, run_seconds=50))
    assert 0 < result.result <= 50


async def test_a_run_id_is_unique_among_a_users_runs_under_way():
    async def work(run, given):
        with pytest.raises(RunIdInUse):
            await engine.execute("work", run_id=run.run_id)

    engine = Line().engine(agents_with(work=work))
    assert (await engine.execute("work", run_id="run-1")).ok


async def test_a_very_long_run_id_still_gives_ids_to_further_runs():
    line = Line(a_context(run="r" * 256))
    engine = line.engine(agents_with(work=_noop))
    results = [await engine.execute("work") for _ in range(2)]
    assert all(result.ok for result in results)
    assert len({result.run_id for result in results}) == 2


async def test_history_keeps_the_last_results_and_stats_count_all():
    async def bad(run, given):
        raise RequestRefused("no", "no")

    engine = Line().engine(agents_with(good=_noop, bad=bad), replace(QUICK, history=2))
    for name in ("good", "bad", "good"):
        await engine.execute(name)
    assert [result.agent_name for result in engine.history()] == ["bad", "good"]
    stats = engine.stats()
    assert (stats.completed, stats.failed, stats.running, stats.queued) == (2, 1, 0, 0)


async def test_a_pipeline_runs_steps_in_order_and_feeds_results_forward():
    async def double(run, given):
        return given["n"] * 2

    line = Line()
    engine = line.engine(agents_with(double=double))
    results = await engine.execute_pipeline(
        [
            ("double", {"n": 2}),
            PipelineStep("double", lambda done: {"n": done[-1].result}),
        ]
    )
    assert [result.result for result in results] == [4, 8]
    assert [result.run_id for result in results] == ["run-12", "run-12.2"]
    assert line.problems() == []


async def test_a_pipeline_stops_at_the_first_step_that_fails():
    async def bad(run, given):
        raise RequestRefused("no", "no")

    engine = Line().engine(agents_with(good=_noop, bad=bad))
    results = await engine.execute_pipeline([("good", {}), ("bad", {}), ("good", {})])
    assert [result.ok for result in results] == [True, False]


async def test_a_pipeline_with_an_unknown_agent_runs_nothing():
    line = Line()
    with pytest.raises(UnknownAgent):
        await line.engine(agents_with(good=_noop)).execute_pipeline([("good", {}), ("bad", {})])
    assert line.events == []


async def test_cleanup_ends_what_runs_and_twice_is_once():
    begun = asyncio.Event()

    async def work(run, given):
        begun.set()
        await forever()

    line = Line()
    engine = line.engine(agents_with(work=work))
    call = asyncio.create_task(engine.execute("work"))
    await begun.wait()
    await asyncio.gather(engine.cleanup(), engine.cleanup())
    await engine.cleanup()
    assert (await call).error_code == "cancelled"
    assert line.problems() == []
    assert running_besides_this() == set()
    assert engine.stats().closed
    with pytest.raises(EngineClosed):
        await engine.execute("work")


async def test_an_agent_that_cleans_up_its_own_engine_is_cancelled_like_any_other():
    async def work(run, given):
        await engine.cleanup()

    line = Line()
    engine = line.engine(agents_with(work=work))
    result = await engine.execute("work")
    assert result.error_code == "cancelled"
    assert line.problems() == []
    assert running_besides_this() == set()


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
    engine = UserExecutionEngine(sink.context, sink, agents_with(work=_noop), limits)
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
    agents.register_tool("tool", _tool)
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
    engine = UserExecutionEngine(sink.context, sink, agents_with(work=_noop), QUICK)
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


async def test_a_run_id_used_again_on_one_bridge_is_refused_before_anything_runs():
    ran = []

    async def work(run, given):
        ran.append(run.run_id)

    line = Line()
    engine = line.engine(agents_with(work=work))
    await engine.execute("work", run_id="run-12")
    with pytest.raises(EventOrderError, match="the run has ended"):
        await engine.execute("work", run_id="run-12")
    assert ran == ["run-12"]
    assert line.problems() == []


async def test_an_agent_and_its_tools_see_the_callers_context_variables():
    """The ambient scope of the request is one of them."""
    variable = contextvars.ContextVar("variable")

    def read() -> str:
        return variable.get()

    async def work(run, given):
        return [variable.get(), await run.call_tool("tool"), await run.call_tool("thread")]

    agents = agents_with(work=work)
    agents.register_tool("tool", read)
    agents.register_tool("thread", read, blocking=True)
    variable.set("mine")
    result = await Line().engine(agents).execute("work")
    assert result.result == ["mine", "mine", "mine"]


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
    engine = UserExecutionEngine(child, line.bridge, agents_with(work=_noop))
    assert (await engine.execute("work")).ok


@pytest.mark.parametrize("wrong", [None, object()])
async def test_an_engine_refuses_what_is_no_context(wrong):
    line = Line()
    with pytest.raises(ContextTypeError):
        UserExecutionEngine(wrong, line.bridge, agents_with())


async def _noop(run, given):
    return None


def _tool() -> int:
    return 1
