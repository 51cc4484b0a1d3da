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
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final
from weakref import WeakValueDictionary, ref

from trunkline.legacy.chains import Chain, Guard
from trunkline.legacy.counting import PROCESS
from trunkline.legacy.standing import Step
from trunkline.resolution.exits import Callback
from trunkline.resolution.scope import OpenScope
from trunkline.teardowns import Teardowns

__all__ = ["OpenedScopes", "Opening", "value_key"]

logger = logging.getLogger(__name__)

_NAME: Final = "scopes of old calls"
_BADLY: Final = "scopes of old calls closed badly"
_SWEPT: Final = 4
"""Old scopes that are looked at whenever another one opens: more than open, so that they go."""


class OpenedScopes:
    """What old calls have opened inside one scope.

    Args:
        parent: The scope around them; its end closes them.
    """

    def __init__(self, parent: OpenScope) -> None:
        self._parent = ref(parent)  # which knows this, and must be free to go
        self._guards: WeakValueDictionary[tuple[Any, ...], Guard] = WeakValueDictionary()
        self._held: dict[tuple[Any, ...], Guard] = {}  # by no object yet, or by none that can
        self._over: dict[tuple[Any, ...], tuple[Callable[[Any], bool], Callable[[], Any]]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._lock = threading.Lock()
        self._late: deque[Chain] = deque()
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
            self._guards[key] = self._held[key] = Guard(chain, given, self._late.append)
            oldest = [k for k in islice(self._over, _SWEPT) if k != key]
        for old in oldest:
            self._end_if_over(old)
        for _ in range(len(self._late)):
            self._end(self._late.popleft())
        return chain.inner

    def find(self, given: Mapping[Any, object]) -> OpenScope | None:
        """The scope with these values, if it is open."""
        known = self._guards.get(value_key(given.values()))
        return None if known is None or known.chain.closed else known.chain.inner

    def guard(self, values: tuple[object, ...]) -> Guard | None:
        """What stands for the scope with these values, in the order of its own, if it is open.

        Raises:
            TypeError: A value can't be hashed.
        """
        known = self._guards.get(values)
        if known is None or known.chain.closed:
            return None
        own = known.given.values()
        alike = all(type(a) is type(b) for a, b in zip(values, own, strict=True))
        return known if alike else None

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
        if guard is None:
            return
        is_held = guard.hold_by(made)
        with self._lock:
            if is_held:
                self._held.pop(key, None)
            if over is not None and key not in self._over:
                self._over[key] = (over, _weakly(made))

    def close(self, given: Mapping[Any, object]) -> bool:
        """Close the scope with these values; whether there was one.

        A teardown that has to wait goes on in a task of the running loop, and what it raises is
        logged; where none runs, it waits for the end of the scope around it.

        Raises:
            ScopeCloseError: Teardowns that need not wait have failed.
        """
        found = self._take(value_key(given.values()))
        if found is not None and self._awaits:
            self._end_in_loop(found.chain)
        elif found is not None:
            found.chain.close()
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

    def _open(self, steps: Sequence[Step]) -> Chain:
        scopes: list[OpenScope] = []
        parent = self._parent()
        assert parent is not None  # noqa: S101  # who asks for a scope in it has it
        try:
            for scope, given in steps:
                parent = parent.enter(given=given, scope=scope, ambient=False)
                scopes.append(parent)
        except BaseException:
            if scopes:
                self._end(Chain(scopes))
            raise
        return Chain(scopes)

    def _take(self, key: tuple[Any, ...]) -> Guard | None:
        with self._lock:
            found = self._guards.pop(key, None)  # first, for what holds it may be let go next
            self._over.pop(key, None)
            self._held.pop(key, None)
            return found

    def _end_if_over(self, key: tuple[Any, ...]) -> None:
        """Close a scope whose object has come to its end; else put it at the end of the line."""
        with self._lock:
            found = self._over.pop(key, None)
        if found is None:
            return
        over, weakly = found
        made = weakly()
        if made is None:
            return
        try:
            is_over = over(made)
        except Exception:  # the call of another user is no place to fail at
            logger.exception("whether %r is over could not be told", type(made).__qualname__)
            is_over = False
        if is_over:
            guard = self._take(key)
            if guard is not None:
                self._end(guard.chain)
        else:
            with self._lock:
                if key in self._guards:
                    self._over[key] = found

    def _end(self, chain: Chain) -> None:
        """Close scopes whose end nobody has asked for; what their teardowns raise is logged."""
        if self._awaits:
            self._end_in_loop(chain)
            return
        try:
            chain.close()
        except Exception:  # the call of another user is no place to fail at
            logger.exception(_BADLY)

    def _end_in_loop(self, chain: Chain) -> None:
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
            logger.error(_BADLY, exc_info=task.exception())

    def _all(self) -> list[Chain]:
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
                "%d scopes that old calls opened were open until %s closed",
                len(left),
                repr(self._parent()),  # now, as whoever keeps the record would keep it open
            )
        return found[::-1]

    def _stop(self) -> None:
        closing = Teardowns()
        for chain in self._all():
            with closing:
                chain.close()
        closing.raise_together(_BADLY)

    async def _astop(self) -> None:
        closing = Teardowns()
        for chain in self._all():
            with closing:
                await chain.aclose()
        loop = asyncio.get_running_loop()
        if tasks := [task for task in self._closing if task.get_loop() is loop]:
            with closing:
                await asyncio.wait(tasks)
        closing.raise_together(_BADLY)


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


def _weakly(made: Any) -> Callable[[], Any]:
    try:
        return ref(made)
    except TypeError:  # an object that has no room for it
        return lambda: made
