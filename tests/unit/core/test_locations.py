"""Where attributes are written is read from source, and unknown where there is none."""

from __future__ import annotations

from typing import Any

from trunkline import ScopedContainer, providers
from trunkline.locations import attribute_location


class Sample:
    first = 1
    second: int = 2

    class Inner:
        third = 3


def lines_of(cls: type) -> dict[str, int]:
    places = {name: attribute_location(cls, name) for name in dir(cls)}
    return {name: place.line for name, place in places.items() if place is not None}


def test_attributes_are_found_at_their_lines() -> None:
    start = 12
    assert lines_of(Sample) == {"first": start, "second": start + 1}
    assert lines_of(Sample.Inner) == {"third": start + 4}


def test_a_subclass_has_its_own_lines_and_those_of_its_bases() -> None:
    class Derived(Sample):
        first = 10

    found = lines_of(Derived)
    assert found["second"] == lines_of(Sample)["second"]
    assert found["first"] > found["second"]


def test_a_container_without_source_starts_all_the_same() -> None:
    namespace: dict[str, Any] = {"ScopedContainer": ScopedContainer, "providers": providers}
    exec(
        "class Application(ScopedContainer):\n    limit = providers.Singleton(int, 3)\n", namespace
    )
    with namespace["Application"]() as app:
        assert app.limit() == 3


def test_a_class_of_an_extension_module_has_no_places() -> None:
    assert lines_of(int) == {}
