"""The outbox: bounded, and every run without gap or duplicate, whatever happens in between."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from trunkline_runtime.bridge import EventStore
from trunkline_runtime.messages import Event, EventType, Resumed
from trunkline_runtime.server.outbox import Outbox

MOMENT = datetime(2024, 1, 1, tzinfo=UTC)


def _event(run_id: str, seq: int, kind: EventType = EventType.CUSTOM, **payload: Any) -> Event:
    if kind is EventType.AGENT_COMPLETED:
        payload = {"result": None, "duration_ms": 0.0}
    return Event(
        type=kind,
        seq=seq,
        user_id="ada",
        thread_id="thread-1",
        run_id=run_id,
        request_id="request-1",
        agent_name="agent",
        timestamp=MOMENT,
        payload=payload,
    )


def _resumed(run_id: str, after_seq: int, events: int, complete: bool) -> str:
    return Resumed(run_id=run_id, after_seq=after_seq, events=events, complete=complete).to_json()


def _outbox(store: EventStore | None = None, frames: int = 1000, characters: int = 10**9) -> Outbox:
    kept = store or EventStore(100, 10_000, 60.0)
    return Outbox(
        frames,
        characters,
        read=lambda run_id, seq: kept.after("ada", run_id, seq),
        resumed=_resumed,
    )


def _sent(outbox: Outbox) -> list[dict[str, Any]]:
    frames: list[str] = []
    while batch := outbox.pop():
        frames += batch
    return [json.loads(frame) for frame in frames]


awkward = st.text(
    alphabet=st.sampled_from('ab"\\{},:\n\u2028é"seq""run_id":1') | st.characters(codec="utf-8"),
    min_size=1,
    max_size=30,
)


@given(run_id=awkward, user=awkward, agent=awkward, key=awkward, value=awkward)
def test_the_head_of_a_frame_is_read_whatever_its_values_look_like(
    run_id: str, user: str, agent: str, key: str, value: str
) -> None:
    """Values and payloads that imitate the head are never taken for it."""
    event = Event(
        type=EventType.CUSTOM,
        event_id=value,
        seq=7,
        user_id=user,
        thread_id=value,
        run_id=run_id,
        request_id=value,
        agent_name=agent,
        timestamp=MOMENT,
        payload={key: value, "seq": 99, "run_id": "another", "nested": {"seq": 1}},
    )
    outbox = _outbox()
    assert outbox.offer(event.to_json()) is False  # a seventh event of a run it does not follow
    first = event.model_copy(update={"seq": 1})
    outbox.offer(Event.model_validate(first.model_dump()).to_json())
    assert [frame["run_id"] for frame in _sent(outbox)] == [run_id]
    assert outbox.offer(
        Event.model_validate(event.model_copy(update={"seq": 2}).model_dump()).to_json()
    )


def test_a_run_that_began_before_the_connection_waits_for_its_resume() -> None:
    """Nothing of it is taken, so that no stream begins with a hole."""
    store = EventStore(100, 100, 60.0)
    outbox = _outbox(store)
    for seq in (1, 2, 3):
        store.append(_event("run", seq))
    assert outbox.offer(_event("run", 3).to_json()) is False
    outbox.resume("run", 1)
    assert outbox.offer(_event("run", 3).to_json()) is True
    frames = _sent(outbox)
    assert [frame.get("seq") for frame in frames] == [2, 3, None]
    assert frames[-1] == {
        "type": "resumed",
        "run_id": "run",
        "after_seq": 1,
        "events": 2,
        "complete": True,
    }
    store.append(_event("run", 4))
    assert outbox.offer(_event("run", 4).to_json()) is True
    assert [frame["seq"] for frame in _sent(outbox)] == [4]


def test_a_replay_lets_other_runs_flow() -> None:
    """A long replay is sent in batches, between which other frames have their turn."""
    store = EventStore(100, 10_000, 60.0)
    outbox = _outbox(store)
    for seq in range(1, 101):
        store.append(_event("long", seq))
    outbox.resume("long", 0)
    outbox.offer(_event("other", 1).to_json())
    order = [frame["run_id"] for frame in _sent(outbox)]
    assert order.index("other") < 50
    assert order.count("long") == 101  # with the frame that ends the replay


def test_a_replay_whose_events_are_dropped_meanwhile_says_so() -> None:
    """The client is told that the run is not complete, and gets no more of it with a hole."""
    store = EventStore(100, 10, 60.0)
    outbox = _outbox(store)
    store.append(_event("run", 1))
    outbox.resume("run", 0)
    for seq in range(2, 50):
        store.append(_event("run", seq))
    assert _sent(outbox) == [
        {"type": "resumed", "run_id": "run", "after_seq": 0, "events": 0, "complete": False}
    ]
    assert outbox.offer(_event("run", 50).to_json()) is False


def test_the_end_of_a_run_forgets_it() -> None:
    """After its last event a run takes no memory, sent live or replayed."""
    store = EventStore(100, 100, 60.0)
    outbox = _outbox(store)
    for number in range(1000):
        for event in (
            _event(f"run-{number}", 1),
            _event(f"run-{number}", 2, EventType.AGENT_COMPLETED),
        ):
            store.append(event)
            assert outbox.offer(event.to_json())
        _sent(outbox)
    outbox.resume("run-999", 0)
    assert len(_sent(outbox)) == 3
    assert outbox._cursors == {}


def test_followed_runs_are_bounded() -> None:
    """Runs that never end give way to newer ones, which flow."""
    outbox = _outbox(frames=10_000)
    for number in range(1000):
        assert outbox.offer(_event(f"run-{number}", 1).to_json())
    assert len(outbox._cursors) == 256
    assert outbox.offer(_event("run-999", 2).to_json()) is True
    assert outbox.offer(_event("run-1", 2).to_json()) is False


def test_full_by_frames_or_by_characters_is_overrun_for_good() -> None:
    """An event without room is refused and everything after it, though room comes again."""
    for outbox in (_outbox(frames=4), _outbox(characters=2000)):
        seq = 1
        while outbox.offer(_event("run", seq, text="x" * 200).to_json()):
            seq += 1
        assert seq < 8
        assert outbox.overrun
        _sent(outbox)
        assert outbox.offer(_event("new", 1).to_json()) is False
        assert _sent(outbox) == []


def test_answers_leave_half_of_the_room_to_events() -> None:
    """However many requests wait for their answers, an event still finds room."""
    outbox = _outbox(frames=8)
    taken = 0
    while outbox.put("{}"):
        taken += 1
    assert taken == 4
    for seq in range(1, 5):
        assert outbox.offer(_event("run", seq).to_json())


def test_closed_takes_nothing_and_holds_nothing() -> None:
    """After close nothing is taken; after stop what waits is still given out."""
    outbox = _outbox()
    outbox.offer(_event("run", 1).to_json())
    outbox.stop()
    assert outbox.offer(_event("run", 2).to_json()) is False
    assert outbox.put("{}") is False
    assert len(_sent(outbox)) == 1
    outbox.close()
    assert (outbox.pop(), len(outbox), outbox.characters) == ([], 0, 0)


class Streams(RuleBasedStateMachine):
    """Runs that go on, a backplane that loses and repeats frames, a client that resumes."""

    def __init__(self) -> None:
        super().__init__()
        self.store = EventStore(100, 10_000, 60.0)
        self.outbox = _outbox(self.store, frames=10**6)
        self.events: dict[str, list[Event]] = {}
        self.seen: dict[str, int] = {}

    @rule(run=st.sampled_from(["a", "b", "c"]), published=st.booleans())
    def go_on(self, run: str, published: bool) -> None:
        events = self.events.setdefault(run, [])
        event = _event(run, len(events) + 1)
        events.append(event)
        self.store.append(event)
        if published:
            self.outbox.offer(event.to_json())

    @rule(run=st.sampled_from(["a", "b", "c"]), data=st.data())
    def repeat(self, run: str, data: st.DataObject) -> None:
        if events := self.events.get(run):
            self.outbox.offer(data.draw(st.sampled_from(events)).to_json())

    @rule()
    def write(self) -> None:
        for frame in map(json.loads, self.outbox.pop()):
            if "seq" in frame:
                assert frame["seq"] == self.seen.get(frame["run_id"], 0) + 1
                self.seen[frame["run_id"]] = frame["seq"]

    @rule(run=st.sampled_from(["a", "b", "c"]))
    def resume(self, run: str) -> None:
        while len(self.outbox):
            self.write()
        if run in self.events:
            self.outbox.resume(run, self.seen.get(run, 0))

    @rule()
    def catch_up(self) -> None:
        for run in self.events:
            self.resume(run)
        while len(self.outbox):
            self.write()
        assert self.seen == {run: len(events) for run, events in self.events.items()}

    @invariant()
    def counts_what_waits(self) -> None:
        waiting = [item for item in self.outbox._queue if isinstance(item, str)]
        assert self.outbox.characters == sum(map(len, waiting))


Streams.TestCase.settings = settings(max_examples=100, stateful_step_count=40)
TestStreams = Streams.TestCase
