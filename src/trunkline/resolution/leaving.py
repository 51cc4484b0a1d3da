"""Leaving a scope: tearing down what it opened, at once or when the last lease is released."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trunkline.ambient import ambient_scope
from trunkline.errors import ScopeOrderError
from trunkline.resolution.building import Building
from trunkline.resolution.exits import raise_failures, run_exits, run_exits_async
from trunkline.resolution.kept import kept_scopes
from trunkline.resolution.state import LEAVING, LEFT, Past

if TYPE_CHECKING:
    from trunkline.ambient import AmbientScope
    from trunkline.resolution.scope import OpenScope
    from trunkline.resolution.shadow import Shadow

__all__ = ["Leaving", "leave_out_of_order"]


class Leaving(Building):
    """The part of an open scope that ends it."""

    __slots__ = ()

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

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        raise NotImplementedError

    async def __aexit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        raise NotImplementedError

    def _close(self, error: BaseException | None) -> None:
        """Leave with something to tear down, or with someone who waits or holds a lease."""
        if self._begin_close(error):
            failures = self._torn_down(error) + self._out_of_order(error)
            raise_failures(self._path[-1], failures, error)

    async def _aclose(self, error: BaseException | None) -> None:
        if self._begin_close(error):
            failures = await self._atorn_down(error) + self._out_of_order(error)
            raise_failures(self._path[-1], failures, error)

    def _close_kept(self, error: BaseException | None) -> None:
        """Close a scope whose body has ended, and which no lease keeps open any more."""
        if self._token is not None:
            self._mark_closed()
            raise_failures(self._path[-1], self._torn_down(error), error)

    async def _aclose_kept(self, error: BaseException | None) -> None:
        if self._token is not None:
            self._mark_closed()
            raise_failures(self._path[-1], await self._atorn_down(error), error)

    def _begin_close(self, error: BaseException | None) -> bool:
        """Whether to tear down now: not where a lease is held, nor a second time."""
        if self._token is None:
            return False
        if getattr(self, "_leases", None) and kept_scopes(self._original()).defer(
            self._original(), error
        ):
            self._token = False
            return False
        self._mark_closed()
        return True

    def _mark_closed(self) -> None:
        self._token = None
        self._attention = LEFT
        self._seal()

    def _torn_down(self, error: BaseException | None) -> list[BaseException]:
        """Tear down, then drop all objects; what the teardowns raised."""
        self._attention = LEAVING
        failures = [*self._close_views(error), *run_exits(self._open_exits(), error)]
        self._attention = LEFT
        self._forget()
        return failures

    async def _atorn_down(self, error: BaseException | None) -> list[BaseException]:
        self._attention = LEAVING
        failures = await self._aclose_views(error)
        failures += await run_exits_async(self._open_exits(), error)
        self._attention = LEFT
        self._forget()
        return failures

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

    def _out_of_order(self, error: BaseException | None) -> list[BaseException]:
        """What there is to report where a scope around this one has closed before it.

        One whose teardowns still run has not: what it opened may close this scope. An exception of
        the body goes on, with a note: it may be the cancellation that ends both.
        """
        around = self.parent
        while around is not None and (around._token is not None or around._attention is LEAVING):
            around = around.parent
        if around is None:
            return []
        outer = around._path[-1]
        report = ScopeOrderError(
            f"a {self._path[-1]} scope was left after the {outer} around it had closed",
            cause=f"the {outer} was left first, or a task that opened this scope outlived it, so "
            "that what this one used was torn down before it",
            remedy="leave scopes in reverse order; wait for such tasks inside the outer scope",
        )
        if error is None:
            return [report]
        error.add_note(f"trunkline: {report.failed}")
        return []

    def _tear_down(self, error: BaseException | None) -> list[BaseException]:
        """Close what was opened, where the compiled exit has closed the scope already."""
        self._seal()
        self._attention = LEAVING
        failures = run_exits(self._exits, error)
        self._attention = LEFT
        return failures

    def _end_close(self, failures: list[BaseException], error: BaseException | None) -> None:
        """What the coroutine of the teardowns does at the end, in the compiled exit's place."""
        raise NotImplementedError

    def _exit_retired(self, kind: object, error: BaseException | None, traceback: object) -> None:
        """Leave after the application has stopped."""
        self._leave_out_of_order()
        self._close(error)

    async def _aexit_retired(
        self, kind: object, error: BaseException | None, traceback: object
    ) -> None:
        self._leave_out_of_order()
        await self._aclose(error)

    def _seal(self) -> None:
        """Take all rights to build; what is built can still be read while teardowns run."""
        raise NotImplementedError

    def _forget(self) -> None:
        """Drop all objects, so that a closed scope keeps nothing alive."""
        raise NotImplementedError

    def _leave_out_of_order(self) -> None:
        """Leave while another scope is the ambient one, or in another context than entered."""
        leave_out_of_order(self._original(), self._around())


def leave_out_of_order(left: OpenScope, before: AmbientScope | None) -> None:
    """Take a scope that is not the ambient one out of those that lie behind that.

    Where none of them is the scope, as in fixtures, which are left in another context than they
    were entered in, there is nothing to restore.

    Args:
        left: The scope.
        before: What was ambient before it was entered.
    """
    scope = ambient_scope.get()
    if scope is left:  # in a copy of the context in which it was entered
        ambient_scope.set(before)
        return
    while scope is not None:
        behind = scope._around()
        if behind is left and isinstance(scope, Leaving):
            scope._token = Past(before)
            return
        scope = behind
