"""Names are found in bytes where a regular expression with all of them finds them."""

import re

from hypothesis import given
from hypothesis import strategies as st

from trunkline.audit.source.needles import Needles, word_lines

_names = st.lists(
    st.sampled_from([
        b"Engine", b"Engines", b"EngineBase", b"Bridge", b"engine import *", b"bridge import *",
        b".wire(", b"a+", b"\xc3\xa9t",
    ]),
    unique=True, max_size=6,
)  # fmt: skip
_data = st.lists(
    st.sampled_from([
        b"Engine", b"Engines", b"EngineBase", b"Bridge", b"engine", b" import *", b".wire(", b"a+",
        b"\xc3\xa9t", b"\n", b" ", b"_", b"x", b"9", b"Eng",
    ]),
    max_size=40,
).map(b"".join)  # fmt: skip


def lines_of(pattern: bytes, data: bytes) -> list[int]:
    """Return the lines on which a pattern begins, found at every place anew."""
    at = re.compile(pattern)
    starts = (place for place in range(len(data)) if at.match(data, place))
    return sorted({data.count(b"\n", 0, place) + 1 for place in starts})


@given(_names, _data)
def test_lines_are_those_of_a_regular_expression(names: list[bytes], data: bytes) -> None:
    found = Needles(names).lines(data)
    assert found == (lines_of(b"|".join(map(re.escape, names)), data) if names else [])
    assert Needles(names).stand_in(data) is bool(found)


@given(st.lists(st.sampled_from([b"Engine", b"x", b"Bridge"]), unique=True, min_size=1), _data)
def test_words_stand_by_themselves(words: list[bytes], data: bytes) -> None:
    pattern = rb"(?<!\w)(?:" + b"|".join(words) + rb")(?!\w)"
    assert word_lines(words, data) == lines_of(pattern, data)


@given(_names, st.text("Engines Bridge.wire(", max_size=30))
def test_texts_are_searched_for_the_same_names(names: list[bytes], text: str) -> None:
    found = Needles(names).text.search(text) is not None
    assert found is any(name.decode() in text for name in names)
