"""Which keyed objects exist, who uses them, and which of them are to go."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

__all__ = ["Entries", "Entry"]


@dataclass(slots=True, eq=False)
class Entry:
    """One key's object.

    Attributes:
        key: The key.
        building: Held while the object is made or evicted: a lock for threads, or one for tasks of
            any loop.
        value: The object.
        built: Whether it is there.
        resource: The generator that closes it, if there is one.
        pins: How many scopes use it.
        doomed: Whether the pool has closed: the last scope that uses it tears it down.
        leaving: Whether it is being evicted.
        last_used: When a scope last let go of it, by the pool's clock.
    """

    key: Hashable
    building: Any
    value: Any = None
    built: bool = False
    resource: Any = None
    pins: int = 0
    doomed: bool = False
    leaving: bool = False
    last_used: float = 0.0


class Entries:
    """The entries of one pool; it makes and closes nothing itself.

    Args:
        limit: How many objects may exist at once, those in use apart.
        idle_seconds: Seconds after its last use at which an object may be torn down.
        clock: Seconds that never run backwards.
    """

    def __init__(
        self, limit: int | None, idle_seconds: float | None, clock: Callable[[], float]
    ) -> None:
        self._limit = limit
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._entries: OrderedDict[Hashable, Entry] = OrderedDict()
        self._lock = threading.Lock()

    def empty_copy(self) -> Entries:
        """No entries, under the same limits."""
        return Entries(self._limit, self._idle_seconds, self._clock)

    def __len__(self) -> int:
        with self._lock:
            return sum(entry.built for entry in self._entries.values())

    def take(self, key: Hashable, lock: Callable[[], Any]) -> Entry:
        """The entry of a key, in use from now on.

        Args:
            key: The key.
            lock: Makes what is held while an object is made or evicted.
        """
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                entry = self._entries[key] = Entry(key, lock())
            entry.pins += 1
            return entry

    def give_back(self, entry: Entry) -> bool:
        """A user is done with an entry; whether it is to be torn down now."""
        with self._lock:
            entry.pins -= 1
            entry.last_used = self._clock()
            if self._entries.get(entry.key) is entry:
                self._entries.move_to_end(entry.key)  # so that the least recently used comes first
                if not entry.built and not entry.pins:
                    del self._entries[entry.key]
            return entry.doomed and entry.built and not entry.pins

    def surplus(self) -> list[Entry]:
        """Set about evicting what is idle for too long or over the limit, never what is in use.

        Each stays in its place until it has been torn down, and whoever asks for its key waits, so
        that no two objects of one key exist at once.
        """
        if self._limit is None and self._idle_seconds is None:
            return []
        with self._lock:
            now = self._clock()
            staying = [entry for entry in self._entries.values() if not entry.leaving]
            over = len(staying) - self._limit if self._limit is not None else 0
            out: list[Entry] = []
            for entry in staying:
                if entry.pins or not entry.built:
                    continue
                idle = now - entry.last_used
                is_idle = self._idle_seconds is not None and idle > self._idle_seconds
                if not is_idle and len(out) >= over:
                    break  # all that follow were used later
                out.append(entry)
            for entry in out:
                entry.building.acquire()  # at once: nobody else has pinned it
                entry.leaving = True
                entry.built = False
                entry.pins += 1
            return out

    def evicted(self, entry: Entry) -> None:
        """Let those who have asked for the key meanwhile build its next object."""
        with self._lock:
            entry.leaving = False
            entry.value = entry.resource = None
            entry.pins -= 1
            if not entry.pins and self._entries.get(entry.key) is entry:
                del self._entries[entry.key]
        entry.building.release()

    def drain(self) -> list[Entry]:
        """Let go of all entries; those that are to be torn down now, the latest first."""
        with self._lock:
            entries = list(reversed(self._entries.values()))
            self._entries.clear()
            for entry in entries:
                entry.doomed = True
            return [entry for entry in entries if entry.built and not entry.pins]
