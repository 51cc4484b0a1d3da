"""Containers drawn at random, for the compiled program and the interpreter to agree on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from dependency_injector import providers as stock
from hypothesis import strategies as st

from trunkline import Scope, ScopedContainer, providers

SCOPES = list(Scope)
KINDS = (
    "scoped", "resource", "manager", "singleton", "factory", "constant", "view", "item", "method",
    "value", "coroutine", "aresource", "amanager", "closing", "list", "stock_factory",
)  # fmt: skip
FRESH = {"factory", "view", "item", "method", "list", "stock_factory"}
ASYNC = {"coroutine", "aresource", "amanager"}


class DrawnError(Exception):
    """Raised by builders and teardowns that are drawn to fail."""


@dataclass(frozen=True)
class Spec:
    """One provider.

    Attributes:
        kind: One of KINDS.
        scope: Where it lives, for kinds that live anywhere.
        needs: Positions of the providers it is made from, all before its own.
        keywords: Of those, how many are passed by keyword.
        failing: Which of its builds fail: none, the first, all.
        bad_close: Whether its teardown fails.
        attribute: Whether its last need is set as an attribute after construction.
    """

    kind: str
    scope: Scope
    needs: tuple[int, ...]
    keywords: int
    failing: int
    bad_close: bool
    attribute: bool


@dataclass(frozen=True)
class Step:
    """One thing that a user does: enter a scope, ask for an object, leave a scope."""

    action: str
    scope: Scope = Scope.REQUEST
    provider: int = 0
    fails: bool = False


@dataclass(frozen=True)
class Drawn:
    """A container and what is done with it."""

    specs: tuple[Spec, ...]
    steps: tuple[Step, ...]

    @property
    def is_async(self) -> bool:
        return any(spec.kind in ASYNC for spec in self.specs)


@st.composite
def drawn(draw: Callable[[Any], Any], kinds: tuple[str, ...] = KINDS) -> Drawn:
    """A container without cycles and captives, and a user who asks in any order."""
    specs: list[Spec] = []
    depths: list[int] = []
    for index in range(draw(st.integers(2, 14))):
        kind = draw(st.sampled_from(kinds))
        scope = draw(st.sampled_from(SCOPES if kind != "value" else SCOPES[1:]))
        limit = 0 if kind == "singleton" else scope.depth
        fresh = kind in FRESH
        allowed = [i for i in range(index) if fresh or depths[i] <= limit]
        most = {"constant": 0, "value": 0, "view": 1, "item": 1, "method": 1}.get(kind, 3)
        needs = draw(st.lists(st.sampled_from(allowed), max_size=most)) if allowed else []
        if kind in ("view", "item", "method") and not needs:
            kind, fresh = "constant", False
        spec = Spec(
            kind,
            scope,
            tuple(needs),
            draw(st.integers(0, len(needs))),
            draw(st.sampled_from([0] * 12 + [1, 1, 2])),
            draw(st.sampled_from([False] * 5 + [True])),
            draw(st.booleans()),
        )
        if kind == "constant" or (fresh and not needs):
            depth = 0
        elif fresh:
            depth = max(depths[i] for i in needs)
        else:
            depth = 0 if kind == "singleton" else scope.depth
        specs.append(spec)
        depths.append(depth)
    step = st.one_of(
        st.builds(Step, st.just("enter"), scope=st.sampled_from(SCOPES[1:])),
        st.builds(Step, st.just("get"), provider=st.integers(0, len(specs) - 1)),
        st.builds(Step, st.just("get"), provider=st.integers(0, len(specs) - 1)),
        st.builds(Step, st.just("aget"), provider=st.integers(0, len(specs) - 1)),
        st.builds(Step, st.just("leave"), fails=st.booleans()),
    )
    steps = draw(st.lists(step, min_size=5, max_size=25))
    return Drawn(tuple(specs), (Step("enter", draw(st.sampled_from(SCOPES[1:]))), *steps))


@dataclass
class Recorder:
    """Labels each object in the order of construction, and notes what happens to it."""

    log: list[object] = field(default_factory=list)
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


class Made:
    """An object of a drawn container."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.itself = self
        self.close: Callable[[], None] = lambda: None

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
        if self.spec.failing == 2 or (self.spec.failing == 1 and self.calls == 1):
            raise DrawnError(f"build {self.name} {self.calls}")
        value = Made(self.name)
        value.close = self.closed
        self.recorder.made(self.name, value)
        return value

    def closed(self) -> None:
        self.recorder.log.append(("close", self.name))
        if self.spec.bad_close:
            raise DrawnError(f"close {self.name}")


