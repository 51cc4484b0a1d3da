"""The plugin's own checker of the order of events."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.testing import EventOrder


def event(kind: str, seq: int, run: str = "r", user: str = "ann") -> dict[str, Any]:
    return {"type": kind, "seq": seq, "run_id": run, "user_id": user}


def run_of(length: int, run: str = "r") -> list[dict[str, Any]]:
    kinds = ["agent_started", *["progress"] * length, "agent_completed"]
    return [event(kind, seq, run) for seq, kind in enumerate(kinds, start=1)]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_sound_runs_pass_however_they_interleave(lengths: list[int], random: Any) -> None:
    runs = [run_of(length, f"run {number}") for number, length in enumerate(lengths)]
    order = EventOrder()
    while runs:
        chosen = random.choice(runs)
        order(chosen.pop(0))
        runs = [run for run in runs if run]
    assert not order.open_runs


@given(st.integers(1, 5), st.data())
def test_a_lost_or_repeated_event_is_found_where_it_shows(length: int, data: st.DataObject) -> None:
    events = run_of(length)
    place = data.draw(st.integers(0, len(events) - 2))
    twice = data.draw(st.booleans())
    broken = [*events[: place + twice], *events[place + (not twice) :]]
    order = EventOrder()
    for sound in broken[: place + twice]:
        order(sound)
    with pytest.raises(AssertionError, match="expected"):
        order(broken[place + twice])


@pytest.mark.parametrize(
    ("events", "problem"),
    [
        ([event("progress", 1)], "begins without agent_started"),
        ([event("agent_completed", 1)], "begins without agent_started"),
        ([event("agent_started", 1), event("agent_started", 2)], "has started before"),
        ([*run_of(0), event("agent_error", 3)], "has ended before"),
        ([event("agent_started", 1), event("progress", 2, user="bob")], "'bob', but"),
        ([{"type": "agent_started", "seq": 1, "run_id": "r"}], "it has no user_id"),
        ([{"type": "agent_started", "run_id": "r", "user_id": "ann"}], "is None, expected 1"),
    ],
)
def test_disorder_is_named(events: list[dict[str, Any]], problem: str) -> None:
    *sound, last = events
    order = EventOrder()
    for each in sound:
        order(each)
    with pytest.raises(AssertionError, match=problem):
        order(last)


def test_names_of_events_and_fields_are_the_applications() -> None:
    order = EventOrder(started="begin", ended=["end"], type="kind", seq="n", run="job", user="")
    order({"kind": "accepted"})
    order({"kind": "begin", "n": 1, "job": 7})
    assert order.open_runs == {7}
    order({"kind": "end", "n": 2, "job": 7})
    with pytest.raises(AssertionError, match="n of run 8 is 2, expected 1"):
        order({"kind": "begin", "n": 2, "job": 8})
