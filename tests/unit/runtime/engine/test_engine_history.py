"""Runs have identifiers of their own, are remembered and counted, and form pipelines."""

from dataclasses import replace

import pytest

from tests.unit.runtime.engine.parts import QUICK, Line, a_context, agents_with, noop
from trunkline_runtime.engine import PipelineStep, RunIdInUse
from trunkline_runtime.errors import EventOrderError, RequestRefused, UnknownAgent

pytestmark = pytest.mark.asyncio


async def test_the_first_run_has_the_contexts_id_and_later_ones_are_numbered():
    engine = Line().engine(agents_with(work=noop))
    results = [await engine.execute("work") for _ in range(3)]
    assert [result.run_id for result in results] == ["run-12", "run-12.2", "run-12.3"]
    assert (await engine.execute("work", run_id="run-99")).run_id == "run-99"


async def test_the_contexts_id_is_not_used_again_when_it_was_asked_for():
    engine = Line().engine(agents_with(work=noop))
    first = await engine.execute("work", run_id="run-12")
    second = await engine.execute("work")
    assert (first.run_id, second.run_id) == ("run-12", "run-12.2")


async def test_a_run_id_is_unique_among_a_users_runs_under_way():
    async def work(run, given):
        with pytest.raises(RunIdInUse):
            await engine.execute("work", run_id=run.run_id)

    engine = Line().engine(agents_with(work=work))
    assert (await engine.execute("work", run_id="run-1")).ok


async def test_a_very_long_run_id_still_gives_ids_to_further_runs():
    line = Line(a_context(run="r" * 256))
    engine = line.engine(agents_with(work=noop))
    results = [await engine.execute("work") for _ in range(2)]
    assert all(result.ok for result in results)
    assert len({result.run_id for result in results}) == 2


async def test_history_keeps_the_last_results_and_stats_count_all():
    async def bad(run, given):
        raise RequestRefused("no", "no")

    engine = Line().engine(agents_with(good=noop, bad=bad), replace(QUICK, history=2))
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

    engine = Line().engine(agents_with(good=noop, bad=bad))
    results = await engine.execute_pipeline([("good", {}), ("bad", {}), ("good", {})])
    assert [result.ok for result in results] == [True, False]


async def test_a_pipeline_with_an_unknown_agent_runs_nothing():
    line = Line()
    with pytest.raises(UnknownAgent):
        await line.engine(agents_with(good=noop)).execute_pipeline([("good", {}), ("bad", {})])
    assert line.events == []


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
