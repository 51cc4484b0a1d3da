"""Scopes that one old call has opened, and what keeps them open."""

# ruff: noqa: SLF001  # looks at what the open scopes have built

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from typing import Any, Final

from trunkline.resolution.scope import OpenScope

__all__ = ["Chain", "Guard"]

_HOLDS: Final = "__trunkline_opened__"


class Chain:
    """Scopes that were opened one inside another for an old call, and close together.

    Args:
        scopes: The outermost first; the innermost answers the call.
    """

    __slots__ = ("inner", "scopes")

    def __init__(self, scopes: Sequence[OpenScope]) -> None:
        self.scopes = scopes
        self.inner = scopes[-1]

    @property
    def closed(self) -> bool:
        """Whether nothing can be made in it any more."""
        return self.inner.closed

    def close(self) -> None:
        """Close all, the innermost first."""
        with ExitStack() as stack:
            for scope in self.scopes:
                stack.callback(scope.close)

    async def aclose(self) -> None:
        """The same, awaiting the teardowns."""
        async with AsyncExitStack() as stack:
            for scope in self.scopes:
                stack.push_async_callback(scope.aclose)


class Guard:
    """Stands for a chain, and lives as long as someone holds an object that it has built.

    The objects hold it, and it holds the chain, which holds the objects: a circle that only the
    garbage collector takes apart, once nobody outside holds any part of it.

    Args:
        chain: The scopes.
        given: Their values by provider.
        let_go: Is called with the chain when nobody holds an object of it any more.
    """

    __slots__ = ("__weakref__", "_let_go", "chain", "given")

    def __init__(
        self, chain: Chain, given: Mapping[Any, object], let_go: Callable[[Chain], object]
    ) -> None:
        self.chain = chain
        self.given = given
        self._let_go = let_go

    def hold_by(self, made: Any) -> bool:
        """Let all that the scopes have built hold it; whether the object itself could.

        Args:
            made: An object that was built in them.
        """
        if self.is_held_by(made):
            return True  # by an earlier call: what was built since is held by what needs it
        built = (
            getattr(scope, f"v_{node.attr}", None)
            for scope in self.chain.scopes
            for node in scope._program.plan.at_home(scope._path[-1])
            if not node.given
        )
        for one in (*built, made):
            attributes = getattr(one, "__dict__", None)
            if isinstance(attributes, dict):
                attributes[_HOLDS] = self
        return self.is_held_by(made)

    def is_held_by(self, made: Any) -> bool:
        """Whether an object holds it."""
        own = getattr(made, "__dict__", None)
        return isinstance(own, dict) and own.get(_HOLDS) is self

    def __del__(self) -> None:
        if not self.chain.closed:
            self._let_go(self.chain)  # alive again, until it is torn down

    def __deepcopy__(self, memo: object) -> None:
        """A copy of an object is not of the scope."""

    def __reduce__(self) -> tuple[Callable[[], None], tuple[()]]:
        return _nothing, ()


def _nothing() -> None:
    """What a pickled guard loads as."""
