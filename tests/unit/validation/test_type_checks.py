"""An argument's type is refused only where it is certainly wrong."""
# ruff: noqa: UP006, UP007, UP045  # old spellings of types are checked too

from __future__ import annotations

import abc
import contextlib
import dataclasses
import enum
import functools
import numbers
import os
import sys
import typing
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Generator,
    Hashable,
    Iterable,
    Iterator,
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
from pydantic import BaseModel

from tests.unit.validation.blueprints import (
    attribute,
    blueprint,
    constant,
    given,
    recipe,
)
from tests.unit.validation.unresolvable import Base, Half, Here, returns_nothing_known
from trunkline.graph.blueprint import Opening, Recipe, Ref
from trunkline.validation.arguments import check_arguments
from trunkline.validation.assignability import certainly_wrong
from trunkline.validation.findings import Finding
from trunkline.validation.supplies import Declared, Exact, Given, Supplies

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
    (Given(True), Literal[1]),
    (Given(1), Callable[..., int]),
    (Given(Stone), type[Animal]),
    (Given(Stone()), type[Stone]),
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


# What providers supply


def make_dog() -> Dog:
    return Dog()


def make_anything():
    return 1


def dogs() -> Iterator[Dog]:
    yield Dog()


def dog_generator() -> Generator[Dog, None, None]:
    yield Dog()


async def async_dogs() -> AsyncIterator[Dog]:
    yield Dog()


async def await_dog() -> Dog:
    return Dog()


def promise_dog() -> Awaitable[Dog]:
    return await_dog()


def coroutine_dog() -> Coroutine[Any, Any, Dog]:
    return await_dog()


@contextlib.contextmanager
def managed_dog() -> Iterator[Dog]:
    yield Dog()


@contextlib.asynccontextmanager
async def async_managed_dog() -> AsyncIterator[Dog]:
    yield Dog()


def manager_of_dog() -> contextlib.AbstractContextManager[Dog]:
    return managed_dog()


@functools.wraps(make_dog)
def disguised(*args: Any) -> object:
    return args


class Kennel:
    def __init__(self, size: int = 1) -> None:
        self.size = size

    def __enter__(self) -> Dog:
        return Dog()

    def __exit__(self, *_: object) -> None: ...

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    def dog(self) -> Dog:
        return Dog()

    @classmethod
    def build(cls) -> Kennel:
        return cls()

    def __call__(self) -> Dog:
        return Dog()


class Singular:
    def __new__(cls) -> object:
        return 1


def called(value: object) -> str:
    """A name for a test that is the same in every process."""
    call = getattr(value, "call", None)
    return getattr(call, "__qualname__", type(call).__name__) if call is not None else ""


SUPPLIES = [
    (recipe(Dog), Exact(Dog)),
    (recipe(Box[int]), Exact(Box)),
    (recipe(functools.partial(Dog)), Exact(Dog)),
    (recipe(Pair, 1), Exact(Pair)),
    (recipe(Singular), None),
    (recipe(Colour, 1), None),
    (recipe(make_dog), Declared(Dog)),
    (recipe(make_anything), None),
    (recipe(returns_nothing_known), None),
    (recipe(disguised), None),
    (recipe(managed_dog), None),
    (recipe(await_dog), None),
    (recipe(len, []), None),
    (recipe(Kennel().dog), Declared(Dog)),
    (recipe(Kennel.build), Declared(Kennel)),
    (recipe(Kennel()), Declared(Dog)),
    (recipe(await_dog, opening=Opening.COROUTINE), Declared(Dog)),
    (recipe(promise_dog, opening=Opening.COROUTINE), Declared(Dog)),
    (recipe(coroutine_dog, opening=Opening.COROUTINE), Declared(Dog)),
    (recipe(dogs, opening=Opening.GENERATOR), Declared(Dog)),
    (recipe(dog_generator, opening=Opening.GENERATOR), Declared(Dog)),
    (recipe(async_dogs, opening=Opening.ASYNC_GENERATOR), Declared(Dog)),
    (recipe(managed_dog, opening=Opening.CONTEXT_MANAGER), Declared(Dog)),
    (recipe(async_managed_dog, opening=Opening.ASYNC_CONTEXT_MANAGER), Declared(Dog)),
    (recipe(manager_of_dog, opening=Opening.CONTEXT_MANAGER), Declared(Dog)),
    (recipe(Kennel, opening=Opening.CONTEXT_MANAGER), Declared(Dog)),
    (recipe(Kennel, opening=Opening.ASYNC_CONTEXT_MANAGER), Declared(Kennel)),
    (recipe(contextlib.ExitStack, opening=Opening.CONTEXT_MANAGER), Declared(contextlib.ExitStack)),
    (recipe(make_anything, opening=Opening.GENERATOR), None),
    (given(Dog), Declared(Dog)),
    (constant(3), Given(3)),
    (Recipe(Opening.LIVE, Dog), None),
    (Recipe(Opening.ITEM, None), None),
]


