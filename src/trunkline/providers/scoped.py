"""Providers whose objects live in a scope: ``Scoped``, ``ScopedResource`` and ``ScopeValue``."""

from __future__ import annotations

from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterator,
)
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, Generic, TypeVar, overload

from dependency_injector import providers as stock

from trunkline.ambient import ambient_scope, ambient_scope_of
from trunkline.errors import DeclarationError, ScopeNotOpenError
from trunkline.providers.declared import Declared, DeclaredMaker, caller_location, check_bound
from trunkline.scopes import BaseScope

__all__ = ["InScope", "ScopeValue", "Scoped", "ScopedResource", "check_scope"]

T = TypeVar("T")


class InScope(Declared[T], Generic[T]):
    """Base of the providers that resolve in the ambient scope when they are called.

    Attributes:
        scope: The scope its objects live in; None for the container's default scope.
    """

    scope: BaseScope | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Resolve in the ambient scope.

        Returns:
            The object, or where the provider is async a coroutine for it.

        Raises:
            ScopeNotOpenError: No scope is open here.
            DeclarationError: Arguments were given: an object that is shared in its scope can't
                be made from the arguments of one caller.
        """
        if self.last_overriding is not None and (
            args or kwargs or ambient_scope_of(self) is None  # else the scope knows of it
        ):
            return super().__call__(*args, **kwargs)
        return self._provide(args, kwargs)

    def _provide(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if args or kwargs:
            raise DeclarationError(
                f"{self.describe()} was called with arguments",
                location=self.location,
                cause="its object is shared by everyone in the scope, so no one caller shapes it",
                remedy="call it without arguments, or declare a providers.Factory for objects "
                "made from the caller's arguments",
            )
        scope = ambient_scope.get()
        if scope is None:
            raise ScopeNotOpenError(
                f"{self.describe()} was called where no scope is open",
                location=self.location,
                cause="the call runs outside `with app.enter(...)`, or in a thread that did not "
                "inherit the caller's context",
                remedy="open a scope around the call; give a thread the context by "
                "contextvars.copy_context().run or asyncio.to_thread",
            )
        return scope.resolve(self)

    def _copy_declaration(self, copied: Any, memo: dict[int, Any] | None) -> None:
        super()._copy_declaration(copied, memo)
        copied.scope = self.scope

    def describe(self) -> str:
        """The provider as messages name it, for example ``Scoped(Engine)``."""
        return f"{type(self).__name__}({_name(getattr(self, 'provides', None))})"


class Scoped(InScope[T], DeclaredMaker[T], stock.Factory[T], Generic[T]):
    """One object a scope, built at its first use.

    Args:
        provides: A class, a function or a coroutine function.
        *args: Positional arguments; providers among them are resolved first.
        scope: The scope the object lives in; the container's default scope unless given.
        **kwargs: Keyword arguments, likewise. An argument that is itself called ``scope`` is
            given by ``add_kwargs(scope=...)``.

    Example::

        engine = providers.Scoped(Engine, context, bridge)
        cart = providers.Scoped(Cart, scope=Scope.SESSION)
    """

    @overload
    def __init__(
        self,
        provides: Callable[..., Coroutine[Any, Any, T]],
        *args: Any,
        scope: BaseScope | None = None,
        **kwargs: Any,
    ) -> None: ...
    @overload
    def __init__(
        self,
        provides: Callable[..., T] | str | None = None,
        *args: Any,
        scope: BaseScope | None = None,
        **kwargs: Any,
    ) -> None: ...
    def __init__(
        self,
        provides: Any = None,
        *args: Any,
        scope: BaseScope | None = None,
        **kwargs: Any,
    ) -> None:
        check_scope(type(self).__name__, scope)
        super().__init__(provides, *args, **kwargs)
        self.scope = scope
        self.location = caller_location()


class ScopedResource(InScope[T], DeclaredMaker[T], stock.Factory[T], Generic[T]):
    """One object a scope, torn down when the scope closes.

    Args:
        provides: A generator function or an async one, whose code after ``yield`` is the
            teardown; a context manager (class or factory), plain or async; or a function whose
            object is torn down by its own method ``close``. The exception of the scope's body is
            thrown in at the ``yield`` and given to ``__exit__``; it goes on whatever they make of
            it.
        *args: Positional arguments; providers among them are resolved first.
        scope: The scope the object lives in; the container's default scope unless given.
        close: Name of the object's method that tears it down, awaited where it is a coroutine
            function. An object made by a plain call and closed by ``await`` is resolved without
            ``await``.
        close_seconds: Seconds that an async teardown may take before it is cancelled and
            reported; None for no limit.
        **kwargs: Keyword arguments, likewise.
    """

    close: str = ""
    close_seconds: float | None = None

    @overload
    def __init__(
        self,
        provides: Callable[..., AsyncIterator[T]],
        *args: Any,
        scope: BaseScope | None = None,
        close: str = "",
        close_seconds: float | None = None,
        **kwargs: Any,
    ) -> None: ...
    @overload
    def __init__(
        self,
        provides: Callable[..., Iterator[T]],
        *args: Any,
        scope: BaseScope | None = None,
        close: str = "",
        close_seconds: float | None = None,
        **kwargs: Any,
    ) -> None: ...
    @overload
    def __init__(
        self,
        provides: Callable[..., AbstractAsyncContextManager[T]],
        *args: Any,
        scope: BaseScope | None = None,
        close: str = "",
        close_seconds: float | None = None,
        **kwargs: Any,
    ) -> None: ...
    @overload
    def __init__(
        self,
        provides: Callable[..., AbstractContextManager[T]],
        *args: Any,
        scope: BaseScope | None = None,
        close: str = "",
        close_seconds: float | None = None,
        **kwargs: Any,
    ) -> None: ...
    @overload
    def __init__(
        self,
        provides: Callable[..., Awaitable[T]],
        *args: Any,
        scope: BaseScope | None = None,
        close: str = "",
        close_seconds: float | None = None,
        **kwargs: Any,
    ) -> None: ...
    @overload
    def __init__(
        self,
        provides: Callable[..., T] | str | None = None,
        *args: Any,
        scope: BaseScope | None = None,
        close: str = "",
        close_seconds: float | None = None,
        **kwargs: Any,
    ) -> None: ...
    def __init__(
        self,
        provides: Any = None,
        *args: Any,
        scope: BaseScope | None = None,
        close: str = "",
        close_seconds: float | None = None,
        **kwargs: Any,
    ) -> None:
        check_scope(type(self).__name__, scope)
        super().__init__(provides, *args, **kwargs)
        self.scope = scope
        self.close = close
        self.close_seconds = close_seconds
        self.location = caller_location()
        check_bound(f"close_seconds of {self.describe()}", close_seconds, self.location)

    def _copy_declaration(self, copied: Any, memo: dict[int, Any] | None) -> None:
        super()._copy_declaration(copied, memo)
        copied.close = self.close
        copied.close_seconds = self.close_seconds


class ScopeValue(InScope[T], stock.Provider[T], Generic[T]):
    """A value that is given when its scope opens.

    Args:
        provides: The value's type. ``enter`` accepts instances of it and of its subclasses, by
            their real class: an object that only claims to be one, like a mock, is refused.
        scope: The scope it is given to; the container's default scope unless given.
    """

    def __init__(self, provides: type[T] | None = None, *, scope: BaseScope | None = None) -> None:
        super().__init__()
        check_scope(type(self).__name__, scope)
        self._type = provides
        self.scope = scope
        self.location = caller_location()
        if provides is not None and not isinstance(provides, type):
            raise DeclarationError(
                f"ScopeValue needs a class, got {provides!r}",
                location=self.location,
                cause="a string, a generic alias or a union can't be checked at each enter()",
                remedy="name the class of the value, for example ScopeValue(UserContext)",
            )

    @property
    def provides(self) -> type[T]:
        """The value's type."""
        return self._type if self._type is not None else object  # type: ignore[return-value]  # None only while copying

    def _copy_declaration(self, copied: Any, memo: dict[int, Any] | None) -> None:
        super()._copy_declaration(copied, memo)
        copied._type = self._type  # noqa: SLF001  # the copy is of this class

    def __repr__(self) -> str:
        return f"<{self.describe()} at {id(self):#x}>"

    __str__ = __repr__


def check_scope(provider: str, scope: object) -> None:
    """Refuse a ``scope=`` that is no scope.

    Args:
        provider: The provider's class name, for the message.
        scope: What was given; None is the container's default scope.

    Raises:
        DeclarationError: It is neither None nor a scope.
    """
    if scope is not None and not isinstance(scope, BaseScope):
        raise DeclarationError(
            f"scope of {provider} is {scope!r}, which is no scope",
            location=caller_location(),
            cause="`scope` says where the object lives; it is not passed on",
            remedy="give a member such as Scope.SESSION; pass an argument that is called "
            "`scope` by .add_kwargs(scope=...)",
        )


def _name(provides: object) -> str:
    return getattr(provides, "__qualname__", None) or repr(provides)
