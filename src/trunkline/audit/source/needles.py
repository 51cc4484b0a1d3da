"""Names looked for in a file's bytes, before anything of it is parsed.

The interpreter's search for one text skips most of the bytes, the more the longer the text is, and
takes a hundredth of the time of a regular expression with all the names in it.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

CONTAINER_NAMES: Final = (b"dependency_injector", b"trunkline import", b"trunkline.")
"""What a file holds that declares containers or marks what they inject."""
_ALIKE: Final = 4
"""Bytes with which names begin that are looked for together."""
_STAR: Final = b" import *"
_WORD: Final = re.compile(rb"\w")


class Needles:
    """Names that matter, as bytes.

    Args:
        names: The names.
    """

    __slots__ = ("_groups", "text")

    def __init__(self, names: Iterable[bytes]) -> None:
        alike: dict[bytes, list[bytes]] = {}
        kept = tuple(names)
        for name in kept:
            alike.setdefault(_STAR if name.endswith(_STAR) else name[:_ALIKE], []).append(name)
        self._groups = tuple(
            (_shared(group), tuple(group) if len(group) > 1 else ()) for group in alike.values()
        )
        self.text = re.compile("|".join(re.escape(name.decode("utf-8")) for name in kept) or r"\Z.")
        """Matches any of them in a text."""

    def stand_in(self, data: bytes) -> bool:
        """Tell whether any of them stands in a file's bytes."""
        for shared, group in self._groups:
            if shared in data and (not group or any(name in data for name in group)):
                return True
        return False

    def lines(self, data: bytes) -> list[int]:
        """Return the sorted numbers of the lines on which any of them begins."""
        places: set[int] = set()
        for shared, group in self._groups:
            if shared in data:
                for name in group or (shared,):
                    places.update(_places(name, data))
        return _lines(places, data)


def word_lines(words: Iterable[bytes], data: bytes) -> list[int]:
    """Return the sorted numbers of the lines on which any word stands by itself."""
    places: set[int] = set()
    for word in words:
        for place in _places(word, data):
            end = place + len(word)
            if not _WORD.search(data[place - 1 : place] + data[end : end + 1]):
                places.add(place)
    return _lines(places, data)


def _shared(group: list[bytes]) -> bytes:
    """Return what all names of a group hold: how they begin, or end."""
    if len(group) > 1 and group[0].endswith(_STAR):
        return _STAR
    first, last = min(group), max(group)
    ends = (place for place, (one, other) in enumerate(zip(first, last)) if one != other)  # noqa: B905 # the shorter ends it
    return first[: next(ends, len(first))]


def _places(name: bytes, data: bytes) -> Iterator[int]:
    """Yield where a name begins in a file's bytes."""
    place = data.find(name)
    while place >= 0:
        yield place
        place = data.find(name, place + 1)


def _lines(places: set[int], data: bytes) -> list[int]:
    """Return the sorted numbers of the lines that hold any of the places."""
    lines: list[int] = []
    line, last = 1, 0
    for place in sorted(places):
        line += data.count(b"\n", last, place)
        last = place
        if not lines or lines[-1] != line:
            lines.append(line)
    return lines
