"""A container instance: its start, its stop, and its compiled program between the two."""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from dependency_injector.providers import Provider

from trunkline.compiler.planner import Plan, plan
from trunkline.containers.description import DescribedContainer
from trunkline.errors import AsyncResolutionError, ScopeNotOpenError
from trunkline.graph.blueprint import Blueprint
from trunkline.graph.model import Graph
from trunkline.introspection import declared_providers, keep_fresh, own_providers
from trunkline.providers.declared import Declared
from trunkline.providers.keyed import KeyedSingleton
from trunkline.providers.watched import Singleton
from trunkline.resolution.exits import pool_exit
from trunkline.resolution.overriding import OVERRIDING
from trunkline.resolution.program import Program
from trunkline.resolution.scope import OpenScope
from trunkline.resolution.started import STARTED
from trunkline.scopes import BaseScope

if TYPE_CHECKING:
    from trunkline.resolution.layers import Layers

__all__ = ["ContainerInstance"]

T = TypeVar("T")
_FIRST_USE: Final = threading.RLock()
"""Held while a container's layers are made; one for all, as it is held once a start and shortly."""


class ContainerInstance(DescribedContainer):
    """What instantiating a ``ScopedContainer`` gives."""

    def __init__(self) -> None:
        super().__init__()
        self._program: Program | None = None
        self._root: OpenScope | None = None
        self._end_debugging: Callable[[], None] = _nothing
        self._layers: Layers | None = None
        self._generations: Mapping[str, int] = {}
        self._is_stopping = False

    def __repr__(self) -> str:
        state = (
            "stopping"
            if self._is_stopping
            else "started"
            if self._root is not None
            else "not started"
        )
        return f"<{self._name().rpartition(':')[2]}, {state}>"

    # the program

    def graph(self) -> Graph:
        if self._layers is not None:
            return self._layers.current().blueprint.graph
        return self.program().plan.blueprint.graph

    def program(self) -> Program:
        """The compiled program, made at the first use and again after a change."""
        return self._program or self._planned(self.checked_blueprint())

    def _planned(self, blueprint: Blueprint) -> Program:
        self._program = self._compiled(plan(blueprint))
        for provider in own_providers(self, blueprint):
            if isinstance(provider, Declared):
                provider.watch(self)
            else:
                keep_fresh(provider)
        return self._program

    def _compiled(self, planned: Plan) -> Program:
        says = self._says()
        return Program(
            planned,
            says.scopes,
            locked=says.locked,
            ambient=says.ambient,
            debug=says.debug,
            wait_seconds=says.wait_seconds,
        )

    # changes and overrides

    def provider_changed(self, provider: Any) -> None:  # any change remakes the program
        """Make the program anew at the next use."""
        if self.is_started:
            self.layers().providers_changed()
        else:
            self._program = None

    def layers(self) -> Layers:
        """The started container as its overrides see it.

        Raises:
            ScopeNotOpenError: The container has not been started.
        """
        layers = self._layers
        if layers is None:
            root = self._started()
            if self._is_stopping:
                raise self._stops()
            with _FIRST_USE:  # an override that began in layers of its own would be lost
                layers = self._layers
                if layers is None:
                    layers = self._layers = self._layers_of(root._program.plan, root)
        return layers

    def _layers_of(self, reference: Plan, root: OpenScope) -> Layers:
        from trunkline.resolution.layers import Layers  # overrides and changes alone need them

        return Layers(self, root._program, root, reference, self._generations)

    def bind(self, root: OpenScope) -> None:
        """Let a scope's compiled methods answer for the container, without a call in between."""
        self.enter, self.get, self.aget = root.enter, root.get, root.aget  # type: ignore[method-assign]  # the instance's own

    def compiled_source(self, name: str) -> str:
        """The Python that a provider was compiled to.

        Args:
            name: The provider's name in the container.

        Raises:
            UnknownProviderError: The container has no provider of that name.
        """
        from trunkline.compiler.printed import provider_source  # which serves people alone

        program = self.program()
        return provider_source(program.plan, name, locked=program.locked)

    def root_scope(self) -> OpenScope | None:
        """The application's scope, or None.

        It answers until the last teardown has ended: until then what was built can be read, and
        nothing is built anew.
        """
        return self._root

    @property
    def is_started(self) -> bool:
        """Whether scopes can be opened: from the start to the beginning of the stop."""
        return self._root is not None and not self._is_stopping

    # the application's scope

    def enter(
        self,
        *values: object,
        scope: BaseScope | None = None,
        given: Mapping[Any, object] | None = None,
        ambient: bool = True,
    ) -> OpenScope:
        return self._started().enter(*values, scope=scope, given=given, ambient=ambient)

    def get(self, provider: Provider[T]) -> T:
        return self._started().get(provider)

    def aget(self, provider: Provider[T]) -> Coroutine[Any, Any, T]:
        return self._started().aget(provider)

    def __enter__(self) -> Self:
        root = self._open()
        root.__enter__()
        try:
            for node in self._eager(root):
                if node.awaited or node.recipe.close_awaits:
                    raise self._must_be_awaited(node.name)
                getattr(root, f"m_{node.attr}")()
            for name in self._layers.current().awaited_at_start() if self._layers else ():
                raise self._must_be_awaited(name)
            self._serve(root)
        except BaseException as error:
            with self._stop(awaits=False) as root:
                root.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    async def __aenter__(self) -> Self:
        root = self._open()
        await root.__aenter__()
        try:
            for node in self._eager(root):
                if node.awaited:
                    await getattr(root, f"start_{node.attr}")()
                else:
                    getattr(root, f"m_{node.attr}")()
            if self._layers is not None:
                await self._layers.current().start()
            self._serve(root)
        except BaseException as error:
            with self._stop(awaits=True) as root:
                await root.__aexit__(type(error), error, error.__traceback__)
            raise
        return self

    def _serve(self, root: OpenScope) -> None:
        """From now on scopes open inside the application's."""
        if len(root._program.chain.names) > 1:
            root._program.compile_enter(root._path)
        self.bind(root)
        STARTED.add(self)
        for override in OVERRIDING.of(self):
            override.begin_in(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._stop(awaits=False) as root:
            root.__exit__(kind, error, traceback)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._stop(awaits=True) as root:
            await root.__aexit__(kind, error, traceback)

    def _must_be_awaited(self, name: str) -> AsyncResolutionError:
        return AsyncResolutionError(
            f"{name} must be awaited, but {self._name()} is started without",
            location=self.graph()[name].location,
            cause="`with` starts no async resource or singleton",
            remedy="use `async with`",
        )

    def _open(self) -> OpenScope:
        if self._is_stopping:
            raise self._stops()
        if self._root is not None:
            raise ScopeNotOpenError(
                f"{self._name()} is started already",
                cause="one container instance was entered twice",
                remedy="share the started instance, or make another: each has objects of its own",
            )
        # read once: what is checked is what is compiled
        blueprint = self.checked_blueprint(wholly=self._says().validate)
        program = self._planned(blueprint)
        reference = program.plan
        overrides = OVERRIDING.of(self)
        if overrides:
            from trunkline.resolution.layers import without_fakes

            program = self._compiled(without_fakes(reference, overrides))
        root = program.open_root()
        self._root = root
        self._generations = self.generations()
        if overrides:
            self._layers = self._layers_of(reference, root)
            for override in overrides:
                self._layers.begin(override)
        for name, provider in declared_providers(self).items():
            if isinstance(provider, Singleton) and provider.early:
                node = program.plan.nodes[name]
                setattr(root, f"v_{node.attr}", provider.early[0])
        if self._says().debug:
            from trunkline.resolution.origins import note_origins

            self._end_debugging = note_origins()
        return root

    def _eager(self, root: OpenScope) -> Iterator[Any]:
        program = root._program
        return (program.plan.nodes[name] for name in program.plan.blueprint.eager)

    @contextmanager
    def _stop(self, *, awaits: bool) -> Iterator[OpenScope]:
        root = self._started()
        if self._is_stopping:
            raise self._stops()
        self._is_stopping = True
        self._end_debugging()
        for method in ("enter", "get", "aget"):  # absent where the start failed
            self.__dict__.pop(method, None)
        owned = declared_providers(self)
        try:
            for name, provider in owned.items():
                if isinstance(provider, KeyedSingleton):  # first: nothing here depends on them
                    root._exits.append(pool_exit(name, provider.pool))
            root._exits.extend(root._program.kept.exits(self._name(), awaits=awaits))
            yield root
        finally:
            root._program.retire()
            if self._layers is not None:
                self._layers.retire()
            STARTED.discard(self)
            for provider in owned.values():
                if isinstance(provider, Singleton):
                    provider.forget_early()
            self._layers = self._program = self._root = None
            self._is_stopping = False

    def _stops(self) -> ScopeNotOpenError:
        return ScopeNotOpenError(
            f"{self._name()} is being stopped",
            cause="its teardowns have not ended yet",
            remedy="wait for the end of its `async with` block before it is started again",
        )

    def _started(self) -> OpenScope:
        if self._root is None:
            raise ScopeNotOpenError(
                f"{self._name()} is not started",
                cause="scopes open inside the application's scope, which `with` opens",
                remedy=f"`async with {self._name().rpartition(':')[2]}() as app: ...`",
            )
        return self._root


def _nothing() -> None:
    """What ends debugging that never began."""
