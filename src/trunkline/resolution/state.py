"""What an open scope holds and what all of its parts ask: which it is, and whether it is open."""

from __future__ import annotations

from contextvars import Token
from types import FrameType
from typing import TYPE_CHECKING, Any, ClassVar

from trunkline.compiler.loader import is_loaded
from trunkline.compiler.planner import PAGE
from trunkline.errors import ScopeClosedError
from trunkline.resolution.origins import describe_task
from trunkline.waits import Build, Builder

if TYPE_CHECKING:
    from trunkline.ambient import AmbientScope
    from trunkline.graph.model import SourceLocation
    from trunkline.resolution.exits import Exit
    from trunkline.resolution.kept import Hold
    from trunkline.resolution.program import Program
    from trunkline.resolution.scope import OpenScope
    from trunkline.resolution.shadow import Shadow

__all__ = [
    "LEAVING",
    "LEFT",
    "MISSING",
    "TAKEN",
    "UNBEGUN",
    "Paged",
    "Past",
    "ScopeState",
    "ambient_before",
    "seal_page",
]


class _Marker:
    """A value that no user's object is."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"<{self._name}>"


MISSING: Any = _Marker("missing")
"""What stands for an object that nobody builds yet."""
TAKEN: Any = _Marker("taken")
"""What stands for an object that is being built, or that a closed scope refuses to build."""
UNBEGUN: Any = [TAKEN] * PAGE
"""What stands in the place of a page before anything on it is asked for, and in a closed scope."""
LEFT: Any = True
"""What ``_attention`` of a closed scope is."""
LEAVING: Any = _Marker("leaving")
"""What it is while the scope's teardowns run: they may close scopes that lie inside it."""


class Past:
    """Stands for a token of the ambient scope where what that leads back to was left first.

    Args:
        old_value: What is ambient once the scope is left.
    """

    __slots__ = ("old_value",)

    def __init__(self, old_value: AmbientScope | None) -> None:
        self.old_value = old_value


def ambient_before(token: Token[AmbientScope | None] | Past) -> AmbientScope | None:
    """What was ambient before a scope was entered."""
    before = token.old_value
    return None if before is Token.MISSING else before


class Paged:
    """The attribute ``v_name`` of a class of scopes that keep the object on a page.

    Args:
        page: The slot of the page.
        line: Where on it, from 0.
    """

    __slots__ = ("_line", "_page")

    def __init__(self, page: str, line: int) -> None:
        self._page = page
        self._line = line

    def __get__(self, scope: ScopeState, _: type[ScopeState]) -> Any:
        page = getattr(scope, self._page)
        if page is UNBEGUN:
            return MISSING if scope._token is not None else TAKEN
        return page[self._line]

    def __set__(self, scope: ScopeState, value: object) -> None:
        page = getattr(scope, self._page)
        if page is UNBEGUN:
            if scope._token is None or value is MISSING:  # which is what it stands for
                return
            page = [MISSING] * PAGE
            setattr(scope, self._page, page)
        page[self._line] = value


def seal_page(page: list[Any]) -> None:
    """Take all rights to build what stands on a page."""
    if page is not UNBEGUN:
        for line in range(PAGE):
            if page[line] is MISSING: page[line] = TAKEN  # fmt: skip  # noqa: E701  # undivided


class ScopeState(Builder):
    """The state of an open scope."""

    __slots__ = ("__weakref__", "_attention", "_leases", "_token", "_views")

    _program: ClassVar[Program]
    _path: ClassVar[tuple[str, ...]]
    _likeliest: ClassVar[str] = ""
    """Attribute of the object that ``get`` itself builds, of the class where it builds one."""

    _attention: Any
    """None in the usual case; True once someone waits, holds a lease, or has closed the scope."""
    _leases: dict[Hold, SourceLocation]
    """Unset until the first lease is taken; what holds the scope, and where it was taken."""
    _views: dict[Any, Shadow]
    """Unset until the scope is first used under an override; then what answers for it, by layer."""
    _token: Any
    """Of the ambient scope: True until entered, then what resets it (``Past`` where a scope around
    it was left first); False where it is not to be ambient; None once the scope has closed."""
    _parent: OpenScope
    """A slot of the scope's own class, or of the class where that has one parent only."""
    _exits: list[Exit]
    """A slot of classes that open resources."""

    @property
    def parent(self) -> OpenScope | None:
        """The scope around this one; None for the outermost."""
        return None if len(self._path) == 1 else self._parent._original()

    @property
    def closed(self) -> bool:
        """Whether this scope, or one around it, has closed."""
        return self._token is None or (len(self._path) > 1 and self._parent._original().closed)

    def __repr__(self) -> str:
        state = "closed" if self.closed else "open"
        return f"<{state} {' > '.join(self._path)} of {self._program.name}>"

    def _builds_in(self, frame: FrameType) -> set[Build]:
        if not is_loaded(frame.f_code):
            return set()
        name = frame.f_code.co_name
        in_line = frame.f_locals.get("_building")
        if name == "get" and in_line is not None:  # it builds what it is most likely asked for
            name = self._likeliest
        # what is built in line is another's object, or the method's own
        return {(id(self), each) for each in (name, name.removeprefix("start_"), in_line or name)}

    def _original(self) -> OpenScope:
        """The scope that the user opened: this one, unless it is a shadow."""
        return self  # type: ignore[return-value]  # every scope that is open is an OpenScope

    def _around(self) -> AmbientScope | None:
        """What was ambient before this scope was entered; else the scope around it."""
        token = self._original()._token
        before = ambient_before(token) if isinstance(token, Token | Past) else self.parent
        while isinstance(before, ScopeState) and before.closed:
            before = before._around()
        return before

    def _open_exits(self) -> list[Exit]:
        return getattr(self, "_exits", None) or []

    def _check_open(self) -> None:
        scope: ScopeState | None = self
        while scope is not None:
            if scope._token is None:
                raise self._is_closed()
            scope = scope.parent

    def _check_around(self) -> None:
        """Refuse what is built already, where a scope around this one has been left.

        One whose teardowns still run has not: they may read what scopes inside it hold.
        """
        around = self.parent
        while around is not None:
            if around._token is None and around._attention is not LEAVING:
                raise self._is_closed()
            around = around.parent

    def _is_closed(self) -> ScopeClosedError:
        closed: ScopeState = self
        while closed._token is not None and closed.parent is not None:
            closed = closed.parent
        which = "it" if closed is self else f"the {closed._path[-1]} around it"
        article = "the" if self.parent is None else "a"
        return ScopeClosedError(
            f"{article} {self._path[-1]} scope of {self._program.name} was used after {which} "
            f"closed{describe_task()}",
            cause="a task, a callback or a stored object outlives the scope",
            remedy="take `scope.lease()` for the task before the scope's body ends, or open a "
            "scope of its own inside it",
        )
