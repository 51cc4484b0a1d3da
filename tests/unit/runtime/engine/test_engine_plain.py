"""Outlines show what can be shown, never fail, never change the value, and stay in their bounds."""

import json
from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic_core import from_json

from trunkline_runtime.engine.plain import outline, plain
from trunkline_runtime.errors import InvalidPayload
from trunkline_runtime.frozen import freeze


class Colour(Enum):
    RED = "red"


class Model(BaseModel):
    n: int


@dataclass
class Point:
    x: int
    y: object


class Hostile:
    """Raises whatever is asked of it."""

    def __repr__(self):
        raise RuntimeError("no")

    __str__ = __iter__ = __len__ = __bool__ = __hash__ = __repr__


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Colour.RED, "red"),
        (Model(n=1), {"n": 1}),
        (Point(1, Hostile()), {"x": 1, "y": "<Hostile>"}),
        (Hostile(), "<Hostile>"),
        (Path("/a/b"), "/a/b"),
        (MappingProxyType({"a": 1}), {"a": 1}),
        (OrderedDict(a=(1, 2)), {"a": [1, 2]}),
        ({1: "x"}, {"<int>": "x"}),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        ([10**6000], ["<int>"]),
        (b"bytes", "<bytes>"),
        (True, True),
        (None, None),
    ],
)
def test_each_kind_of_value_has_an_outline(value, shown):
    assert outline(value, 10_000) == shown


def test_a_structure_that_holds_itself_is_cut_off():
    loop = []
    loop.append(loop)
    freeze({"payload": {"result": outline(loop, 10_000)}})


_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.builds(object)
    | st.builds(Point, st.integers(), st.text()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=30,
)


@given(_values, st.integers(min_value=60, max_value=2000))
def test_an_outline_is_plain_data_within_its_bounds(value, limit):
    shown = outline(value, limit)
    freeze(shown)
    assert len(json.dumps(shown, separators=(",", ":"))) <= limit


def test_plain_data_is_a_copy():
    value = {"a": [1]}
    copy = plain(value, "custom", 100)
    value["a"].append(2)
    assert copy == {"a": [1]}


_any_text = st.text(st.characters(exclude_categories=()))


@given(
    st.recursive(
        _any_text, lambda inner: st.lists(inner) | st.dictionaries(_any_text, inner), max_leaves=10
    )
)
def test_every_text_can_be_read_by_a_strict_parser(value):
    """Also of half a surrogate pair, as a file name that is no UTF-8 has it."""
    for copy in (plain(value, "custom", 10**6), outline(value, 10**6)):
        from_json(json.dumps(copy))


def test_half_a_surrogate_pair_is_escaped():
    assert plain({"a\udcff": ["\ud800", "\U0001f40d"]}, "custom", 100) == {
        "a\\udcff": ["\\ud800", "\U0001f40d"]
    }


def test_what_has_no_json_form_is_refused_without_quoting_it():
    with pytest.raises(InvalidPayload, match="type dict has no JSON form") as caught:
        plain({"password": Hostile}, "custom", 100)
    assert "Hostile" not in str(caught.value)
    loop = []
    loop.append(loop)
    with pytest.raises(InvalidPayload):
        plain(loop, "custom", 100)
