"""How long ``assert_isolated`` takes over the objects of two users, 100,000 in all."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import Any

from tests.benchmarks.contender import Contender, Repeat, Workshop
from tests.benchmarks.rounds import Rounds, interleaved
from trunkline import ScopedContainer, providers
from trunkline.testing import assert_isolated
from trunkline.testing.reach import walk

__all__ = ["OBJECTS", "REFERENTS", "WALKED", "measure"]

OBJECTS = 100_000
REFERENTS = "following `gc.get_referents`, which knows no names"
WALKED = "`assert_isolated`"


class Document:
    """An object with attributes, as most are."""

    def __init__(self, number: int) -> None:
        self.title = f"document {number}"
        self.tags = [f"tag {number}", ("draft", number)]
        self.fields = {"number": number, "span": Span(number)}


class Span:
    """One with slots."""

    __slots__ = ("ends", "length")

    def __init__(self, length: int) -> None:
        self.length = length
        self.ends = {length}


class Archive:
    """What one user's objects lead to."""

    def __init__(self) -> None:
        self.documents: list[Document] = []

    def fill(self, objects: int) -> None:
        """Add documents until so many objects are reached from here."""
        while (missing := objects - _reached(self)) > 0:
            begun = len(self.documents)
            self.documents += map(Document, range(begun, begun + max(1, missing // 7)))


class Application(ScopedContainer):
    """An archive a user."""

    archive = providers.Scoped(Archive)


def measure(scenario: Any, contenders: Sequence[type[Contender]], rounds: int) -> Rounds:
    """Check that what is shared is found, last of all that is walked, then time the walk."""
    del scenario, contenders
    with Workshop.opened() as workshop:
        app = workshop.enter(Application())
        first, second = (workshop.enter(app.enter(ambient=False)) for _ in range(2))
        archives = [scope.get(Application.archive) for scope in (first, second)]
        for archive in archives:
            archive.fill(OBJECTS // 2)
        count = sum(map(_reached, archives))
        assert OBJECTS <= count < OBJECTS * 1.01, count
        _check_found(first, second, archives)

        def walked(times: Repeat) -> None:
            for _ in times:
                assert_isolated(first, second)

        def referents(times: Repeat) -> None:
            for _ in times:
                seen: dict[int, Any] = {}
                left: list[Any] = list(archives)
                while left:
                    value = left.pop()
                    if id(value) not in seen and not isinstance(value, type):
                        seen[id(value)] = value
                        left += gc.get_referents(value)

        return interleaved({REFERENTS: referents, WALKED: walked}, rounds)


def _reached(archive: Archive) -> int:
    return sum(1 for _ in walk({"archive": archive}, lambda _: False))


def _check_found(first: Any, second: Any, archives: list[Any]) -> None:
    assert_isolated(first, second)
    shared = archives[0].documents[-1].fields["span"].ends
    own = archives[1].documents[-1].fields["span"].ends
    archives[1].documents[-1].fields["span"].ends = shared
    problem = ""
    try:
        assert_isolated(first, second)
    except AssertionError as found:
        problem = str(found)
    assert ".fields['span'].ends is b.archive.documents[" in problem, problem
    archives[1].documents[-1].fields["span"].ends = own
