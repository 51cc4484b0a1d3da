"""What a scope refuses, and how it says so; compiled methods call these."""

from __future__ import annotations

from collections.abc import Sequence

from trunkline.errors import (
    BuildTimeoutError,
    CircularResolutionError,
    ResourceProtocolError,
    ScopeNotOpenError,
    ScopeOrderError,
)
from trunkline.resolution.state import ScopeState
from trunkline.resolution.unopened import refuse_unopened
from trunkline.stacks import waited_too_long

__all__ = ["Refusals"]


class Refusals(ScopeState):
    """The errors of an open scope."""

    __slots__ = ()

    def _refuse_entry(self) -> None:
        self._check_open()
        raise ScopeOrderError(
            f"{self!r} is entered already",
            cause="one open scope was used by `with` twice",
            remedy="open another, or take `scope.lease()`",
        )

    def _not_open(self, name: str, scope: str) -> None:
        node = self._program.plan.nodes[name].node
        chain = self._program.chain
        inside = chain.is_inside(scope, self._path[-1])
        why = "lies outside of it" if inside else f"was opened without a {scope} around it"
        raise ScopeNotOpenError(
            f"{name} lives in a {scope} scope, and none is open here ({' > '.join(self._path)})",
            location=node.location,
            cause=f"it was asked for in the {self._path[-1]} scope, which {why}",
            remedy=f"open one: scope.enter(..., scope={chain.scope_type.__name__}.{scope})",
        )

    def _not_started(self, name: str) -> None:
        self._check_open()
        raise ScopeNotOpenError(
            f"{name} was asked for before the container had started it",
            location=self._program.plan.nodes[name].node.location,
            cause="an object that is built earlier asks for it while it is made",
            remedy=f"declare {name} as its argument, so that the start follows the order",
        )

    def _label(self, attr: str) -> str:
        node = self._program.node_by_attr(attr)
        return node.node.label if node else attr

    def _circular(self, attr: str, by: str, circle: Sequence[str] = ()) -> CircularResolutionError:
        node = self._program.node_by_attr(attr)
        name = node.name if node else attr
        return CircularResolutionError(
            f"{name} was asked for while it was being built, by {by}",
            location=node.node.location if node else None,
            cause=f"each waits for the next: {' -> '.join(circle)}"
            if circle
            else "its class or function, or something they call, resolves it again",
            remedy="inject what the builder needs as arguments; resolve the rest after it is made",
        )

    def _waited_too_long(self, attr: str) -> BuildTimeoutError:
        node = self._program.node_by_attr(attr)
        return waited_too_long(
            node.name if node else attr,
            (id(self), attr),
            self._program.waiting.seconds,
            node.node.location if node else None,
        )

    def _refuse_unopened(self, name: str, value: object) -> None:
        refuse_unopened(self._program.plan.nodes[name], value)

    def _yields_never(self, name: str) -> ResourceProtocolError:
        return ResourceProtocolError(
            f"the generator of {name} ended without yielding an object",
            location=self._program.plan.nodes[name].node.location,
            cause="it returned before its `yield`",
            remedy="yield the object on every way through, or raise an error that says why not",
        )
