"""A bridge sends to its own user, in order, without gaps, and says truly what became of it."""

import asyncio
import json
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.runtime.wire_data import EVENT_KEYS
from trunkline_runtime.backplane import EmbeddedBackplane
from trunkline_runtime.bridge import AgentWebSocketBridge, EventStore, installed_bridges
from trunkline_runtime.context import RunId, UserExecutionContext
from trunkline_runtime.engine import NoCanonicalFactory
from trunkline_runtime.errors import (
    ContextTypeError,
    EventOrderError,
    ForeignContext,
    InvalidPayload,
)
from trunkline_runtime.messages import Event, EventType, check_run

RUN = RunId("run-1")
STARTED = (EventType.AGENT_STARTED, {"message": "hello"})
ENDED = (EventType.AGENT_COMPLETED, {"result": None, "duration_ms": 1.0})


def a_context(user="alice", thread="thread-1"):
    return UserExecutionContext(user, thread, "run-1")


class Parts:
    def __init__(self, context=None, backplane=None):
        self.context = context or a_context()
        self.backplane = backplane or EmbeddedBackplane()
        self.store = EventStore(10, 1000, 60)
        self.bridge = AgentWebSocketBridge(self.context, self.backplane, self.store)

    def listen(self, user="alice"):
        frames = []
        self.backplane.subscribe(user, lambda frame: frames.append(frame) or True)
        return frames

    async def emit(self, event, run=RUN, **options):
        event_type, payload = event
        return await self.bridge.emit(event_type, payload, agent_name="w", run_id=run, **options)

    def stored(self, run=RUN):
        return self.store.after(self.context.user_id, run, 0)


def custom(n=0):
    return EventType.CUSTOM, {"n": n}


@pytest.mark.asyncio
async def test_an_event_goes_to_all_connections_of_its_user_in_the_one_format():
    parts = Parts()
    first, second, other = parts.listen(), parts.listen(), parts.listen("bob")
    delivery = await parts.emit(STARTED)
    assert (delivery.kind, delivery.connections, delivery.seq) == ("delivered", 2, 1)
    assert first == second
    assert other == []
    frame = json.loads(first[0])
    assert list(frame) == EVENT_KEYS
    assert frame["user_id"] == "alice"
    assert frame["request_id"] == parts.context.request_id


@pytest.mark.asyncio
async def test_an_event_without_connections_is_stored_and_that_is_said():
    parts = Parts()
    delivery = await parts.emit(STARTED)
    assert (delivery.kind, delivery.connections, delivery.seq) == ("stored", 0, 1)
    assert delivery.reason
    [event] = parts.stored()
    assert event.seq == 1


@pytest.mark.asyncio
async def test_a_closed_bridge_refuses_and_stores_nothing():
    parts = Parts()
    frames = parts.listen()
    await parts.emit(STARTED)
    await parts.bridge.close()
    await parts.bridge.close()
    delivery = await parts.emit(custom())
    assert (delivery.kind, delivery.seq) == ("refused", None)
    assert "closed" in delivery.reason
    assert len(frames) == len(parts.stored()) == 1


@pytest.mark.asyncio
async def test_the_order_of_a_run_is_enforced_and_a_refusal_takes_no_number():
    parts = Parts()
    frames = parts.listen()
    with pytest.raises(EventOrderError, match="has not started"):
        await parts.emit(custom())
    await parts.emit(STARTED)
    with pytest.raises(EventOrderError, match="started before"):
        await parts.emit(STARTED)
    with pytest.raises(InvalidPayload):
        await parts.emit((EventType.AGENT_THINKING, {"reasoning": 3}))
    with pytest.raises(InvalidPayload):
        await parts.emit((EventType.CUSTOM, {"n": object()}))
    await parts.emit(ENDED)
    with pytest.raises(EventOrderError, match="has ended"):
        await parts.emit(custom())
    events = [Event.from_json(frame) for frame in frames]
    assert check_run(events) == []
    assert [event.seq for event in events] == [1, 2]
    assert parts.stored() == tuple(events)


