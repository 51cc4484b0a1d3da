"""Filling parameters from the ambient scope, at the cost of reading a slot where that will do."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from trunkline.ambient import ambient_scope, ambient_scope_of
from trunkline.compiler.loader import load
from trunkline.compiler.wrapper import Flavour, Slot, WrapperSource, write_wrapper
from trunkline.errors import AsyncResolutionError, ScopeNotOpenError
from trunkline.introspection import awaits_itself, declared_behind
from trunkline.providers.declared import Declared
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
from trunkline.wiring.annotations import location_of, written
from trunkline.wiring.marker import INJECTED, Inject

__all__ = ["Site", "Wrapper"]


class Wrapper:
    """The code that stands for a function, written anew as it becomes known where objects are."""

    def __init__(
        self, function: FunctionType, signature: inspect.Signature, sites: list[Site]
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
            f"INJECTED{source.mark}": INJECTED,
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
class Site:
    """One injected parameter: how it is filled where the wrapper's usual way doesn't do."""

    function: FunctionType
    parameter: str
    marker: Inject[Any]
    flavour: Flavour
    wants: Any
    injection: Injection = field(init=False)
    slot: Slot | None = None
    _wrapper: Wrapper = field(init=False)
    _names: dict[str, Any] = field(init=False)
    _suffix: str = field(init=False)
    _views: dict[type[OpenScope], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        provider = self.marker.provider
        self.injection = Injection(
            function=f"{self.function.__module__}.{self.function.__qualname__}",
            parameter=self.parameter,
            awaits=self.flavour.awaits,
            wants=self.wants if isinstance(provider, Declared) else None,
            location=location_of(self.function),
        )
        if not self.flavour.awaits and awaits_itself(provider):
            raise AsyncResolutionError(
                f"{self.injection.function} can't be given {self.parameter}",
                location=self.injection.location,
                cause="it is no async function, and what its provider calls must be awaited",
                remedy="let @inject stand below the decorator that makes it one that is not"
                if Flavour.of(written(self.function)).awaits
                else "make the function async, or inject what needs no await",
            )
        for declared in declared_behind(provider):
            declared.note_injection(self.injection)

    def bind(self, wrapper: Wrapper, names: dict[str, Any], suffix: str) -> None:
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
        with self._naming():
            made = scope.get(provider)
        self._learn(scope, awaits=False)
        return made

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
        with self._naming():
            made = await scope.aget(provider) if awaits else scope.get(provider)
        self._learn(scope, awaits=awaits)
        return made

    @contextmanager
    def _naming(self) -> Iterator[None]:
        """Name the function where the scope that it wants is not the one that is open."""
        try:
            yield
        except ScopeNotOpenError as error:
            function, parameter = self.injection.function, self.parameter
            error.add_note(f"trunkline: while {function} was given {parameter}")
            raise

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
