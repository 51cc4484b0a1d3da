"""``ScopedContainer``: a declarative container whose objects live in scopes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from dependency_injector.containers import DeclarativeContainer, DynamicContainer
from dependency_injector.providers import Provider

from trunkline.compiler.planner import Plan, plan
from trunkline.errors import (
    AsyncResolutionError,
    DeclarationError,
    GraphError,
    ScopeNotOpenError,
)
from trunkline.graph.blueprint import Blueprint
from trunkline.graph.model import Graph
from trunkline.introspection import (
    blueprint_of,
    class_name,
    declared_providers,
    is_provider,
    keep_fresh,
    own_providers,
    stock_overrides,
    written_recipes,
)
from trunkline.providers.declared import Declared
from trunkline.providers.keyed import KeyedSingleton
from trunkline.providers.watched import Singleton
from trunkline.resolution.exits import Callback
from trunkline.resolution.overriding import OVERRIDING
from trunkline.resolution.program import Program
from trunkline.resolution.scope import OpenScope
from trunkline.resolution.started import STARTED
from trunkline.scopes import BaseScope, Scope
from trunkline.validation import Finding, check_captive_dependencies, check_cycles

if TYPE_CHECKING:
    from trunkline.providers.injection import Injection
    from trunkline.resolution.layers import Layers

__all__ = ["ScopedContainer"]

T = TypeVar("T")


class _Lifecycle:
    """What a scoped container does beside holding providers."""

    scopes: ClassVar[type[BaseScope]] = Scope
    """The scope chain."""
    default_scope: ClassVar[BaseScope | None] = None
    """What ``enter`` opens unless told; REQUEST of the usual chain, else the innermost."""
    locked: ClassVar[bool] = True
    """Whether many threads and tasks may use one scope at once."""
    wait_seconds: ClassVar[float | None] = None
    """How long a thread or task waits for another's build of an object; None for ever.

    A builder that waits for a task which asks for the builder's own object never ends; a limit
    turns that into an error that names the builder and where it stands.
    """
    ambient: ClassVar[bool] = True
    """Whether ``with`` makes a scope the ambient one where ``enter`` doesn't say.

    An application that hands its scopes on, and calls no provider without one, has no use for the
    context variable, which is a fifth of what a request costs.
    """
    validate: ClassVar[bool] = True
    """Whether the start checks the whole graph first."""
    debug: ClassVar[bool] = False
    """Whether to note where each task is started, from the start of the container to its stop.

    A task that uses a scope after its end is then reported with that place. It takes a task
    factory of the running event loop and a few microseconds a task, so it is off by default.
    """

    def enter(
        self,
        *values: object,
        scope: BaseScope | None = None,
        given: Mapping[Any, object] | None = None,
        ambient: bool = True,
    ) -> OpenScope:
        """Open a scope inside the application's; see :meth:`OpenScope.enter`.

        Raises:
            ScopeNotOpenError: The container has not been started.
        """
        raise _of_instances("enter")

    def get(self, provider: Provider[T]) -> T:
        """Return an object of the application's scope; see :meth:`OpenScope.get`."""
        raise _of_instances("get")

    def aget(self, provider: Provider[T]) -> Coroutine[Any, Any, T]:
        """The same, to be awaited; see :meth:`OpenScope.aget`."""
        raise _of_instances("aget")

    def check(self) -> None:
        """Validate the whole graph, building nothing.

        Raises:
            GraphError: It holds every fault that was found.
        """
        raise _of_instances("check")

    def graph(self) -> Graph:
        """The container's dependency graph as it stands, overrides included."""
        raise _of_instances("graph")

    def __enter__(self) -> Self:
        raise NotImplementedError

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        raise NotImplementedError

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        raise NotImplementedError


