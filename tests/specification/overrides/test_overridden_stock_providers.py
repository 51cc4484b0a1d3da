"""Every stock provider sees a fake of what it is made from, warm or cold, and forgets it after."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from trunkline import Scope, ScopedContainer, providers
from trunkline.overrides import override


class Clock:
    pass


class Fake:
    pass


class Holder:
    def __init__(self, clock: Any = None) -> None:
        self.clock = clock


def opened(clock: Any) -> Iterator[Holder]:
    yield Holder(clock)


CLOCKS = {
    "Singleton": lambda: providers.Singleton(Clock),
    "Factory": lambda: providers.Factory(Clock),
    "Object": lambda: providers.Object(Clock()),
    "ThreadSafeSingleton": lambda: providers.ThreadSafeSingleton(Clock),
    "Callable": lambda: providers.Callable(Clock),
    "Resource": lambda: providers.Resource(Clock),
    "Scoped": lambda: providers.Scoped(Clock, scope=Scope.APP),
}
KEPT = (
    *("singleton", "thread_safe", "thread_local", "context_local", "resource", "scoped"),
    *("scoped_resource", "keyed"),
)


def declare(made: Any) -> Any:
    class Application(ScopedContainer):
        clock = made
        factory = providers.Factory(Holder, clock)
        singleton = providers.Singleton(Holder, clock)
        thread_safe = providers.ThreadSafeSingleton(Holder, clock)
        thread_local = providers.ThreadLocalSingleton(Holder, clock)
        context_local = providers.ContextLocalSingleton(Holder, clock)
        call = providers.Callable(Holder, clock)
        resource = providers.Resource(opened, clock)
        listed = providers.List(clock)
        mapped = providers.Dict(clock=clock)
        chosen = providers.Selector(lambda: "a", a=clock, b=providers.Object(3))
        among = providers.FactoryAggregate(a=factory)
        attribute = providers.Factory(Holder).add_attributes(clock=clock)
        delegated = providers.Factory(Holder, clock.provider)
        delegated_factory = providers.Factory(Holder, factory.provider)
        view = providers.Factory(Holder, singleton.provided.clock)
        scoped = providers.Scoped(Holder, clock)
        scoped_resource = providers.ScopedResource(opened, clock)
        keyed = providers.KeyedSingleton(
            lambda _, clock: Holder(clock), "k", clock, key=providers.Object("k")
        )

    return Application


def clock_of(value: Any) -> Any:
    """The clock at the bottom of what a provider gave."""
    while not isinstance(value, Clock | Fake):
        if isinstance(value, list):
            value = value[0]
        elif isinstance(value, dict):
            value = value["clock"]
        else:
            value = value.clock if isinstance(value, Holder) else value()
    return type(value)


def ways(app: Any, request: Any, name: str) -> list[Any]:
    if name == "among":
        return [lambda: app.among("a")]
    declared = getattr(app.declared, name)
    return [getattr(app, name), getattr(request, name), lambda: request.get(declared)]


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
@pytest.mark.parametrize("fake", [Fake, Fake()], ids=["a class", "an object"])
@pytest.mark.parametrize("made", CLOCKS.values(), ids=CLOCKS)
def test_all_that_depends_on_a_fake_is_made_anew_and_forgotten(
    made: Any, fake: Any, warm: bool
) -> None:
    declared = declare(made())
    names = [name for name in declared.providers if name != "clock"]
    with declared() as app, app.enter() as request:
        kept = {name: getattr(app, name)() for name in KEPT} if warm else {}
        # in the place of an Object a class is the object itself
        stand_in = Fake() if isinstance(declared.clock, providers.Object) else fake
        for way in range(3):
            with override(app, {declared.clock: stand_in}):
                for name in names:
                    found = ways(app, request, name)
                    assert clock_of(found[min(way, len(found) - 1)]()) is Fake, name
            for name in names:
                assert clock_of(ways(app, request, name)[0]()) is Clock, name
        for name, before in kept.items():
            assert getattr(app, name)() is before, name
