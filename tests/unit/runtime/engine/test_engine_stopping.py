"""What is over time, cancelled or cleaned up is stopped, and nothing of it goes on."""

import asyncio
import contextlib
from dataclasses import replace

import pytest

from tests.unit.runtime.engine.parts import (
    QUICK,
    Line,
    agents_with,
    forever,
    run_to_its_end,
    running_besides_this,
)
from trunkline_runtime.errors import EngineClosed, EventOrderError

pytestmark = pytest.mark.asyncio


async def hanging_run():
    """A line, its engine, and the call of a run that has begun and would go on for ever."""
    begun = asyncio.Event()

    async def work(run, given):
        begun.set()
        await forever()

    line = Line()
    engine = line.engine(agents_with(work=work))
    call = asyncio.create_task(engine.execute("work"))
    await begun.wait()
    return line, engine, call


async def test_a_hanging_agent_ends_in_a_timeout():
    async def work(run, given):
        await forever()

    line, result = await run_to_its_end(work, replace(QUICK, run_seconds=0.05))
    assert line.types() == ["agent_started", "agent_error"]
    assert (result.error_code, result.retryable) == ("timeout", True)


async def test_an_agent_that_swallows_a_cancellation_is_cancelled_again():
    async def work(run, given):
        with contextlib.suppress(asyncio.CancelledError):
            await forever()
        await forever()

    _, result = await run_to_its_end(work, replace(QUICK, run_seconds=0.05))
    assert result.error_code == "timeout"


async def test_an_agent_that_answers_its_cancellation_with_a_result_is_still_over_time():
    async def work(run, given):
        with contextlib.suppress(asyncio.CancelledError):
            await forever()
        return "too late"

    _, result = await run_to_its_end(work, replace(QUICK, run_seconds=0.05))
    assert (result.error_code, result.result) == ("timeout", None)


async def test_what_an_agent_raises_while_it_is_stopped_is_in_the_log(caplog):
    async def work(run, given):
        try:
            await forever()
        finally:
            raise KeyError("lost in cleanup")

    _, result = await run_to_its_end(work, replace(QUICK, run_seconds=0.05))
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

    line, _ = await run_to_its_end(work, replace(QUICK, run_seconds=0.05))
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
    line, engine, call = await hanging_run()
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

    _, result = await run_to_its_end(work)
    assert result.ok
    assert sorted(ended) == ["a", "b"]


async def test_a_task_that_is_started_while_the_run_is_stopped_is_stopped_too():
    async def work(run, given):
        try:
            await forever()
        finally:
            run.create_task(forever())

    await run_to_its_end(work, replace(QUICK, run_seconds=0.05))


async def test_cleanup_ends_what_runs_and_twice_is_once():
    line, engine, call = await hanging_run()
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
