"""Leaving a scope: tearing down what it opened, at once or when the last lease is released."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trunkline.ambient import ambient_scope
from trunkline.resolution.building import Building
from trunkline.resolution.exits import raise_failures, run_exits, run_exits_async
from trunkline.resolution.state import LEFT

if TYPE_CHECKING:
    from trunkline.resolution.shadow import Shadow

__all__ = ["Leaving"]


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
        if not self._begin_close(error):
            return
        failures = [*self._close_views(error), *run_exits(self._open_exits(), error)]
        self._end_close(failures, error)

    async def _aclose(self, error: BaseException | None) -> None:
        if not self._begin_close(error):
            return
        failures = await self._aclose_views(error)
        failures += await run_exits_async(self._open_exits(), error)
        self._end_close(failures, error)

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

    def _close_late(self, error: BaseException | None) -> None:
        """Close again: another thread waited or opened something while the scope closed."""
        self._attention = LEFT
        self._end_close(run_exits(self._open_exits(), error), error)

    async def _aclose_late(self, error: BaseException | None) -> None:
        self._attention = LEFT
        self._end_close(await run_exits_async(self._open_exits(), error), error)

    def _begin_close(self, error: BaseException | None) -> bool:
        """Whether to tear down now: not where a lease is held, nor a second time."""
        if self._token is None:
            return False
        leases = getattr(self, "_leases", None)
        if leases is not None and leases.defer(error):
            self._token = False
            return False
        self._token = None
        self._attention = LEFT
        self._seal()
        return True

    def _end_close(self, failures: list[BaseException], error: BaseException | None) -> None:
        self._forget()
        raise_failures(self._path[-1], failures, error)

    def _seal(self) -> None:
        """Take all rights to build; what is built can still be read while teardowns run."""
        raise NotImplementedError

    def _forget(self) -> None:
        """Drop all objects, so that a closed scope keeps nothing alive."""
        raise NotImplementedError

    def _leave_elsewhere(self) -> None:
        """Left in another context than entered, as fixtures are: nothing to restore there."""
        if ambient_scope.get() is self._original():
            ambient_scope.set(self.parent)
