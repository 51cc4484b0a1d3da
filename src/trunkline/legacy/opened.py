"""Scopes that old calls open: from the values they bring, where no scope with them is open.

One scope serves all old calls with the same values, so that what is canonical stays one object a
request. Where the values belong to a scope further out, such as a session, the scopes down to that
of the canonical object are opened one inside another, and close together. Such a scope has no
``with`` to end it. It closes when the first of these happens:

- the object's own closing method is called, which the redirect names by ``closes_with``;
- the redirect's ``over`` says that the object has come to its end, asked for a few of the oldest
  scopes whenever another one opens;
- ``close_opened(value)`` or ``await aclose_opened(value)`` is called for a value of it;
- nobody holds the object any more, nor any other that the scope has built: the garbage collector
  finds that, and the next scope that is opened closes it;
- the scope around it closes: for most that is the application's stop, which logs how many were
  still open.
"""

# ruff: noqa: SLF001  # hangs a teardown of its own on the scope around

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary, WeakValueDictionary, ref

from trunkline.legacy.sites import PROCESS
from trunkline.legacy.standing import Step
from trunkline.resolution.exits import Callback
from trunkline.resolution.scope import OpenScope

__all__ = [
    "OpenedScopes",
    "Opening",
    "Unfinished",
    "aclose_opened",
    "close_opened",
    "close_with",
    "drive",
    "opened_in",
    "value_key",
]

logger = logging.getLogger(__name__)

_NAME: Final = "scopes of old calls"
_HOLDS: Final = "__trunkline_opened__"
_SWEPT: Final = 4
"""Old scopes that are looked at whenever another one opens: more than open, so that they go."""


class Unfinished(Exception):  # noqa: N818  # a state, told to callers of this module alone
    """A coroutine has to wait for something."""