@pytest.mark.parametrize(("made", "supply"), SUPPLIES, ids=called)
def test_what_is_known_of_an_object_before_it_is_made(made: Recipe, supply: Any) -> None:
    known = Supplies({"it": made}).of(Ref("it"))
    if made.call is contextlib.ExitStack:  # the library is not annotated
        supply = None
    assert known == supply


def test_a_cycle_of_views_supplies_nothing_known() -> None:
    assert Supplies({"a": attribute("b"), "b": attribute("a")}).of(Ref("a")) is None


class Limits:
    runs: int
    name: ClassVar[str] = "limits"
    untyped = 3


class Slotted:
    __slots__ = ("size",)
    size: int


class Descriptor:
    def __get__(self, instance: object, owner: type) -> str:
        return "x"


class Settings:
    limits: Limits
    slotted: Slotted
    odd: int = Descriptor()

    @property
    def home(self) -> Path:
        return Path()


def load() -> Settings:
    return Settings()


@pytest.mark.parametrize(
    ("path", "supply"),
    [
        (["limits"], Declared(Limits)),
        (["limits", "runs"], Declared(int)),
        (["limits", "name"], None),
        (["limits", "untyped"], None),
        (["limits", "absent"], None),
        (["slotted", "size"], Declared(int)),
        (["home"], Declared(Path)),
        (["odd"], None),
        (["home", "name"], None),
    ],
)
def test_a_view_supplies_what_its_attribute_is_annotated_with(path: list[str], supply: Any) -> None:
    recipes = {"v0": recipe(load)}
    for index, name in enumerate(path):
        recipes[f"v{index + 1}"] = attribute(f"v{index}", name)
    known = Supplies(recipes).of(Ref(f"v{len(path)}"))
    if path[-1] == "name" and path[0] == "home":
        assert known in (None, Declared(str))  # annotated in later versions of the library
    else:
        assert known == supply


# Findings


def findings(recipes: dict[str, Recipe]) -> list[Finding]:
    blue = blueprint(recipes)
    return list(check_arguments(blue.graph, blue.recipes))


class Engine:
    limit: int

    def __init__(self, clock: Clock, limit: int = 3, *rest: str, **options: float) -> None:
        pass


def test_a_constant_of_the_wrong_type_is_found() -> None:
    (finding,) = findings({"engine": recipe(Engine, RealClock(), "3")})
    assert str(finding) == (
        "app.py:1: Engine wants int as 'limit', but engine passes '3' (str) [argument-type]\n"
        "    engine calls Engine(clock: Clock, limit: int = 3, *rest: str, "
        "**options: float)\n"
        "    remedy: pass a provider of int, or mend the annotation if it is wrong"
    )


def test_a_provider_of_the_wrong_class_is_found_with_both_places() -> None:
    (finding,) = findings({"stone": recipe(Stone), "engine": recipe(Engine, Ref("stone"))})
    assert finding.subject == "engine"
    assert finding.message == "Engine wants Clock as 'clock', but engine passes stone (Stone)"
    assert finding.hops[-1] == "stone (app.py:1)"


