"""What a container's providers make in another way than before, and all that depends on it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from types import MethodType
from typing import Any

from trunkline.graph.algorithms import dependents
from trunkline.graph.blueprint import Argument, Blueprint, Constant, Recipe, Ref
from trunkline.graph.model import Kind
from trunkline.resolution.derivation import Change

__all__ = ["change_of", "changed_names"]


def change_of(blueprint: Blueprint, changed: frozenset[str]) -> Change:
    """The change with all that depends on it; keyed objects that do get pools of their own."""
    names = frozenset(dependents(blueprint.graph, changed))
    recipes = dict(blueprint.recipes)
    pools = {}
    for name in names:
        if blueprint.graph[name].kind is Kind.KEYED:
            pin: Any = recipes[name].call
            pools[name] = pin.__self__.empty_copy()
            recipes[name] = recipes[name]._replace(call=pools[name].pin)
    return Change(replace(blueprint, recipes=recipes), names, {}, pools=pools)


def changed_names(old: Blueprint, new: Blueprint) -> frozenset[str]:
    """Names of the nodes that a blueprint makes in another way than an older one, or alone has."""
    return frozenset(
        node.name
        for node in new.graph
        if node.name not in old.graph
        or old.graph[node.name] != node
        or not _is_same_recipe(old.recipes[node.name], new.recipes[node.name])
    )


def _is_same_recipe(old: Recipe, new: Recipe) -> bool:
    return (
        old.opening is new.opening
        and _is_same_call(old.call, new.call)
        and len(old.args) == len(new.args)
        and all(map(_is_same_argument, old.args, new.args))
        and _are_same_named(old.kwargs, new.kwargs)
        and _are_same_named(old.attributes, new.attributes)
        and old.close_seconds == new.close_seconds
    )


def _is_same_call(old: Any, new: Any) -> bool:
    if isinstance(old, partial) and isinstance(new, partial):
        same_args = len(old.args) == len(new.args) and all(
            a is b for a, b in zip(old.args, new.args, strict=True)
        )
        return old.func is new.func and same_args and old.keywords == new.keywords
    if isinstance(old, MethodType) and isinstance(new, MethodType):
        return old.__func__ is new.__func__ and old.__self__ is new.__self__
    return old is new


def _are_same_named(
    old: tuple[tuple[str, Argument], ...], new: tuple[tuple[str, Argument], ...]
) -> bool:
    return [name for name, _ in old] == [name for name, _ in new] and all(
        _is_same_argument(a, b) for (_, a), (_, b) in zip(old, new, strict=True)
    )


def _is_same_argument(old: Argument, new: Argument) -> bool:
    """Whether two arguments pass the same: the very object, not one that claims to be equal."""
    match old, new:
        case Ref(first), Ref(second):
            return first == second
        case Constant(first), Constant(second):
            return first is second
        case _:
            return False
