"""Where ``@inject`` finds markers, in annotations that are text here: and where it refuses them."""

from __future__ import annotations

import contextlib
import inspect
import pickle
import sys
import typing
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest
from dependency_injector.wiring import Provide

from tests.unit.wiring.elsewhere import passing, passing_async
from trunkline import INJECTED, Inject, ScopedContainer, inject, providers
from trunkline.errors import AsyncResolutionError, DeclarationError


class Engine:
    """One a request."""


async def open_bridge() -> AsyncIterator[str]:
    yield "bridge"


class Application(ScopedContainer):
    """What the functions below are filled from."""

    engine = providers.Scoped(Engine)
    bridge = providers.ScopedResource(open_bridge)


class Light(ScopedContainer):
    """The same without the bridge, to be started by ``with``."""

    engine = providers.Scoped(Engine)


EngineOfTheScope = Annotated[Engine, Inject(Light.engine)]


@inject
def at_the_top(count: int, engine: EngineOfTheScope = INJECTED) -> Iterator[Engine]:
    yield from [engine] * count


def is_filled(function: Any) -> bool:
    """Whether a function that returns what it was given gets the scope's own."""
    with Light() as app, app.enter() as request:
        return function() is request.get(Light.engine)


# behind decorators of other modules


def test_text_is_read_in_the_module_of_the_function_not_in_that_of_its_decorator() -> None:
    @inject
    @passing
    def decorated(engine: Annotated[Engine, Inject(Light.engine)] = INJECTED) -> Engine:
        return engine

    assert is_filled(decorated)
    (injection,) = decorated.__trunkline_injections__  # type: ignore[attr-defined]  # it is a function
    assert injection.location.file == __file__


@pytest.mark.asyncio
async def test_so_it_is_for_a_coroutine_function() -> None:
    @inject
    @passing_async
    async def decorated(
        engine: Annotated[Engine, Inject(Application.engine)] = INJECTED,
        bridge: Annotated[str, Inject(Application.bridge)] = INJECTED,
    ) -> Any:
        return engine, bridge

    async with Application() as app, app.enter() as request:
        assert await decorated() == (request.get(Application.engine), "bridge")


def test_a_context_manager_may_be_injected_on_either_side() -> None:
    @inject
    @contextlib.contextmanager
    def above(engine: Annotated[Engine, Inject(Light.engine)] = INJECTED) -> Iterator[Engine]:
        yield engine

    @contextlib.contextmanager
    @inject
    def below(engine: Annotated[Engine, Inject(Light.engine)] = INJECTED) -> Iterator[Engine]:
        yield engine

    with Light() as app, app.enter() as request, above() as one, below() as other:
        assert one is other is request.get(Light.engine)


def test_what_hides_that_a_function_awaits_is_told_to_stand_above() -> None:
    with pytest.raises(AsyncResolutionError, match="let @inject stand below the decorator"):

        @inject
        @contextlib.asynccontextmanager
        async def managed(
            bridge: Annotated[str, Inject(Application.bridge)] = INJECTED,
        ) -> AsyncIterator[str]:
            yield bridge


# names that only the place of the function has


def test_a_class_inside_a_function_sees_the_names_of_both() -> None:
    local = Light.engine

    class Service:
        """Its methods are marked by names of the function, and by one of its own."""

        own = Light.engine

        @inject
        def method(self, engine: Annotated[Engine, Inject(local)] = INJECTED) -> Engine:
            return engine

        @inject
        @staticmethod
        def static(engine: Annotated[Engine, Inject(local)] = INJECTED) -> Engine:
            return engine

        @inject
        @classmethod
        def of_class(cls, engine: Annotated[Engine, Inject(own)] = INJECTED) -> Engine:
            return engine

    assert is_filled(Service().method)
    assert is_filled(Service.static)
    assert is_filled(Service.of_class)