def test_arguments_that_fall_on_a_collecting_parameter_are_checked_each() -> None:
    found = findings({"engine": recipe(Engine, RealClock(), 1, "a", 2, x=1.0, y="z")})
    assert [f.message for f in found] == [
        "Engine wants str as 'rest', but engine passes 2 (int)",
        "Engine wants float as 'options', but engine passes 'z' (str)",
    ]


def test_the_values_of_partials_are_checked_too() -> None:
    (finding,) = findings({"engine": recipe(functools.partial(Engine, limit="3"), RealClock())})
    assert "'limit'" in finding.message


def test_attributes_are_checked_against_the_annotations_of_the_class() -> None:
    clock = RealClock()
    (finding,) = findings({"engine": recipe(Engine, clock, attributes={"limit": "3", "x": 1})})
    assert finding.message == (
        "attribute 'limit' of Engine is annotated as int, but engine sets '3' (str)"
    )


def test_a_default_passed_in_full_is_no_fault() -> None:
    def implicit(a: int = None) -> None:  # noqa: RUF013  # old style, and it works
        pass

    assert findings({"it": recipe(implicit, None)}) == []
    assert findings({"it": recipe(implicit, "x")}) != []


def test_one_annotation_that_cannot_be_resolved_hides_no_other() -> None:
    found = findings({"half": recipe(Half, 1, "two", 3, 4)})
    assert [f.message for f in found] == ["Half wants int as 'two', but half passes 'two' (str)"]


@dataclasses.dataclass
class Derived(Base):
    own: Stone


def test_a_field_inherited_from_another_module_is_read_in_its_names() -> None:
    assert findings({"it": recipe(Derived, Here(), 1, Stone())}) == []
    found = findings({"it": recipe(Derived, Stone(), "1", Here())})
    assert [f.message.split(" as ")[1].split(",")[0] for f in found] == [
        "'here'",
        "'count'",
        "'own'",
    ]


class Model(BaseModel):
    port: int


def test_classes_that_convert_their_arguments_are_not_checked_for_types() -> None:
    assert findings({"model": recipe(Model, port="80")}) == []


def test_values_of_scopes_and_views_are_checked() -> None:
    def wants(dog: Dog, runs: str) -> None:
        pass

    found = findings(
        {
            "dog": given(Stone),
            "settings": recipe(load),
            "limits": attribute("settings", "limits"),
            "runs": attribute("limits", "runs"),
            "it": recipe(wants, Ref("dog"), Ref("runs")),
        }
    )
    assert [f.message.rpartition(", but ")[2] for f in found] == [
        "it passes dog (Stone)",
        "it passes runs (int)",
    ]


def test_typing_spellings_of_the_standard_collections_are_known() -> None:
    assert certainly_wrong(Exact(Stone), typing.List[int])
    assert not certainly_wrong(Exact(list), typing.List[int])
    assert certainly_wrong(Exact(Stone), typing.Callable)
    assert certainly_wrong(Exact(Stone), typing.Type[Stone])


def test_a_value_for_the_constructor_alone_is_checked_as_what_it_wraps() -> None:
    cls = dataclasses.make_dataclass("Made", [("size", dataclasses.InitVar[int])])
    assert findings({"it": recipe(cls, 1)}) == []
    (finding,) = findings({"it": recipe(cls, "1")})
    assert finding.check == "argument-type"


def test_a_provider_passed_as_such_is_held_against_the_annotation_like_any_object() -> None:
    class Provider:
        def __call__(self) -> Dog:
            return Dog()

    def wants_callable(make: Callable[[], Dog]) -> None:
        pass

    def wants_dog(dog: Dog) -> None:
        pass

    assert findings({"it": recipe(wants_callable, Provider())}) == []
    assert [f.check for f in findings({"it": recipe(wants_dog, Provider())})] == ["argument-type"]
