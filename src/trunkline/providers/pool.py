"""The objects of a ``KeyedSingleton``: built once a key, evicted when idle or too many."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Collection, Hashable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

from trunkline.errors import CircularResolutionError, ResourceProtocolError
from trunkline.graph.blueprint import Opening
from trunkline.graph.model import SourceLocation
from trunkline.graph.openings import opening_of_function
from trunkline.providers.turns import Turn
from trunkline.waits import WAITS, Build, Builder, builds_on_this_stack

__all__ = ["KeyedPool"]

_log = logging.getLogger("trunkline")
_KEPT_FAILURES = 100
"""How many failures of evicted objects are kept for the close: more are only logged."""


@dataclass(slots=True, eq=False)
class _Entry:
    """One key's object.

    Attributes:
        key: The key.
        building: Held while the object is made or evicted: a lock for threads, or one for tasks of
            any loop.
        value: The object.
        built: Whether it is there.
        resource: The generator that closes it, if there is one.
        pins: How many scopes use it.
        doomed: Whether the pool has closed: the last scope that uses it tears it down.
        leaving: Whether it is being evicted.
        last_used: When a scope last let go of it, by the pool's clock.
    """

    key: Hashable
    building: Any
    value: Any = None
    built: bool = False
    resource: Any = None
    pins: int = 0
    doomed: bool = False
    leaving: bool = False
    last_used: float = 0.0


def _build_of(entry: _Entry) -> Build:
    return id(entry), ""


def _nothing(_: _Entry) -> None:
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
    """

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
        self._limit = limit
        self._idle_seconds = idle_seconds
        self._location = location
        self._clock = clock
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._lock = threading.Lock()
        self._failures: list[Exception] = []
        opening = opening_of_function(provides)
        self._is_generator = opening is Opening.GENERATOR
        self._is_async_generator = opening is Opening.ASYNC_GENERATOR
        self.is_async = self._is_async_generator or opening is Opening.COROUTINE

    def empty_copy(self) -> KeyedPool:
        """A pool of the same kind with no objects."""
        return KeyedPool(
            self._provides,
            limit=self._limit,
            idle_seconds=self._idle_seconds,
            location=self._location,
            clock=self._clock,
        )

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
        return sum(entry.built for entry in self._entries.values())

    @contextlib.contextmanager
    def _pin(self, key: Hashable, args: Any, kwargs: Any) -> Iterator[Any]:
        entry = self._take(key, threading.Lock)
        try:
            if not entry.built:  # which it stays while it is pinned
                self._build_once(entry, args, kwargs)
            self._evict()
            yield entry.value
        finally:
            if self._give_back(key, entry):
                self._close_entry(entry)
            self._evict()

    @contextlib.asynccontextmanager
    async def _pin_async(self, key: Hashable, args: Any, kwargs: Any) -> AsyncIterator[Any]:
        entry = self._take(key, Turn)
        try:
            if not entry.built:
                await self._build_once_async(entry, args, kwargs)
            await self._aevict()
            yield entry.value
        finally:
            if self._give_back(key, entry):
                await self._aclose_entry(entry)
            await self._aevict()

    def _build_once(self, entry: _Entry, args: Any, kwargs: Any) -> None:
        """Build, or wait for another thread that builds or evicts, and look again."""
        if not entry.building.acquire(blocking=False):
            with self._waiting(entry):
                entry.building.acquire()
        try:
            if not entry.built:
                self._build(entry, args, kwargs)
        finally:
            entry.building.release()

    async def _build_once_async(self, entry: _Entry, args: Any, kwargs: Any) -> None:
        if not entry.building.acquire():
            with self._waiting(entry):
                await entry.building.wait()
        try:
            if not entry.built:
                await self._build_async(entry, args, kwargs)
        finally:
            entry.building.release()

    def _build(self, entry: _Entry, args: Any, kwargs: Any) -> None:
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

    async def _build_async(self, entry: _Entry, args: Any, kwargs: Any) -> None:
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
    def _waiting(self, entry: _Entry) -> Iterator[None]:
        """Around a wait for the entry, unless its builder waits for what is built here."""
        waiter = object()
        circle = WAITS.begin(waiter, _build_of(entry), self._label(entry), builds_on_this_stack(0))
        if circle:
            raise self._circular(entry, circle)
        try:
            yield
        finally:
            WAITS.end(waiter)

    def _builds_in(self, frame: FrameType) -> Collection[Build]:
        match frame.f_code.co_name:
            case "_build" | "_build_async":
                return (_build_of(frame.f_locals["entry"]),)
            case "_close_all" | "_aclose_all":
                entries: list[_Entry] = frame.f_locals["entries"]
                return [_build_of(entry) for entry in entries if entry.leaving]
            case _:
                return ()

    def _evict(self) -> None:
        self._keep(self._close_all(self._surplus(), self._evicted))

    async def _aevict(self) -> None:
        self._keep(await self._aclose_all(self._surplus(), self._evicted))

    def close(self) -> None:
        """Tear down all objects that no scope uses, the latest first, also where one raises.

        Those in use are torn down by the last scope that uses them.

        Raises:
            ExceptionGroup: Teardowns failed, now or while objects were evicted.
        """
        self._failures += self._close_all(self._drain())
        self._raise_failures()

    async def aclose(self) -> None:
        """The same, awaiting the teardowns."""
        self._failures += await self._aclose_all(self._drain())
        self._raise_failures()

    def _take(self, key: Hashable, lock: Callable[[], Any]) -> _Entry:
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                entry = self._entries[key] = _Entry(key, lock())
            entry.pins += 1
            return entry

    def _give_back(self, key: Hashable, entry: _Entry) -> bool:
        """Whether the entry is to be torn down now."""
        with self._lock:
            entry.pins -= 1
            entry.last_used = self._clock()
            if self._entries.get(key) is entry:
                self._entries.move_to_end(key)  # so that the least recently used comes first
                if not entry.built and not entry.pins:
                    del self._entries[key]
            return entry.doomed and entry.built and not entry.pins

    def _surplus(self) -> list[_Entry]:
        """What is idle for too long or over the limit, never what is in use.

        Each stays in its place until it has been torn down, and whoever asks for its key waits, so
        that no two objects of one key exist at once.
        """
        if self._limit is None and self._idle_seconds is None:
            return []
        with self._lock:
            now = self._clock()
            staying = [entry for entry in self._entries.values() if not entry.leaving]
            surplus = len(staying) - self._limit if self._limit is not None else 0
            out: list[_Entry] = []
            for entry in staying:
                is_idle = (
                    self._idle_seconds is not None and now - entry.last_used > self._idle_seconds
                )
                if entry.pins or not entry.built:
                    continue
                if not is_idle and len(out) >= surplus:
                    break  # all that follow were used later
                out.append(entry)
            for entry in out:
                entry.building.acquire()  # at once: nobody else has pinned it
                entry.leaving = True
                entry.built = False
                entry.pins += 1
            return out

    def _evicted(self, entry: _Entry) -> None:
        """Let those who have asked for the key meanwhile build its next object."""
        with self._lock:
            entry.leaving = False
            entry.value = entry.resource = None
            entry.pins -= 1
            if not entry.pins and self._entries.get(entry.key) is entry:
                del self._entries[entry.key]
        entry.building.release()

    def _drain(self) -> list[_Entry]:
        with self._lock:
            entries = list(reversed(self._entries.values()))
            self._entries.clear()
            for entry in entries:
                entry.doomed = True
            return [entry for entry in entries if entry.built and not entry.pins]

    def _close_all(
        self, entries: list[_Entry], closed: Callable[[_Entry], None] = _nothing
    ) -> list[Exception]:
        """Tear down all of them, also where one raises or is interrupted; what they raised."""
        failures: list[Exception] = []
        severe: BaseException | None = None
        for entry in entries:
            try:
                self._close_entry(entry)
            except Exception as failure:  # noqa: BLE001  # the others must be closed too
                failures.append(failure)
            except BaseException as failure:  # noqa: BLE001  # likewise; it goes on below
                severe = severe or failure
            finally:
                closed(entry)
        if severe is not None:
            self._keep(failures)
            raise severe
        return failures

    async def _aclose_all(
        self, entries: list[_Entry], closed: Callable[[_Entry], None] = _nothing
    ) -> list[Exception]:
        failures: list[Exception] = []
        severe: BaseException | None = None
        for entry in entries:
            try:
                await self._aclose_entry(entry)
            except Exception as failure:  # noqa: BLE001  # the others must be closed too
                failures.append(failure)
            except BaseException as failure:  # noqa: BLE001  # likewise; it goes on below
                severe = severe or failure
            finally:
                closed(entry)
        if severe is not None:
            self._keep(failures)
            raise severe
        return failures

    def _keep(self, failures: list[Exception]) -> None:
        """Log what evicted objects raised, and keep it for the close."""
        for failure in failures:
            _log.error("%s failed to close an evicted object", self._name(), exc_info=failure)
            if len(self._failures) < _KEPT_FAILURES:
                self._failures.append(failure)

    def _close_entry(self, entry: _Entry) -> None:
        if entry.resource is not None:
            for _ in entry.resource:
                entry.resource.close()
                raise self._yields_twice()

    async def _aclose_entry(self, entry: _Entry) -> None:
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

    def _label(self, entry: _Entry) -> str:
        declared = f" ({self._location})" if self._location else ""
        return f"{self._name()} of key {entry.key!r}{declared}"

    def _circular(self, entry: _Entry, circle: list[str]) -> CircularResolutionError:
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
