"""Whatever agents do, in whatever interleaving: sound events for each run, and nothing left."""

import asyncio
import contextlib
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.runtime.engine.parts import (
    QUICK,
    Line,
    UserSlots,
    a_context,
    agents_with,
    running_besides_this,
)
from trunkline_runtime.errors import EngineBusy, InvalidPayload, RequestRefused, RunCancelled
from trunkline_runtime.messages import check_run

LIMITS = replace(
    QUICK,
    run_seconds=0.02,
    cancel_attempts=10,  # more than a script can swallow
    grace_seconds=0.01,
    runs_per_user=2,
    queued_runs_per_user=3,
    queue_seconds=1.0,
)


async def forever():
    await asyncio.get_running_loop().create_future()


# What an agent may do, one action after the other.


async def think(run):
    await run.thinking("so it goes", 1, 0.5)


async def report(run):
    await run.progress(n=1)


async def give_way(run):
    await asyncio.sleep(0)


async def wait(run):
    await asyncio.sleep(0.001)


async def use_tool(run):
    await run.call_tool("good", n=1)


async def use_tool_wrongly(run):
    with contextlib.suppress(ValueError):
        await run.call_tool("good", n="many")


async def use_failing_tool(run):
    with contextlib.suppress(OSError):
        await run.call_tool("bad")


async def use_thread(run):
    await run.call_tool("thread")


async def use_hanging_tool(run):
    await run.call_tool("hang")


async def use_tools_at_once(run):
    async with asyncio.TaskGroup() as group:
        for n in range(3):
            group.create_task(run.call_tool("good", n=n))
        group.create_task(run.custom(at="once"))


async def leave_task(run):
    run.create_task(use_hanging_tool(run))


async def leave_quick_task(run):
    run.create_task(think(run))


async def leave_failing_task(run):
    run.create_task(fail(run))


async def group_with_failure(run):
    async with asyncio.TaskGroup() as group:
        group.create_task(use_hanging_tool(run))
        group.create_task(fail(run))


async def fail(run):
    raise ValueError("secret")


async def refuse(run):
    raise RequestRefused("no", "no")


async def exit_(run):
    raise SystemExit(1)


async def hang(run):
    await forever()


async def swallow_once(run):
    with contextlib.suppress(asyncio.CancelledError):
        await forever()


async def swallow_and_hang(run):
    await swallow_once(run)
    await forever()


async def send_nonsense(run):
    with contextlib.suppress(InvalidPayload):
        await run.custom(what=object())


async def cancel_itself(run):
    asyncio.current_task().cancel()
    await asyncio.sleep(0)


async def raise_cancelled(run):
    raise asyncio.CancelledError


async def time_out_a_tool(run):
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.001):
            await run.call_tool("hang")


ACTIONS = [
    think,
    report,
    give_way,
    wait,
    use_tool,
    use_tool_wrongly,
    use_failing_tool,
    use_thread,
    use_hanging_tool,
    use_tools_at_once,
    leave_task,
    leave_quick_task,
    leave_failing_task,
    group_with_failure,
    fail,
    refuse,
    exit_,
    hang,
    swallow_once,
    swallow_and_hang,
    send_nonsense,
    cancel_itself,
    raise_cancelled,
    time_out_a_tool,
]
# What the world may do meanwhile: to which run, and after how many turns of the loop.
EVENTS = ["cancel", "cancel the caller", "cleanup", "close the bridge"]

scripts = st.lists(st.sampled_from(ACTIONS), max_size=6)
worlds = st.lists(
    st.tuples(st.sampled_from(EVENTS), st.integers(0, 4), st.integers(0, 12)), max_size=3
)


def make_agents(scripts_of_runs):
    async def agent(run, given):
        for action in scripts_of_runs[given["n"]]:
            await action(run)
        return given["n"]

    def good(n: int) -> int:
        return n

    async def bad() -> None:
        raise OSError("secret")

    agents = agents_with(agent=agent)
    agents.register_tool("good", good)
    agents.register_tool("bad", bad)
    agents.register_tool("hang", forever)
    agents.register_tool("thread", lambda: None, blocking=True)
    return agents


async def play(scripts_of_runs, world):
    """Run the scripts at once on two engines of one user, and let the world have its way."""
    slots, agents = UserSlots(), make_agents(scripts_of_runs)
    lines = [Line(), Line(a_context(run="run-13"))]
    engines = [line.engine(agents, LIMITS, slots) for line in lines]
    calls = [
        asyncio.create_task(engines[n % 2].execute("agent", {"n": n}, run_id=f"r-{n}"))
        for n in range(len(scripts_of_runs))
    ]
    for event, n, turns in world:
        for _ in range(turns):
            await asyncio.sleep(0)
        if event == "cancel":
            engines[n % 2].cancel(f"r-{n}")
        elif event == "cancel the caller" and n < len(calls):
            calls[n].cancel()
        elif event == "cleanup":
            await engines[n % 2].cleanup()
        elif event == "close the bridge":
            await lines[n % 2].bridge.close()
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    left = running_besides_this()
    for engine in engines:
        await engine.cleanup()
    return lines, outcomes, slots, left


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(scripts, min_size=1, max_size=5), worlds)
def test_every_run_is_sound_and_nothing_is_left(scripts_of_runs, world):
    lines, outcomes, slots, left = asyncio.run(play(scripts_of_runs, world))
    assert left == set()
    assert slots.users() == 0
    closed = any(event == "close the bridge" for event, _, _ in world)
    for n, outcome in enumerate(outcomes):
        events = lines[n % 2].of(f"r-{n}")
        if isinstance(outcome, BaseException):
            # It never began, or its caller was cancelled; a run that began has still ended.
            assert isinstance(outcome, Exception | asyncio.CancelledError)
        else:
            assert outcome.events == len(events)
            assert outcome.ok == (events[-1].type == "agent_completed") or closed
        if events and not closed:
            assert check_run(events) == []
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert "secret" not in "".join(event.to_json() for event in events)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 4), st.booleans()), min_size=1, max_size=30
    )
)
def test_places_are_never_exceeded_and_never_lost(requests):
    """Users, engines and cancellations at random: the limits hold at every moment."""

    async def scenario():
        slots = UserSlots()
        limits = replace(QUICK, runs_per_user=2, engines_per_user=2, queued_runs_per_user=4)
        most_runs = most_engines = 0

        async def one(n, user, engine, cancelled):
            nonlocal most_runs, most_engines
            ticket = slots.request(f"u{user}", f"r{n}", engine, limits)
            try:
                if cancelled:
                    ticket.refuse(RunCancelled(f"r{n}"))
                await ticket.granted()
                most_runs = max(most_runs, slots.running(f"u{user}"))
                most_engines = max(most_engines, slots.engines(f"u{user}"))
                await asyncio.sleep(0)
            finally:
                ticket.release()
                ticket.release()
                if not slots.running(f"u{user}"):
                    for number in range(5):
                        slots.leave(f"u{user}", number)

        results = await asyncio.gather(
            *(one(n, *request) for n, request in enumerate(requests)), return_exceptions=True
        )
        for user in range(3):
            for number in range(5):
                slots.leave(f"u{user}", number)
        return results, most_runs, most_engines, slots

    results, most_runs, most_engines, slots = asyncio.run(scenario())
    assert most_runs <= 2
    assert most_engines <= 2
    assert slots.users() == 0
    unexpected = [
        r
        for r in results
        if isinstance(r, BaseException) and not isinstance(r, EngineBusy | RunCancelled)
    ]
    assert unexpected == []
