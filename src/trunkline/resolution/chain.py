"""A container's scope chain: which scope lies inside which, and which one opens next."""

from __future__ import annotations

from dataclasses import dataclass

from trunkline.errors import ScopeOrderError, ScopeValueError
from trunkline.scopes import BaseScope

__all__ = ["Chain"]


@dataclass(frozen=True, slots=True)
class Chain:
    """The scopes of a container.

    Attributes:
        container: The container's name, for messages.
        scope_type: The scopes.
        names: Their names, outermost first.
        default: The name of the scope that opens where the caller does not say.
    """

    container: str
    scope_type: type[BaseScope]
    names: tuple[str, ...]
    default: str

    def inner(self, path: tuple[str, ...], wanted: BaseScope | None) -> str:
        """The scope to open inside ``path``.

        Raises:
            ScopeOrderError: It does not lie inside, or nothing does.
        """
        chain = self.names
        depth = chain.index(path[-1])
        if wanted is None:
            default = self.default
            if chain.index(default) > depth:
                return default
            if depth + 1 < len(chain):
                return chain[depth + 1]
            raise ScopeOrderError(
                f"{path[-1]} is the innermost scope of {self.container}; nothing opens inside it",
                remedy=f"the chain is {' > '.join(chain)}",
            )
        if not isinstance(wanted, self.scope_type):
            raise ScopeValueError(
                f"{wanted!r} is no scope of {self.container}",
                cause=f"its chain is {self.scope_type.__name__}: {' > '.join(chain)}",
                remedy="give a member of it; values go first: enter(value, scope=...)",
            )
        if chain.index(wanted.name) <= depth:
            raise ScopeOrderError(
                f"{wanted.name} does not lie inside {path[-1]}",
                cause=f"the chain of {self.container} is {' > '.join(chain)}",
                remedy=f"open it from a scope outside of {wanted.name}",
            )
        return wanted.name

    def named(self, name: str) -> BaseScope:
        """The chain's member of that name."""
        return self.scope_type[name]

    def is_inside(self, inner: str, outer: str) -> bool:
        """Whether one scope of the chain lies inside another."""
        return self.names.index(inner) > self.names.index(outer)