@pytest.mark.asyncio
async def test_runs_are_numbered_apart():
    parts = Parts()
    frames = parts.listen()
    for run in (RunId("a"), RunId("b")):
        await parts.emit(STARTED, run)
    for run in (RunId("b"), RunId("a")):
        await parts.emit(ENDED, run)
    assert [(json.loads(f)["run_id"], json.loads(f)["seq"]) for f in frames] == [
        ("a", 1),
        ("b", 1),
        ("b", 2),
        ("a", 2),
    ]


@pytest.mark.asyncio
async def test_any_other_context_is_refused():
    parts = Parts()
    for foreign in (a_context(user="bob"), a_context(thread="thread-2")):
        with pytest.raises(ForeignContext):
            await parts.emit(STARTED, context=foreign)
    for wrong in (Mock(spec=UserExecutionContext), "alice"):
        with pytest.raises(ContextTypeError):
            await parts.emit(STARTED, context=wrong)
    assert parts.stored() is None
    for own in (parts.context, parts.context.child("step")):
        parts.bridge.require(own)
    assert (await parts.emit(STARTED, context=parts.context)).ok


@pytest.mark.parametrize("wrong", [None, Mock(spec=UserExecutionContext), "alice"])
def test_a_bridge_without_a_real_context_cannot_be_made(wrong):
    with pytest.raises(ContextTypeError):
        AgentWebSocketBridge(wrong, EmbeddedBackplane(), EventStore(1, 1, 1))


class SlowBackplane(EmbeddedBackplane):
    """Takes longer for earlier frames, as a network would if nobody kept the order."""

    def __init__(self):
        super().__init__()
        self.turns = 20

    async def publish(self, user_id, frame):
        self.turns = max(self.turns - 5, 0)
        for _ in range(self.turns):
            await asyncio.sleep(0)
        return await super().publish(user_id, frame)


@pytest.mark.asyncio
async def test_concurrent_events_of_a_run_are_published_in_the_order_of_their_calls():
    parts = Parts(backplane=SlowBackplane())
    frames = parts.listen()
    await parts.emit(STARTED)
    deliveries = await asyncio.gather(*(parts.emit(custom(n)) for n in range(10)))
    assert [delivery.seq for delivery in deliveries] == list(range(2, 12))
    assert [json.loads(frame)["seq"] for frame in frames] == list(range(1, 12))
    assert [json.loads(frame)["payload"].get("n") for frame in frames[1:]] == list(range(10))


class GatedBackplane(EmbeddedBackplane):
    """Holds every frame of one run until it is let go."""

    def __init__(self, held):
        super().__init__()
        self.held = held
        self.gate = asyncio.Event()

    async def publish(self, user_id, frame):
        if json.loads(frame)["run_id"] == self.held:
            await self.gate.wait()
        return await super().publish(user_id, frame)


@pytest.mark.asyncio
async def test_a_run_that_is_held_up_does_not_hold_up_another():
    parts = Parts(backplane=GatedBackplane("slow"))
    parts.listen()
    slow = asyncio.create_task(parts.emit(STARTED, RunId("slow")))
    await asyncio.sleep(0)
    assert (await parts.emit(STARTED, RunId("quick"))).kind == "delivered"
    assert not slow.done()
    parts.backplane.gate.set()
    assert (await slow).kind == "delivered"


@pytest.mark.asyncio
async def test_a_cancelled_sender_leaves_its_event_to_be_replayed_and_no_gap():
    parts = Parts(backplane=GatedBackplane(RUN))
    frames = parts.listen()
    sending = asyncio.create_task(parts.emit(STARTED))
    await asyncio.sleep(0)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    parts.backplane.gate.set()
    assert (await parts.emit(ENDED)).seq == 2
    assert [json.loads(frame)["seq"] for frame in frames] == [2]
    assert check_run(parts.stored()) == []


class BrokenBackplane(EmbeddedBackplane):
    async def publish(self, user_id, frame):
        raise ConnectionError("gone")


@pytest.mark.asyncio
async def test_a_backplane_that_fails_leaves_the_event_stored_and_logged(caplog):
    parts = Parts(backplane=BrokenBackplane())
    delivery = await parts.emit(STARTED)
    assert (delivery.kind, delivery.reason) == ("stored", "the backplane failed")
    [record] = caplog.records
    assert (record.user_id, record.run_id) == ("alice", "run-1")
    assert len(parts.stored()) == 1


