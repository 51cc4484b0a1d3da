"""Functions that take what they need from the ambient scope: ``@inject`` and ``Inject``.

A parameter is marked by its annotation::

    @inject
    async def report(day: date, engine: Annotated[Engine, Inject(Application.engine)]) -> str: ...

    await report(today)  # the engine of the scope that is open here
    await report(today, engine=fake)  # an explicit argument wins

Who sees what: type checkers see the function's own signature (a caller that leaves the parameter
out satisfies them where its default is :data:`INJECTED`); ``inspect.signature``, and so every
framework that passes arguments by it, sees it without the injected parameters.

An injected function is known, weakly, to the providers that it names, which is how the check of a
container finds the functions that use it: no list of modules, no import scan, no global registry,
and a function that is collected is forgotten.
"""

from __future__ import annotations

import functools
import inspect
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FunctionType
from typing import Annotated, Any, Final, Generic, ParamSpec, TypeVar, get_args, get_origin

from dependency_injector.providers import Provider

from trunkline.ambient import ambient_scope, ambient_scope_of
from trunkline.compiler.loader import load
from trunkline.compiler.wrapper import Flavour, Slot, WrapperSource, write_wrapper
from trunkline.errors import AsyncResolutionError, DeclarationError, ScopeNotOpenError
from trunkline.graph.model import SourceLocation
from trunkline.introspection import awaits_itself, declared_behind, is_provider
from trunkline.providers.declared import caller_location
from trunkline.providers.injection import Injection
from trunkline.resolution.scope import OpenScope
from trunkline.resolution.state import MISSING, TAKEN
from trunkline.resolution.views import (
    counterpart,
    must_await,
    read_view,
    read_view_async,
    slot_of,
)

__all__ = ["INJECTED", "Inject", "inject"]

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class Inject(Generic[T]):
    """Marks a parameter, in ``Annotated``, as one that the ambient scope fills.

    Args:
        provider: A provider of the container, ``Application.engine``, or a view of one,
            ``Application.settings.provided.limit``.

    Raises:
        DeclarationError: It is no provider.
    """

    __slots__ = ("location", "provider")

    def __init__(self, provider: Provider[T]) -> None:
        self.location = caller_location()
        if not is_provider(provider):
            raise DeclarationError(
                f"Inject({provider!r}) names no provider",
                location=self.location,
                cause="a provider was called, or a class was named instead of its provider",
                remedy="name the container's attribute without calling it: "
                "Inject(Application.engine)",
            )
        self.provider = provider


class _Injected:
    """The default of injected parameters, for type checkers; nobody ever receives it."""

    def __repr__(self) -> str:
        return "INJECTED"

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"INJECTED has no attribute {name!r}: the function whose default it is lacks @inject"
        )


INJECTED: Final[Any] = _Injected()
"""Default of an injected parameter, so that type checkers let a caller leave it out."""


def inject(function: Callable[P, R]) -> Callable[P, R]:
    """Fill the marked parameters of a function from the ambient scope at each call.

    Args:
        function: A function, a coroutine function, a generator function or an async one; also a
            method, or what ``staticmethod`` or ``classmethod`` made of one.

    Returns:
        A function of the same kind and signature. It has the attribute
        ``__trunkline_injections__``, a tuple with one description for each injected parameter.
        Generators are filled when they are first advanced, like the rest of their body.

    Raises:
        DeclarationError: Nothing is marked, a marker can't be read, or it names no provider.
        AsyncResolutionError: A function that can't await is to be given what must be awaited.
    """
    if isinstance(function, staticmethod | classmethod):
        rewrapped: Any = type(function)(inject(function.__func__))
        return rewrapped  # type: ignore[no-any-return]  # of the same kind
    if not isinstance(function, FunctionType):
        raise DeclarationError(
            f"@inject needs a function, got {function!r}",
            location=caller_location(),
            remedy="decorate the function or method itself; give a class what it needs by its "
            "provider: providers.Scoped(TheClass, engine)",
        )
    frame = sys._getframe(1)  # noqa: SLF001  # names in annotations may be local to the caller
    signature = inspect.signature(function)
    markers = _markers(function, signature, frame.f_locals)
    flavour = Flavour.of(function)
    sites = [_Site(function, name, marker, flavour) for name, marker in markers.items()]
    wrapper = _Wrapper(function, signature, sites).make()
    functools.update_wrapper(wrapper, function)
    wrapper.__signature__ = signature.replace(
        parameters=[p for name, p in signature.parameters.items() if name not in markers]
    )
    wrapper.__trunkline_injections__ = tuple(site.injection for site in sites)
    filled: Callable[P, R] = wrapper
    return filled


