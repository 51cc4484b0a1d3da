"""Shadows: what an open scope looks like under an override.

A scope that was opened outside an override knows nothing of its fakes. Within the override's
context a shadow answers for it: what the override changes, and all that depends on it, is made by
the shadow and torn down with it; everything else is the scope's own.
"""

from __future__ import annotations

from trunkline.errors import ScopeClosedError
from trunkline.resolution.exits import run_exits, run_exits_async
from trunkline.resolution.scope import OpenScope
from trunkline.resolution.state import LEFT, TAKEN

__all__ = ["Shadow"]


class Shadow(OpenScope):
    """Base of the compiled classes of shadows."""

    __slots__ = ("_origin",)

    _origin: OpenScope
    """The scope, or the shadow of it, that makes what this one doesn't."""

    def _original(self) -> OpenScope:
        """The scope that the user opened."""
        return self._origin._original()

    def _end(self, error: BaseException | None) -> list[BaseException]:
        """Tear down what was made here; what the scope itself made can still be reached.

        Args:
            error: The exception of the body that ends.

        Returns:
            What the teardowns raised.
        """
        if self._token is None:
            return []
        self._leave()
        failures = run_exits(self._open_exits(), error)
        self._drop()
        return failures

    async def _aend(self, error: BaseException | None) -> list[BaseException]:
        """The same, awaiting the teardowns."""
        if self._token is None:
            return []
        self._leave()
        failures = await run_exits_async(self._open_exits(), error)
        self._drop()
        return failures

    def _leave(self) -> None:
        self._token = None
        self._attention = LEFT
        self._seal()

    def _drop(self) -> None:
        """Forget what was made; scopes inside that outlive the override still read the values."""
        for node in self._program.plan.at_home(self._path[-1]):
            if node.stored and not node.given:
                setattr(self, f"v_{node.attr}", TAKEN)

    def _check_open(self) -> None:
        if self._token is None:
            raise self._is_closed()
        self._original()._check_open()

    def _is_closed(self) -> ScopeClosedError:
        original = self._original()
        if original.closed:
            return original._is_closed()
        return ScopeClosedError(
            f"a {self._path[-1]} scope of {self._program.name} was used as an override sees it, "
            "after the override ended",
            cause="a task or thread that was started inside the override outlives it",
            remedy="wait for the task inside the `with override(...)` block",
        )
