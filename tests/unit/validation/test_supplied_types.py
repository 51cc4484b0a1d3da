"""What is known of an object before it is made: by its class, or by an annotation."""

from __future__ import annotations

import contextlib
import enum
import functools
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Coroutine,
    Generator,
    Iterator,
)
from pathlib import Path
from typing import (
    Any,
    ClassVar,
    Generic,
    NamedTuple,
    Self,
    TypeVar,
)

import pytest

from tests.unit.validation.blueprints import (
    attribute,
    constant,
    given,
    recipe,
)
from tests.unit.validation.unresolvable import returns_nothing_known
from trunkline.graph.blueprint import Opening, Recipe, Ref
from trunkline.validation.supplies import Declared, Exact, Given, Supplies

T = TypeVar("T")


class Dog:
    pass


class Box(Generic[T]):
    pass


class Colour(enum.Enum):
    RED = 1


class Pair(NamedTuple):
    left: int


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
