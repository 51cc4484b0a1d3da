"""The providers of drawn containers: they note what is built, from what, and what is torn down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from dependency_injector import providers as stock

from tests.property.drawn_graphs import ASYNC, GENERATORS, Drawn, Fault, Spec
from trunkline import Scope, ScopedContainer, providers


class DrawnError(Exception):
    """Raised by builders, teardowns and bodies that are drawn to fail."""


class FalsyError(DrawnError):
    """An exception like any other."""

    def __bool__(self) -> bool:
        return False


@dataclass
class Recorder:
    """Labels each object in the order of construction, and notes what happens to it.

    Attributes:
        log: What happened, in order.
        open: What is open, in order of opening, by the depth of its scope.
        faults: Where an order or a number of teardowns was wrong.
    """

    log: list[object] = field(default_factory=list)
    open: dict[int, list[Made]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    labels: dict[int, str] = field(default_factory=dict)
    kept: list[object] = field(default_factory=list)

    def __deepcopy__(self, memo: object) -> Recorder:
        return self

    def label(self, value: object) -> object:
        if isinstance(value, list):
            return [self.label(item) for item in value]
        return self.labels.get(id(value), repr(value) if isinstance(value, str | int) else "new")

    def made(self, name: str, value: object) -> None:
        self.labels[id(value)] = f"{name}#{len(self.labels)}"
        self.kept.append(value)  # so that no id comes twice

    def opened(self, scope: Scope, value: Made) -> None:
        self.open.setdefault(scope.depth, []).append(value)

    def closed(self, scope: Scope, value: Made) -> None:
        still = self.open.get(scope.depth, [])
        if value not in still:
            self.faults.append(f"{value.name} was closed twice, or never opened")
        elif still[-1] is not value:
            self.faults.append(f"{value.name} was closed before {still[-1].name}")
        if value in still:
            still.remove(value)


class Made:
    """An object of a drawn container."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.itself = self
        self.close: Callable[[], Any] = lambda: None

    def __getitem__(self, key: object) -> Made:
        return self

    def again(self) -> Made:
        return self


class Closing:
    """A class whose objects are closed by a method; its maker's objects are returned instead."""

    build: Callable[..., Made]

    def __new__(cls, *args: object, **kwargs: object) -> Any:
        return cls.build(*args, **kwargs)

    def close(self) -> None:
        """What is closed is what was made."""


class AClosing(Closing):
    """The same, where closing has to be awaited."""

    async def close(self) -> None:  # type: ignore[override]  # the async one
        """What is closed is what was made."""


class Maker:
    """Builds the objects of one provider, and fails where it was drawn to."""

    def __init__(self, name: str, spec: Spec, recorder: Recorder) -> None:
        self.name = name
        self.spec = spec
        self.recorder = recorder
        self.calls = 0

    def build(self, *args: object, **kwargs: object) -> Made:
        self.calls += 1
        label = self.recorder.label
        keywords = {key: label(value) for key, value in kwargs.items()}
        self.recorder.log.append(("build", self.name, [label(value) for value in args], keywords))
        fault = self.spec.fault
        if fault is Fault.EVERY_BUILD or (fault is Fault.FIRST_BUILD and self.calls == 1):
            raise DrawnError(f"build {self.name} {self.calls}")
        value = Made(self.name)
        self.recorder.made(self.name, value)
        return value

    def opened(self, *args: object, **kwargs: object) -> Made:
        """Build something that has to be closed."""
        value = self.build(*args, **kwargs)
        self.recorder.opened(self.spec.scope, value)
        value.close = lambda: self.close(value)
        return value

    def aopened(self, *args: object, **kwargs: object) -> Made:
        """The same, where closing has to be awaited."""
        value = self.opened(*args, **kwargs)

        async def close() -> None:
            try:
                await self.pause()
            finally:  # it may be cancelled there
                self.close(value)

        value.close = close
        return value

    def close(self, value: Made) -> None:
        self.recorder.log.append(("close", self.name))
        self.recorder.closed(self.spec.scope, value)
        if self.spec.fault is Fault.CLOSE:
            raise DrawnError(f"close {self.name}")

    @contextmanager
    def open_resource(self, *args: object, **kwargs: object) -> Iterator[Made]:
        value = self.opened(*args, **kwargs)
        try:
            yield value
        except BaseException as error:
            self.saw(error)
            raise
        finally:
            self.close(value)

    async def pause(self) -> None:
        for _ in range(self.spec.pauses):
            await asyncio.sleep(0)

    def saw(self, error: BaseException | None) -> None:
        self.recorder.log.append(("saw", self.name, type(error).__name__))


