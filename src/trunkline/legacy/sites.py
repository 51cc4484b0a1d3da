"""Call sites of old names, each with an exact count, and what is told of them."""

from __future__ import annotations

import dis
import itertools
import threading
from dataclasses import dataclass
from types import CodeType

from trunkline.graph.model import SourceLocation
from trunkline.legacy.naming import OldName

__all__ = ["CallSite", "Difference", "SiteUse", "Written", "is_awaited"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between the old way and the new, as a shadow call has shown it.

    Attributes:
        name: The old name.
        aspect: What differs: a name that the user declared, ``error`` where one way failed.
        old: What the old way gave, as text.
        new: What the new way gave, as text.
        file: Path of the calling file.
        line: The calling line.
    """

    name: str
    aspect: str
    old: str
    new: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class SiteUse:
    """The uses of one call site: all so far, or in a file of counts those since the last write.

    Attributes:
        name: The old name.
        target: What it leads to.
        file: Path of the calling file; in a file of counts relative to the project where it lies
            in it.
        line: The calling line.
        function: Qualified name of the calling function, ``<module>`` at the top of a file.
        count: Calls.
        last: Time of the last call, in seconds since the epoch.
    """

    name: str
    target: str
    file: str
    line: int
    function: str
    count: int
    last: float

    @property
    def site(self) -> tuple[str, str, int]:
        """What tells sites apart."""
        return self.name, self.file, self.line


class Written:
    """What of a process's counts one file has.

    Attributes:
        counts: Uses by site.
        differences: How many differences.
        lock: Is held by who writes.
    """

    __slots__ = ("counts", "differences", "lock")

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str, int], int] = {}
        self.differences = 0
        self.lock = threading.Lock()


class CallSite:
    """One line that uses an old name.

    ``next(site.hits)`` counts a use: one call into C, which no other thread can interrupt, so that
    the count is exact without a lock.

    Attributes:
        old: The name.
        place: The line.
        function: Qualified name of the function around it.
        awaited: Whether the call gives a coroutine.
        hits: The counter.
        last: Time of the last use, in seconds since the epoch.
    """

    __slots__ = ("_lock", "_reads", "awaited", "function", "hits", "last", "old", "place")

    def __init__(self, old: OldName, place: SourceLocation, function: str, awaited: bool) -> None:
        self.old = old
        self.place = place
        self.function = function
        self.awaited = awaited
        self.hits = itertools.count()
        self.last = 0.0
        self._reads = 0
        self._lock = threading.Lock()

    def begin_anew(self) -> None:
        """Count from zero; for a process that has no other thread."""
        self.hits = itertools.count()
        self._reads = 0
        self._lock = threading.Lock()

    @property
    def count(self) -> int:
        """Uses so far."""
        with self._lock:
            seen = next(self.hits) - self._reads  # reading counts too, and is taken off again
            self._reads += 1
            return seen


def is_awaited(code: CodeType, offset: int) -> bool:
    """Whether the instruction after a call awaits the call's result.

    Args:
        code: The calling code.
        offset: The call instruction, or one of the cache entries that belong to it.
    """
    later = (item for item in dis.get_instructions(code) if item.offset > offset)
    following = next(later, None)
    return following is not None and following.opname == "GET_AWAITABLE"
