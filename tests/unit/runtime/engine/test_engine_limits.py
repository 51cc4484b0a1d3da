"""A user's limits hold over all of that user's engines: queue, then refuse, and hold up nobody."""

import asyncio
import gc
import weakref
from dataclasses import replace

import pytest

from tests.unit.runtime.engine.parts import (
    QUICK,
    Line,
    a_context,
    agents_with,
    running_besides_this,
)
from trunkline_runtime.engine import EngineLimits, RunIdInUse, UserSlots
from trunkline_runtime.errors import EngineBusy, EngineClosed, RunCancelled


class Gate:
    """An agent that waits to be let through, and says which runs are inside."""

    def __init__(self):
        self.opened = asyncio.Event()
        self.inside = []
        self.most = 0

    async def __call__(self, run, given):
        self.inside.append(run.run_id)
        self.most = max(self.most, len(self.inside))
        try:
            await self.opened.wait()
        finally:
            self.inside.remove(run.run_id)


async def settled():
    """Let every task go as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


def start(engine, run_id):
    return asyncio.create_task(engine.execute("work", run_id=run_id))


@pytest.mark.asyncio
async def test_runs_over_the_limit_wait_and_then_run():
    gate, line = Gate(), Line()
    engine = line.engine(agents_with(work=gate), replace(QUICK, runs_per_user=2))
    calls = [start(engine, f"r-{n}") for n in range(5)]
    await settled()
    assert gate.inside == ["r-0", "r-1"]
    assert (engine.stats().running, engine.stats().queued) == (2, 3)
    assert {event.run_id for event in line.events} == {"r-0", "r-1"}  # no false start is told
    gate.opened.set()
    results = await asyncio.gather(*calls)
    assert all(result.ok for result in results)
    assert gate.most == 2
    assert line.problems() == []


@pytest.mark.asyncio
async def test_the_limit_of_runs_holds_over_two_engines_of_a_user():
    gate, slots, agents = Gate(), UserSlots(), None
    limits = replace(QUICK, runs_per_user=1)
    agents = agents_with(work=gate)
    first, second = Line().engine(agents, limits, slots), Line().engine(agents, limits, slots)
    calls = [start(first, "r-1"), start(second, "r-2")]
    await settled()
    assert gate.inside == ["r-1"]
    gate.opened.set()
    assert [result.ok for result in await asyncio.gather(*calls)] == [True, True]
    assert gate.most == 1


@pytest.mark.asyncio
async def test_one_user_never_waits_for_another():
    gate, slots = Gate(), UserSlots()
    limits = replace(QUICK, runs_per_user=1)
    agents = agents_with(work=gate)
    mine = Line().engine(agents, limits, slots)
    yours = Line(a_context(user="user-8")).engine(agents, limits, slots)
    calls = [start(mine, "r-1"), start(yours, "r-1")]
    await settled()
    assert gate.inside == ["r-1", "r-1"]
    gate.opened.set()
    await asyncio.gather(*calls)


@pytest.mark.asyncio
async def test_a_full_queue_refuses_at_once():
    gate, line = Gate(), Line()
    limits = replace(QUICK, runs_per_user=1, queued_runs_per_user=1)
    engine = line.engine(agents_with(work=gate), limits)
    calls = [start(engine, "r-1"), start(engine, "r-2")]
    await settled()
    with pytest.raises(
        EngineBusy, match="limit of 1 runs at once is reached and the queue is full"
    ):
        await engine.execute("work", run_id="r-3")
    assert line.of("r-3") == []
    assert engine.stats().refused == 1
    gate.opened.set()
    await asyncio.gather(*calls)


@pytest.mark.asyncio
async def test_who_waits_too_long_is_refused_and_told_nothing():
    gate, line = Gate(), Line()
    limits = replace(QUICK, runs_per_user=1, queue_seconds=0.01)
    engine = line.engine(agents_with(work=gate), limits)
    call = start(engine, "r-1")
    await settled()
    with pytest.raises(EngineBusy, match="no place was free within"):
        await engine.execute("work", run_id="r-2")
    assert line.of("r-2") == []
    assert engine.stats().queued == 0
    gate.opened.set()
    await call


@pytest.mark.asyncio
async def test_a_waiting_run_can_be_cancelled_by_its_id():
    gate, line = Gate(), Line()
    engine = line.engine(agents_with(work=gate), replace(QUICK, runs_per_user=1))
    first, second, third = (start(engine, f"r-{n}") for n in (1, 2, 3))
    await settled()
    assert engine.cancel("r-2") is True
    with pytest.raises(RunCancelled, match="'r-2' was cancelled: by the user"):
        await second
    assert line.of("r-2") == []
    gate.opened.set()
    assert [(await call).ok for call in (first, third)] == [True, True]


@pytest.mark.asyncio
async def test_a_waiting_caller_that_is_cancelled_leaves_the_queue():
    gate, line, slots = Gate(), Line(), UserSlots()
    engine = line.engine(agents_with(work=gate), replace(QUICK, runs_per_user=1), slots)
    first, second, third = (start(engine, f"r-{n}") for n in (1, 2, 3))
    await settled()
    second.cancel()
    await settled()
    assert slots.queued("user-7") == 1
    gate.opened.set()
    assert [(await call).ok for call in (first, third)] == [True, True]
    await engine.cleanup()
    assert slots.users() == 0


@pytest.mark.asyncio
async def test_a_caller_cancelled_just_as_its_turn_comes_passes_the_turn_on():
    """The place is handed over and the caller cancelled in the same step of the loop."""
    gate, slots = Gate(), UserSlots()
    engine = Line().engine(agents_with(work=gate), replace(QUICK, runs_per_user=1), slots)
    first, second, third = (start(engine, f"r-{n}") for n in (1, 2, 3))
    await settled()
    engine.cancel("r-1")
    while slots.queued("user-7") == 2:
        await asyncio.sleep(0)
    second.cancel()
    gate.opened.set()
    assert (await third).ok
    with pytest.raises(asyncio.CancelledError):
        await second
    await first
    assert slots.running("user-7") == 0


@pytest.mark.parametrize("stop", ["cancel", "cleanup"])
@pytest.mark.asyncio
async def test_a_run_stopped_just_as_its_turn_comes_does_not_begin(stop):
    """Its place is granted, but its caller has not yet been told, when it is stopped."""
    gate, line, slots = Gate(), Line(), UserSlots()
    engine = line.engine(agents_with(work=gate), replace(QUICK, runs_per_user=1), slots)
    first, second = start(engine, "r-1"), start(engine, "r-2")
    await settled()
    engine.cancel("r-1")
    while slots.queued("user-7") == 1:
        await asyncio.sleep(0)
    assert slots.running("user-7") == 1
    if stop == "cancel":
        assert engine.cancel("r-2") is True
    else:
        await engine.cleanup()
    with pytest.raises(RunCancelled if stop == "cancel" else EngineClosed):
        await second
    await first
    assert line.of("r-2") == []
    assert slots.running("user-7") == 0


@pytest.mark.asyncio
async def test_an_engine_over_the_limit_waits_until_another_is_cleaned_up():
    gate, slots = Gate(), UserSlots()
    gate.opened.set()
    agents = agents_with(work=gate)
    limits = replace(QUICK, engines_per_user=2)
    first, second, third = (Line().engine(agents, limits, slots) for _ in range(3))
    await first.execute("work", run_id="r-1")
    await second.execute("work", run_id="r-2")
    assert slots.engines("user-7") == 2
    call = start(third, "r-3")
    await settled()
    assert third.stats().queued == 1
    assert (await first.execute("work", run_id="r-4")).ok  # holds up no engine already in use
    await first.cleanup()
    assert (await call).ok
    assert slots.engines("user-7") == 2


@pytest.mark.asyncio
async def test_an_engine_over_the_limit_is_refused_by_name_of_the_limit():
    gate, slots = Gate(), UserSlots()
    gate.opened.set()
    agents = agents_with(work=gate)
    limits = replace(QUICK, engines_per_user=1, queue_seconds=0.01)
    first, second = (Line().engine(agents, limits, slots) for _ in range(2))
    await first.execute("work")
    with pytest.raises(EngineBusy, match="limit of 1 engines is reached"):
        await second.execute("work")


@pytest.mark.asyncio
async def test_an_idle_engine_closes_itself_and_gives_its_place_back(caplog):
    caplog.set_level("INFO", "trunkline_runtime")
    gate, slots = Gate(), UserSlots()
    gate.opened.set()
    agents = agents_with(work=gate)
    limits = replace(QUICK, engines_per_user=1, idle_seconds=0.01)
    forgotten, other = (Line().engine(agents, limits, slots) for _ in range(2))
    await forgotten.execute("work")
    assert (await other.execute("work")).ok  # waited for the first to be idle for long enough
    assert forgotten.closed
    with pytest.raises(EngineClosed):
        await forgotten.execute("work")
    [record] = [record for record in caplog.records if "idle" in record.msg]
    assert record.user_id == "user-7"
    await forgotten.cleanup()
    await other.cleanup()
    assert slots.users() == 0


@pytest.mark.asyncio
async def test_an_engine_with_a_run_under_way_is_not_idle():
    gate = Gate()
    engine = Line().engine(agents_with(work=gate), replace(QUICK, idle_seconds=0.005))
    call = start(engine, "r-1")
    await asyncio.sleep(0.02)
    assert not engine.closed
    gate.opened.set()
    assert (await call).ok


@pytest.mark.asyncio
async def test_an_engine_that_never_ran_takes_no_place_and_is_freed_at_once():
    slots = UserSlots()
    engine = Line().engine(agents_with(), QUICK, slots)
    alive = weakref.ref(engine)
    del engine
    gc.collect()
    assert alive() is None
    assert slots.users() == 0


@pytest.mark.asyncio
async def test_a_run_id_in_use_by_another_engine_of_the_user_is_refused():
    gate, slots = Gate(), UserSlots()
    agents = agents_with(work=gate)
    first, second = (Line().engine(agents, QUICK, slots) for _ in range(2))
    call = start(first, "r-1")
    await settled()
    with pytest.raises(RunIdInUse, match="'r-1'"):
        await second.execute("work", run_id="r-1")
    gate.opened.set()
    await call


@pytest.mark.asyncio
async def test_cleanup_refuses_those_who_wait():
    gate, slots = Gate(), UserSlots()
    engine = Line().engine(agents_with(work=gate), replace(QUICK, runs_per_user=1), slots)
    first, second = start(engine, "r-1"), start(engine, "r-2")
    await settled()
    await engine.cleanup()
    assert (await first).error_code == "cancelled"
    with pytest.raises(EngineClosed):
        await second
    assert running_besides_this() == set()
    assert slots.users() == 0


def test_wrong_limits_are_all_named_at_once():
    with pytest.raises(
        ValueError, match=r"runs_per_user .* not 0; run_seconds .* not -1"
    ) as caught:
        EngineLimits(runs_per_user=0, run_seconds=-1, queue_seconds=0)
    assert "queue_seconds" not in str(caught.value)
    with pytest.raises(ValueError, match="finite, not inf"):
        EngineLimits(idle_seconds=float("inf"))