class ContainerInstance(DynamicContainer, _Lifecycle):
    """What instantiating a :class:`ScopedContainer` gives."""

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

    # the graph

    def blueprint(self) -> Blueprint:
        """Everything known of the providers, read anew."""
        return blueprint_of(
            self,
            name=self._name(),
            scopes=self._says().scopes,
            default_scope=self._default_scope(),
        )

    def graph(self) -> Graph:
        if self._layers is not None:
            return self._layers.current().blueprint.graph
        return self.program().plan.blueprint.graph

    def check(self) -> None:
        self._refuse(self.findings())

    def _refuse(self, findings: list[Finding]) -> None:
        if findings:
            raise GraphError(self._name(), findings)

    def findings(self) -> list[Finding]:
        """Every fault of the graph, in the order of declaration."""
        return self._findings_in(self.blueprint())

    def _findings_in(self, blueprint: Blueprint) -> list[Finding]:
        from trunkline.validation.report import check_blueprint

        injections = self._injections(blueprint)
        findings = check_blueprint(
            blueprint,
            is_provider,
            declared=written_recipes(blueprint),
            used=injections.keys(),
            sync_entries=[
                name for name, uses in injections.items() if not all(use.awaits for use in uses)
            ],
        )
        return [_for_whom(finding, injections) for finding in findings]

    def injections(self) -> tuple[Injection, ...]:
        """The parameters of ``@inject`` functions that this container's providers fill."""
        uses = self._injections(self.blueprint()).values()
        return tuple(dict.fromkeys(injection for use in uses for injection in use))

    @staticmethod
    def _injections(blueprint: Blueprint) -> dict[str, list[Injection]]:
        found: dict[str, list[Injection]] = {}
        for provider, name in blueprint.keys.items():
            if isinstance(provider, Declared) and provider.injections:
                found.setdefault(name, []).extend(provider.injections)
        return found

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
            wait_seconds=says.wait_seconds,
        )

    # changes and overrides

    def checked_blueprint(self) -> Blueprint:
        """Everything known of the providers, read anew.

        Raises:
            GraphError: It can't be compiled.
        """
        blueprint = self.blueprint()
        self._refuse(_uncompilable(blueprint))
        return blueprint

    def generations(self) -> dict[str, int]:
        """How often each singleton was told to forget its object, by name."""
        return {
            name: provider.generation
            for name, provider in declared_providers(self).items()
            if isinstance(provider, Singleton)
        }

    def stock_overrides(self) -> dict[str, tuple[Any, ...]]:
        """By name, what stands in for a provider by its own ``override()``, the latest last."""
        found = {name: stock_overrides(p) for name, p in declared_providers(self).items()}
        return {name: overriding for name, overriding in found.items() if overriding}

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
        if self._layers is None:
            root = self._started()
            if self._is_stopping:
                raise self._stops()
            self._layers = self._layers_of(root._program.plan, root)
        return self._layers

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
        return self.program().source_of(name)

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
        if len(root._program.scopes) > 1:
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
        blueprint = self.blueprint()  # read once for both: what is checked is what is compiled
        self._refuse(
            self._findings_in(blueprint) if self._says().validate else _uncompilable(blueprint)
        )
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
                    pool = provider.pool
                    root._exits.append(
                        (Callback.ASYNC, pool.aclose, name, None)
                        if pool.is_async
                        else (Callback.SYNC, pool.close, name, None)
                    )
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

    # what the declared class says

    @property
    def declared(self) -> type[ScopedContainer] | None:
        """The class that was instantiated; None for a container put together at run time."""
        declared: Any = self.declarative_parent
        return declared  # type: ignore[no-any-return]  # dependency-injector keeps it untyped

    def _name(self) -> str:
        declared = self.declared
        return "container" if declared is None else class_name(declared)

    def _says(self) -> type[_Lifecycle]:
        return self.declared or _Lifecycle

    def _default_scope(self) -> BaseScope:
        default = self._says().default_scope
        if default is not None:
            return default
        scopes = list(self._says().scopes)
        return Scope.REQUEST if Scope.REQUEST in scopes else scopes[-1]


if TYPE_CHECKING:
    _StockMeta = type  # the stubs leave the metaclass out; Any would make all of a container Any
else:
    _StockMeta = type(DeclarativeContainer)


def _for_whom(finding: Finding, injections: Mapping[str, list[Injection]]) -> Finding:
    """The finding, telling which functions ask for its subject without ``await``."""
    if finding.check != "async-from-sync":
        return finding
    uses = [use for use in injections.get(finding.subject, ()) if not use.awaits]
    places = tuple(f"injected into {use.function}  {use.location}" for use in uses)
    return replace(finding, hops=(*places, *finding.hops))


def _uncompilable(blueprint: Blueprint) -> list[Finding]:
    """The faults of a graph that no code can be written for."""
    return [*check_cycles(blueprint.graph), *check_captive_dependencies(blueprint.graph)]


def _of_instances(method: str) -> DeclarationError:
    return DeclarationError(
        f"{method} was called on a container's class",
        cause="objects live in a started instance of it",
        remedy=f"`with Application() as app: app.{method}(...)`",
    )


def _nothing() -> None:
    """What ends debugging that never began."""


def _taken_names() -> frozenset[str]:
    """Public names of containers, trunkline's and dependency-injector's own."""
    offered = {*dir(ContainerInstance), *dir(DeclarativeContainer), *vars(DynamicContainer())}
    return frozenset(name for name in offered - {"parent"} if not name.startswith("_"))


class _DeclaredMeta(_StockMeta):
    """Lets ``isinstance(app, Application)`` answer as one expects, and refuses taken names."""

    def __new__(mcs, name: str, bases: tuple[type, ...], attributes: dict[str, Any]) -> Any:
        declared = {key for key, value in attributes.items() if is_provider(value)}
        taken = sorted(declared & _taken_names()) if declared else []
        if taken:
            raise DeclarationError(
                f"{name} calls providers by names that its containers have methods and settings "
                f"for: {', '.join(taken)}",
                location=getattr(attributes[taken[0]], "location", None),
                cause="the provider would take the place of the container's own",
                remedy="give it another name",
            )
        cls: Any = super().__new__(mcs, name, bases, attributes)
        for attribute in declared:
            provider = attributes[attribute]
            if isinstance(provider, Declared) and provider.declared_as is None:
                provider.declared_as = class_name(cls), attribute
        return cls

    def __instancecheck__(cls, instance: object) -> bool:  # noqa: N805  # pyright: ignore[reportSelfClsParameterName]  # of a metaclass
        if isinstance(instance, ContainerInstance):
            return instance.declared is not None and issubclass(instance.declared, cls)
        return type.__instancecheck__(cls, instance)


class ScopedContainer(DeclarativeContainer, _Lifecycle, metaclass=_DeclaredMeta):
    """A declarative container whose objects live in scopes.

    Example::

        class Application(ScopedContainer):
            settings = providers.Singleton(load_settings)
            context = providers.ScopeValue(UserContext)
            engine = providers.Scoped(Engine, context, settings)

        async with Application() as app:
            async with app.enter(UserContext("u-1")) as request:
                engine = request.get(Application.engine)
    """

    instance_type = ContainerInstance
