"""Messages nobody should send: each is answered by what is wrong, and the connection lives on."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.integration.server.conftest import Serve
from tests.integration.server.http_client import client_frame, upgrade
from tests.integration.server.wiring import PATIENCE, Wired

RUN = {"type": "run_agent", "agent": "sum", "thread_id": "thread-1"}


def _deep(levels: int) -> dict[str, Any]:
    inner: dict[str, Any] = {}
    for _ in range(levels):
        inner = {"inner": inner}
    return {**RUN, "input": inner}


MALFORMED: dict[str, tuple[str | bytes, str]] = {
    "binary": (json.dumps({"type": "ping"}).encode(), "binary_frame"),
    "no JSON": ("{", "not_json"),
    "empty": ("", "not_json"),
    "no object": ("[]", "invalid_request"),
    "no type": ("{}", "unknown_type"),
    "unknown type": ('{"type": "sudo"}', "unknown_type"),
    "missing field": ('{"type": "run_agent", "agent": "sum"}', "invalid_request"),
    "surplus field": (json.dumps({**RUN, "user_id": "bob"}), "invalid_request"),
    "wrong type": (json.dumps({**RUN, "input": []}), "invalid_request"),
    "coercible type": ('{"type": "resume", "run_id": "r", "after_seq": "1"}', "invalid_request"),
    "negative": ('{"type": "resume", "run_id": "r", "after_seq": -1}', "invalid_request"),
    "repeated key": ('{"type": "ping", "type": "run_agent"}', "invalid_request"),
    "not a number": ('{"type": "ping", "nonce": NaN}', "invalid_request"),
    "half a surrogate": ('{"type": "ping", "nonce": "\\ud800"}', "invalid_request"),
    "too deep": (json.dumps(_deep(40)), "too_deep"),
    "absurdly deep": ("[" * 30_000, "too_deep"),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", MALFORMED)
async def test_a_malformed_message_is_answered_by_its_fault(wired: Wired, kind: str) -> None:
    """The error frame names the fault; the connection serves the next request."""
    message, code = MALFORMED[kind]
    async with wired.client("ada") as client:
        await client.socket.send(message)
        answer = await client.recv()
        assert (answer["type"], answer["code"]) == ("error", code)
        assert answer["message"]
        assert (await client.ask("ping", nonce="still here"))["nonce"] == "still here"
    assert wired.sessions.contexts == []


@pytest.mark.asyncio
async def test_a_message_too_large_closes_the_connection_with_1009(serve: Serve) -> None:
    """The protocol closes before the message is read into memory, fragmented or not."""
    wired = await serve(max_size_bytes=1024)
    async with wired.client("ada") as client:
        await client.socket.send("x" * 2000)
        assert await client.closed() == 1009
    async with wired.client("ada") as client:
        await client.socket.send(["x" * 500] * 4)
        assert await client.closed() == 1009


@pytest.mark.asyncio
async def test_a_flood_of_malformed_messages_is_cut_off_with_1008(serve: Serve) -> None:
    """So many faults are forgiven and answered, one more ends the connection."""
    wired = await serve(faults=3, faults_per_second=0.001, stall_seconds=3600.0)
    async with wired.client("ada") as client:
        for _ in range(3):
            await client.socket.send("{")
            assert (await client.recv())["code"] == "not_json"
        for _ in range(100):  # what is on its way already does not hold up the close
            await client.socket.send("{")
        await client.socket.send(json.dumps({**RUN, "input": {"numbers": []}}))
        assert await client.closed() == 1008
    assert wired.sessions.contexts == []  # nor is it served
    async with wired.client("ada") as client:
        assert (await client.ask("ping"))["type"] == "pong"


@pytest.mark.asyncio
async def test_requests_that_are_refused_are_no_faults(serve: Serve) -> None:
    """A well-formed request for what there is not costs nothing of the budget."""
    wired = await serve(faults=1, faults_per_second=0.001)
    async with wired.client("ada") as client:
        for _ in range(10):
            assert (await client.ask("cancel_run", run_id="run-1"))["code"] == "unknown_run"


@pytest.mark.asyncio
async def test_a_client_that_asks_in_bulk_gets_all_its_answers(serve: Serve) -> None:
    """More requests at once than the queue has room for wait their turn; none is lost."""
    wired = await serve(queue_frames=8)
    async with wired.client("ada") as client:
        for number in range(500):
            await client.send("ping", nonce=str(number))
        assert [(await client.recv())["nonce"] for _ in range(500)] == [
            str(number) for number in range(500)
        ]


@pytest.mark.asyncio
async def test_runs_asked_for_in_bulk_are_refused_beyond_what_may_be_under_way(
    serve: Serve,
) -> None:
    """A client cannot pile up scopes by asking faster than runs end."""
    wired = await serve(runs_per_user=4)
    async with wired.client("ada") as client:
        for number in range(20):
            await client.send(
                "run_agent", agent="hang", thread_id="thread-1", run_id=f"run-{number}"
            )
        answers: list[dict[str, Any]] = []
        while len([a for a in answers if a["type"] in {"accepted", "error"}]) < 20:
            answers.append(await client.recv())
        assert sum(answer["type"] == "accepted" for answer in answers) == 4
        refused = [answer for answer in answers if answer["type"] == "error"]
        assert {(answer["code"], answer["retryable"]) for answer in refused} == {("busy", True)}
        for number in range(4):
            await client.send("cancel_run", run_id=f"run-{number}")
    await wired.until(lambda: wired.quiet)


@pytest.mark.asyncio
async def test_broken_text_and_broken_frames_end_their_own_connection_only(wired: Wired) -> None:
    """Invalid UTF-8 and protocol violations close that connection; others do not notice."""
    async with wired.client("bob") as other:
        for broken in (client_frame(1, b"\xff\xfe"), b"\xff" * 64, b"\x81\x05hello"):
            reader, writer = await upgrade(wired, "ada")
            writer.write(broken)
            async with asyncio.timeout(PATIENCE):
                assert (await reader.read())[:1] == b"\x88"  # a close frame, then the end
            writer.close()
        assert (await other.ask("ping"))["type"] == "pong"
    await wired.until(lambda: wired.quiet)