def provider_of(name: str, spec: Spec, before: list[Any], recorder: Recorder) -> Any:
    """The provider that a spec describes."""
    maker = Maker(name, spec, recorder)
    needs = [before[index] for index in spec.needs]
    attribute = [needs.pop()] if spec.attribute and len(needs) > 1 and spec.kind != "list" else []
    split = max(0, len(needs) - spec.keywords)
    args, kwargs = needs[:split], {f"k{i}": need for i, need in enumerate(needs[split:])}

    def build(*args: object, **kwargs: object) -> Made:
        return maker.build(*args, **kwargs)

    async def coroutine(*args: object, **kwargs: object) -> Made:
        await maker.pause()
        return maker.build(*args, **kwargs)

    def extra(provider: Any) -> Any:
        return provider.add_attributes(extra=attribute[0]) if attribute else provider

    match spec.kind:
        case "value":
            return providers.ScopeValue(type(f"Value_{name}", (Made,), {}), scope=spec.scope)
        case "constant":
            value = Made(name)
            recorder.made(name, value)
            return providers.Object(value)
        case "view":
            return before[spec.needs[0]].provided.itself
        case "item":
            return before[spec.needs[0]].provided["key"]
        case "method":
            return before[spec.needs[0]].provided.again.call()
        case "list":
            return stock.List(*needs)
        case "stock_factory":
            return stock.Factory(build, *args, **kwargs)
        case "singleton":
            return extra(providers.Singleton(build, *args, **kwargs))
        case "factory":
            return extra(providers.Factory(build, *args, **kwargs))
        case "scoped":
            return extra(providers.Scoped(build, *args, scope=spec.scope, **kwargs))
        case "coroutine":
            return extra(providers.Scoped(coroutine, *args, scope=spec.scope, **kwargs))
        case "caller":  # resolves what it needs by a call while it is built
            return providers.Scoped(
                lambda needed: build(_called(needed)), needs[0].provider, scope=spec.scope
            )
    return providers.ScopedResource(_resource(spec, maker), *args, **_closing(spec, kwargs))


def _called(needed: Callable[[], object]) -> object:
    value = needed()
    if asyncio.iscoroutine(value):
        value.close()
        return "to be awaited"
    return value


def _closing(spec: Spec, kwargs: dict[str, Any]) -> dict[str, Any]:
    close = {"close": "close"} if spec.kind in ("closing", "aclosing") else {}
    return {"scope": spec.scope, **close, **kwargs}


def _resource(spec: Spec, maker: Maker) -> Any:
    """What a resource is declared with: a generator function, a context manager, a class."""
    if spec.kind in GENERATORS:
        return _generator(spec, maker)
    if spec.kind in ("manager", "amanager"):
        return _manager(spec, maker)
    return _closed_by_name(spec, maker)


def _generator(spec: Spec, maker: Maker) -> Any:
    def function(*args: object, **kwargs: object) -> Iterator[Made]:
        if spec.fault is Fault.NEVER_YIELDS:
            return
        with maker.open_resource(*args, **kwargs) as value:
            yield value
        if spec.fault is Fault.YIELDS_TWICE:
            yield value

    async def afunction(*args: object, **kwargs: object) -> AsyncIterator[Made]:
        await maker.pause()
        if spec.fault is Fault.NEVER_YIELDS:
            return
        with maker.open_resource(*args, **kwargs) as value:
            try:
                yield value
            finally:
                await maker.pause()
        if spec.fault is Fault.YIELDS_TWICE:
            yield value

    return afunction if spec.kind == "aresource" else function


def _manager(spec: Spec, maker: Maker) -> Any:
    class Manager:
        def __init__(self, *args: object, **kwargs: object) -> None:
            self.made = maker.build(*args, **kwargs)

        def __enter__(self) -> Made:
            maker.recorder.opened(spec.scope, self.made)
            return self.made

        def __exit__(self, kind: Any, error: BaseException | None, traceback: object) -> None:
            maker.saw(error)
            maker.close(self.made)

    class AManager(Manager):
        __enter__ = None  # type: ignore[assignment]  # it is the other kind
        __exit__ = None  # type: ignore[assignment]  # as above

        async def __aenter__(self) -> Made:
            await maker.pause()
            maker.recorder.opened(spec.scope, self.made)
            return self.made

        async def __aexit__(
            self, kind: Any, error: BaseException | None, traceback: object
        ) -> None:
            maker.saw(error)
            try:
                await maker.pause()
            finally:  # it may be cancelled there
                maker.close(self.made)

    return AManager if spec.kind == "amanager" else Manager


def _closed_by_name(spec: Spec, maker: Maker) -> Any:
    base, build = (AClosing, maker.aopened) if spec.kind == "aclosing" else (Closing, maker.opened)
    return type(f"{base.__name__}_{maker.name}", (base,), {"build": staticmethod(build)})


def container_of(drawing: Drawn, recorder: Recorder) -> tuple[type[Any], list[Any]]:
    """A container class, and its providers in the order of the specs."""
    made: list[Any] = []
    for index, spec in enumerate(drawing.specs):
        made.append(provider_of(f"p{index}", spec, made, recorder))
    attributes = {f"p{index}": provider for index, provider in enumerate(made)}
    cls = type("Application", (ScopedContainer,), {"validate": False, **attributes})
    return cls, [getattr(cls, name) for name in attributes]


def override_in(app: Any, drawing: Drawn, recorder: Recorder) -> None:
    """Put the stock overrides that were drawn in place in a container that has not started."""
    for index, spec in enumerate(drawing.specs):
        if not spec.fake or spec.kind in ASYNC:
            continue
        name = f"fake_p{index}"
        if spec.fake == "constant":
            value = Made(name)
            recorder.made(name, value)
            app.providers[f"p{index}"].override(providers.Object(value))
        else:
            fake = Spec("factory", spec.scope, (), 0, Fault.NONE, False, 0, "")
            app.providers[f"p{index}"].override(provider_of(name, fake, [], recorder))


def values_of(drawing: Drawn, scope: Scope, keys: list[Any], recorder: Recorder) -> dict[Any, Any]:
    """Values for a scope that is about to open."""
    given: dict[Any, Any] = {}
    for index, spec in enumerate(drawing.specs):
        if spec.kind == "value" and spec.scope is scope:
            given[keys[index]] = value = keys[index].provides(f"p{index}")
            recorder.made(f"p{index}", value)
    return given
