"""``assert_isolated``: two users reach no mutable object in common."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from trunkline.resolution.scope import OpenScope
from trunkline.testing.reach import Reached, walk
from trunkline.testing.scoped import around, configured_in, held_by, keyed_in
from trunkline.testing.state import is_mutable

__all__ = ["Allowed", "assert_isolated"]


@dataclass(frozen=True, slots=True)
class Allowed:
    """Something that two users may share.

    Attributes:
        what: The object, or a class whose objects are meant.
        reason: Why no user's data can get to another through it.
    """

    what: Any
    reason: str

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError("say why users may share it: Allowed(what, reason='...')")

    def covers(self, value: Any) -> bool:
        """Whether it allows an object."""
        return value is self.what or (isinstance(self.what, type) and isinstance(value, self.what))


def assert_isolated(
    first: OpenScope, second: OpenScope, *, allowed: Iterable[Allowed] = ()
) -> None:
    """Fail where the objects of two open scopes lead to one mutable object.

    Followed are attributes, slots, items, closures, bound methods, partials, frames of generators,
    weak references and values, context variables (as this context sees them), objects that a class
    shares among its own, and what objects written in C hold. What a scope around both holds is
    theirs to share: the application's singletons above all; so are objects that belong to a key
    which both have, what a configuration holds, classes, modules, code, values that can't change,
    and objects without a state.

    Args:
        first: An open scope, with its objects built.
        second: Another one, of the same container.
        allowed: What the two may share beside that, each with its reason.

    Raises:
        AssertionError: It shows both ways to the first such object.
    """
    exempt = tuple(allowed)
    common = [scope for scope in around(first) if scope in around(second)]
    longer_lived = _longer_lived(first, second, common)

    def ends_at(value: Any) -> bool:
        return id(value) in longer_lived or any(allow.covers(value) for allow in exempt)

    reached = {id(there.value): there for there in walk(_roots("a", first, common), ends_at)}
    for there in walk(_roots("b", second, common), ends_at):
        other = reached.get(id(there.value))
        if other is not None and is_mutable(there.value):
            raise AssertionError(_shared(other, there))


def _longer_lived(first: OpenScope, second: OpenScope, common: list[OpenScope]) -> dict[int, Any]:
    """What both may reach because the container declares it for longer than either scope."""
    found = {id(value): value for scope in common for _, value in held_by(scope)}
    found |= {id(value): value for value in configured_in(first)}
    of_first = {id(value): value for scope in around(first) for value in keyed_in(scope)}
    of_second = {id(value) for scope in around(second) for value in keyed_in(scope)}
    return found | {key: value for key, value in of_first.items() if key in of_second}


def _roots(label: str, scope: OpenScope, common: list[OpenScope]) -> dict[str, Any]:
    return {
        f"{label}.{name}": value
        for own in around(scope)
        if own not in common
        for name, value in held_by(own)
    }


def _shared(first: Reached, second: Reached) -> str:
    value = first.value
    return (
        f"{first.path} is {second.path}\n"
        f"  both users reach this {type(value).__module__}.{type(value).__qualname__}: "
        f"{_shown(value)}\n"
        "  likely cause: a module or class keeps it, a default argument makes it once, or a "
        "factory hands out what it has handed out before\n"
        "  remedy: make it in the user's scope; or declare it as a singleton, or allow it: "
        "allowed=[Allowed(what, reason='...')]"
    )


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001  # a broken repr must not hide the finding
        text = f"<repr failed: {type(error).__name__}>"
    return text if len(text) <= 120 else f"{text[:117]}..."
