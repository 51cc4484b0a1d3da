"""dependency-injector's providers, telling a started container when they change.

They do what the stock ones do, alone and in a stock container. In a ``ScopedContainer`` the stock
classes work too, but each use goes through their own ``__call__``, because nothing tells when they
change; these are compiled.
"""

from __future__ import annotations

import threading
from collections.abc import Callable as Call
from collections.abc import Coroutine
from inspect import iscoroutinefunction
from typing import Any, Generic, TypeVar, overload

from dependency_injector import providers as stock

from trunkline.ambient import STARTED, ambient_scope_of
from trunkline.errors import AsyncResolutionError, ScopeNotOpenError
from trunkline.providers.declared import Declared, DeclaredCall, DeclaredMaker, caller_location

__all__ = ["Callable", "Factory", "Object", "Singleton"]

T = TypeVar("T")


class Factory(DeclaredMaker[T], stock.Factory[T], Generic[T]):
    """A new object at each use; see the stock ``Factory``."""

    @overload
    def __init__(
        self, provides: Call[..., Coroutine[Any, Any, T]], *args: Any, **kwargs: Any
    ) -> None: ...
    @overload
    def __init__(
        self, provides: Call[..., T] | str | None = None, *args: Any, **kwargs: Any
    ) -> None: ...
    def __init__(self, provides: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(provides, *args, **kwargs)
        self.location = caller_location()


class Callable(DeclaredCall[T], stock.Callable[T], Generic[T]):
    """The result of a call, made anew at each use; see the stock ``Callable``."""

    @overload
    def __init__(
        self, provides: Call[..., Coroutine[Any, Any, T]], *args: Any, **kwargs: Any
    ) -> None: ...
    @overload
    def __init__(
        self, provides: Call[..., T] | str | None = None, *args: Any, **kwargs: Any
    ) -> None: ...
    def __init__(self, provides: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(provides, *args, **kwargs)
        self.location = caller_location()


class Object(Declared[T], stock.Object[T], Generic[T]):
    """An object that exists already; see the stock ``Object``."""

    def __init__(self, provides: T | None = None) -> None:
        super().__init__(provides)
        self.location = caller_location()

    def set_provides(self, provides: T | None) -> Any:
        """Give another object from now on."""
        result = super().set_provides(provides)
        self._changed()
        return result


class Singleton(DeclaredMaker[T], stock.Singleton[T], Generic[T]):
    """One object an application; see the stock ``Singleton``.

    In a started ``ScopedContainer`` the application's scope holds the object and builds it once,
    also under threads and tasks, also where the factory returns None or must be awaited. Outside
    of one it is built once too, under a lock of its own.
    """

    @overload
    def __init__(
        self, provides: Call[..., Coroutine[Any, Any, T]], *args: Any, **kwargs: Any
    ) -> None: ...
    @overload
    def __init__(
        self, provides: Call[..., T] | str | None = None, *args: Any, **kwargs: Any
    ) -> None: ...
    def __init__(self, provides: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(provides, *args, **kwargs)
        self.location = caller_location()
        self._lock = threading.RLock()
        self._early: list[Any] = []
        self._generation = 0

    @property
    def generation(self) -> int:
        """How often the object was forgotten by ``reset``."""
        return self._generation

    @property
    def early(self) -> list[Any]:
        """The object, where it was built before the container started; else nothing."""
        return self._early

    def forget_early(self) -> None:
        """Let go of that object: the run of the container that it was built for has ended."""
        self._early.clear()

    def _provide(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        scope = None if args or kwargs else self._holder()
        if scope is not None:
            return scope.resolve(self)
        if args or kwargs:
            return super()._provide(args, kwargs)  # type: ignore[misc]  # not in the stubs
        if self._early:
            return self._early[0]
        if iscoroutinefunction(self.provides):
            raise AsyncResolutionError(
                f"{type(self).__name__}({self.provides.__qualname__}) was called before its "
                "container started",
                location=self.location,
                cause="its object must be awaited, and only a started container can keep the "
                "result apart from the event loop and the task that happened to ask first",
                remedy="call it inside `async with Application() as app`",
            )
        with self._lock:
            if not self._early:
                self._early.append(super()._provide(args, kwargs))  # type: ignore[misc]  # not in the stubs
            return self._early[0]

    def _holder(self) -> Any:
        for watcher in self.watchers():
            scope = watcher.root_scope()
            if scope is not None:
                return scope
        scope = ambient_scope_of(self)
        if scope is not None:
            return scope
        started = STARTED.that_know(self)
        if len(started) > 1:
            raise ScopeNotOpenError(
                f"{type(self).__name__}({getattr(self.provides, '__qualname__', self.provides)}) "
                f"was called where no scope is open, and {len(started)} containers that are "
                "started have it",
                location=self.location,
                cause="the class's provider names no instance, and the thread or task did not "
                "inherit the context of one",
                remedy="call the provider of the instance, as in app.name()",
            )
        return started[0] if started else None

    def reset(self) -> Any:
        """Forget the object; the next use builds another."""
        self._early.clear()
        self._generation += 1
        context = super().reset()
        self._changed()
        return context
