"""An open scope: what compiled classes and the interpreter have in common.

A request goes: ``enter`` (values checked) → ``get`` / ``aget`` (the compiled method of the
provider) → ``__exit__`` (teardown). This module holds everything of it that is not the usual case.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from contextvars import Token
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from dependency_injector.providers import Provider

from trunkline.ambient import AmbientScope, ambient_scope
from trunkline.errors import (
    AsyncResolutionError,
    CircularResolutionError,
    ResourceProtocolError,
    ScopeClosedError,
    ScopeNotOpenError,
    ScopeOrderError,
    UnknownProviderError,
)
from trunkline.resolution.exits import Exit, raise_failures, run_exits, run_exits_async
from trunkline.resolution.lease import Lease
from trunkline.resolution.origins import describe_task
from trunkline.resolution.unopened import refuse_unopened
from trunkline.resolution.values import match_values
from trunkline.resolution.waiting import Build, builds_on_this_stack
from trunkline.scopes import BaseScope

if TYPE_CHECKING:
    from trunkline.compiler.planner import NodePlan
    from trunkline.resolution.program import Program
    from trunkline.resolution.shadow import Shadow

__all__ = ["LEFT", "MISSING", "OpenScope"]

T = TypeVar("T")


class _Marker:
    """A value that no user's object is."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"<{self._name}>"


MISSING: Any = _Marker("missing")
LEFT: Any = True
"""What ``_attention`` of a closed scope is."""


