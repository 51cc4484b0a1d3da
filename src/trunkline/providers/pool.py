"""The objects of a ``KeyedSingleton``: built once a key, evicted when idle or too many."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection, Hashable, Iterator
from types import FrameType
from typing import Any

from trunkline.errors import CircularResolutionError, ResourceProtocolError
from trunkline.graph.blueprint import Opening
from trunkline.graph.model import SourceLocation
from trunkline.graph.openings import opening_of_function
from trunkline.providers.entries import Entries, Entry
from trunkline.providers.turns import Turn
from trunkline.stacks import waited_too_long
from trunkline.teardowns import Teardowns
from trunkline.waits import WAITS, Build, Builder, builds_on_this_stack

__all__ = ["KeyedPool"]

_log = logging.getLogger("trunkline")
_KEPT_FAILURES = 100
"""How many failures of evicted objects are kept for the close: more are only logged."""


def _build_of(entry: Entry) -> Build:
    return id(entry), ""


def _nothing(_: Entry) -> None:
    """What there is to do for an object that leaves with its pool."""


class KeyedPool(Builder):
    """One object a key.

    A teardown that fails while an object is evicted is no fault of the scope that happened to
    evict it: it is logged at once, and raised when the pool closes.

    Args:
        provides: What makes an object; see ``KeyedSingleton``.
        limit: How many objects may exist at once, those in use apart.
        idle_seconds: Seconds after its last use at which an object may be torn down.
        location: Where the provider is declared.
        clock: Seconds that never run backwards.

    Attributes:
        is_async: Whether making an object must be awaited.
        wait_seconds: How long to wait at the most while another builds or evicts an object; None
            for ever. Set by the container that uses the pool.
    """

    wait_seconds: float | None = None

    def __init__(
        self,
        provides: Any,
        *,
        limit: int | None = None,
        idle_seconds: float | None = None,
        location: SourceLocation | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._provides = provides
        self._location = location
        self._entries = Entries(limit, idle_seconds, clock)
        self._failures: list[Exception] = []
        opening = opening_of_function(provides)
        self._is_generator = opening is Opening.GENERATOR
        self._is_async_generator = opening is Opening.ASYNC_GENERATOR
        self.is_async = self._is_async_generator or opening is Opening.COROUTINE

    def empty_copy(self, provides: Any = None) -> KeyedPool:
        """A pool under the same limits with no objects.

        Args:
            provides: What makes its objects, if not the same.
        """
        copied = KeyedPool(provides or self._provides, location=self._location)
        copied._entries = self._entries.empty_copy()
        return copied

    def pin(self, key: Hashable, /, *args: Any, **kwargs: Any) -> Any:
        """A context manager that gives the key's object and keeps it from eviction.

        Args:
            key: The key.
            *args: Arguments for making the object, used by the first who asks.
            **kwargs: The same.

        Returns:
            A context manager, an async one where ``is_async``.
        """
        if self.is_async:
            return self._pin_async(key, args, kwargs)
        return self._pin(key, args, kwargs)

    def __len__(self) -> int:
        return len(self._entries)

    @contextlib.contextmanager
    def _pin(self, key: Hashable, args: Any, kwargs: Any) -> Iterator[Any]:
        entry = self._entries.take(key, threading.Lock)
        try:
            if not entry.built:  # which it stays while it is pinned
                self._build_once(entry, args, kwargs)
            self._evict()
            yield entry.value
        finally:
            if self._entries.give_back(entry):
                self._close_entry(entry)
            self._evict()

    @contextlib.asynccontextmanager
    async def _pin_async(self, key: Hashable, args: Any, kwargs: Any) -> AsyncIterator[Any]:
        entry = self._entries.take(key, Turn)
        try:
            if not entry.built:
                await self._build_once_async(entry, args, kwargs)
            await self._aevict()
            yield entry.value
        finally:
            if self._entries.give_back(entry):
                await self._aclose_entry(entry)
            await self._aevict()

    def _build_once(self, entry: Entry, args: Any, kwargs: Any) -> None:
        """Build, or wait for another thread that builds or evicts, and look again."""
        if not entry.building.acquire(blocking=False):
            seconds = self.wait_seconds
            with self._waiting(entry):
                if not entry.building.acquire(timeout=-1 if seconds is None else seconds):
                    raise TimeoutError
        try:
            if not entry.built:
                self._build(entry, args, kwargs)
        finally:
            entry.building.release()

    async def _build_once_async(self, entry: Entry, args: Any, kwargs: Any) -> None:
        if not entry.building.acquire():
            with self._waiting(entry):
                async with asyncio.timeout(self.wait_seconds):
                    await entry.building.wait()
        try:
            if not entry.built:
                await self._build_async(entry, args, kwargs)
        finally:
            entry.building.release()

    def _build(self, entry: Entry, args: Any, kwargs: Any) -> None:
        made = self._provides(*args, **kwargs)
        if self._is_generator:
            try:
                entry.value = next(made)
            except StopIteration:
                raise self._yields_never() from None
            entry.resource = made
        else:
            entry.value = made
        entry.built = True

    async def _build_async(self, entry: Entry, args: Any, kwargs: Any) -> None:
        made = self._provides(*args, **kwargs)
        if self._is_async_generator:
            try:
                entry.value = await anext(made)
            except StopAsyncIteration:
                raise self._yields_never() from None
            entry.resource = made
        else:
            entry.value = await made
        entry.built = True

    @contextlib.contextmanager
    def _waiting(self, entry: Entry) -> Iterator[None]:
        """Around a wait for the entry, which may take too long.

        Raises:
            CircularResolutionError: Its builder waits for what is built here.
            BuildTimeoutError: The wait took longer than ``wait_seconds``.
        """
        waiter = object()
        circle = WAITS.begin(waiter, _build_of(entry), self._label(entry), builds_on_this_stack(0))
        if circle:
            raise self._circular(entry, circle)
        try:
            yield
        except TimeoutError:
            what = f"the object of key {entry.key!r} of {self._name()}"
            raise waited_too_long(
                what, _build_of(entry), self.wait_seconds, self._location, "built or torn down"
            ) from None
        finally:
            WAITS.end(waiter)

    def _builds_in(self, frame: FrameType) -> Collection[Build]:
        match frame.f_code.co_name:
            case "_build" | "_build_async":
                return (_build_of(frame.f_locals["entry"]),)
            case "_close_all" | "_aclose_all":
                entries: list[Entry] = frame.f_locals["entries"]
                return [_build_of(entry) for entry in entries if entry.leaving]
            case _:
                return ()

    def _evict(self) -> None:
        self._keep(self._close_all(self._entries.surplus(), self._entries.evicted))

    async def _aevict(self) -> None:
        self._keep(await self._aclose_all(self._entries.surplus(), self._entries.evicted))

    def close(self) -> None:
        """Tear down all objects that no scope uses, the latest first, also where one raises.

        Those in use are torn down by the last scope that uses them.

        Raises:
            ExceptionGroup: Teardowns failed, now or while objects were evicted.
        """
        self._failures += self._close_all(self._entries.drain())
        self._raise_failures()

    async def aclose(self) -> None:
        """The same, awaiting the teardowns."""
        self._failures += await self._aclose_all(self._entries.drain())
        self._raise_failures()

    def _close_all(
        self, entries: list[Entry], closed: Callable[[Entry], None] = _nothing
    ) -> list[Exception]:
        """Tear down all of them, also where one raises or is interrupted; what they raised."""
        teardowns = Teardowns()
        for entry in entries:
            with teardowns:
                try:
                    self._close_entry(entry)
                finally:
                    closed(entry)
        return self._failures_of(teardowns)

    async def _aclose_all(
        self, entries: list[Entry], closed: Callable[[Entry], None] = _nothing
    ) -> list[Exception]:
        teardowns = Teardowns()
        for entry in entries:
            with teardowns:
                try:
                    await self._aclose_entry(entry)
                finally:
                    closed(entry)
        return self._failures_of(teardowns)

    def _failures_of(self, teardowns: Teardowns) -> list[Exception]:
        if teardowns.interruption is not None:
            self._keep(teardowns.failures)
            raise teardowns.interruption
        return teardowns.failures

    def _keep(self, failures: list[Exception]) -> None:
        """Log what evicted objects raised, and keep it for the close."""
        for failure in failures:
            _log.error("%s failed to close an evicted object", self._name(), exc_info=failure)
            if len(self._failures) < _KEPT_FAILURES:
                self._failures.append(failure)

    def _close_entry(self, entry: Entry) -> None:
        if entry.resource is not None:
            for _ in entry.resource:
                entry.resource.close()
                raise self._yields_twice()

    async def _aclose_entry(self, entry: Entry) -> None:
        if entry.resource is not None:
            async for _ in entry.resource:
                await entry.resource.aclose()
                raise self._yields_twice()

    def _raise_failures(self) -> None:
        failures, self._failures = self._failures, []
        if failures:
            raise ExceptionGroup(f"keyed objects of {self._name()} failed to close", failures)

    def _name(self) -> str:
        return getattr(self._provides, "__qualname__", None) or repr(self._provides)

    def _label(self, entry: Entry) -> str:
        declared = f" ({self._location})" if self._location else ""
        return f"{self._name()} of key {entry.key!r}{declared}"

    def _circular(self, entry: Entry, circle: list[str]) -> CircularResolutionError:
        if len(set(circle)) == 1:
            return CircularResolutionError(
                f"{self._name()} asked for the object of key {entry.key!r} while it was being "
                "built or torn down by itself",
                location=self._location,
                cause="it opens a scope, or calls something that does, and resolves itself there",
                remedy="build the object from its key alone",
            )
        return CircularResolutionError(
            f"the object of key {entry.key!r} of {self._name()} was asked for while it was being "
            "built or torn down, by another thread or task that waits for an object built here",
            location=self._location,
            cause=f"each waits for the next: {' -> '.join(circle)}",
            remedy="build the object from its key alone",
        )

    def _yields_never(self) -> ResourceProtocolError:
        return ResourceProtocolError(
            f"the generator {self._name()} of a keyed object ended without yielding one",
            cause="it returned before its `yield`",
            remedy="yield the object on every way through, or raise an error that says why not",
        )

    def _yields_twice(self) -> ResourceProtocolError:
        return ResourceProtocolError(
            f"the generator {self._name()} of a keyed object yielded more than once",
            cause="a resource yields its object once; what follows is the teardown",
            remedy="leave one `yield` on every way through the generator",
        )
