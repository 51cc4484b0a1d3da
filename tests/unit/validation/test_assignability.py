"""An argument's type is refused only where it is certainly wrong."""
# ruff: noqa: UP006, UP007, UP045  # old spellings of types are checked too

from __future__ import annotations

import abc
import enum
import numbers
import os
import sys
import typing
from collections.abc import (
    Callable,
    Hashable,
    Iterable,
    Mapping,
    Sequence,
)
from datetime import date, datetime
from pathlib import Path
from typing import (
    Annotated,
    Any,
    ClassVar,
    Final,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    Optional,
    Protocol,
    Self,
    SupportsInt,
    TypedDict,
    TypeVar,
    Union,
    runtime_checkable,
)
from unittest.mock import Mock

import pytest

from trunkline.validation.assignability import certainly_wrong
from trunkline.validation.supplies import Declared, Exact, Given

T = TypeVar("T")
Bound = TypeVar("Bound", bound=int)
OneOf = TypeVar("OneOf", int, str)
UserId = NewType("UserId", str)


class Animal:
    pass


class Dog(Animal):
    pass


class Stone:
    pass


class Box(Generic[T]):
    pass


class Colour(enum.Enum):
    RED = 1


class Clock(Protocol):
    zone: str

    def now(self) -> float: ...


@runtime_checkable
class Sized2(Protocol):
    def __len__(self) -> int: ...


class RealClock:
    def now(self) -> float:
        return 0.0


class LateClock:
    """Its method is set by the constructor."""

    def __init__(self) -> None:
        self.now = lambda: 0.0


class NamedClock:
    now: Callable[[], float]


class Proxy:
    def __getattr__(self, name: str) -> object:
        return name


class Port(abc.ABC):
    @abc.abstractmethod
    def send(self) -> None: ...


class Registered:
    pass


Port.register(Registered)


class Movie(TypedDict):
    title: str


class Pair(NamedTuple):
    left: int


class Odd(type):
    def __subclasscheck__(cls, other: type) -> bool:
        raise TypeError("no such question")


class Unaskable(metaclass=Odd):
    pass


class Called:
    def __call__(self) -> None: ...


class Array:
    """Is not to be compared."""

    def __eq__(self, other: object) -> bool:
        raise ValueError("the truth value of an array is ambiguous")

    __hash__ = None  # type: ignore[assignment]  # as of what compares by its items


