"""Scopes that outlive their bodies, because leases keep them open."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from trunkline.errors import ScopeOrderError
from trunkline.resolution.exits import Callback, Exit, raise_failures

if TYPE_CHECKING:
    from trunkline.resolution.lease import Lease
    from trunkline.resolution.scope import OpenScope

__all__ = ["KeptScopes", "aclose_ended", "close_ended", "kept_scopes", "lineage"]


class Ended(NamedTuple):
    """A scope whose body has ended while a lease held it.

    Attributes:
        scope: The scope.
        error: The exception of its body.
    """

    scope: OpenScope
    error: BaseException | None


class KeptScopes:
    """The scopes of a started container that leases keep open.

    A scope is closed by whoever takes it out of here: the last lease, or the container's stop. A
    lost lease is collected at any moment, also while a method of this class runs, hence the
    reentrant lock, and no step between reading a scope's leases and writing them.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._ended: dict[OpenScope, Ended] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def take(self, lease: Lease) -> None:
        """Note a lease on each of its scopes."""
        with self._lock:
            for scope in lease._scopes:
                if getattr(scope, "_leases", None) is None:
                    scope._leases = {}
                scope._leases[id(lease)] = lease._taken_at
                scope._attention = True
            lease._released = False

    def give_back(self, lease: Lease) -> list[Ended]:
        """Note the end of a lease; the scopes that have to be closed now, innermost first."""
        with self._lock:
            if lease._released:
                return []
            lease._released = True
            for scope in lease._scopes:
                del scope._leases[id(lease)]
            due = [scope for scope in lease._scopes if not scope._leases and scope in self._ended]
            return [self._ended.pop(scope) for scope in due]

    def defer(self, scope: OpenScope, error: BaseException | None) -> bool:
        """Note that a scope's body has ended; whether its teardown has to wait for a lease."""
        with self._lock:
            if not getattr(scope, "_leases", None):
                return False
            self._ended.setdefault(scope, Ended(scope, error))
            return True

    def close_on(self, loop: asyncio.AbstractEventLoop | None, due: list[Ended]) -> None:
        """Close the scopes of a lost lease in a loop; without one when the container stops.

        Nothing is torn down at once, because that may be any moment, in any thread.
        """
        with self._lock:
            self._ended.update((ended.scope, ended) for ended in due)

        def start() -> None:
            with self._lock:  # the container may have stopped meanwhile
                still = [self._ended.pop(each.scope) for each in due if each.scope in self._ended]
            task = asyncio.ensure_future(aclose_ended(still))
            self._closing.add(task)  # the loop itself holds it weakly
            task.add_done_callback(self._closing.discard)

        if loop is not None:
            with suppress(RuntimeError):  # it has closed
                loop.call_soon_threadsafe(start)

    def exits(self, container: str, *, awaits: bool) -> Iterator[Exit]:
        """What closes the scopes that are still leased when their container stops, last first.

        Args:
            container: The container's name.
            awaits: Whether the teardowns are awaited.
        """
        with self._lock:
            ended = sorted(self._ended.values(), key=lambda each: len(each.scope._path))
            self._ended.clear()
        if ended:
            yield Callback.SYNC, partial(_report, container, ended), "leased scopes", None
        for scope, error in ended:
            name = f"a leased {scope._path[-1]} scope"
            if awaits:
                yield Callback.ASYNC, partial(scope._aclose_kept, error), name, None
            else:
                yield Callback.SYNC, partial(scope._close_kept, error), name, None
        if awaits and self._closing:
            yield Callback.ASYNC, self._closed, "lost leases", None

    async def _closed(self) -> None:
        """Wait for what is being closed in this loop; failures have been told to the loop."""
        loop = asyncio.get_running_loop()
        if tasks := [task for task in self._closing if task.get_loop() is loop]:
            await asyncio.wait(tasks)


def kept_scopes(scope: OpenScope) -> KeptScopes:
    """The register of the started container that a scope belongs to."""
    *_, outermost = lineage(scope)
    return outermost._program.kept


def lineage(scope: OpenScope) -> Iterator[OpenScope]:
    """The scope and those around it, as the user opened them, the outermost last."""
    each: OpenScope | None = scope._original()
    while each is not None:
        yield each
        each = each.parent


async def aclose_ended(due: list[Ended]) -> None:
    """Close scopes, all of them also where the teardown of one fails."""
    failures: list[BaseException] = []
    for scope, error in due:
        try:
            await scope._aclose_kept(error)
        except BaseException as failure:  # noqa: BLE001  # those around it must close too
            failures.append(failure)
    _raise_together(due, failures)


def close_ended(due: list[Ended]) -> None:
    """The same without ``await``."""
    failures: list[BaseException] = []
    for scope, error in due:
        try:
            scope._close_kept(error)
        except BaseException as failure:  # noqa: BLE001  # those around it must close too
            failures.append(failure)
    _raise_together(due, failures)


def _raise_together(closed: list[Ended], failures: list[BaseException]) -> None:
    if len(failures) == 1:
        raise failures[0]
    raise_failures(" and ".join(each.scope._path[-1] for each in closed), failures, None)


def _report(container: str, ended: list[Ended]) -> None:
    """Say which scopes a container's stop has cut short, and who leased them."""
    names = ", ".join(dict.fromkeys(each.scope._path[-1] for each in ended))
    places = dict.fromkeys(place for each in ended for place in each.scope._leases.values())
    taken = f"leases taken at {', '.join(map(str, places))}" if places else "lost leases"
    raise ScopeOrderError(
        f"{container} stopped while {names} was still leased; it was torn down first",
        cause=f"{taken} had not been released",
        remedy="wait for the tasks that use them inside the container's `with` block",
    )
