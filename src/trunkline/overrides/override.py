"""``override``: what a test enters to put fakes in the place of providers."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from trunkline.containers import ContainerInstance, ScopedContainer
from trunkline.errors import OverrideError
from trunkline.graph.blueprint import Blueprint
from trunkline.graph.model import SourceLocation
from trunkline.introspection import is_provider
from trunkline.overrides.checking import check_fakes, check_graph, check_made, unused
from trunkline.overrides.fakes import with_fakes
from trunkline.overrides.inheritance import INHERITANCE
from trunkline.overrides.routing import put_routes
from trunkline.resolution.derivation import Layer
from trunkline.resolution.exits import raise_failures
from trunkline.resolution.overriding import OVERRIDING, Stack, overrides_here
from trunkline.resolution.started import STARTED
from trunkline.validation import Finding, draw

__all__ = ["Override", "UnusedOverrideWarning", "override"]


class UnusedOverrideWarning(UserWarning):
    """A fake was put in place that nothing asked for.

    Attributes:
        findings: One for each such fake.
    """

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        super().__init__(draw(findings))


def override(
    container: Any, fakes: Mapping[Any, Any], *, everywhere: bool = False, strict: bool = True
) -> Override:
    """Put fakes in the place of a container's providers, for as long as a block lasts.

    Example::

        with override(app, {Application.bridge: RecordingBridge, Application.clock: fixed_clock}):
            ...

    Within the block, and in the tasks and threads that are started there, everything that depends
    on a fake is made anew, also in scopes that were open before and of singletons that were built
    before. Nobody else sees any of it, and when the block ends it is torn down.

    Args:
        container: A container instance, started or not, or its declared class: then all instances
            of it are meant, those that start inside too.
        fakes: By the provider each replaces: a class or function, which is called with what it
            asks for by the names of its parameters (the arguments of what it replaces, then the
            container's providers); a generator function, plain or async, whose code after
            ``yield`` is its teardown; a provider with arguments of its own, which may be providers
            of the container; or any other value, which is the object itself. In the place of
            ``providers.Object`` a class or function is the object itself too.
        everywhere: Whether all contexts see the fakes, such as threads that run already.
        strict: Whether a fake must have the methods of what it replaces, with signatures that
            take the same calls.

    Returns:
        A context manager, plain and async; ``async with`` also starts what the change touches of
        the objects that the container starts by ``await``.
    """
    return Override(container, fakes, everywhere=everywhere, strict=strict, location=_caller())


class Override:
    """Fakes in the place of providers; made by :func:`override`, and entered once.

    Attributes:
        container: The container instance or the declared class.
        location: Where the override was written.
        active: True from the beginning of the block to its end.
        number: Counts the overrides of the process in the order of their start.
        everywhere: True where all contexts see the fakes.
    """

    def __init__(
        self,
        container: Any,
        fakes: Mapping[Any, Any],
        *,
        everywhere: bool,
        strict: bool,
        location: SourceLocation | None,
    ) -> None:
        self.container = container
        self.location = location
        self.active = False
        self.number = 0
        self.everywhere = everywhere
        self._strict = strict
        self._used: set[str] = set()
        self._expected: dict[str, type] = {}
        self._names: dict[str, None] = {}
        self._routes: list[Callable[[], None]] = []
        self._outer: Stack | None = None
        self._stack: Stack | None = None
        is_class = isinstance(container, type) and issubclass(container, ScopedContainer)
        if not is_class and not isinstance(container, ContainerInstance):
            raise OverrideError(
                f"{container!r} can't be overridden",
                location=location,
                cause="it is neither a ScopedContainer class nor an instance of one",
                remedy="override(Application, {Application.engine: Fake})",
            )
        if not isinstance(fakes, Mapping):
            raise OverrideError(
                f"{fakes!r} doesn't say what it replaces",
                location=location,
                cause="the fakes are a mapping, by the provider that each replaces",
                remedy="override(Application, {Application.engine: Fake})",
            )
        self._fakes = dict(fakes)

    # as scopes see it

    def applies_to(self, container: Any) -> bool:
        """Whether it overrides providers of this container instance."""
        if isinstance(self.container, type):
            return isinstance(container, self.container)
        return container is self.container

    def derive(self, blueprint: Blueprint) -> tuple[Blueprint, frozenset[str], frozenset[str]]:
        """The blueprint with the fakes in place; see ``ActiveOverride``."""
        fakes = self._by_name(blueprint)
        derived, changed = with_fakes(blueprint, fakes)
        return derived, changed, frozenset(fakes)

    def begin_in(self, container: Any) -> None:
        """Take effect in a started container."""
        layers = container.layers()
        layers.begin(self)
        derived, _, names = self.derive(layers.blueprint)
        self._routes.append(put_routes(container, derived, names))

    def used(self, name: str) -> None:
        """Note that a fake was asked for."""
        self._used.add(name)

    def made(self, name: str, value: Any) -> None:
        """Refuse an object that can't stand in, where that could not be told before it was made."""
        expected = self._expected.get(name)
        if expected is not None:
            check_made(name, expected, value, self.location)

    def _by_name(self, blueprint: Blueprint) -> dict[str, Any]:
        fakes: dict[str, Any] = {}
        for provider, fake in self._fakes.items():
            name = blueprint.keys.get(provider) if is_provider(provider) else provider
            if not isinstance(name, str) or name not in blueprint.graph:
                raise OverrideError(
                    f"{provider!r} is no provider of {blueprint.graph.name}",
                    location=self.location,
                    cause="it belongs to another container, or is an option or a view that the "
                    "container declares nowhere",
                    remedy="name a provider that the container declares: Application.engine",
                )
            fakes[name] = fake
        return fakes

    # findings

    @property
    def findings(self) -> tuple[Finding, ...]:
        """A finding for each fake that nothing has asked for so far."""
        names = [name for name in self._names if name not in self._used]
        return unused(names, self._container_name(), self.location)

    def _container_name(self) -> str:
        declared = self.container if isinstance(self.container, type) else self.container.declared
        return getattr(declared, "__qualname__", "the container")

    # the block

    def __enter__(self) -> Self:
        self._begin()
        try:
            self._refuse_awaited()
        except BaseException as error:
            for layer in self._end():
                layer.end(self, error)
            raise
        return self

    async def __aenter__(self) -> Self:
        self._begin()
        try:
            for container in self._started():
                await container.layers().current().start()
        except BaseException as error:
            for layer in self._end():
                await layer.aend(self, error)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self.active:  # who found it left behind has ended it
            return
        failures: list[BaseException] = []
        for layer in self._end():
            failures += layer.end(self, error)
        self._leave(failures, error)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self.active:
            return
        failures: list[BaseException] = []
        for layer in self._end():
            failures += await layer.aend(self, error)
        self._leave(failures, error)

    def _begin(self) -> None:
        if self.number:
            raise OverrideError(
                f"the override of {self._container_name()} was entered before",
                location=self.location,
                remedy="call override(...) for each block",
            )
        self._check()
        OVERRIDING.begin(self)
        if not self.everywhere:
            INHERITANCE.begin()
            self._outer = overrides_here.get()
            outer = self._outer.overrides if self._outer is not None else ()
            self._stack = Stack((*outer, self))
            overrides_here.set(self._stack)
        try:
            for container in self._started():
                self.begin_in(container)
        except BaseException:
            self._end()  # nothing was built yet
            raise

    def _refuse_awaited(self) -> None:
        """Refuse to change what the container's start awaited: here nothing can be awaited."""
        awaited = {
            name for c in self._started() for name in c.layers().current().awaited_at_start()
        }
        if awaited:
            raise OverrideError(
                f"the override changes {' and '.join(sorted(awaited))}, which must be awaited",
                location=self.location,
                cause="the container has started it, so its users don't await it",
                remedy="use `async with override(...)`",
            )

    def _check(self) -> None:
        """Refuse what can't work before anything is touched."""
        blueprints = [container.layers().blueprint for container in self._started()]
        if not blueprints:
            instance = self.container() if isinstance(self.container, type) else self.container
            blueprints = [instance.blueprint()]
        for blueprint in blueprints:
            fakes = self._by_name(blueprint)
            self._names |= dict.fromkeys(fakes)
            derived, _ = with_fakes(blueprint, fakes)
            check_graph(derived, self.location)
            if self._strict:
                self._expected |= check_fakes(blueprint, derived, fakes)

    def _end(self) -> list[Layer]:
        """Put everything back; the layers that are left have to be torn down."""
        OVERRIDING.end(self)
        while self._routes:
            self._routes.pop()()
        if not self.everywhere:
            INHERITANCE.end()
            self._leave_context()
        layers = [layer for c in self._started() for layer in c.layers().end(self)]
        self._fakes.clear()  # a context that was left elsewhere may know the override for long
        return layers

    def _leave_context(self) -> None:
        here = overrides_here.get()
        if here is not None and self in here.overrides:
            rest = tuple(o for o in here.overrides if o.active)
            if not rest:
                overrides_here.set(None)
            elif self._outer is not None and self._outer.overrides == rest:
                overrides_here.set(self._outer)
            else:
                overrides_here.set(Stack(rest))
        if self._stack is not None:
            self._stack.seen.clear()
        self._outer = self._stack = None

    def _leave(self, failures: list[BaseException], error: BaseException | None) -> None:
        raise_failures("override", failures, error)
        findings = self.findings
        if findings and error is None:
            # told of the line that wrote the override: a stack or a plugin may have ended it
            place = self.location or SourceLocation("<unknown>", 1)
            warnings.warn_explicit(UnusedOverrideWarning(findings), None, place.file, place.line)

    def _started(self) -> list[ContainerInstance]:
        if isinstance(self.container, type):
            found: Any = STARTED.of(self.container)
            return [container for container in found if container.is_started]
        return [self.container] if self.container.is_started else []


def _caller() -> SourceLocation:
    frame = sys._getframe(2)  # noqa: SLF001  # the line that called override()
    return SourceLocation(frame.f_code.co_filename, frame.f_lineno)
