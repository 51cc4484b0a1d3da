"""Leases: keeping a scope open for a task that outlives the scope's body."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from trunkline.ambient import ambient_scope
from trunkline.errors import ScopeClosedError

if TYPE_CHECKING:
    from trunkline.resolution.scope import OpenScope

__all__ = ["Lease"]

_LOCK = threading.Lock()


class Lease:
    """The right to use a scope after its body has ended.

    Taken by ``scope.lease()`` while the scope is open, used by ``with`` or ``async with`` in the
    task, which also makes the scope the task's ambient one::

        lease = request.lease()
        asyncio.create_task(send_report(lease))

        async def send_report(lease):
            async with lease as request:
                mailer = await request.aget(Application.mailer)

    The last release after the body's end runs the scope's teardown and raises what it raises.
    """

    __slots__ = ("_count", "_released", "_scope", "_token")

    class Count:
        """How many leases hold a scope, and how its body ended."""

        __slots__ = ("ended", "error", "held")

        def __init__(self) -> None:
            self.held = 0
            self.ended = False
            self.error: BaseException | None = None

        def defer(self, error: BaseException | None) -> bool:
            """Note that the body ended; whether the teardown has to wait for a lease."""
            with _LOCK:
                if not self.ended:
                    self.ended = True
                    self.error = error
                return self.held > 0

    def __init__(self, scope: OpenScope) -> None:
        scope._check_open()
        with _LOCK:
            count = scope._leases = getattr(scope, "_leases", None) or Lease.Count()
            count.held += 1
            scope._attention = True
        self._count = count
        self._scope = scope
        self._released = False
        self._token: Any = None
        if scope._token is None:
            self._released = True
            scope._check_open()

    def release(self) -> None:
        """Give the lease back; the last one after the body's end closes the scope."""
        if self._give_back():
            self._scope._close(self._count.error)

    async def arelease(self) -> None:
        """The same, awaiting the teardown."""
        if self._give_back():
            await self._scope._aclose(self._count.error)

    def _give_back(self) -> bool:
        with _LOCK:
            if self._released:
                return False
            self._released = True
            self._count.held -= 1
            return self._count.held == 0 and self._count.ended

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
        if self._released:
            raise ScopeClosedError(
                f"a lease of {self._scope!r} was used after its release",
                cause="it was entered twice, or released before it was entered",
                remedy="take a lease for each task",
            )
        self._token = ambient_scope.set(self._scope)

    def _leave_ambient(self) -> None:
        ambient_scope.reset(self._token)
