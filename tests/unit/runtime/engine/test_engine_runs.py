"""Every run begins with agent_started, ends exactly once, and leaves nothing running."""

import asyncio
import contextvars
import logging
from dataclasses import dataclass, replace

import pytest

from tests.unit.runtime.engine.parts import QUICK, Line, agents_with, forever, noop, run_to_its_end
from trunkline_runtime.errors import EventOrderError, InvalidPayload, RequestRefused, UnknownAgent

pytestmark = pytest.mark.asyncio


async def test_an_agent_that_returns_ends_in_agent_completed():
    async def work(run, given):
        await run.thinking("looking", 1, 0.5)
        await run.progress(files=3)
        await run.custom(answer=42)
        return {"given": dict(given), "user": run.context.user_id}

    line, result = await run_to_its_end(work, given={"a": 1})
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

    line, result = await run_to_its_end(work)
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

    line, result = await run_to_its_end(work)
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

    _, result = await run_to_its_end(work)
    assert result.error_code == "invalid_path"


async def test_a_group_with_anything_but_faults_is_a_failure_of_the_agent(caplog):
    async def work(run, given):
        raise ExceptionGroup("both", [RequestRefused("x", "no"), ValueError("secret")])

    _, result = await run_to_its_end(work)
    assert result.error_code == "agent_failed"


async def test_an_agent_that_exits_the_process_only_fails(caplog):
    async def work(run, given):
        raise SystemExit(3)

    _, result = await run_to_its_end(work)
    assert result.error_code == "agent_failed"


async def test_a_failed_task_that_nobody_awaited_is_in_the_log(caplog):
    async def child():
        raise KeyError("lost")

    async def work(run, given):
        run.create_task(child())
        await asyncio.sleep(0)
        return 1

    _, result = await run_to_its_end(work)
    assert result.ok
    [record] = [record for record in caplog.records if "a task of the run failed" in record.msg]
    assert record.run_id == "run-12"


async def test_nothing_is_sent_or_started_after_the_end():
    kept = []

    async def work(run, given):
        kept.append(run)

    line, _ = await run_to_its_end(work)
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

    line, _ = await run_to_its_end(work)
    assert [event.payload["n"] for event in line.events[1:-1]] == list(range(50))
    assert [event.seq for event in line.events] == list(range(1, 53))


@dataclass
class Found:
    name: str
    size: int


async def test_a_result_becomes_plain_data():
    async def work(run, given):
        return [Found("a", 1)]

    _, result = await run_to_its_end(work)
    assert result.result == [{"name": "a", "size": 1}]


@pytest.mark.parametrize(
    "value", [object(), float("nan"), "x" * 2000, lambda: 0], ids=["object", "nan", "large", "code"]
)
async def test_a_result_that_cannot_be_sent_ends_in_agent_error(value):
    async def work(run, given):
        return value

    line, result = await run_to_its_end(work, replace(QUICK, event_bytes=1000))
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

    line, result = await run_to_its_end(work, replace(QUICK, event_bytes=1000))
    assert result.ok
    assert line.types() == ["agent_started", "agent_completed"]


async def test_an_unknown_agent_is_refused_before_anything_happens():
    line = Line()
    engine = line.engine(agents_with(alpha=noop, beta=noop))
    with pytest.raises(UnknownAgent, match="known: alpha, beta"):
        await engine.execute("gamma")
    assert line.events == []
    assert engine.history() == ()


async def test_input_that_is_no_mapping_is_refused():
    engine = Line().engine(agents_with(work=noop))
    with pytest.raises(TypeError, match="mapping"):
        await engine.execute("work", ["path"])


async def test_an_agent_knows_how_long_it_has():
    async def work(run, given):
        return run.seconds_left

    _, result = await run_to_its_end(work, replace(QUICK, run_seconds=50))
    assert 0 < result.result <= 50


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
