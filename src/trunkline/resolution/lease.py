"""Leases: keeping a scope open for a task that outlives the scope's body."""

from __future__ import annotations

import asyncio
import sys
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from trunkline.ambient import ambient_scope
from trunkline.errors import ScopeClosedError, ScopeOrderError
from trunkline.graph.model import SourceLocation
from trunkline.resolution.kept import Hold, aclose_ended, close_ended, lineage
from trunkline.resolution.leaving import leave_out_of_order
from trunkline.resolution.state import ambient_before

if TYPE_CHECKING:
    from trunkline.resolution.scope import OpenScope

__all__ = ["Lease"]


class Lease:
    """The right to use a scope, and those around it, after its body has ended.

    Taken by ``scope.lease()`` while the scope is open, used by ``with`` or ``async with`` in the
    task, which also makes the scope the task's ambient one::

        lease = request.lease()
        asyncio.create_task(send_report(lease))

        async def send_report(lease):
            async with lease as request:
                mailer = await request.aget(Application.mailer)

    The last release after the body's end runs the scope's teardown and raises what it raises. A
    lease that is lost without a release, as by a task that is cancelled before its first step, is
    released when it is collected, with a ``ResourceWarning``; the teardown then runs in the event
    loop in which it was taken. The application's own scope ends with its container: what is still
    leased then is torn down first, and reported.
    """

    __slots__ = ("_hold", "_kept", "_loop", "_scope", "_token")

    def __init__(self, scope: OpenScope) -> None:
        scope._check_open()
        self._scope = scope
        *scopes, outermost = lineage(scope)
        if not scopes:
            raise ScopeOrderError(
                f"{scope!r} can't be leased",
                cause="it ends when its container stops, whoever uses it",
                remedy="lease a scope inside it, or wait for the task before the container stops",
            )
        caller = sys._getframe(2)  # beyond this and ``scope.lease()``
        taken_at = SourceLocation(caller.f_code.co_filename, caller.f_lineno)
        self._loop = _running_loop()
        self._token: Any = None
        self._kept = outermost._program.kept
        self._hold = Hold(tuple(scopes), taken_at)
        self._kept.hold(self._hold)
        if any(each._token is None for each in (*scopes, outermost)):  # closed at this very moment
            self.release()
            scope._check_open()

    def release(self) -> None:
        """Give the lease back; the last one after the body's end closes the scope."""
        close_ended(self._kept.give_back(self._hold))

    async def arelease(self) -> None:
        """The same, awaiting the teardown."""
        await aclose_ended(self._kept.give_back(self._hold))

    def _is_released(self) -> bool:
        return self._hold not in self._scope._original()._leases

    def __del__(self) -> None:
        hold: Hold | None = getattr(self, "_hold", None)  # absent where the scope was refused
        if hold is None or self._is_released():
            return
        warnings.warn(
            f"a lease of {self._scope!r}, taken at {hold.taken_at}, was never released",
            ResourceWarning,
            stacklevel=1,  # whoever collects it has nothing to do with it
            source=self,
        )
        self._kept.give_back_on(self._loop, hold)

    def __enter__(self) -> OpenScope:
        self._make_ambient()
        return self._scope

    async def __aenter__(self) -> OpenScope:
        self._make_ambient()
        return self._scope

    def __exit__(self, *_: object) -> None:
        self._leave_ambient()
        self.release()

    async def __aexit__(self, *_: object) -> None:
        self._leave_ambient()
        await self.arelease()

    def _make_ambient(self) -> None:
        self._scope._check_open()
        if self._is_released():
            raise ScopeClosedError(
                f"a lease of {self._scope!r} was used after its release",
                cause="it was entered twice, or released before it was entered",
                remedy="take a lease for each task",
            )
        self._token = ambient_scope.set(self._scope)

    def _leave_ambient(self) -> None:
        if ambient_scope.get() is self._scope:
            with suppress(ValueError):  # left in another context than entered, as fixtures are
                ambient_scope.reset(self._token)
                return
        leave_out_of_order(self._scope._original(), ambient_before(self._token))


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
