"""Scopes that outlive their bodies, because leases keep them open."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from trunkline.errors import ScopeOrderError
from trunkline.resolution.exits import Callback, Exit, raise_failures

if TYPE_CHECKING:
    from trunkline.graph.model import SourceLocation
    from trunkline.resolution.scope import OpenScope

__all__ = ["Hold", "KeptScopes", "aclose_ended", "close_ended", "kept_scopes", "lineage"]


@dataclass(frozen=True, slots=True, eq=False)
class Hold:
    """What a lease holds.

    Attributes:
        scopes: The scope that was leased, and those around it but the outermost.
        taken_at: Where.
    """

    scopes: tuple[OpenScope, ...]
    taken_at: SourceLocation


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

    def hold(self, hold: Hold) -> None:
        """Note a lease on each of its scopes."""
        with self._lock:
            for scope in hold.scopes:
                if getattr(scope, "_leases", None) is None:
                    scope._leases = {}
                scope._leases[hold] = hold.taken_at
                scope._attention = True

    def give_back(self, hold: Hold) -> Iterator[Ended]:
        """Note the end of a lease, the second time without effect.

        Yields:
            The scopes to close now, the innermost first. The scopes around one are held until it
            has been closed: where other leases end meanwhile, in other threads or tasks, these
            must not close what it still uses.
        """
        for scope in hold.scopes:
            with self._lock:
                if scope._leases.pop(hold, None) is None:
                    return
                ended = None if scope._leases else self._ended.pop(scope, None)
            if ended is not None:
                yield ended

    def defer(self, scope: OpenScope, error: BaseException | None) -> bool:
        """Note that a scope's body has ended; whether its teardown has to wait for a lease."""
        with self._lock:
            if not getattr(scope, "_leases", None):
                return False
            self._ended.setdefault(scope, Ended(scope, error))
            return True

    def give_back_on(self, loop: asyncio.AbstractEventLoop | None, hold: Hold) -> None:
        """Note the end of a lost lease in a loop, and close there what it has kept open.

        Nothing is torn down at once, because that may be any moment, in any thread. Where there is
        no loop, what the lease has kept open is closed when the container stops.
        """

        def start() -> None:
            task = asyncio.ensure_future(aclose_ended(self.give_back(hold)))
            self._closing.add(task)  # the loop itself holds it weakly
            task.add_done_callback(self._closing.discard)

        if loop is not None and any(scope in self._ended for scope in hold.scopes):
            with suppress(RuntimeError):  # it has closed
                loop.call_soon_threadsafe(start)
                return
        with self._lock:
            self._ended |= {ended.scope: ended for ended in self.give_back(hold)}

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


async def aclose_ended(due: Iterable[Ended]) -> None:
    """Close scopes, all of them also where the teardown of one fails."""
    names: list[str] = []
    failures: list[BaseException] = []
    for scope, error in due:
        names.append(scope._path[-1])
        try:
            await scope._aclose_kept(error)
        except BaseException as failure:  # noqa: BLE001  # those around it must close too
            failures.append(failure)
    _raise_together(names, failures)


def close_ended(due: Iterable[Ended]) -> None:
    """The same without ``await``."""
    names: list[str] = []
    failures: list[BaseException] = []
    for scope, error in due:
        names.append(scope._path[-1])
        try:
            scope._close_kept(error)
        except BaseException as failure:  # noqa: BLE001  # those around it must close too
            failures.append(failure)
    _raise_together(names, failures)


def _raise_together(names: list[str], failures: list[BaseException]) -> None:
    if len(failures) == 1:
        raise failures[0]
    raise_failures(" and ".join(names), failures, None)


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
