"""Matching the values given to ``enter`` with the values that a scope declares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from trunkline.errors import ScopeValueError
from trunkline.graph.blueprint import written_name
from trunkline.scopes import BaseScope

if TYPE_CHECKING:
    from trunkline.compiler.planner import NodePlan

__all__ = ["match_values"]


def match_values(
    declared: list[NodePlan],
    values: tuple[object, ...],
    given: Mapping[Any, object],
    node_of: Callable[[Any], NodePlan],
    scope: str,
    elsewhere: Iterable[NodePlan] = (),
) -> list[object]:
    """Assign each value to the one declaration that it fits.

    Args:
        declared: The scope's value declarations, in order.
        values: Values to match by their real class; ``isinstance`` is not asked, because an
            object can claim any class (``unittest.mock`` does).
        given: Values by provider.
        node_of: Finds a provider's node.
        scope: The scope's name, for messages.
        elsewhere: The values of all scopes, to say where a misplaced one belongs.

    Returns:
        The values in the order of ``declared``.

    Raises:
        ScopeValueError: Values are missing, surplus, ambiguous or of a wrong class.
    """
    chosen = _given_by_provider(declared, given, node_of, scope)
    misfits: list[object] = []
    for value in values:
        open_ = [node for node in declared if node.name not in chosen]
        node = _fitting(open_, value, scope)
        if node is None:
            misfits.append(value)
        else:
            chosen[node.name] = value
    missing = [node for node in declared if node.name not in chosen]
    if misfits:
        raise _wrong(declared, misfits[0], scope, missing, elsewhere)
    if missing:
        raise ScopeValueError(
            f"the {scope} scope was opened without {_expected(missing)}",
            location=missing[0].node.location,
            cause="each ScopeValue of a scope is given when it opens",
            remedy=f"enter({_expected(declared)})",
        )
    return [chosen[node.name] for node in declared]


def _given_by_provider(
    declared: list[NodePlan],
    given: Mapping[Any, object],
    node_of: Callable[[Any], NodePlan],
    scope: str,
) -> dict[str, object]:
    """The values whose declarations were named, by their names."""
    chosen: dict[str, object] = {}
    by_name = {written_name(node.name): node for node in declared}
    for provider, value in given.items():
        asked = node_of(provider)
        node = by_name.get(asked.name)
        if node is None:
            raise ScopeValueError(
                f"{asked.name} is no value of the {scope} scope",
                location=asked.node.location,
                remedy=f"give {_expected(declared)}",
            )
        if not _fits(node, value):
            raise _wrong(declared, value, scope, [node])
        chosen[node.name] = value
    return chosen


def _fitting(open_: list[NodePlan], value: object, scope: str) -> NodePlan | None:
    """The one declaration, of those without a value, that a value fits: best one of its class."""
    fitting = [node for node in open_ if _fits(node, value)]
    exact = [node for node in fitting if type(value) is node.recipe.call]
    best = exact or fitting
    if len(best) > 1:
        listed = " and ".join(written_name(node.name) for node in best)
        raise ScopeValueError(
            f"a {type(value).__name__} fits {listed} of the {scope} scope alike",
            location=fitting[0].node.location,
            cause="both are declared with a class that the value is of",
            remedy="say which is meant: enter(given={Application.name: value})",
        )
    return best[0] if best else None


def _fits(node: NodePlan, value: object) -> bool:
    return issubclass(type(value), _class_of(node))


def _class_of(node: NodePlan) -> type:
    declared: Any = node.recipe.call
    return declared  # type: ignore[no-any-return]  # a given value's call is its class


def _wrong(
    declared: list[NodePlan],
    value: object,
    scope: str,
    open_: list[NodePlan],
    elsewhere: Iterable[NodePlan] = (),
) -> ScopeValueError:
    got = type(value).__name__
    if isinstance(value, BaseScope):
        return ScopeValueError(
            f"the scope {value.name} was given to the {scope} scope as a value",
            location=declared[0].node.location if declared else None,
            cause=f"the {scope} scope takes {_expected(declared) or 'no values'}",
            remedy=f"name it: enter(..., scope={got}.{value.name})",
        )
    meant = next((node for node in elsewhere if node.home != scope and _fits(node, value)), None)
    if meant is not None:
        return ScopeValueError(
            f"a {got} was given to the {scope} scope, but {written_name(meant.name)} is a value "
            f"of {meant.home}",
            location=meant.node.location,
            cause=f"the {scope} scope takes {_expected(declared) or 'no values'}",
            remedy=f"open the {meant.home} scope with it: enter({got.lower()}, scope=...)",
        )
    wanted = " or ".join(_class_of(node).__name__ for node in open_ or declared)
    if any(isinstance(value, _class_of(node)) and not _fits(node, value) for node in declared):
        cause = "the object claims that class but is none of it, as mocks with a spec do"
    elif open_:
        cause = f"a value of another class was given to the {scope} scope"
    elif any(_fits(node, value) for node in declared):
        cause = "the value was given twice"
    else:
        cause = "there is no provider for it"
    if not open_:
        takes = f"only {_expected(declared)}" if declared else "no values"
        return ScopeValueError(
            f"a {got} was given to the {scope} scope, which takes {takes}",
            location=declared[0].node.location if declared else None,
            cause=cause,
            remedy=f"enter({_expected(declared)})",
        )
    return ScopeValueError(
        f"Expected {wanted}, got {got}",
        location=open_[0].node.location,
        cause=cause,
        remedy=f"make a real {wanted}; override what depends on it where a test needs a fake",
    )


def _expected(declared: list[NodePlan]) -> str:
    return ", ".join(f"{written_name(node.name)}: {_class_of(node).__name__}" for node in declared)