class OpenScope:
    """A lifetime that has begun: it makes objects, keeps them, and closes them when it ends.

    Made by ``enter``; used by ``with`` or ``async with``, which also make it the ambient scope. A
    provider that the container declares is a method too: ``request.engine()`` is
    ``request.get(Application.engine)``, or its ``aget`` where it must be awaited.
    """

    __slots__ = ("__weakref__", "_attention", "_leases", "_token", "_views")

    _program: ClassVar[Program]
    _path: ClassVar[tuple[str, ...]]

    _attention: Any
    """None in the usual case; True once someone waits, holds a lease, or has closed the scope."""
    _leases: Lease.Count
    """Unset until the first lease is taken."""
    _views: dict[Any, Shadow]
    """Unset until the scope is first used under an override; then what answers for it, by layer."""
    _token: Any
    """Of the ambient scope: True until entered, then what resets it; False where it is not to be
    ambient; None once the scope has closed."""
    _parent: OpenScope
    """A slot of the scope's own class, or of the class where that has one parent only."""
    _exits: list[Exit]
    """A slot of classes that open resources."""

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
            ambient: Whether ``with`` makes it the ambient scope.

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

        The scope's teardown runs when its body has ended and the last lease is released.

        Returns:
            A context manager, plain or async, to be taken before the body ends and entered or
            released by the task.

        Raises:
            ScopeClosedError: The scope has closed.
        """
        return Lease(self)

    @property
    def parent(self) -> OpenScope | None:
        """The scope around this one; None for the outermost."""
        return None if len(self._path) == 1 else self._parent._original()

    @property
    def scope(self) -> BaseScope:
        """Which scope of the chain this is."""
        return self._program.scope_named(self._path[-1])

    @property
    def closed(self) -> bool:
        """Whether this scope, or one around it, has closed."""
        return self._token is None or (len(self._path) > 1 and self._parent._original().closed)

    def close(self) -> None:
        """End the scope as ``with`` does, where there is no ``with``."""
        if self._token is True:
            self._token = False
        self.__exit__(None, None, None)

    async def aclose(self) -> None:
        """End the scope as ``async with`` does, where there is no ``async with``."""
        if self._token is True:
            self._token = False
        await self.__aexit__(None, None, None)

    def __enter__(self) -> Self:
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        raise NotImplementedError

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        raise NotImplementedError

    async def __aexit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        raise NotImplementedError

    def __repr__(self) -> str:
        state = "closed" if self.closed else "open"
        return f"<{state} {' > '.join(self._path)} of {self._program.name}>"

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

    def _around(self) -> AmbientScope | None:
        """What was ambient before this scope was entered; else the scope around it."""
        token = self._original()._token
        if not isinstance(token, Token):
            return self.parent
        before = token.old_value
        return None if before is Token.MISSING else before

    def _original(self) -> OpenScope:
        """The scope that the user opened: this one, unless it is a shadow."""
        return self

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
                f"{self._program.listing()}",
            )
        return node

    def _method_of(self, node: NodePlan) -> Callable[[OpenScope], Any]:
        """The method that resolves a node, whichever open scope it lives in."""
        if not node.constant and node.home not in self._path:
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
                cause=f"making it awaits {self._program.why_async(node)}",
                remedy=f"use `await scope.aget({self._program.short_name}.{node.name})`",
            )
        method = self._method_of(node)
        self._program.remember(type(self), "GET", provider, method)
        return method

    def _method_for_aget(self, provider: Any) -> Callable[[OpenScope], Any]:
        node = self._node_of(provider)
        method = self._method_of(node)
        if not node.is_async:
            method = _awaited(method)
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
        inner = self._program.inner_scope(self._path, scope)
        opened = self._program.opener((*self._path, inner))
        values = tuple(value for value in values if value is not MISSING)
        plan = self._program.plan
        declared, every = plan.values_of([inner]), plan.values_of(self._program.scopes)
        matched = match_values(declared, values, given or {}, self._node_of, inner, every)
        return opened(self, ambient, *matched)

    # building once

    def _wait(self, attr: str) -> Any:
        """Wait for another thread's build; MISSING where it failed."""
        holding = self._holding(attr)
        waiting = self._program.waiting
        if not waiting.wait(self, attr, holding, lambda: self._is_over(attr)):
            raise self._circular(attr, "another thread that waits for an object built here")
        return self._waited(attr)

    async def _await_built(self, attr: str) -> Any:
        """Wait for another task's build; MISSING where it failed."""
        holding = self._holding(attr)
        waiting = self._program.waiting
        if not await waiting.await_(self, attr, holding, lambda: self._is_over(attr)):
            raise self._circular(attr, "another task that waits for an object built here")
        return self._waited(attr)

    def _waited(self, attr: str) -> Any:
        try:
            self._check_open()
        except ScopeClosedError:
            self._program.waiting.wake(self, attr)  # who else waits has to hear of it too
            raise
        return getattr(self, f"v_{attr}")

    def _holding(self, attr: str) -> frozenset[Build]:
        """What is being built further out on the stack; never the object to wait for itself."""
        holding = builds_on_this_stack(3)  # this, the waiting, and the method that has to wait
        if (id(self), attr) in holding:
            raise self._circular(attr, "its own builder")
        return holding

    def _is_over(self, attr: str) -> bool:
        """Whether nobody is building the object now."""
        return (
            getattr(self, f"v_{attr}") is not MISSING
            or getattr(self, f"c_{attr}")
            or self._token is None
        )

    def _built(self, attr: str) -> None:
        """After a build that someone may wait for, or during which the scope closed."""
        self._program.waiting.wake(self, attr)
        if self._token is None:
            setattr(self, f"v_{attr}", MISSING)
            closed = self._is_closed()
            failures = run_exits(self._take_exits(attr), closed)
            raise_failures(self._path[-1], failures, closed)
            raise closed

    async def _abuilt(self, attr: str) -> None:
        """The same for a resource that was opened by await."""
        self._program.waiting.wake(self, attr)
        if self._token is None:
            setattr(self, f"v_{attr}", MISSING)
            closed = self._is_closed()
            failures = await run_exits_async(self._take_exits(attr), closed)
            raise_failures(self._path[-1], failures, closed)
            raise closed

    def _take_exits(self, attr: str) -> list[Exit]:
        """Take out the teardown of one object; whoever closes the scope sees to the others."""
        node = self._program.node_by_attr(attr)
        exits = self._open_exits()
        taken = []
        for entry in [entry for entry in exits if node is not None and entry[2] == node.name]:
            with suppress(ValueError):  # the closing scope was faster
                exits.remove(entry)
                taken.append(entry)
        return taken

    def _failed(self, attr: str, name: str, error: BaseException) -> None:
        """Give the right to build back, and say in the error what was being built."""
        if self._program.locked:
            setattr(self, f"c_{attr}", True)
            if self._token is None:
                setattr(self, f"c_{attr}", False)
        if self._token is None:
            self._program.waiting.wake(self, attr)
        elif self._attention is not None:
            self._program.waiting.wake_next(self, attr)
        self._note_failure(name, error)

    def _failed_within(self, attr: str, users: Mapping[str, str], error: BaseException) -> None:
        """The same for an object that the method of another builds in line, if there is one.

        Args:
            attr: The object that was being built; empty where none was.
            users: For each object that the method builds in line, the one that it is built for.
            error: What was raised.
        """
        if not attr:
            return
        names = {node.attr: name for name, node in self._program.plan.nodes.items()}
        self._failed(attr, names[attr], error)
        while (attr := users[attr]) in users:
            self._note_failure(names[attr], error)

    def _note_failure(self, name: str, error: BaseException) -> None:
        if isinstance(error, Exception):
            node = self._program.plan.nodes[name].node
            error.add_note(f"trunkline: while {node.label} was built in {self._path[-1]}")

    # leaving

    def _close(self, error: BaseException | None) -> None:
        """Leave with something to tear down, or with someone who waits or holds a lease."""
        if not self._begin_close(error):
            return
        failures = [*self._close_views(error), *run_exits(self._open_exits(), error)]
        self._end_close(failures, error)

    async def _aclose(self, error: BaseException | None) -> None:
        if not self._begin_close(error):
            return
        failures = await self._aclose_views(error)
        failures += await run_exits_async(self._open_exits(), error)
        self._end_close(failures, error)

    def _close_views(self, error: BaseException | None) -> list[BaseException]:
        """Tear down what overrides made of this scope, the latest first."""
        failures: list[BaseException] = []
        for view in self._take_views():
            failures += view._end(error)
        return failures

    async def _aclose_views(self, error: BaseException | None) -> list[BaseException]:
        failures: list[BaseException] = []
        for view in self._take_views():
            failures += await view._aend(error)
        return failures

    def _take_views(self) -> list[Shadow]:
        views: dict[Any, Shadow] = getattr(self, "_views", {})
        taken = [*views.values()][::-1]
        views.clear()
        return taken

    def _close_late(self, error: BaseException | None) -> None:
        """Close again: another thread waited or opened something while the scope closed."""
        self._attention = LEFT
        self._end_close(run_exits(self._open_exits(), error), error)

    async def _aclose_late(self, error: BaseException | None) -> None:
        self._attention = LEFT
        self._end_close(await run_exits_async(self._open_exits(), error), error)

    def _begin_close(self, error: BaseException | None) -> bool:
        """Whether to tear down now: not where a lease is held, nor a second time."""
        if self._token is None:
            return False
        leases = getattr(self, "_leases", None)
        if leases is not None and leases.defer(error):
            self._token = False
            return False
        self._token = None
        self._attention = LEFT
        self._seal()
        return True

    def _open_exits(self) -> list[Exit]:
        return getattr(self, "_exits", None) or []

    def _end_close(self, failures: list[BaseException], error: BaseException | None) -> None:
        self._forget()
        raise_failures(self._path[-1], failures, error)

    def _seal(self) -> None:
        """Take all rights to build; what is built can still be read while teardowns run."""
        raise NotImplementedError

    def _forget(self) -> None:
        """Drop all objects, so that a closed scope keeps nothing alive."""
        raise NotImplementedError

    def _leave_elsewhere(self) -> None:
        """Left in another context than entered, as fixtures are: nothing to restore there."""
        if ambient_scope.get() is self:
            ambient_scope.set(self.parent)

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
            return await made if asyncio.isfuture(made) or hasattr(made, "__await__") else made
        finally:
            ambient_scope.reset(token)

    # refusals

    def _check_open(self) -> None:
        scope: OpenScope | None = self
        while scope is not None:
            if scope._token is None:
                raise self._is_closed()
            scope = scope.parent

    def _refuse_entry(self) -> None:
        self._check_open()
        raise ScopeOrderError(
            f"{self!r} is entered already",
            cause="one open scope was used by `with` twice",
            remedy="open another, or take `scope.lease()`",
        )

    def _is_closed(self) -> ScopeClosedError:
        closed = self
        while closed._token is not None and closed.parent is not None:
            closed = closed.parent
        which = "it" if closed is self else f"the {closed._path[-1]} around it"
        return ScopeClosedError(
            f"a {self._path[-1]} scope of {self._program.name} was used after {which} closed"
            f"{describe_task()}",
            cause="a task, a callback or a stored object outlives the scope",
            remedy="take `scope.lease()` for the task before the scope's body ends, or open a "
            "scope of its own inside it",
        )

    def _not_open(self, name: str, scope: str) -> None:
        node = self._program.plan.nodes[name].node
        inside = self._program.is_inside(scope, self._path[-1])
        why = "lies outside of it" if inside else f"was opened without a {scope} around it"
        raise ScopeNotOpenError(
            f"{name} lives in a {scope} scope, and none is open here ({' > '.join(self._path)})",
            location=node.location,
            cause=f"it was asked for in the {self._path[-1]} scope, which {why}",
            remedy=f"open one: scope.enter(..., scope={self._program.scope_type.__name__}.{scope})",
        )

    def _not_started(self, name: str) -> None:
        self._check_open()
        raise ScopeNotOpenError(
            f"{name} was asked for before the container had started it",
            location=self._program.plan.nodes[name].node.location,
            cause="an object that is built earlier asks for it while it is made",
            remedy=f"declare {name} as its argument, so that the start follows the order",
        )

    def _circular(self, attr: str, by: str) -> CircularResolutionError:
        node = self._program.node_by_attr(attr)
        name = node.name if node else attr
        return CircularResolutionError(
            f"{name} was asked for while it was being built, by {by}",
            location=node.node.location if node else None,
            cause="its class or function, or something they call, resolves it again",
            remedy="inject what the builder needs as arguments; resolve the rest after it is made",
        )

    def _refuse_unopened(self, name: str, value: object) -> None:
        refuse_unopened(self._program.plan.nodes[name], value)

    def _yields_never(self, name: str) -> ResourceProtocolError:
        return ResourceProtocolError(
            f"the generator of {name} ended without yielding an object",
            location=self._program.plan.nodes[name].node.location,
            cause="it returned before its `yield`",
            remedy="yield the object on every way through, or raise an error that says why not",
        )


def _awaited(method: Callable[[OpenScope], Any]) -> Callable[[OpenScope], Any]:
    """The same method, to be awaited."""

    async def resolve(scope: OpenScope) -> Any:
        return method(scope)

    return resolve
