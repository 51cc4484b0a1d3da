"""What a connection still has to send: bounded, and each run without gap or duplicate.

Pure state without I/O. An event's frame reaches a connection from the backplane, or from the replay
store when the client resumes, and both may bring the same one. The outbox holds a cursor for every
run that is under way on its connection, and lets through the event after the cursor only:

- a run begins on a connection with its first event, or where the client resumes it. What comes of a
  run that began before the connection did is not taken until then: a stream with a hole in front
  would be worse than none;
- a resumed run is read from the store, a few events at a time so that other runs keep flowing, and
  goes live in the same step that finds nothing more stored. What is published meanwhile is in the
  store already, and is read from there;
- an event beyond the next one means that the backplane lost some: they are read from the store.

Whoever is full takes nothing more and stays full: a connection that missed an event must end.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from trunkline_runtime.messages import END_TYPES

__all__ = ["DrawResumed", "Outbox", "ReadStored", "StoredEvent"]

_BATCH = 16  # events read from the store before other frames have their turn,
_BATCH_CHARACTERS = 64 * 1024  # or fewer, once they have this many characters
_CURSORS = 256  # runs a connection follows at once; the one begun longest ago gives way

# The head of an event's frame. Quotes inside JSON strings are escaped, so none of these keys can be
# found inside a value, and the payload, which may hold the same keys, comes last.
_HEAD = re.compile(
    r'\{"type":"(?P<type>\w+)",.*?"seq":(?P<seq>\d+),.*?"run_id":(?P<run_id>"(?:[^"\\]|\\.)*")'
)


class StoredEvent(Protocol):
    """An event as the store keeps it."""

    @property
    def type(self) -> str:
        """Its type."""
        ...

    @property
    def seq(self) -> int:
        """Its place in its run, from 1."""
        ...

    def to_json(self) -> str:
        """Draw its frame."""
        ...


ReadStored: TypeAlias = Callable[[str, int], Sequence[StoredEvent] | None]
"""Reads the stored events of a run after a sequence number; None where they are not all there."""

DrawResumed: TypeAlias = Callable[[str, int, int, bool], str]
"""Draws the frame that ends a replay, from the run, the sequence number that was asked for, the
number of events that were sent, and whether none is missing."""


@dataclass(slots=True)
class _Cursor:
    seq: int  # the last event that was taken
    replaying: bool = False


@dataclass(slots=True)
class _Replay:
    run_id: str
    cursor: _Cursor
    after_seq: int
    asked: bool  # by the client, which is told when it ends
    sent: int = 0


class Outbox:
    """The frames of one connection, first in, first out.

    Args:
        frames: How many frames may wait.
        characters: How many characters they may have together; one frame alone may have more.
        read: Reads stored events.
        resumed: Draws the frame that ends a replay.
    """

    def __init__(
        self,
        frames: int,
        characters: int,
        read: ReadStored,
        resumed: DrawResumed,
    ) -> None:
        self._limit_frames = frames
        self._limit_characters = characters
        self._read = read
        self._resumed = resumed
        self._queue: deque[str | _Replay] = deque()
        self._characters = 0
        self._cursors: dict[str, _Cursor] = {}
        self._overrun = False
        self._closed = False

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def characters(self) -> int:
        """How many characters wait."""
        return self._characters

    @property
    def overrun(self) -> bool:
        """Whether an event came that there was no room for."""
        return self._overrun

    @property
    def closed(self) -> bool:
        """Whether it takes nothing more."""
        return self._closed

    def put(self, frame: str) -> bool:
        """Take an answer to the client.

        Answers fill half of the room at most, so that they cannot crowd out events.

        Returns:
            Whether it was taken; not if there is no room for it now, or the outbox is closed.
        """
        if self._closed or not self._has_room(share=2):
            return False
        self._append(frame)
        return True

    def offer(self, frame: str) -> bool:
        """Take a frame from the backplane.

        Returns:
            Whether this connection sends it, or has sent it.
        """
        if self._closed or self._overrun:
            return False
        head = _HEAD.match(frame)
        if head is None:
            return self._take(frame)
        run_id, seq = str(json.loads(head["run_id"])), int(head["seq"])
        cursor = self._cursors.get(run_id)
        if cursor is None:
            if seq != 1:
                return False
            cursor = self._follow(run_id, _Cursor(0))
        if cursor.replaying or seq <= cursor.seq:
            return True
        if seq > cursor.seq + 1:
            self._replay(run_id, cursor, asked=False)
        elif self._take(frame):
            cursor.seq = seq
            if head["type"] in END_TYPES:
                del self._cursors[run_id]
        return not self._overrun

    def resume(self, run_id: str, after_seq: int) -> bool:
        """Send a run again from where the client says it has got to.

        Args:
            run_id: The run; whoever calls has checked that its events are stored.
            after_seq: The sequence number of the last event the client has.

        Returns:
            Whether it will; not if there is no room for an answer now, or the outbox is closed.
        """
        if self._closed or not self._has_room(share=2):
            return False
        self._cursors.pop(run_id, None)  # with it, a replay under way loses its right to go on
        self._replay(run_id, self._follow(run_id, _Cursor(after_seq)), asked=True)
        return True

    def pop(self) -> list[str]:
        """Give the next frames to send, at most a batch of them; none where nothing waits."""
        while self._queue:
            item = self._queue.popleft()
            if isinstance(item, str):
                self._characters -= len(item)
                return [item]
            if batch := self._pop_stored(item):
                return batch
        return []

    def close(self) -> None:
        """Take nothing more and drop what waits."""
        self.stop()
        self._queue.clear()
        self._characters = 0
        self._cursors.clear()

    def stop(self) -> None:
        """Take nothing more; what waits is still to be sent."""
        self._closed = True

    def _take(self, frame: str) -> bool:
        if self._has_room():
            self._append(frame)
            return True
        self._overrun = True
        return False

    def _has_room(self, share: int = 1) -> bool:
        return (
            len(self._queue) < self._limit_frames // share
            and self._characters < self._limit_characters // share
        )

    def _append(self, frame: str) -> None:
        self._queue.append(frame)
        self._characters += len(frame)

    def _follow(self, run_id: str, cursor: _Cursor) -> _Cursor:
        if len(self._cursors) >= _CURSORS:
            del self._cursors[next(iter(self._cursors))]
        self._cursors[run_id] = cursor
        return cursor

    def _replay(self, run_id: str, cursor: _Cursor, *, asked: bool) -> None:
        cursor.replaying = True
        self._queue.append(_Replay(run_id, cursor, cursor.seq, asked))

    def _pop_stored(self, replay: _Replay) -> list[str]:
        run_id, cursor = replay.run_id, replay.cursor
        if self._cursors.get(run_id) is not cursor:
            return []  # gave way to another run, or was resumed anew
        events = self._read(run_id, cursor.seq)
        if events is None:
            del self._cursors[run_id]
            return [self._resumed(run_id, replay.after_seq, replay.sent, False)]
        batch, ended = self._batch(cursor, events)
        replay.sent += len(batch)
        if batch and not ended:
            self._queue.append(replay)
            return batch
        cursor.replaying = False
        if ended:
            del self._cursors[run_id]
        if replay.asked:
            batch.append(self._resumed(run_id, replay.after_seq, replay.sent, True))
        return batch

    @staticmethod
    def _batch(cursor: _Cursor, events: Sequence[StoredEvent]) -> tuple[list[str], bool]:
        batch: list[str] = []
        characters = 0
        for event in events[:_BATCH]:
            frame = event.to_json()
            batch.append(frame)
            characters += len(frame)
            cursor.seq = event.seq
            if event.type in END_TYPES:
                return batch, True
            if characters >= _BATCH_CHARACTERS:
                break
        return batch, False