@pytest.mark.asyncio
async def test_closing_waits_for_what_is_being_sent_but_not_for_ever(caplog):
    parts = Parts(backplane=GatedBackplane(RUN))
    sending = asyncio.create_task(parts.emit(STARTED))
    await asyncio.sleep(0)
    await parts.bridge.close(seconds=0.01)
    assert "still being published" in caplog.text
    assert caplog.records[0].user_id == "alice"
    closing = asyncio.create_task(parts.bridge.close())
    await asyncio.sleep(0)
    assert not closing.done()
    parts.backplane.gate.set()
    await closing
    assert (await sending).kind == "stored"


@pytest.mark.asyncio
async def test_what_is_sent_cannot_be_changed_afterwards():
    parts = Parts()
    frames = parts.listen()
    await parts.emit(STARTED)
    payload = {"list": [1]}
    await parts.emit((EventType.CUSTOM, payload))
    payload["list"].append(2)
    assert parts.stored()[1].to_json() == frames[1]
    assert json.loads(frames[1])["payload"] == {"list": [1]}


@pytest.mark.asyncio
async def test_a_bridge_remembers_a_bounded_number_of_runs():
    parts = Parts()
    for n in range(400):
        run = RunId(f"run-{n}")
        with pytest.raises(EventOrderError):
            await parts.emit(custom(), RunId(f"stray-{n}"))
        await parts.emit(STARTED, run)
        await parts.emit(ENDED, run)
    assert len(parts.bridge._tracks) == len(parts.bridge._ended) == 256
    with pytest.raises(EventOrderError, match="has ended"):
        await parts.emit(custom(), RunId("run-399"))
    with pytest.raises(EventOrderError, match="has not started"):
        await parts.emit(custom(), RunId("run-1"))


class Factory:
    def __init__(self, bridge):
        self.bridge = bridge

    def create(self, context):
        return self.bridge


def test_create_for_user_gives_the_canonical_bridge():
    parts = Parts()
    with installed_bridges(Factory(parts.bridge)):
        assert AgentWebSocketBridge.create_for_user(parts.context) is parts.bridge
        with pytest.raises(ForeignContext):
            AgentWebSocketBridge.create_for_user(a_context(user="bob"))
        with pytest.raises(ContextTypeError, match="got Mock"):
            AgentWebSocketBridge.create_for_user(Mock(spec=UserExecutionContext))


def test_create_for_user_builds_nothing_else():
    with pytest.raises(NoCanonicalFactory, match="no canonical factory is installed"):
        AgentWebSocketBridge.create_for_user(a_context())
    with (
        installed_bridges(Factory("bridge")),
        pytest.raises(NoCanonicalFactory, match="returned str"),
    ):
        AgentWebSocketBridge.create_for_user(a_context())


attempts = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.sampled_from(
            [
                STARTED,
                ENDED,
                custom(),
                (
                    EventType.TOOL_EXECUTING,
                    {"tool_call_id": "t", "tool_name": "x", "parameters": {}},
                ),
                (
                    EventType.TOOL_COMPLETED,
                    {
                        "tool_call_id": "t",
                        "tool_name": "x",
                        "result": 1,
                        "duration_ms": 1.0,
                        "ok": True,
                    },
                ),
                (EventType.AGENT_ERROR, {"code": 1}),
            ]
        ),
    ),
    max_size=25,
)


@given(attempts)
def test_whatever_senders_try_each_run_that_ends_is_sound(tried):
    """Senders at random, all at once: only a sound run, or the beginning of one, gets out."""

    async def scenario():
        parts = Parts(backplane=SlowBackplane())
        frames = parts.listen()
        results = await asyncio.gather(
            *(parts.emit(event, RunId(run)) for run, event in tried), return_exceptions=True
        )
        return parts, [Event.from_json(frame) for frame in frames], results

    parts, events, results = asyncio.run(scenario())
    assert all(
        not isinstance(result, BaseException)
        or isinstance(result, EventOrderError | InvalidPayload)
        for result in results
    )
    for run in ("a", "b"):
        mine = [event for event in events if event.run_id == run]
        assert (parts.stored(RunId(run)) or ()) == tuple(mine)
        assert [event.seq for event in mine] == list(range(1, len(mine) + 1))
        problems = check_run(mine) if mine else []
        assert [problem for problem in problems if "has no end" not in problem] == []
