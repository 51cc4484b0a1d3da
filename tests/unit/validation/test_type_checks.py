"""Arguments of a wrong type are found, with what was wanted, what is passed, and where."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import (
    Callable,
)
from typing import (
    Protocol,
)

from pydantic import BaseModel

from tests.unit.validation.blueprints import (
    attribute,
    blueprint,
    given,
    recipe,
)
from tests.unit.validation.unresolvable import Base, Half, Here
from trunkline.graph.blueprint import Recipe, Ref
from trunkline.validation.arguments import check_arguments
from trunkline.validation.findings import Finding


class Dog:
    pass


class Stone:
    pass


class Clock(Protocol):
    zone: str

    def now(self) -> float: ...


class RealClock:
    def now(self) -> float:
        return 0.0


class Limits:
    runs: int


class Settings:
    limits: Limits


def load() -> Settings:
    return Settings()


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


def test_an_object_that_cannot_be_drawn_is_found_like_any_other() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError("no repr")

    (finding,) = findings({"engine": recipe(Engine, RealClock(), Broken())})
    assert "engine passes <repr failed: RuntimeError> (" in finding.message
