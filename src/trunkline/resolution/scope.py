"""An open scope: what users call, and what compiled classes leave to it.

A request goes: ``enter`` (values checked) → ``get`` / ``aget`` (the compiled method of the
provider) → ``__exit__`` (teardown). The class is put together from what is not the usual case:
its state, its refusals, building once, and leaving, one module each.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from dependency_injector.providers import Provider

from trunkline.ambient import ambient_scope
from trunkline.compiler.queries import listing, waits_of, why_async
from trunkline.errors import AsyncResolutionError, UnknownProviderError
from trunkline.resolution.lease import Lease
from trunkline.resolution.leaving import Leaving
from trunkline.resolution.state import MISSING, TAKEN
from trunkline.resolution.values import match_values
from trunkline.scopes import BaseScope

if TYPE_CHECKING:
    from trunkline.compiler.planner import NodePlan

__all__ = ["OpenScope"]

T = TypeVar("T")


class OpenScope(Leaving):
    """A lifetime that has begun: it makes objects, keeps them, and closes them when it ends.

    Made by ``enter``; used by ``with`` or ``async with``, which also make it the ambient scope. A
    provider that the container declares is a method too: ``request.engine()`` is
    ``request.get(Application.engine)``, or its ``aget`` where it must be awaited.
    """

    __slots__ = ()

    # what users call

    def get(self, provider: Provider[T]) -> T:
        """Return the provider's object, building it at its first use.

        Args:
            provider: A provider of the container: ``Application.engine``, or ``app.engine``.

        Raises:
            UnknownProviderError: The container has no such provider.
            ScopeNotOpenError: The object lives in a scope that isn't open here.
            ScopeClosedError: This scope, or one around it, has closed.
            AsyncResolutionError: The object must be awaited; use ``aget``.
        """
        raise NotImplementedError

    def aget(self, provider: Provider[T]) -> Coroutine[Any, Any, T]:
        """The same for any provider, to be awaited.

        Args:
            provider: A provider of the container, async or not.
        """
        raise NotImplementedError

    def enter(
        self,
        *values: object,
        scope: BaseScope | None = None,
        given: Mapping[Any, object] | None = None,
        ambient: bool = True,
    ) -> OpenScope:
        """Open a scope inside this one.

        Args:
            *values: Values for the scope's ``ScopeValue`` providers, matched by their real class.
            scope: The scope to open. Unless given it is the container's default scope, or the next
                inner one where that is open already.
            given: Values by provider, for scopes with several values of one class.
            ambient: Whether ``with`` makes it the ambient scope; unless given, what the container's
                ``ambient`` says, which is yes where it doesn't.

        Returns:
            The scope, to be used by ``with`` or ``async with``.

        Raises:
            ScopeValueError: Values are missing, surplus or of a wrong class; nothing was built.
            ScopeOrderError: The scope does not lie inside this one.
            ScopeClosedError: This scope has closed.
        """
        raise NotImplementedError

    def lease(self) -> Lease:
        """Keep this scope open for a task that outlives its body.

        The scope's teardown runs when its body has ended and the last lease is released; so does
        that of the scopes around it, which the lease keeps open too, the application's own apart.

        Returns:
            A context manager, plain or async, to be taken before the body ends and entered or
            released by the task.

        Raises:
            ScopeClosedError: The scope has closed.
            ScopeOrderError: It is the application's own.
        """
        return Lease(self)

    @property
    def scope(self) -> BaseScope:
        """Which scope of the chain this is."""
        return self._program.chain.named(self._path[-1])

    def __enter__(self) -> Self:
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        raise NotImplementedError

    # the ambient scope, as providers see it

    def knows(self, provider: Any) -> bool:
        """Whether the container has this provider."""
        return provider in self._program.keys

    def resolve(self, provider: Any) -> Any:
        """The provider's object, or a coroutine for it where it must be awaited."""
        node = self._program.node_of(provider)
        if node is None:
            return self._resolve_around(provider)
        return self._method_of(node)(self)

    m_resolve = resolve
    """``resolve`` as it is, whatever override stands before it; the same of compiled methods."""

    def _resolve_around(self, provider: Any) -> Any:
        """Resolve what another container has, of which a scope may be open around this one."""
        scope = self._around()
        while scope is not None:
            if scope.knows(provider):
                return scope.resolve(provider)
            scope = scope._around()
        return self._node_of(provider)  # which refuses it

    # finding methods

    def _node_of(self, provider: Any) -> NodePlan:
        node = self._program.node_of(provider)
        if node is None:
            raise UnknownProviderError(
                f"{self._program.name} has no provider {provider!r}",
                cause="it belongs to another container, or was declared after this one was made"
                if isinstance(provider, Provider)
                else "a provider is named by itself, not by its name or by the class it makes",
                remedy=f"use one of its own, as in get({self._program.short_name}.name): "
                f"{listing(self._program.plan)}",
            )
        return node

    def _method_of(self, node: NodePlan) -> Callable[[OpenScope], Any]:
        """The method that resolves a node, whichever open scope it lives in."""
        if not node.constant and node.home not in self._path:
            self._check_open()
            self._not_open(node.name, node.home)
        return self._own_method(node)

    @classmethod
    def _own_method(cls, node: NodePlan) -> Callable[[OpenScope], Any]:
        method: Callable[[OpenScope], Any] = getattr(cls, f"m_{node.attr}")
        return method

    def _method_for_get(self, provider: Any) -> Callable[[OpenScope], Any]:
        node = self._node_of(provider)
        if node.is_async:
            raise AsyncResolutionError(
                f"{node.name} must be awaited",
                location=node.node.location,
                cause=f"making it awaits {why_async(self._program.plan, node)}",
                remedy=f"use `await scope.aget({self._program.short_name}.{node.name})`",
            )
        method = self._method_of(node)
        self._program.remember(type(self), "GET", provider, method)
        return method

    def _method_for_aget(self, provider: Any) -> Callable[[OpenScope], Any]:
        node = self._node_of(provider)
        method = self._method_of(node)
        if not node.is_async:
            program = self._program
            waits = waits_of(program.plan, node, self._path, locked=program.locked)
            method = _awaited(method, waits, kept=node.built_once)
        self._program.remember(type(self), "AGET", provider, method)
        return method

    # opening inner scopes

    def _enter(
        self,
        values: tuple[object, ...],
        scope: BaseScope | None,
        given: Mapping[Any, object] | None,
        ambient: bool,
    ) -> OpenScope:
        self._check_open()
        if given is not None and not isinstance(given, Mapping):
            values, given = (*values, given), None  # one too many, in the place of `given`
            scope = scope if isinstance(scope, BaseScope) else None  # where another one stands
        inner = self._program.chain.inner(self._path, scope)
        opened = self._program.opener((*self._path, inner))
        values = tuple(value for value in values if value is not MISSING)
        plan = self._program.plan
        declared, every = plan.values_of([inner]), plan.values_of(self._program.chain.names)
        matched = match_values(declared, values, given or {}, self._node_of, inner, every)
        return opened(self, ambient, *matched)

    # stock providers

    def _live(self, provider: Any) -> Any:
        """Call a stock provider so that scoped providers behind it resolve here."""
        token = ambient_scope.set(self)
        try:
            return provider()
        finally:
            ambient_scope.reset(token)

    async def _live_async(self, provider: Any) -> Any:
        token = ambient_scope.set(self)
        try:
            made = provider()
            return await made if isinstance(made, Awaitable) else made
        finally:
            ambient_scope.reset(token)


def _awaited(
    method: Callable[[OpenScope], Any], waits: tuple[tuple[int, str], ...], *, kept: bool
) -> Callable[[OpenScope], Any]:
    """The same method, to be awaited.

    Args:
        method: It makes an object that need not be awaited.
        waits: What another thread may be building, which would have to be waited for with the
            event loop standing still: how many scopes further out, and the attribute.
        kept: Whether the last of them is the object itself, which needs none of the others once
            it is there.
    """

    async def resolve(scope: OpenScope) -> Any:
        return method(scope)

    async def resolve_after_others(scope: OpenScope) -> Any:
        for hops, attr in waits:
            owner = _outward(scope, hops)
            while getattr(owner, f"v_{attr}") is TAKEN:
                await owner._await_built(attr)
        return method(scope)

    async def resolve_kept(scope: OpenScope) -> Any:
        hops, attr = waits[-1]
        value = getattr(_outward(scope, hops), f"v_{attr}")
        if value is MISSING or value is TAKEN:
            return await resolve_after_others(scope)
        return method(scope)

    if not waits:
        return resolve
    return resolve_kept if kept else resolve_after_others


def _outward(scope: OpenScope, hops: int) -> OpenScope:
    for _ in range(hops):
        scope = scope._parent
    return scope
