"""What ``@inject`` refuses when the function is defined, and what it leaves alone."""

from __future__ import annotations

import functools
from typing import Annotated, Any

import pytest

from tests.unit.wiring.parts import Application, Engine, EngineOfTheScope, Settings
from trunkline import INJECTED, Inject, inject
from trunkline.errors import DeclarationError


def test_what_is_no_provider_is_refused_when_the_function_is_defined() -> None:
    with pytest.raises(DeclarationError, match="names no provider"):

        @inject
        def take(engine: Annotated[Engine, Inject(Engine)]) -> None:  # type: ignore[arg-type]  # the point
            """Its marker names a class."""


def test_so_is_a_provider_that_does_not_exist() -> None:
    with pytest.raises(DeclarationError, match="annotation of engine"):

        @inject
        def take(engine: Annotated[Engine, Inject(Application.motor)]) -> None:  # type: ignore[attr-defined]  # the point
            """Its marker names a provider that is not there."""


def test_a_marker_without_a_provider_is_refused() -> None:
    with pytest.raises(DeclarationError, match="without a provider"):

        @inject
        def take(engine: Annotated[Engine, Inject]) -> None:
            """Its marker is the class."""


def test_a_function_with_nothing_to_inject_is_refused() -> None:
    with pytest.raises(DeclarationError, match="nothing to inject"):

        @inject
        def take(engine: Engine) -> None:
            """Its parameter has no marker."""


def test_two_markers_or_a_variadic_parameter_are_refused() -> None:
    with pytest.raises(DeclarationError, match="two markers"):

        @inject
        def two(
            engine: Annotated[Engine, Inject(Application.engine), Inject(Application.engine)],
        ) -> None:
            """Its parameter has two markers."""

    with pytest.raises(DeclarationError, match=r"\*args"):

        @inject
        def many(*engines: EngineOfTheScope) -> None:
            """Its parameter takes any number."""


@pytest.mark.parametrize("thing", [Settings, functools.partial(print, "a"), len])
def test_what_is_no_function_is_refused(thing: Any) -> None:
    with pytest.raises(DeclarationError, match="needs a function"):
        inject(thing)


def test_other_annotations_need_not_be_readable() -> None:
    @inject
    def take(
        other: NotThere,  # type: ignore[name-defined]  # noqa: F821  # the point
        engine: EngineOfTheScope = INJECTED,
    ) -> Any:
        return other, engine

    assert take(1, 2) == (1, 2)


def test_the_default_for_type_checkers_says_what_is_missing_where_it_is_used() -> None:
    def forgotten(engine: EngineOfTheScope = INJECTED) -> Any:
        return engine.user

    with pytest.raises(AttributeError, match="lacks @inject"):
        forgotten()