FITS = [
    (Exact(Dog), Animal),
    (Exact(Dog), object),
    (Exact(Dog), Any),
    (Exact(Dog), Optional[Animal]),
    (Exact(Dog), Stone | Animal),
    (Exact(Dog), Annotated[Animal, "doc"]),
    (Exact(Dog), T),
    (Exact(Dog), Hashable),
    (Exact(Dog), "text that nobody resolved"),
    (Exact(Dog), Self),
    (Exact(Dog), Unaskable),
    (Exact(bool), int),
    (Exact(int), float),
    (Exact(float), complex),
    (Exact(int), SupportsInt),
    (Exact(int), numbers.Number),
    (Exact(bytearray), bytes),
    (Exact(str), UserId),
    (Exact(int), Bound),
    (Exact(str), OneOf),
    (Exact(list), list[int]),
    (Exact(list), Sequence[int]),
    (Exact(dict), Mapping[str, int]),
    (Exact(dict), Movie),
    (Exact(Pair), tuple[int, ...]),
    (Exact(Box), Box[int]),
    (Exact(RealClock), Clock),
    (Exact(LateClock), Clock),
    (Exact(NamedClock), Clock),
    (Exact(Proxy), Stone),
    (Exact(Proxy), Clock),
    (Exact(Registered), Port),
    (Exact(Called), Callable[[], None]),
    (Exact(datetime), date),
    (Exact(str), Literal["a", "b"]),
    (Given(None), None),
    (Given(None), Optional[int]),
    (Given(True), int),
    (Given(1), float),
    (Given(1), Final[int]),
    (Given("a"), Literal["a", 2]),
    (Given(Colour.RED), Literal[Colour.RED]),
    (Given(Dog), type[Animal]),
    (Given(Dog), type),
    (Given(Dog), typing.Type),
    (Declared(type), typing.Type),
    (Given(Dog), Optional[typing.Type]),
    (Given(Dog), type[Any]),
    (Given(Dog), type[Stone | Animal]),
    (Given(Dog), Callable[[], Animal]),
    (Given(list[int]), type[list]),
    (Given(len), Callable[..., int]),
    (Given(Path("a")), os.PathLike[str]),
    (Given(Mock(spec=Stone)), Stone),
    (Given(Mock()), Stone),
    (Given([]), Sized2),
    (Given({"title": "x"}), Movie),
    (Declared(Animal), Dog),
    (Declared(Dog), Animal),
    (Declared(Optional[Dog]), Dog),
    (Declared(Union[int, Stone]), int),
    (Declared(Any), int),
    (Declared(Clock), int),
    (Declared(Port), Stone),
    (Declared(Stone), Port),
    (Declared(Stone), Clock),
    (Declared(int), bool),
    (Declared(str), UserId),
    (Declared(UserId), str),
    (Declared(Mapping[str, int]), dict[str, int]),
    (Declared(Iterable[int]), list),
    (Declared(numbers.Number), int),
    (Declared(Literal[1]), int),
    (Declared(Movie), Mapping),
    (Declared(T), int),
    (Declared(Callable[[], None]), Stone),
    (None, int),
]
WRONG = [
    (Exact(Stone), Animal),
    (Exact(Animal), Dog),
    (Exact(Stone), int | str | None),
    (Exact(Stone), Optional[Animal]),
    (Exact(Stone), Annotated[Animal, "doc"]),
    (Exact(Stone), ClassVar[Animal]),
    (Exact(Stone), UserId),
    (Exact(Stone), Bound),
    (Exact(float), OneOf),
    (Exact(int), bool),
    (Exact(float), int),
    (Exact(str), bytes),
    (Exact(date), datetime),
    (Exact(Stone), Sequence[int]),
    (Exact(str), list[str]),
    (Exact(list), Movie),
    (Exact(Stone), Callable[[], None]),
    (Exact(Stone), Clock),
    (Exact(Stone), Port),
    (Exact(Stone), type[Stone]),
    (Exact(int), Literal["a"]),
    (Exact(Stone), None),
    (Given(None), int),
    (Given(1), str),
    (Given("1"), int),
    (Given(1), bool),
    (Given("c"), Literal["a", "b"]),
    (Given(Array()), Literal["a", "b"]),
    (Given(True), Literal[1]),
    (Given(1), Callable[..., int]),
    (Given(Stone), type[Animal]),
    (Given(Stone()), type[Stone]),
    (Given(Stone()), typing.Type),
    (Exact(Stone), Optional[typing.Type]),
    (Given(Stone), Animal),
    (Given(len), int),
    (Given(Stone()), Sized2),
    (Declared(Stone), Animal),
    (Declared(Stone), int),
    (Declared(None), Animal),
    (Declared(Union[int, Stone]), str),
    (Declared(int), str),
    (Declared(str), Animal),
    (Declared(Port), int),
    (Declared(Box[int]), Animal),
    (Declared(Literal["a"]), int),
    (Declared(UserId), int),
]


@pytest.mark.parametrize(("supply", "annotation"), FITS)
def test_what_may_fit_is_let_pass(supply: Any, annotation: Any) -> None:
    assert not certainly_wrong(supply, annotation)


@pytest.mark.parametrize(("supply", "annotation"), WRONG)
def test_what_cannot_fit_is_refused(supply: Any, annotation: Any) -> None:
    assert certainly_wrong(supply, annotation)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the type statement is new in 3.12")
def test_an_alias_stands_for_what_it_names() -> None:
    namespace: dict[str, Any] = {"Animal": Animal}
    exec("type Alias = Animal | None", namespace)
    assert not certainly_wrong(Exact(Dog), namespace["Alias"])
    assert certainly_wrong(Exact(Stone), namespace["Alias"])


def test_typing_spellings_of_the_standard_collections_are_known() -> None:
    assert certainly_wrong(Exact(Stone), typing.List[int])
    assert not certainly_wrong(Exact(list), typing.List[int])
    assert certainly_wrong(Exact(Stone), typing.Callable)
    assert certainly_wrong(Exact(Stone), typing.Type[Stone])