class _Wrapper:
    """The code that stands for a function, written anew as it becomes known where objects are."""

    def __init__(
        self, function: FunctionType, signature: inspect.Signature, sites: list[_Site]
    ) -> None:
        self._signature = signature
        self._sites = sites
        self._title = f"injection into {function.__module__}.{function.__qualname__}"
        self._names: dict[str, Any] = {}
        source = self._source()
        self._names |= {
            **source.defaults,
            f"AMBIENT{source.mark}": ambient_scope.get,
            f"FUNCTION{source.mark}": function,
            f"MISSING{source.mark}": MISSING,
            f"TAKEN{source.mark}": TAKEN,
        }
        for index, site in enumerate(sites):
            site.bind(self, self._names, f"_{index}{source.mark}")
        self._wrapper: Any = None
        self._lock = threading.Lock()

    def _source(self) -> WrapperSource:
        slots = {site.parameter: site.slot for site in self._sites if site.slot is not None}
        filled = [site.parameter for site in self._sites]
        return write_wrapper(self._signature, filled, self._sites[0].flavour, slots)

    def make(self) -> Any:
        """The function that fills the parameters and calls the other."""
        source = self._source()
        self._wrapper = load(source.text, self._title, self._names)[f"wrapper{source.mark}"]
        return self._wrapper

    def remake(self) -> None:
        """Let the function read the slots that are known by now."""
        with self._lock:
            source = self._source()
            made = load(source.text, self._title, self._names)[f"wrapper{source.mark}"]
            self._wrapper.__code__ = made.__code__


