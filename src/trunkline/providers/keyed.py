"""One object a key: a tenant's pool, a user's cache."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from dependency_injector import providers as stock

from trunkline.errors import DeclarationError
from trunkline.graph.blueprint import Argument, Opening, Recipe
from trunkline.providers.declared import DeclaredMaker, caller_location, check_bound
from trunkline.providers.scoped import InScope, check_scope
from trunkline.scopes import BaseScope

__all__ = ["KeyedSingleton"]

if TYPE_CHECKING:
    from trunkline.providers.pool import KeyedPool

T = TypeVar("T")


class KeyedSingleton(InScope[T], DeclaredMaker[T], stock.Factory[T], Generic[T]):
    """One object a key for the life of the application, pinned by the scopes that use it.

    Args:
        provides: A class, a function or a coroutine function; or a generator function, plain or
            async, whose code after ``yield`` is the teardown. The object of another key is another
            object, so what it is built from may depend on the key alone.
        *args: Positional arguments; providers among them are resolved first.
        key: Provider of the key, which must be hashable, for example
            ``context.provided.tenant_id``.
        limit: How many objects may exist at once. Over it the least recently used that no scope
            holds is torn down; objects in use are never, so that a burst may exceed the limit
            until its scopes close. None for no limit.
        idle_seconds: Seconds after its last use at which an object that no scope holds is torn
            down, at the next use of any key. None for ever.
        scope: The scope that pins the object; the container's default scope unless given.
        **kwargs: Keyword arguments, likewise.
    """

    _pool: KeyedPool | None = None

    @overload
    def __init__(
        self,
        provides: Callable[..., AsyncIterator[T]],
        *args: Any,
        key: Any = None,
        limit: int | None = None,
        idle_seconds: float | None = None,
        scope: BaseScope | None = None,
        **kwargs: Any,
    ) -> None: ...
    @overload
    def __init__(
        self,
        provides: Callable[..., Iterator[T]],
        *args: Any,
        key: Any = None,
        limit: int | None = None,
        idle_seconds: float | None = None,
        scope: BaseScope | None = None,
        **kwargs: Any,
    ) -> None: ...
    @overload
    def __init__(
        self,
        provides: Callable[..., Coroutine[Any, Any, T]],
        *args: Any,
        key: Any = None,
        limit: int | None = None,
        idle_seconds: float | None = None,
        scope: BaseScope | None = None,
        **kwargs: Any,
    ) -> None: ...
    @overload
    def __init__(
        self,
        provides: Callable[..., T] | None = None,
        *args: Any,
        key: Any = None,
        limit: int | None = None,
        idle_seconds: float | None = None,
        scope: BaseScope | None = None,
        **kwargs: Any,
    ) -> None: ...
    def __init__(
        self,
        provides: Any = None,
        *args: Any,
        key: Any = None,
        limit: int | None = None,
        idle_seconds: float | None = None,
        scope: BaseScope | None = None,
        **kwargs: Any,
    ) -> None:
        check_scope(type(self).__name__, scope)
        super().__init__(provides, *args, **kwargs)
        self.key = key
        self.limit = limit
        self.idle_seconds = idle_seconds
        self.scope = scope
        self.location = caller_location()
        if provides is not None and key is None:
            raise DeclarationError(
                f"{self.describe()} has no key",
                location=self.location,
                remedy="give key=..., a provider such as context.provided.tenant_id",
            )
        check_bound(f"limit of {self.describe()}", limit, self.location)
        check_bound(f"idle_seconds of {self.describe()}", idle_seconds, self.location)

    @property
    def pool(self) -> KeyedPool:
        """The objects so far; each container instance has its own."""
        if self._pool is None:
            from trunkline.providers.pool import KeyedPool  # most containers declare none

            self._pool = KeyedPool(
                self.provides,
                limit=self.limit,
                idle_seconds=self.idle_seconds,
                location=self.location,
            )
        return self._pool

    def set_provides(self, provides: Any) -> Any:
        """Call something else from now on.

        Raises:
            DeclarationError: There are objects already.
        """
        if self._pool is not None and len(self._pool):
            raise DeclarationError(
                f"{self.describe()} has built objects already",
                location=self.location,
                remedy="change it before its container starts, or override it",
            )
        self._pool = None
        return super().set_provides(provides)

    def recipe(self, argument: Callable[[str, Any], Argument]) -> Recipe:
        """How a scope gets and pins its key's object.

        Args:
            argument: Turns a parameter's name and value into an argument of the plan.
        """
        if self.attributes:
            raise DeclarationError(
                f"{self.describe()} has attributes to set",
                location=self.location,
                cause="scopes share its objects, so no one scope sets attributes on them",
                remedy="pass them as arguments",
            )
        opening = Opening.ASYNC_CONTEXT_MANAGER if self.pool.is_async else Opening.CONTEXT_MANAGER
        return Recipe(
            opening,
            self.pool.pin,
            (argument("key", self.key), *(argument(str(i), v) for i, v in enumerate(self.args))),
            tuple((name, argument(name, value)) for name, value in self.kwargs.items()),
        )

    def _copy_declaration(self, copied: Any, memo: dict[int, Any] | None) -> None:
        super()._copy_declaration(copied, memo)
        copied.key = stock.deepcopy(self.key, memo)
        copied.limit = self.limit
        copied.idle_seconds = self.idle_seconds