def provider_of(name: str, spec: Spec, before: list[Any], recorder: Recorder) -> Any:
    """The provider that a spec describes."""
    maker = Maker(name, spec, recorder)
    needs = [before[index] for index in spec.needs]
    attribute = [needs.pop()] if spec.attribute and needs and spec.kind != "list" else []
    split = max(0, len(needs) - spec.keywords)
    args, kwargs = needs[:split], {f"k{i}": need for i, need in enumerate(needs[split:])}

    def build(*args: object, **kwargs: object) -> Made:
        return maker.build(*args, **kwargs)

    def function(*args: object, **kwargs: object) -> Iterator[Made]:
        value = maker.build(*args, **kwargs)
        try:
            yield value
        except BaseException as error:
            recorder.log.append(("saw", name, type(error).__name__))
            raise
        finally:
            maker.closed()

    async def afunction(*args: object, **kwargs: object) -> AsyncIterator[Made]:
        value = maker.build(*args, **kwargs)
        try:
            yield value
        except BaseException as error:
            recorder.log.append(("saw", name, type(error).__name__))
            raise
        finally:
            maker.closed()

    async def coroutine(*args: object, **kwargs: object) -> Made:
        return maker.build(*args, **kwargs)

    class Manager:
        def __init__(self, *args: object, **kwargs: object) -> None:
            self.made = maker.build(*args, **kwargs)

        def __enter__(self) -> Made:
            return self.made

        def __exit__(self, kind: Any, error: object, traceback: object) -> None:
            recorder.log.append(("saw", name, getattr(kind, "__name__", None)))
            maker.closed()

    class AManager(Manager):
        __enter__ = None  # type: ignore[assignment]  # it is the other kind
        __exit__ = None  # type: ignore[assignment]  # as above

        async def __aenter__(self) -> Made:
            return self.made

        async def __aexit__(self, kind: Any, error: object, traceback: object) -> None:
            recorder.log.append(("saw", name, getattr(kind, "__name__", None)))
            maker.closed()

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
        case "closing":
            made: Any = type(f"Closing_{name}", (Closing,), {"build": staticmethod(build)})
            return providers.ScopedResource(made, *args, scope=spec.scope, close="close", **kwargs)  # type: ignore[call-overload]  # any class
    calls: dict[str, Any] = {
        "resource": function,
        "aresource": afunction,
        "manager": Manager,
        "amanager": AManager,
    }
    return providers.ScopedResource(calls[spec.kind], *args, scope=spec.scope, **kwargs)


def container_of(drawing: Drawn, recorder: Recorder) -> tuple[type[Any], list[Any]]:
    """A container class, and its providers in the order of the specs."""
    made: list[Any] = []
    for index, spec in enumerate(drawing.specs):
        made.append(provider_of(f"p{index}", spec, made, recorder))
    attributes = {f"p{index}": provider for index, provider in enumerate(made)}
    cls = type("Application", (ScopedContainer,), {"validate": False, **attributes})
    return cls, [getattr(cls, name) for name in attributes]


def values_of(drawing: Drawn, scope: Scope, keys: list[Any], recorder: Recorder) -> dict[Any, Any]:
    """Values for a scope that is about to open."""
    given: dict[Any, Any] = {}
    for index, spec in enumerate(drawing.specs):
        if spec.kind == "value" and spec.scope is scope:
            given[keys[index]] = value = keys[index].provides(f"p{index}")
            recorder.made(f"p{index}", value)
    return given
