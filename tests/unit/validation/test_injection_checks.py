"""Injected functions are checked with the container: what they are given, and how."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Protocol

import pytest

from trunkline import INJECTED, Inject, ScopedContainer, inject, providers
from trunkline.validation import Finding


class User:
    """A value."""

    name: str = "ann"


class Engine:
    """Anything that runs."""

    def run(self) -> None:
        """Does nothing."""


class Special(Engine):
    """A kind of engine."""


class Runs(Protocol):
    """What has the method."""

    def run(self) -> None: ...


async def open_bridge() -> AsyncIterator[str]:
    yield "bridge"


def make() -> Engine:
    return Special()


def declare() -> Any:
    """A container of its own for each test: it knows the functions as long as they live."""

    class Application(ScopedContainer):
        user = providers.ScopeValue(User)
        engine = providers.Scoped(Engine)
        made = providers.Scoped(make)
        bridge = providers.ScopedResource(open_bridge)
        limit = providers.Object(3)
        name = user.provided.name

    return Application


def wrong_types(application: Any) -> list[Finding]:
    return [each for each in application().findings() if each.check == "argument-type"]


@pytest.mark.parametrize(
    ("wanted", "provider", "is_wrong"),
    [
        (Engine, "engine", False),
        (Runs, "engine", False),
        (Engine | None, "engine", False),
        (Any, "engine", False),
        (User, "engine", True),
        (Special, "engine", True),
        (Special, "made", False),  # it may well be one
        (User, "made", True),
        (User, "user", False),
        (Engine, "user", True),
        (str, "bridge", False),
        (bytes, "bridge", True),
        (int, "limit", False),
        (str, "limit", True),
        (str, "name", False),
        (int, "name", False),  # a view, which is not checked; see docs/validation.md
        ("NotThere", "engine", False),
    ],
)
def test_the_type_of_a_parameter_is_held_against_what_fills_it(
    wanted: Any, provider: str, is_wrong: bool
) -> None:
    application = declare()

    async def take(it: Any = INJECTED) -> Any:
        return it

    take.__annotations__ = {"it": Annotated[wanted, Inject(getattr(application, provider))]}
    taken: Callable[..., Any] = inject(take)
    assert [each.subject for each in wrong_types(application)] == [provider] * is_wrong
    del taken


def test_the_finding_names_the_function_and_both_places() -> None:
    application = declare()

    @inject
    def take(engine: Annotated[User, Inject(application.engine)] = INJECTED) -> User:
        return engine

    (finding,) = wrong_types(application)
    (injection,) = take.__trunkline_injections__  # type: ignore[attr-defined]  # it is a function
    assert finding.message == (
        f"{injection.function} wants User as 'engine', but is injected with engine (Engine)"
    )
    assert finding.location == application.engine.location
    assert finding.hops == (f"injected into {injection.function}  {injection.location}",)
    assert injection.location.file == __file__
