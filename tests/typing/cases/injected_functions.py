"""``@inject`` as type checkers see it: the function's own type is kept, whatever kind it is."""

from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from typing import Annotated, TypeVar, assert_type

from trunkline import INJECTED, Inject, ScopedContainer, inject, providers

T = TypeVar("T")


class Engine:
    """One a request."""


class Application(ScopedContainer):
    """What the functions are filled from."""

    engine = providers.Scoped(Engine)


TheEngine = Annotated[Engine, Inject(Application.engine)]


class Service:
    """Has methods of each kind, decorated in either order."""

    @inject
    @staticmethod
    def static_below(a: int, engine: TheEngine = INJECTED) -> int:
        return a

    @staticmethod
    @inject
    def static_above(a: int, engine: TheEngine = INJECTED) -> int:
        return a

    @inject
    @classmethod
    def class_below(cls, a: int, engine: TheEngine = INJECTED) -> int:
        return a

    @classmethod
    @inject
    def class_above(cls, a: int, engine: TheEngine = INJECTED) -> int:
        return a

    @property
    @inject
    def engine(self, engine: TheEngine = INJECTED) -> Engine:
        return engine

    @inject
    async def method(self, a: int, engine: TheEngine = INJECTED) -> str:
        return str(a)


class Overriding(Service):
    """Passes on what it was given."""

    @inject
    async def method(self, a: int, engine: TheEngine = INJECTED) -> str:
        return await super().method(a, engine)


@inject
def generator(a: int, engine: TheEngine = INJECTED) -> Generator[int, str, bytes]:
    yield a
    return b""


@inject
async def async_generator(a: int, engine: TheEngine = INJECTED) -> AsyncIterator[int]:
    yield a


@contextmanager
@inject
def managed(engine: TheEngine = INJECTED) -> Iterator[Engine]:
    yield engine


@inject
def generic(a: T, engine: TheEngine = INJECTED) -> list[T]:
    return [a]


@inject
def of_every_kind(a: int, /, *rest: str, engine: TheEngine = INJECTED, b: str = "") -> None: ...


async def calling() -> None:
    for service in (Service, Service()):
        assert_type(service.static_below(1), int)
        assert_type(service.static_above(1), int)
        assert_type(service.class_below(1), int)
        assert_type(service.class_above(1), int)
    assert_type(Service().engine, Engine)
    assert_type(await Overriding().method(1), str)
    assert_type(generator(1).send("a"), int)
    assert_type(async_generator(1), AsyncIterator[int])
    with managed() as engine:
        assert_type(engine, Engine)
    assert_type(generic("a"), list[str])
    of_every_kind(1, "a", b="b")