@dataclass(eq=False)
class _Site:
    """One injected parameter: how it is filled where the wrapper's usual way doesn't do."""

    function: FunctionType
    parameter: str
    marker: Inject[Any]
    flavour: Flavour
    injection: Injection = field(init=False)
    slot: Slot | None = None
    _wrapper: _Wrapper = field(init=False)
    _names: dict[str, Any] = field(init=False)
    _suffix: str = field(init=False)
    _views: dict[type[OpenScope], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        provider = self.marker.provider
        code = self.function.__code__
        self.injection = Injection(
            function=f"{self.function.__module__}.{self.function.__qualname__}",
            parameter=self.parameter,
            awaits=self.flavour.awaits,
            location=SourceLocation(code.co_filename, code.co_firstlineno),
        )
        if not self.flavour.awaits and awaits_itself(provider):
            raise AsyncResolutionError(
                f"{self.injection.function} can't be given {self.parameter}",
                location=self.injection.location,
                cause="it is no async function, and what its provider calls must be awaited",
                remedy="make the function async, or inject what needs no await",
            )
        for declared in declared_behind(provider):
            declared.note_injection(self.injection)

    def bind(self, wrapper: _Wrapper, names: dict[str, Any], suffix: str) -> None:
        """Put what the wrapper needs for this parameter into its namespace."""
        self._wrapper = wrapper
        self._names = names
        self._suffix = suffix
        names[f"KEY{suffix}"] = self.marker.provider
        names |= dict.fromkeys((f"SLOT{suffix}", f"SYNC{suffix}", f"WAITS{suffix}"))
        names[f"FILL{suffix}"] = self.afill if self.flavour.awaits else self.fill

    def fill(self, scope: OpenScope | None) -> Any:
        """Resolve in a scope of a class that the wrapper does not know yet."""
        scope = self._open(scope)
        provider = self.marker.provider
        if not scope.knows(provider):
            if (other := ambient_scope_of(provider)) is not None:
                return other.resolve(provider)
            return read_view(scope, self._view(scope))
        self._learn(scope, awaits=False)
        return scope.get(provider)

    async def afill(self, scope: OpenScope | None) -> Any:
        """The same in an async function."""
        scope = self._open(scope)
        provider = self.marker.provider
        if not scope.knows(provider):
            if (other := ambient_scope_of(provider)) is not None:
                outer: Any = other
                return await outer.aget(provider)
            return await read_view_async(scope, self._view(scope))
        awaits = must_await(scope, provider)
        self._learn(scope, awaits=awaits)
        return await scope.aget(provider) if awaits else scope.get(provider)

    def _learn(self, scope: OpenScope, *, awaits: bool) -> None:
        """Let the wrapper know the scope's class: by its slot, or by how to ask it."""
        name = slot_of(scope, self.marker.provider, self.forget)  # type: ignore[arg-type]  # a method
        slot = Slot(name, awaits) if name else None
        if slot is not None and self.slot is None:
            self.slot = slot
            self._wrapper.remake()
        way = "SLOT" if slot is not None and slot == self.slot else "WAITS" if awaits else "SYNC"
        self._names[f"{way}{self._suffix}"] = type(scope)
        if slot is not None and not slot_of(scope, self.marker.provider, self.forget):  # type: ignore[arg-type]  # as above
            self.forget()  # an override came in between

    def forget(self) -> None:
        """Ask scopes again: an override may stand between them and their slots."""
        self._names[f"SLOT{self._suffix}"] = None

    def _open(self, scope: OpenScope | None) -> OpenScope:
        if scope is None:
            raise ScopeNotOpenError(
                f"{self.injection.function} was called without {self.parameter} where no scope "
                "is open",
                location=self.injection.location,
                cause="the call runs outside `with app.enter(...)`, or in a thread that did not "
                "inherit the caller's context",
                remedy=f"open a scope around the call, or pass {self.parameter}= explicitly",
            )
        return scope

    def _view(self, scope: OpenScope) -> Any:
        """The container's own counterpart of a view, which was written on its class."""
        view = self._views.get(type(scope))
        if view is None:
            view = counterpart(scope, self.marker.provider)
            self._views = {type(scope): view}  # classes of older programs are let go
        return view


def _markers(
    function: FunctionType, signature: inspect.Signature, names: Mapping[str, Any]
) -> dict[str, Inject[Any]]:
    """The marker of each marked parameter, in order."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    closure = {name: cell.cell_contents for name, cell in cells if _is_filled(cell)}
    found: dict[str, Inject[Any]] = {}
    unread: dict[str, Exception] = {}
    for name, parameter in signature.parameters.items():
        annotation = parameter.annotation
        if isinstance(annotation, str):
            try:
                annotation = eval(annotation, function.__globals__, {**names, **closure})  # noqa: S307  # the module's own annotation, as typing.get_type_hints reads it
            except DeclarationError:
                raise
            except Exception as error:  # noqa: BLE001  # most annotations are of no concern here
                unread[name] = error
                continue
        markers = _markers_in(annotation)
        if len(markers) > 1 or (markers and parameter.kind in _VARIADIC):
            raise DeclarationError(
                f"{function.__qualname__} can't have {name} injected",
                location=markers[0].location,
                cause="it is *args or **kwargs" if len(markers) == 1 else "it has two markers",
                remedy="mark each parameter once",
            )
        if markers:
            found[name] = markers[0]
    for name, fault in unread.items():
        if not found or "Inject" in str(signature.parameters[name].annotation):
            raise DeclarationError(
                f"the annotation of {name} in {function.__qualname__} can't be read: {fault!r}",
                location=_location(function),
                cause="it names something that is not defined yet, or only for type checkers",
                remedy="import what the annotation names before the function is defined",
            )
    if not found:
        raise DeclarationError(
            f"{function.__qualname__} has nothing to inject",
            location=_location(function),
            cause="no parameter is annotated with Annotated[..., Inject(provider)]",
            remedy="mark a parameter, or leave @inject out",
        )
    return found


_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _markers_in(annotation: Any) -> list[Inject[Any]]:
    if get_origin(annotation) is not Annotated:
        return []
    for extra in get_args(annotation)[1:]:
        if extra is Inject:
            raise DeclarationError(
                "Inject stands in an annotation without a provider",
                remedy="name one: Annotated[Engine, Inject(Application.engine)]",
            )
    return [extra for extra in get_args(annotation)[1:] if isinstance(extra, Inject)]


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:  # a name that the enclosing function has not bound yet
        return False


def _location(function: FunctionType) -> SourceLocation:
    return SourceLocation(function.__code__.co_filename, function.__code__.co_firstlineno)
