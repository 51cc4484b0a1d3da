"""Subclasses of an old class: generic ones, dataclasses, and with classes of other metaclasses."""

from __future__ import annotations

import dataclasses
import inspect
import pydoc
import warnings
from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar, get_origin

import pytest

from trunkline.legacy import RedirectError, Usage, check_redirects, redirect_class

pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")
HERE = __name__
T = TypeVar("T")


class Box(Generic[T]):
    def __init__(self, content: T) -> None:
        self.content = content


@dataclasses.dataclass
class Point:
    x: int
    y: int = 2


class Registering(type):
    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> Any:
        return super().__new__(mcs, name, bases, {**namespace, "registered": True})


class Plugin(metaclass=Registering):
    def __init__(self, content: object = None) -> None:
        self.content = content


class Failure(Exception):
    pass


def redirected(name: str, **options: Any) -> Any:
    return redirect_class(name, to=f"{HERE}:{name}", **options)


def test_a_generic_class_takes_type_arguments_and_its_subclasses_warn(counts: Usage) -> None:
    old = redirected("Box")
    assert get_origin(old[int]) is old
    assert old[int](3).content == 3
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")

        class IntBox(old[int]):
            pass

        class AnyBox(old[T], Generic[T]):
            pass

    assert len(caught) == 2
    assert isinstance(IntBox(3), Box)
    assert AnyBox[str]("text").content == "text"
    assert issubclass(AnyBox, old)
    assert [use.count for use in counts.uses()] == [1, 1, 1]


def test_what_is_not_generic_refuses_type_arguments() -> None:
    with pytest.raises(TypeError, match="not subscriptable"):
        redirected("Point")[int]
    with pytest.raises(TypeError, match="not iterable"):
        list(redirected("Box"))


def test_a_subclass_may_be_a_dataclass() -> None:
    old = redirected("Point")

    @dataclasses.dataclass
    class Point3(old):
        z: int = 3

    assert dataclasses.asdict(Point3(1)) == {"x": 1, "y": 2, "z": 3}
    assert [field.name for field in dataclasses.fields(old)] == ["x", "y"]
    assert dataclasses.replace(old(1), y=5) == Point(1, 5)


def test_a_class_of_another_metaclass_may_stand_beside_one_that_says_so() -> None:
    with pytest.raises(TypeError, match="metaclass conflict"):
        type("Both", (redirected("Point"), Plugin), {})
    old = redirected("Point", metaclass=Registering)

    class Both(old, Plugin):
        pass

    assert type(Both) is Registering
    assert Both.registered
    assert isinstance(Both(1), Point)
    assert issubclass(Both, old)


def test_the_canonical_class_may_have_a_metaclass_of_its_own() -> None:
    old = redirected("Plugin", metaclass=Registering)

    class Special(old, Plugin):
        pass

    assert Special("content").content == "content"
    assert type(old()) is Plugin


def test_abstract_methods_of_a_class_beside_it_must_be_written() -> None:
    class Shape(ABC):
        @abstractmethod
        def area(self) -> int: ...

    class Dot(redirected("Point"), Shape):
        pass

    with pytest.raises(TypeError, match=r"abstract method .?area"):
        Dot(1)


def test_an_exception_is_refused_at_start_up() -> None:
    """`except Old` looks for the class itself: no metaclass can answer for another one."""
    with pytest.raises(RedirectError, match="bind the old name to Failure itself"):
        check_redirects(redirected("Failure"))


def test_an_old_class_knows_its_subclasses() -> None:
    """Registries of plugins ask it for them."""
    old = redirected("Point")
    assert old.__subclasses__() == []

    class One(old):
        pass

    class Two(old):
        pass

    class Three(Two):
        pass

    assert old.__subclasses__() == [One, Two]
    assert Two.__subclasses__() == [Three]


def test_what_looks_at_a_class_finds_the_canonical_one() -> None:
    old = redirected("Point")
    members = dict(inspect.getmembers(old))
    assert members["y"] == 2
    assert inspect.getattr_static(old, "y") == 2
    assert pydoc.render_doc(old).count("Deprecated: use Point of") == 1
    assert inspect.getmro(old)[1] is Point
    assert not inspect.isabstract(old)
