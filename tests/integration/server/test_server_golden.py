"""The golden path: many users at once, each sees their own run, whole and in order."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.integration.server.conftest import Serve
from tests.integration.server.wiring import LIMITS, Wired, problems


async def _one_user(wired: Wired, user: str, number: int) -> list[dict[str, Any]]:
    async with wired.client(user) as client:
        return await client.run("sum", numbers=[number, 1, 2])


@pytest.mark.asyncio
@pytest.mark.parametrize("users", [3, 50])
async def test_users_at_once_each_see_their_own_run_whole_and_in_order(
    wired: Wired, users: int
) -> None:
    """Every event reaches the one user whose run it is of, through objects of their own."""
    names = [f"user-{number}" for number in range(users)]
    streams = await asyncio.gather(
        *(_one_user(wired, name, number) for number, name in enumerate(names))
    )
    for number, (name, events) in enumerate(zip(names, streams, strict=True)):
        assert problems(events) == []
        assert {event["user_id"] for event in events} == {name}
        assert [event["type"] for event in events] == [
            "agent_started",
            "agent_thinking",
            *["tool_executing", "tool_completed"] * 3,
            "agent_completed",
        ]
        assert events[-1]["payload"]["result"] == {"total": number + 3, "user": name}
    await wired.until(lambda: wired.quiet)
    assert len({id(engine) for engine in wired.sessions.engines}) == users
    assert len({id(engine.bridge) for engine in wired.sessions.engines}) == users
    assert len({id(context) for context in wired.sessions.contexts}) == users
    assert wired.connections.count() == 0


@pytest.mark.asyncio
async def test_all_connections_of_a_user_get_the_events_and_no_other_users(wired: Wired) -> None:
    """A run's events go to every open connection of its user and to nobody else."""
    async with (
        wired.client("ada") as first,
        wired.client("ada") as second,
        wired.client("bob") as other,
    ):
        await other.ask("ping")
        await second.ask("ping")
        run_id = await first.start("sum", numbers=[1])
        own, twin = await asyncio.gather(first.until_end(), second.until_end())
        assert own == twin
        assert {event["run_id"] for event in own} == {run_id}
        assert (await other.ask("ping", nonce="n"))["nonce"] == "n"


@pytest.mark.asyncio
async def test_runs_of_one_connection_interleave_and_each_keeps_its_order(wired: Wired) -> None:
    """Runs started on one connection go on at once; each is whole by itself."""
    async with wired.client("ada") as client:
        for name in ("run-a", "run-b", "run-c"):
            await client.send(
                "run_agent",
                agent="count",
                thread_id="thread-1",
                run_id=name,
                input={"to": 5, "pause": 0.001},
            )
        events: dict[str, list[dict[str, Any]]] = {}
        ended = 0
        while ended < 3:
            frame = await client.recv()
            if "seq" in frame:
                events.setdefault(frame["run_id"], []).append(frame)
                ended += frame["type"] == "agent_completed"
    assert sorted(events) == ["run-a", "run-b", "run-c"]
    assert all(problems(run) == [] for run in events.values())


@pytest.mark.asyncio
async def test_a_raising_agent_ends_in_an_error_that_tells_nothing_inside(wired: Wired) -> None:
    """The last event is agent_error; its message quotes nothing of the exception."""
    async with wired.client("ada") as client:
        events = await client.run("fail")
        assert problems(events) == []
        assert events[-1]["type"] == "agent_error"
        assert events[-1]["payload"]["code"] == "agent_failed"
        assert "nobody's business" not in str(events)
        assert (await client.ask("ping"))["type"] == "pong"


@pytest.mark.asyncio
async def test_a_hanging_agent_is_stopped_in_time_and_leaves_nothing_running(serve: Serve) -> None:
    """After run_seconds comes agent_error with the code timeout, and no task is left."""
    wired = await serve(limits=replace(LIMITS, run_seconds=0.1))
    async with wired.client("ada") as client:
        events = await client.run("hang")
        assert problems(events) == []
        assert events[-1]["payload"]["code"] == "timeout"
    await wired.until(lambda: wired.quiet)


@pytest.mark.asyncio
async def test_a_run_is_cancelled_by_its_user_from_any_connection_and_by_nobody_else(
    wired: Wired,
) -> None:
    """cancel_run finds the runs of the connection's own user only."""
    async with (
        wired.client("ada") as first,
        wired.client("ada") as second,
        wired.client("bob") as other,
    ):
        run_id = await first.start("hang")
        await first.until("progress_update")
        refusal = await other.ask("cancel_run", run_id=run_id)
        assert (refusal["type"], refusal["code"]) == ("error", "unknown_run")
        await second.send("cancel_run", run_id=run_id)
        events = await first.until_end()
        assert events[-1]["payload"]["code"] == "cancelled"
    await wired.until(lambda: wired.quiet)


@pytest.mark.asyncio
async def test_a_run_that_no_place_is_free_for_is_refused_by_an_error_frame(serve: Serve) -> None:
    """Over the user's limit the client is told busy, and that it may try again."""
    wired = await serve(limits=replace(LIMITS, runs_per_user=1, queued_runs_per_user=0))
    async with wired.client("ada") as client:
        await client.start("hang", "run-1")
        await client.until("progress_update")
        await client.start("hang", "run-2")
        refusal = await client.recv()
        assert refusal["type"] == "error"
        assert (refusal["code"], refusal["about"], refusal["retryable"]) == ("busy", "run-2", True)
        await client.send("cancel_run", run_id="run-1")
        await client.until_end()


@pytest.mark.asyncio
async def test_an_identifier_of_a_run_is_used_once(wired: Wired) -> None:
    """A second run with the identifier of one under way, or one still stored, is refused."""
    async with wired.client("ada") as client:
        await client.start("gated", "run-1")
        await wired.gate.reached.wait()
        await client.send("run_agent", agent="sum", thread_id="thread-1", run_id="run-1")
        frames = await client.until("error")
        assert frames[-1]["code"] == "run_id_in_use"
        wired.gate.opened.set()
        await client.until_end()
        refusal = await client.ask("run_agent", agent="sum", thread_id="thread-1", run_id="run-1")
        assert refusal["code"] == "run_id_in_use"


@pytest.mark.asyncio
async def test_requests_that_name_what_cannot_be_are_refused_by_an_error_frame(
    wired: Wired,
) -> None:
    """An unknown agent and identifiers that a context refuses are named; the connection lives."""
    async with wired.client("ada") as client:
        unknown = await client.ask("run_agent", agent="nobody", thread_id="thread-1")
        assert unknown["code"] == "unknown_agent"
        assert "sum" in unknown["message"]
        placeholder = await client.ask("run_agent", agent="sum", thread_id="undefined")
        assert placeholder["code"] == "invalid_context"
        assert "thread_id" in placeholder["message"]
        assert (await client.ask("cancel_run", run_id="run-9"))["code"] == "unknown_run"
        assert (await client.ask("ping", nonce="still here"))["nonce"] == "still here"