def test_a_class_inside_a_class_does_not_see_the_names_of_the_outer_one() -> None:
    with pytest.raises(DeclarationError, match="name 'hidden' is not defined"):

        class Outer:
            """As Python has it."""

            hidden = Light.engine

            class Inner:
                """Its method would be refused without ``from __future__``, too."""

                @inject
                def method(self, engine: Annotated[Engine, Inject(hidden)]) -> Engine:  # type: ignore[name-defined]  # noqa: F821  # the point
                    return engine


def test_names_of_who_merely_calls_are_not_seen() -> None:
    def make() -> Any:
        @inject
        def take(engine: Annotated[Engine, Inject(hidden)]) -> Engine:  # type: ignore[name-defined]  # noqa: F821  # the point
            return engine

        return take

    def calls() -> Any:
        hidden = Light.engine
        return make(), hidden

    with pytest.raises(DeclarationError, match="name 'hidden' is not defined"):
        calls()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the type statement came with Python 3.12")
def test_an_alias_made_by_the_type_statement_is_looked_through() -> None:
    names = {**globals()}
    exec(
        "type Alias = Annotated[Engine, Inject(Light.engine)]\n"
        "@inject\n"
        "def take[T: Engine](engine: Alias, more: Annotated[T, Inject(Light.engine)]) -> T:\n"
        "    assert engine is more\n"
        "    return more\n",
        names,
    )
    assert is_filled(names["take"])


# what others read


def test_frameworks_read_objects_where_the_annotation_is_text() -> None:
    """Some look names up in ``__globals__``, which are not the module's in any decorator."""
    shown = inspect.signature(at_the_top)
    assert [each.annotation for each in shown.parameters.values()] == [int]
    assert shown.return_annotation == Iterator[Engine]
    assert typing.get_type_hints(at_the_top)["engine"] is Engine


def test_a_function_is_pickled_by_its_name() -> None:
    assert pickle.loads(pickle.dumps(at_the_top)) is at_the_top


def test_a_marker_shows_its_provider() -> None:
    assert repr(Inject(Light.engine)).startswith("Inject(<trunkline.providers.scoped.Scoped(")


# refusals


def test_a_marker_inside_another_type_is_refused_lest_it_be_overlooked() -> None:
    for annotation in (EngineOfTheScope | None, list[EngineOfTheScope]):

        def take(
            other: EngineOfTheScope,
            engine: annotation = None,  # type: ignore[valid-type]  # a variable
        ) -> Any:
            return other, engine

        with pytest.raises(DeclarationError, match="let Annotated be the outermost") as caught:
            inject(take)
        assert str(caught.value.location) == f"{__file__}:{take.__code__.co_firstlineno}"


def test_a_marker_that_is_the_default_is_refused() -> None:
    with pytest.raises(DeclarationError, match="its marker is the default") as caught:

        @inject
        def take(engine: Engine = Inject(Light.engine)) -> None:  # type: ignore[assignment]  # noqa: B008  # the point
            """Written as other libraries have it."""

    assert "engine: Annotated[Engine, Inject(" in str(caught.value)


def test_one_of_dependency_injector_is_refused() -> None:
    with pytest.raises(DeclarationError, match="that library's own @inject fills"):

        @inject
        def take(
            engine: Engine = Provide[Light.engine],
        ) -> None:
            """Decorated by the wrong ``inject``."""


def test_a_function_is_injected_once() -> None:
    with pytest.raises(DeclarationError, match="is injected already"):
        inject(at_the_top)


def test_the_place_of_a_marker_that_names_no_provider_is_that_of_the_function() -> None:
    with pytest.raises(DeclarationError, match="names no provider") as caught:

        @inject
        def take(engine: Annotated[Engine, Inject(Engine)]) -> None:  # type: ignore[arg-type]  # the point
            """Its marker names a class."""

    assert caught.value.location is not None
    assert caught.value.location.file == __file__
    with pytest.raises(DeclarationError, match="names no provider") as caught:
        Inject(Engine)  # type: ignore[arg-type]  # as above
    assert caught.value.location is not None
    assert caught.value.location.file == __file__
