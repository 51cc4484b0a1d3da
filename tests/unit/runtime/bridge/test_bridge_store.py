"""What the store gives back has no gap and belongs to who asks; what it keeps is bounded."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline_runtime.bridge import EventStore
from trunkline_runtime.messages import Event, EventType

NOW = datetime(2030, 1, 1, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def event(seq, run="run-1", user="alice", text=""):
    return Event(
        type=EventType.CUSTOM,
        event_id=f"{user}-{run}-{seq}",
        seq=seq,
        user_id=user,
        thread_id="thread-1",
        run_id=run,
        request_id="request-1",
        agent_name="work",
        timestamp=NOW,
        payload={"text": text},
    )


def store(runs=10, events=10, seconds=60.0, **options):
    return EventStore(runs, events, seconds, **options)


def seqs(found):
    return None if found is None else [event.seq for event in found]


def test_what_followed_an_event_is_given_back():
    kept = store()
    for seq in (1, 2, 3):
        kept.append(event(seq))
    assert seqs(kept.after("alice", "run-1", 0)) == [1, 2, 3]
    assert seqs(kept.after("alice", "run-1", 2)) == [3]
    assert seqs(kept.after("alice", "run-1", 3)) == []


def test_a_run_that_has_not_come_so_far_is_not_that_run():
    kept = store()
    kept.append(event(1))
    assert kept.after("alice", "run-1", 2) is None
    assert kept.after("alice", "run-1", -1) is None


def test_another_users_run_is_as_unknown_as_none():
    kept = store()
    kept.append(event(1))
    assert kept.after("bob", "run-1", 0) is None
    assert kept.after("alice", "run-2", 0) is None


def test_two_users_may_use_one_run_id():
    kept = store()
    kept.append(event(1, user="alice"))
    kept.append(event(1, user="bob"))
    kept.append(event(2, user="bob"))
    assert seqs(kept.after("alice", "run-1", 0)) == [1]
    assert seqs(kept.after("bob", "run-1", 0)) == [1, 2]


def test_a_run_whose_first_events_are_gone_is_given_only_without_a_gap():
    kept = store(events=2)
    for seq in (1, 2, 3, 4):
        kept.append(event(seq))
    assert kept.after("alice", "run-1", 1) is None
    assert seqs(kept.after("alice", "run-1", 2)) == [3, 4]


def test_a_user_keeps_the_runs_with_the_latest_news():
    kept = store(runs=2)
    kept.append(event(1, "run-1"))
    kept.append(event(1, "run-2"))
    kept.append(event(2, "run-1"))
    kept.append(event(1, "run-3"))
    assert kept.runs("alice") == ("run-1", "run-3")
    assert kept.after("alice", "run-2", 0) is None


def test_one_users_runs_do_not_displace_anothers():
    kept = store(runs=1)
    kept.append(event(1, user="alice"))
    for n in range(5):
        kept.append(event(1, run=f"run-{n}", user="bob"))
    assert seqs(kept.after("alice", "run-1", 0)) == [1]


def test_a_run_is_forgotten_when_its_time_is_over():
    clock = Clock()
    kept = store(seconds=10, clock=clock)
    kept.append(event(1, "run-1"))
    clock.now = 9
    kept.append(event(1, "run-2"))
    kept.append(event(2, "run-1"))
    clock.now = 18.9
    assert seqs(kept.after("alice", "run-1", 0)) == [1, 2]
    clock.now = 19
    assert kept.after("alice", "run-1", 0) is None
    assert kept.runs("alice") == ()
    assert (kept._users, kept.bytes) == ({}, 0)


def test_a_run_id_used_again_begins_anew():
    kept = store()
    for seq in (1, 2, 3, 1, 2):
        kept.append(event(seq))
    assert seqs(kept.after("alice", "run-1", 0)) == [1, 2]


def test_the_oldest_run_makes_way_when_all_bytes_are_used():
    size = len(event(1).to_json())
    kept = store(limit_bytes=3 * size)
    kept.append(event(1, user="alice"))
    for n in range(3):
        kept.append(event(1, run=f"run-{n}", user="bobby"))
    assert kept.after("alice", "run-1", 0) is None
    assert kept.bytes <= 3 * size


def test_one_run_larger_than_all_there_is_keeps_its_last_events():
    kept = store(limit_bytes=1000)
    for seq in range(1, 10):
        kept.append(event(seq, text="x" * 100))
    found = kept.after("alice", "run-1", 8)
    assert seqs(found) == [9]
    assert kept.bytes <= 1000


def test_an_event_larger_than_all_there_is_is_not_kept():
    kept = store(limit_bytes=500)
    kept.append(event(1))
    kept.append(event(2, text="x" * 1000))
    assert kept.after("alice", "run-1", 1) is None
    assert kept.bytes == 0


def test_a_user_can_be_forgotten():
    kept = store()
    kept.append(event(1))
    kept.append(event(1, user="bob"))
    kept.forget("alice")
    kept.forget("carol")
    assert (kept.runs("alice"), kept.runs("bob")) == ((), ("run-1",))


@pytest.mark.parametrize("limits", [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_a_store_that_keeps_nothing_is_refused(limits):
    with pytest.raises(ValueError, match="positive"):
        EventStore(*limits)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["alice", "bob"]), st.integers(0, 3), st.integers(0, 3), st.booleans()
        ),
        max_size=60,
    )
)
def test_bounds_hold_and_no_gap_is_ever_given(steps):
    """Whatever is appended, by whom and when: the laws above, for every question."""
    clock = Clock()
    size = len(event(1).to_json())
    kept = store(runs=2, events=3, seconds=5, limit_bytes=8 * size, clock=clock)
    last = {}
    for user, run, pause, anew in steps:
        clock.now += pause
        key = (user, f"run-{run}")
        last[key] = 1 if anew else last.get(key, 0) + 1
        kept.append(event(last[key], run=key[1], user=user))
        assert kept.bytes <= 8 * size
        for owner in ("alice", "bob"):
            assert len(kept.runs(owner)) <= 2
            for name in kept.runs(owner):
                for seq in range(last[owner, name] + 1):
                    found = kept.after(owner, name, seq)
                    if found is not None:
                        assert seqs(found) == list(range(seq + 1, last[owner, name] + 1))
                        assert len(found) <= 3
                        assert {one.user_id for one in found} <= {owner}
