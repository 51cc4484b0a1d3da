"""Plain data is copied to its depths, cannot change, and works wherever a dict does."""

from __future__ import annotations

import copy
import enum
import json
import pickle
from collections import OrderedDict, UserDict, namedtuple
from types import MappingProxyType
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given

from tests.unit.runtime.wire_data import json_data
from trunkline_runtime.frozen import MAX_DEPTH, FrozenDict, NotPlain, freeze, is_mapping, is_really


@given(data=json_data())
def test_a_frozen_copy_says_the_same_and_freezes_to_itself(data: Any) -> None:
    frozen = freeze(data)
    assert json.dumps(frozen) == json.dumps(data)
    assert freeze(frozen) == frozen
    assert hash(frozen) == hash(freeze(copy.deepcopy(data)))
    assert pickle.loads(pickle.dumps(frozen)) == frozen
    assert copy.deepcopy(frozen) == frozen


def test_subclasses_of_plain_types_become_the_plain_type() -> None:
    class Colour(enum.StrEnum):
        RED = "red"

    class Level(enum.IntEnum):
        HIGH = 3

    class Metre(float):
        __slots__ = ()

    Point = namedtuple("Point", "x y")
    frozen = freeze({Colour.RED: [Level.HIGH, Metre(1.5), Point(1, 2)], "o": OrderedDict(a=1)})
    assert frozen == {"red": (3, 1.5, (1, 2)), "o": {"a": 1}}
    assert [type(item) for item in frozen["red"]] == [int, float, tuple]  # type: ignore[index,call-overload]
    assert type(next(iter(frozen))) is str  # type: ignore[arg-type]
    with pytest.raises(NotPlain, match="finite"):
        freeze(Metre("inf"))


@pytest.mark.parametrize("mapping", [UserDict({"a": [1]}), MappingProxyType({"a": [1]})])
def test_any_mapping_is_taken(mapping: Any) -> None:
    assert freeze(mapping) == {"a": (1,)}


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (object(), ""),
        ({"a": object()}, ".a"),
        ({"a": [0, {"b c": object()}]}, ".a[1]['b c']"),
        ({"a": {1: 2}}, ".a"),
        ([float("nan")], "[0]"),
        ({"n": 1 << 4096}, ".n"),
        ({"n": -(1 << 4096)}, ".n"),
        ({"x" * 100: object()}, "['" + "x" * 64 + "...']"),
        ({"é\n": object()}, r"['\xe9\n']"),
    ],
)
def test_the_place_of_what_is_not_plain_is_named(value: object, path: str) -> None:
    with pytest.raises(NotPlain) as caught:
        freeze(value)
    assert caught.value.path == path


def test_every_integer_that_is_taken_can_be_written() -> None:
    largest = (1 << 4096) - 1
    assert json.loads(json.dumps(freeze([largest, -largest]))) == [largest, -largest]


def test_the_depth_is_bounded() -> None:
    def nested(depth: int) -> Any:
        data: Any = 0
        for _ in range(depth):
            data = [data]
        return data

    assert freeze(nested(MAX_DEPTH))
    with pytest.raises(NotPlain, match="nested too deep"):
        freeze(nested(MAX_DEPTH + 1))
    with pytest.raises(NotPlain, match="nested too deep"):
        freeze([[0]], max_depth=1)


def test_a_mapping_that_lies_about_its_class_is_not_one() -> None:
    with pytest.raises(NotPlain):
        freeze(Mock(spec=dict))
    assert isinstance(Mock(spec=dict), dict)
    assert not is_really(Mock(spec=dict), dict)
    assert not is_mapping(Mock(spec=dict))
    assert is_really(FrozenDict(), dict)


def test_a_frozen_dict_works_where_a_dict_does() -> None:
    data = FrozenDict(a=1)
    assert {**data, "b": 2} == {"a": 1, "b": 2}
    assert data | {"b": 2} == {"a": 1, "b": 2}
    assert dict(data) == data == {"a": 1}
    assert copy.copy(data) is data
    assert json.dumps(data) == '{"a": 1}'
    assert {data: "key"}[FrozenDict(a=1)] == "key"
