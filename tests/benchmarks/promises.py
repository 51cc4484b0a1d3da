"""The least that a request costs: a scope written by hand for one graph, a promise more each time.

Each scope is opened with a value by ``with``, asked for the engine once, and left. What the last
one promises is what a compiled scope promises; what it does not do is anything else. So the first
line is what asking in this way costs at all, and the last the limit of a compiled scope.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tests.benchmarks.contender import Contender, Repeat
from tests.benchmarks.rounds import Rounds, interleaved
from tests.benchmarks.steps import BARE, constructors
from tests.benchmarks.subjects import Agents, Bridge, Connections, Engine, RequestContext, Settings

__all__ = ["measure"]

PROVIDER, MISSING, TAKEN = object(), object(), object()
_connections, _agents, _settings = Connections(), Agents(), Settings()


class Bare:
    """Asked by ``get``; makes the objects anew and keeps none."""

    __slots__ = ("context",)

    context: Any

    def __enter__(self) -> Any:
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        pass

    def get(self, provider: object) -> Any:
        context = self.context
        return Engine(context, Bridge(context, _connections), _agents, _settings)


class Keeping(Bare):
    """Keeps what it makes, finds it by its provider, and lets it go when it is left."""

    __slots__ = ("bridge", "engine")

    bridge: Any
    engine: Any

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        self.context = self.bridge = self.engine = MISSING

    def get(self, provider: object) -> Any:
        if provider is PROVIDER:
            engine = self.engine
            if engine is not MISSING:
                return engine
            context = self.context
            bridge = self.bridge
            if bridge is MISSING:
                self.bridge = bridge = Bridge(context, _connections)
            self.engine = engine = Engine(context, bridge, _agents, _settings)
            return engine
        raise KeyError(provider)


class Closing(Keeping):
    """Refuses use once it is left."""

    __slots__ = ("attention", "token")

    attention: Any
    token: Any

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        if self.attention is None:
            self.attention = True
            self.token = None
        else:
            raise RuntimeError
        self.context = self.bridge = self.engine = TAKEN


class Once(Closing):
    """Builds once, whoever asks at the same moment, and gives the right back where that fails."""

    __slots__ = ()

    def get(self, provider: object) -> Any:
        if provider is PROVIDER:
            if (engine := self.engine) is MISSING:
                self.engine = TAKEN
            elif engine is not TAKEN:
                return engine
            else:
                raise RuntimeError
            building = ""
            try:
                context = self.context
                if (bridge := self.bridge) is MISSING:
                    self.bridge = TAKEN
                elif bridge is TAKEN:
                    raise RuntimeError
                if bridge is MISSING:
                    building = "bridge"
                    bridge = Bridge(context, _connections)
                    self.bridge = bridge
                    if self.attention is not None:
                        raise RuntimeError
                building = ""
                engine = Engine(context, bridge, _agents, _settings)
            except BaseException:
                if building:
                    self.bridge = MISSING
                self.engine = MISSING
                raise
            self.engine = engine
            if self.attention is not None:
                raise RuntimeError
            return engine
        raise KeyError(provider)


class Ambient(Once):
    """Looks whether it is to be the ambient scope; it is not."""

    __slots__ = ()

    def __enter__(self) -> Any:
        if self.token is True:
            raise RuntimeError
        if self.token is not False:
            raise RuntimeError
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        if self.token:
            raise RuntimeError
        if self.attention is None:
            self.attention = True
            self.token = None
        else:
            raise RuntimeError
        self.context = self.bridge = self.engine = TAKEN


def bare(self: object, context: Any = MISSING, scope: Any = None, given: Any = None) -> Any:
    inner = Bare()
    inner.context = context
    return inner


def checked(self: object, context: Any = MISSING, scope: Any = None, given: Any = None) -> Any:
    if type(context) is RequestContext and scope is None and given is None:
        inner = Bare()
        inner.context = context
        return inner
    raise ValueError(context)


def keeping(self: object, context: Any = MISSING, scope: Any = None, given: Any = None) -> Any:
    if type(context) is RequestContext and scope is None and given is None:
        inner = Keeping()
        inner.context = context
        inner.bridge = inner.engine = MISSING
        return inner
    raise ValueError(context)


def closing(cls: type[Closing]) -> Callable[..., Any]:
    def enter(self: object, context: Any = MISSING, scope: Any = None, given: Any = None) -> Any:
        if type(context) is RequestContext and scope is None and given is None:
            inner = cls()
            inner.token = False
            inner.attention = None
            inner.context = context
            inner.bridge = inner.engine = MISSING
            return inner
        raise ValueError(context)

    return enter


class _Application:
    """Opens scopes by a method that it holds itself, as a started container does."""

    def __init__(self, enter: Callable[..., Any]) -> None:
        self.enter = enter.__get__(self)


def _request(enter: Callable[..., Any], keeps: bool) -> Callable[[Repeat], object]:
    app = _Application(enter)
    given = RequestContext("user", "thread", "run")
    with app.enter(given) as scope:
        engine = scope.get(PROVIDER)
        assert engine.context is engine.bridge.context is given
        assert (engine is scope.get(PROVIDER)) is keeps

    def run(times: Repeat) -> None:
        for _ in times:
            with app.enter(RequestContext("user", "thread", "run")) as scope:
                scope.get(PROVIDER)

    return run


def measure(scenario: Any, contenders: Sequence[type[Contender]], rounds: int) -> Rounds:
    """Time a request with one promise more each time, each having given the right objects."""
    del scenario, contenders
    return interleaved(
        {
            BARE: constructors,
            "a scope by `with`, asked once": _request(bare, keeps=False),
            "and the value's class is checked": _request(checked, keeps=False),
            "and objects are kept, and let go": _request(keeping, keeps=True),
            "and a scope that was left is closed": _request(closing(Closing), keeps=True),
            "and objects are built once": _request(closing(Once), keeps=True),
            "and it might be the ambient scope": _request(closing(Ambient), keeps=True),
        },
        rounds,
    )
