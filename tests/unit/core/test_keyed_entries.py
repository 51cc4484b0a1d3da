"""Which keyed objects are to go: nothing in use, and no key twice, whatever the limits say."""

from __future__ import annotations

import threading

from trunkline.providers.entries import Entries, Entry


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def built(entries: Entries, key: str) -> Entry:
    """An entry in use whose object is there."""
    entry = entries.take(key, threading.Lock)
    entry.value, entry.built = key, True
    return entry


def test_the_least_recently_used_goes_first_and_nothing_in_use() -> None:
    entries = Entries(limit=1, idle_seconds=None, clock=Clock())
    first, second, third = (built(entries, key) for key in "abc")
    assert entries.surplus() == []  # all are in use
    entries.give_back(third)
    entries.give_back(first)
    assert entries.surplus() == [third, first]
    assert len(entries) == 1
    assert second.built


def test_what_is_idle_goes_though_the_limit_is_not_reached() -> None:
    clock = Clock()
    entries = Entries(limit=9, idle_seconds=10, clock=clock)
    first = built(entries, "a")
    entries.give_back(first)
    clock.seconds = 10
    assert entries.surplus() == []
    second = built(entries, "b")
    entries.give_back(second)
    clock.seconds = 11
    assert entries.surplus() == [first]


def test_a_key_has_one_entry_until_what_leaves_is_gone() -> None:
    """Whoever asks meanwhile gets the entry that is held, and builds its next object."""
    entries = Entries(limit=0, idle_seconds=None, clock=Clock())
    entry = built(entries, "a")
    entries.give_back(entry)
    assert entries.surplus() == [entry]
    assert entries.take("a", threading.Lock) is entry
    assert not entry.building.acquire(blocking=False)
    entries.evicted(entry)
    assert entry.building.acquire(blocking=False)
    assert not entry.built
    assert entries.take("a", threading.Lock) is entry  # still its key's, for it is in use


def test_what_is_in_use_at_the_close_is_torn_down_by_its_last_user() -> None:
    entries = Entries(limit=None, idle_seconds=None, clock=Clock())
    idle, used = built(entries, "a"), built(entries, "b")
    assert entries.take("b", threading.Lock) is used
    assert not entries.give_back(idle)
    assert entries.drain() == [idle]
    assert not entries.give_back(used)
    assert entries.give_back(used)
