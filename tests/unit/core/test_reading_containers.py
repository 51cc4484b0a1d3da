"""Reading a container: what is seen of stock providers, of odd callables, of large graphs."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from dependency_injector import providers as stock

from trunkline import ScopedContainer, providers
from trunkline.errors import GraphError


class Needy:
    """Needs an argument."""

    def __init__(self, needed: str) -> None:
        self.needed = needed


async def coroutine(name: str = "") -> str:
    return f"coroutine {name}".strip()


def generator(name: str = "") -> Iterator[str]:
    yield f"generator {name}".strip()


async def async_generator(name: str = "") -> AsyncIterator[str]:
    yield f"async generator {name}".strip()


class Calls:
    """Callable objects, the flavour being their ``__call__``'s."""

    class Coroutine:
        async def __call__(self) -> str:
            return "coroutine"

    class Inherited(Coroutine):
        """Inherits ``__call__``."""

    class Generator:
        def __call__(self) -> Iterator[str]:
            yield "generator"

    class AsyncGenerator:
        async def __call__(self) -> AsyncIterator[str]:
            yield "async generator"

    async def method(self) -> str:
        return "coroutine"

    def generate(self) -> Iterator[str]:
        yield "generator"


SCOPED: dict[str, tuple[Any, bool]] = {
    "function": (coroutine, True),
    "partial": (functools.partial(coroutine), True),
    "partial of a partial": (functools.partial(functools.partial(coroutine)), True),
    "object": (Calls.Coroutine(), True),
    "inherited": (Calls.Inherited(), True),
    "partial of an object": (functools.partial(Calls.Coroutine()), True),
    "method": (Calls().method, True),
    "class": (str, False),
    "builtin": (len, False),
    "method of a C class": (str.upper, False),
    "lambda": (lambda: 1, False),
}


@pytest.mark.parametrize("name", SCOPED)
def test_what_must_be_awaited_is_read_from_the_callable(name: str) -> None:
    call, is_async = SCOPED[name]

    class Application(ScopedContainer):
        thing = providers.Scoped(call)

    assert Application().graph()["thing"].is_async is is_async


RESOURCES: dict[str, tuple[Any, str]] = {
    "generator": (generator, "generator"),
    "async generator": (async_generator, "async generator"),
    "partial": (functools.partial(generator, "p"), "generator p"),
    "async partial": (functools.partial(async_generator, "p"), "async generator p"),
    "object": (Calls.Generator(), "generator"),
    "async object": (Calls.AsyncGenerator(), "async generator"),
    "method": (Calls().generate, "generator"),
    "contextmanager": (contextmanager(generator), "generator"),
    "asynccontextmanager": (asynccontextmanager(async_generator), "async generator"),
    "partial of a contextmanager": (
        functools.partial(contextmanager(generator), "p"),
        "generator p",
    ),
    "coroutine": (coroutine, "coroutine"),
    "plain": (lambda: "plain", "plain"),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("name", RESOURCES)
async def test_resources_open_by_what_their_callable_is(name: str) -> None:
    call, made = RESOURCES[name]

    class Application(ScopedContainer):
        thing = providers.ScopedResource(call)

    async with Application() as app, app.enter() as request:
        assert await request.aget(Application.thing) == made
        assert app.graph()["thing"].is_async is ("async" in made or made == "coroutine")


def test_arguments_of_stock_providers_are_checked_like_ours() -> None:
    class Application(ScopedContainer):
        ours = providers.Singleton(Needy)
        missing = stock.Singleton(Needy)
        surplus = stock.Singleton(Needy, "one", "two")
        wrong = stock.Singleton(Needy, needed=5)
        fine = stock.Singleton(Needy, "one")

    found = {finding.subject: finding.check for finding in Application().findings()}
    assert found == {
        "ours": "missing-argument",
        "missing": "missing-argument",
        "surplus": "surplus-argument",
        "wrong": "argument-type",
    }


def test_a_cycle_behind_a_stock_provider_is_reported_not_recursed() -> None:
    class Application(ScopedContainer):
        one = providers.Factory(dict)
        two = providers.Factory(dict, one=one)
        one.add_kwargs(two=two)
        outside = stock.Factory(dict, one=one)

    with pytest.raises(GraphError) as caught:
        Application().check()
    assert [finding.check for finding in caught.value.findings] == ["cycle"]


def grid(width: int, depth: int, top: Any) -> Any:
    """Layers of providers, each made from all of the layer before."""
    attributes: dict[str, Any] = {}
    layer: list[Any] = []
    for level in range(depth):
        layer = [providers.Scoped(list, providers.List(*layer)) for _ in range(width)]
        attributes |= {f"p{level}_{index}": provider for index, provider in enumerate(layer)}
    attributes["top"] = top(list, stock.List(*layer))
    return type("Grid", (ScopedContainer,), attributes)


def test_reading_takes_no_path_twice() -> None:
    cls = grid(3, 40, stock.Factory)
    graph = cls().graph()
    assert len(graph) > 40 * 3
    assert not graph["top"].is_async


def test_a_long_chain_can_be_read_and_built() -> None:
    attributes: dict[str, Any] = {"p0": providers.Scoped(list)}
    for index in range(1, 250):
        attributes[f"p{index}"] = providers.Scoped(dict, below=attributes[f"p{index - 1}"])
    cls: Any = type("Chain", (ScopedContainer,), attributes)
    with cls() as app, app.enter() as request:
        made = request.get(cls.p249)
        assert made["below"] is request.get(cls.p248)


def test_declaring_against_the_order_of_the_chain_makes_no_difference() -> None:
    attributes: dict[str, Any] = {}
    below = None
    for index in reversed(range(100)):
        below = providers.Scoped(dict) if below is None else providers.Scoped(dict, below=below)
        attributes[f"p{index}"] = below
    cls: Any = type("Chain", (ScopedContainer,), dict(sorted(attributes.items(), reverse=False)))
    with cls() as app, app.enter() as request:
        assert request.get(cls.p0)["below"] is request.get(cls.p1)