def drive(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that has nothing to wait for to its end, at once.

    Args:
        coroutine: Any; it is closed if it has to wait after all.

    Raises:
        Unfinished: It has to wait.
    """
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    raise Unfinished


class _Chain:
    """Scopes that were opened one inside another for an old call, and close together.

    Args:
        scopes: The outermost first; the innermost answers the call.
    """

    __slots__ = ("inner", "scopes")

    def __init__(self, scopes: Sequence[OpenScope]) -> None:
        self.scopes = scopes
        self.inner = scopes[-1]

    @property
    def closed(self) -> bool:
        """Whether nothing can be made in it any more."""
        return self.inner.closed

    def close(self) -> None:
        """Close all, the innermost first."""
        with ExitStack() as stack:
            for scope in self.scopes:
                stack.callback(scope.close)

    async def aclose(self) -> None:
        """The same, awaiting the teardowns."""
        async with AsyncExitStack() as stack:
            for scope in self.scopes:
                stack.push_async_callback(scope.aclose)


class _Guard:
    """Stands for scopes, and lives as long as someone holds an object that they have built.

    The objects hold it, and it holds the scopes, which hold the objects: a circle that only the
    garbage collector takes apart, once nobody outside holds any part of it.
    """

    __slots__ = ("__weakref__", "_opened", "chain", "given")

    def __init__(self, opened: OpenedScopes, chain: _Chain, given: Mapping[Any, object]) -> None:
        self._opened = opened
        self.chain = chain
        self.given = given

    def __del__(self) -> None:
        if not self.chain.closed:
            self._opened._late.append(self.chain)  # alive again, until it is torn down

    def __deepcopy__(self, memo: object) -> None:
        """A copy of an object is not of the scope."""

    def __reduce__(self) -> tuple[Callable[[], None], tuple[()]]:
        return _nothing, ()


def _nothing() -> None:
    """What a pickled guard loads as."""


class OpenedScopes:
    """What old calls have opened inside one scope.

    Args:
        parent: The scope around them; its end closes them.
    """

    def __init__(self, parent: OpenScope) -> None:
        self._parent = parent
        self._guards: WeakValueDictionary[tuple[Any, ...], _Guard] = WeakValueDictionary()
        self._held: dict[tuple[Any, ...], _Guard] = {}  # by no object yet, or by none that can
        self._over: dict[tuple[Any, ...], tuple[Callable[[Any], bool], Callable[[], Any]]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._lock = threading.Lock()
        self._late: deque[_Chain] = deque()
        nodes = parent._program.plan.nodes.values()
        self._awaits = any(node.awaited or node.recipe.close_awaits for node in nodes)
        holder = parent
        while not hasattr(holder, "_exits") and holder.parent is not None:
            holder = holder.parent
        holder._exits.append(
            (Callback.ASYNC, self._astop, _NAME, None)
            if self._awaits
            else (Callback.SYNC, self._stop, _NAME, None)
        )

    def __len__(self) -> int:
        return len(self._guards)

    def scope(self, given: Mapping[Any, object], steps: Sequence[Step]) -> OpenScope:
        """The scope with these values, opened if it is not.

        Args:
            given: Values by provider.
            steps: What to open, the outermost first; the last one is the scope that is wanted.
        """
        key = value_key(given.values())
        with self._lock:
            known = self._guards.get(key)
            if known is not None and not known.chain.closed:
                return known.chain.inner
            chain = self._open(steps)
            self._guards[key] = self._held[key] = _Guard(self, chain, given)
            oldest = [(k, *self._over[k]) for k in list(self._over)[:_SWEPT] if k != key]
        for old, over, made in oldest:
            self._end_if_over(old, over, made())
        for _ in range(len(self._late)):
            self._end(self._late.popleft())
        return chain.inner

    def _open(self, steps: Sequence[Step]) -> _Chain:
        scopes: list[OpenScope] = []
        parent = self._parent
        try:
            for scope, given in steps:
                parent = parent.enter(given=given, scope=scope, ambient=False)
                scopes.append(parent)
        except BaseException:
            if scopes:
                self._end(_Chain(scopes))
            raise
        return _Chain(scopes)

    def find(self, given: Mapping[Any, object]) -> OpenScope | None:
        """The scope with these values, if it is open."""
        known = self._guards.get(value_key(given.values()))
        return None if known is None or known.chain.closed else known.chain.inner

    def is_held(self, given: Mapping[Any, object]) -> bool:
        """Whether no object of the scope with these values answers for it yet."""
        return value_key(given.values()) in self._held

    def watch(
        self, given: Mapping[Any, object], made: Any, over: Callable[[Any], bool] | None
    ) -> None:
        """Let a scope go when its objects do, or once ``over`` says that this one has ended.

        Args:
            given: The scope's values.
            made: The object that was built in it for an old call.
            over: Whether the object has come to its end.
        """
        key = value_key(given.values())
        guard = self._guards.get(key)
        if guard is not None and _attach(guard, made):
            self._held.pop(key, None)
        if over is not None:
            self._over[key] = (over, _weakly(made))

    def close(self, given: Mapping[Any, object]) -> bool:
        """Close the scope with these values; whether there was one.

        A teardown that has to wait goes on in a task of the running loop; where none runs, it
        waits for the end of the scope around it.
        """
        key = value_key(given.values())
        found = self._take(key)
        if found is not None:
            self._end(found.chain)
        return found is not None

    async def aclose(self, given: Mapping[Any, object]) -> bool:
        """The same, awaiting the teardown."""
        found = self._take(value_key(given.values()))
        if found is not None:
            await found.chain.aclose()
        return found is not None

    def matching(self, value: object) -> list[Mapping[Any, object]]:
        """The values of the scopes that hold ``value``."""
        return [
            guard.given
            for guard in list(self._guards.values())
            if any(held is value or held == value for held in guard.given.values())
        ]

    def _take(self, key: tuple[Any, ...]) -> _Guard | None:
        with self._lock:
            found = self._guards.pop(key, None)  # first, for what holds it may be let go next
            self._over.pop(key, None)
            self._held.pop(key, None)
            return found

    def _end_if_over(self, key: tuple[Any, ...], over: Callable[[Any], bool], made: Any) -> None:
        with self._lock:
            if self._over.pop(key, None) is None:
                return
        if made is None:
            return
        if not over(made):
            self._over[key] = (over, _weakly(made))  # to the end of the line
            return
        found = self._take(key)
        if found is not None:
            self._end(found.chain)

    def _end(self, chain: _Chain) -> None:
        if not self._awaits:
            chain.close()
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._late.append(chain)
            return
        task = loop.create_task(chain.aclose(), name="close the scope of an old call")
        self._closing.add(task)
        task.add_done_callback(self._closed)

    def _closed(self, task: asyncio.Task[None]) -> None:
        self._closing.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("a scope of an old call closed badly", exc_info=task.exception())

    def _all(self) -> list[_Chain]:
        """Take out every scope, the latest first."""
        with self._lock:
            left = [guard.chain for guard in list(self._guards.values())]
            found = [*self._late, *left]
            self._guards.clear()
            self._held.clear()
            self._over.clear()
            self._late.clear()
        PROCESS.usage.left_open += len(left)
        if left:
            logger.warning(
                "%d scopes that old calls opened were open until %r closed", len(left), self._parent
            )
        return found[::-1]

    def _stop(self) -> None:
        failures = []
        for chain in self._all():
            try:
                chain.close()
            except Exception as failure:  # noqa: BLE001  # the others must close too
                failures.append(failure)
        _raise(failures)

    async def _astop(self) -> None:
        failures = []
        for chain in self._all():
            try:
                await chain.aclose()
            except Exception as failure:  # noqa: BLE001  # the others must close too
                failures.append(failure)
        if self._closing:
            await asyncio.wait(self._closing)
        _raise(failures)


def _attach(guard: _Guard, made: Any) -> bool:
    """Let all that scopes have built hold their guard; whether the object itself could."""
    built = (
        getattr(scope, f"v_{node.attr}", None)
        for scope in guard.chain.scopes
        for node in scope._program.plan.at_home(scope._path[-1])
        if not node.given
    )
    for one in (*built, made):
        own = getattr(one, "__dict__", None)
        if isinstance(own, dict):
            own[_HOLDS] = guard
    return isinstance(getattr(made, "__dict__", None), dict)


def _weakly(made: Any) -> Callable[[], Any]:
    try:
        return ref(made)
    except TypeError:  # an object that has no room for it
        return lambda: made


def _raise(failures: list[Exception]) -> None:
    if failures:
        raise ExceptionGroup("scopes of old calls closed badly", failures)


@dataclass(frozen=True, slots=True)
class Opening:
    """A scope that was opened for old calls.

    Attributes:
        opened: Where it is.
        given: Its values by provider.
        is_fresh: Whether it was opened for this very call.
    """

    opened: OpenedScopes
    given: Mapping[Any, object]
    is_fresh: bool

    def fail(self) -> None:
        """Close it, if it was opened for a call that has failed and serves no other."""
        if self._is_idle():
            self.opened.close(self.given)

    async def afail(self) -> None:
        """The same, awaiting the teardown."""
        if self._is_idle():
            await self.opened.aclose(self.given)

    def _is_idle(self) -> bool:
        return self.is_fresh and self.opened.is_held(self.given)


class _Registry:
    """The scopes that old calls have opened, by the scope around them."""

    def __init__(self) -> None:
        self._by_parent: WeakKeyDictionary[OpenScope, OpenedScopes] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def of(self, parent: OpenScope) -> OpenedScopes:
        """What is open inside a scope."""
        with self._lock:
            found = self._by_parent.get(parent)
            if found is None:
                found = self._by_parent[parent] = OpenedScopes(parent)
            return found

    def all(self) -> list[OpenedScopes]:
        """All of the process."""
        with self._lock:
            return list(self._by_parent.values())


_REGISTRY: Final = _Registry()
"""One a process; entries go with the scopes they belong to."""


def opened_in(parent: OpenScope) -> OpenedScopes:
    """What old calls have opened inside a scope."""
    return _REGISTRY.of(parent)


def close_opened(value: object) -> int:
    """Close the scopes that old calls opened with a scope value.

    Args:
        value: The value, for example a user context.

    Returns:
        How many were open.
    """
    return sum(
        opened.close(given) for opened in _REGISTRY.all() for given in opened.matching(value)
    )


async def aclose_opened(value: object) -> int:
    """The same, awaiting the teardowns."""
    closed = 0
    for opened in _REGISTRY.all():
        for given in opened.matching(value):
            closed += await opened.aclose(given)
    return closed


def close_with(made: Any, method: str, opened: OpenedScopes, given: Mapping[Any, object]) -> None:
    """Let an object's own closing method also close the scope that was opened for it.

    Args:
        made: The object; the method is extended on it alone.
        method: Name of the method, plain or async.
        opened: Where the scope is.
        given: Its values.
    """
    if method not in vars(made):  # else by an earlier call with the same values
        setattr(made, method, _Closing(made, method, opened, given))


class _Closing:
    """An object's closing method, extended; copies of the object have their own method."""

    def __init__(
        self, made: Any, method: str, opened: OpenedScopes, given: Mapping[Any, object]
    ) -> None:
        own = getattr(made, method)
        functools.update_wrapper(self, own)
        self._of = (made, method)
        self._own = own
        self._opened = opened
        self._given = given

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if inspect.iscoroutinefunction(self._own):
            return self._aclose(*args, **kwargs)
        try:
            return self._own(*args, **kwargs)
        finally:
            self._forget()
            self._opened.close(self._given)

    async def _aclose(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return await self._own(*args, **kwargs)
        finally:
            self._forget()
            await self._opened.aclose(self._given)

    def _forget(self) -> None:
        made, method = self._of
        vars(made).pop(method, None)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        made, method = self._of
        return _own_method(memo.get(id(made), made), method)

    def __reduce__(self) -> tuple[Callable[[Any, str], Any], tuple[Any, str]]:
        return _own_method, self._of


def _own_method(made: Any, method: str) -> Any:
    """A method of an object as its class has it."""
    return getattr(type(made), method).__get__(made)


def value_key(values: Iterable[object]) -> tuple[Any, ...]:
    """Values as a key: by equality where they can be hashed, by identity where they can't."""
    key: list[Any] = []
    for value in values:
        try:
            hash(value)
        except TypeError:
            key.append((id(value),))
        else:
            key.append(value)
    return tuple(key)
