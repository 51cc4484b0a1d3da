"""Who waits for what, over all threads, tasks and containers: a wait without an end is refused.

Nobody notes what he builds as he builds it: that is read from his stack, and only when he is about
to wait for another, which is rare.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Collection
from dataclasses import dataclass
from types import FrameType
from typing import Final

__all__ = ["WAITS", "Build", "Builder", "Waits", "builds_of", "builds_on_this_stack"]

Build = tuple[int, str]
"""An object in the making: the ``id`` of what will hold it, and its name there."""


class Builder:
    """What has methods that build objects."""

    __slots__ = ()

    def _builds_in(self, frame: FrameType) -> Collection[Build]:
        """What a method of it, whose frame it is, is in the middle of building."""
        raise NotImplementedError


def builds_of(frame: FrameType) -> Collection[Build]:
    """What a frame is in the middle of building.

    Only the locals of this package's own frames are looked at, and of those that it has written,
    which have no module: a look at them keeps what they name alive until the frame ends.
    """
    if not frame.f_globals.get("__name__", "trunkline.").startswith("trunkline."):
        return ()
    owner = frame.f_locals.get("self")
    return owner._builds_in(frame) if isinstance(owner, Builder) else ()  # noqa: SLF001  # public names are the providers'


def builds_on_this_stack(frames: int) -> frozenset[Build]:
    """What the running thread or task is in the middle of building.

    Args:
        frames: How many frames to leave out, the caller's own the first of them.
    """
    found: set[Build] = set()
    frame: FrameType | None = sys._getframe(frames + 1)  # noqa: SLF001  # only the stack knows who called whom
    while frame is not None:
        found.update(builds_of(frame))
        frame = frame.f_back
    return frozenset(found)


@dataclass(frozen=True, slots=True, eq=False)
class _Wait:
    """A wait that goes on.

    Attributes:
        wanted: The object that is waited for.
        label: What it is and where it is declared, for messages.
        holding: What the waiting thread or task is building meanwhile.
    """

    wanted: Build
    label: str
    holding: frozenset[Build]


class Waits:
    """The waits that go on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waits: dict[object, _Wait] = {}

    def begin(
        self, waiter: object, wanted: Build, label: str, holding: frozenset[Build]
    ) -> list[str]:
        """Note a wait, unless everyone would wait for everyone else.

        Args:
            waiter: Who waits, to be told to :meth:`end`.
            wanted: The object that is waited for.
            label: What it is and where it is declared, for messages.
            holding: What the waiting thread or task is building meanwhile.

        Returns:
            Nothing, as a rule. Where the wait would have no end it is not noted: then the labels of
            what each would wait for, from an object that is held here back to the same.
        """
        wait = _Wait(wanted, label, holding)
        with self._lock:
            circle = self._circle(wait)
            if not circle:
                self._waits[waiter] = wait
        return circle

    def end(self, waiter: object) -> None:
        """Forget a wait; it need not have been noted."""
        with self._lock:
            self._waits.pop(waiter, None)

    def _circle(self, wait: _Wait) -> list[str]:
        """Follow who waits for the wanted object's builder, who for his, and so on."""
        if not wait.holding:
            return []
        ways: list[tuple[_Wait, ...]] = [(wait,)]
        seen: set[Build] = set()
        for way in ways:
            wanted = way[-1].wanted
            if wanted in wait.holding:
                return [way[-1].label, *(each.label for each in way)]
            if wanted not in seen:
                seen.add(wanted)
                ways += [(*way, other) for other in self._waits.values() if wanted in other.holding]
        return []


WAITS: Final = Waits()
"""The one register of the process, as there is one set of threads."""
