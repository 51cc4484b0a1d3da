"""The objects of a ``KeyedSingleton``: built once a key, evicted when idle or too many."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any

__all__ = ["KeyedPool"]


@dataclass(slots=True, eq=False)
class _Entry:
    """One key's object.

    ``building`` is held while the object is made: a lock for threads, or a lock for tasks.
    """

    building: Any
    value: Any = None
    built: bool = False
    resource: Any = None
    pins: int = 0
    last_used: float = field(default=0.0)


class KeyedPool:
    """One object a key.

    Args:
        provides: What makes an object; see ``KeyedSingleton``.
        limit: How many objects may exist at once, those in use apart.
        idle_seconds: Seconds after its last use at which an object may be torn down.
        clock: Seconds that never run backwards.
    """

    def __init__(
        self,
        provides: Any,
        *,
        limit: int | None = None,
        idle_seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._provides = provides
        self._limit = limit
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._lock = threading.Lock()
        self._is_generator = inspect.isgeneratorfunction(provides)
        self._is_async_generator = inspect.isasyncgenfunction(provides)
        self.is_async = self._is_async_generator or inspect.iscoroutinefunction(provides)

    def empty_copy(self) -> KeyedPool:
        """A pool of the same kind with no objects."""
        return KeyedPool(
            self._provides, limit=self._limit, idle_seconds=self._idle_seconds, clock=self._clock
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
        entry = self._take(key, threading.RLock)
        try:
            with entry.building:
                if not entry.built:
                    made = self._provides(*args, **kwargs)
                    entry.resource = made if self._is_generator else None
                    entry.value = next(made) if self._is_generator else made
                    entry.built = True
            for evicted in self._evict():
                self._close_entry(evicted)
            yield entry.value
        finally:
            self._give_back(key, entry)

    @contextlib.asynccontextmanager
    async def _pin_async(self, key: Hashable, args: Any, kwargs: Any) -> AsyncIterator[Any]:
        entry = self._take(key, asyncio.Lock)
        try:
            async with entry.building:
                if not entry.built:
                    made = self._provides(*args, **kwargs)
                    if self._is_async_generator:
                        entry.resource = made
                        entry.value = await anext(made)
                    else:
                        entry.value = await made
                    entry.built = True
            for evicted in self._evict():
                await self._aclose_entry(evicted)
            yield entry.value
        finally:
            self._give_back(key, entry)

    def close(self) -> None:
        """Tear all objects down, the latest first; all of them, also where one raises."""
        failures = []
        for entry in self._drain():
            try:
                self._close_entry(entry)
            except Exception as failure:  # noqa: BLE001  # the others must be closed too
                failures.append(failure)
        _raise(failures)

    async def aclose(self) -> None:
        """The same, awaiting the teardowns."""
        failures = []
        for entry in self._drain():
            try:
                await self._aclose_entry(entry)
            except Exception as failure:  # noqa: BLE001  # the others must be closed too
                failures.append(failure)
        _raise(failures)

    def _take(self, key: Hashable, lock: Callable[[], Any]) -> _Entry:
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                entry = self._entries[key] = _Entry(building=lock())
            entry.pins += 1
            self._entries.move_to_end(key)
            return entry

    def _give_back(self, key: Hashable, entry: _Entry) -> None:
        with self._lock:
            entry.pins -= 1
            entry.last_used = self._clock()
            if not entry.built and not entry.pins and self._entries.get(key) is entry:
                del self._entries[key]

    def _evict(self) -> list[_Entry]:
        """Take out what is idle for too long or over the limit, never what is in use."""
        if self._limit is None and self._idle_seconds is None:
            return []
        with self._lock:
            now = self._clock()
            unused = [(k, e) for k, e in self._entries.items() if not e.pins and e.built]
            out = [
                (key, entry)
                for key, entry in unused
                if self._idle_seconds is not None and now - entry.last_used > self._idle_seconds
            ]
            if self._limit is not None:
                left = [pair for pair in unused if pair not in out]
                surplus = len(self._entries) - len(out) - self._limit
                out += left[: max(0, surplus)]
            for key, _ in out:
                del self._entries[key]
            return [entry for _, entry in out]

    def _drain(self) -> list[_Entry]:
        with self._lock:
            entries = [entry for entry in reversed(self._entries.values()) if entry.built]
            self._entries.clear()
            return entries

    def _close_entry(self, entry: _Entry) -> None:
        if entry.resource is not None:
            for _ in entry.resource:
                entry.resource.close()
                raise RuntimeError("a keyed resource yielded more than once")

    async def _aclose_entry(self, entry: _Entry) -> None:
        if entry.resource is not None:
            async for _ in entry.resource:
                await entry.resource.aclose()
                raise RuntimeError("a keyed resource yielded more than once")


def _raise(failures: list[Exception]) -> None:
    if failures:
        raise ExceptionGroup("keyed objects failed to close", failures)
