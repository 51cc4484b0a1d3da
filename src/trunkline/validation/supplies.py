"""What is known of the objects that providers make, before any is made."""

from __future__ import annotations

import inspect
import typing
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Generator,
    Iterable,
    Iterator,
    Mapping,
)
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from functools import partial
from types import FunctionType, MethodType
from typing import Any, Final, NamedTuple

from trunkline.graph.blueprint import Argument, Constant, Opening, Recipe, Ref
from trunkline.graph.openings import is_contextlib_wrapper
from trunkline.validation.annotations import UNKNOWN, attribute_annotation, return_annotation

__all__ = [
    "Declared",
    "Exact",
    "Given",
    "Supplies",
    "Supply",
    "function_of",
]


class Exact(NamedTuple):
    """The object's class is known: it is built by calling it."""

    cls: type


class Declared(NamedTuple):
    """The object is said to be of this type, and may be of a subclass."""

    annotation: Any


class Given(NamedTuple):
    """The object itself is known."""

    value: object


Supply = Exact | Declared | Given | None
"""What is known of an object; None for nothing."""

_ITERATED: Final = dict.fromkeys(
    (AsyncGenerator, AsyncIterable, AsyncIterator, Generator, Iterable, Iterator), 0
)
_ENTERED: Final = dict.fromkeys((AbstractAsyncContextManager, AbstractContextManager), 0)
_GIVEN_BY: Final[Mapping[Opening, Mapping[Any, int]]] = {
    Opening.COROUTINE: {Awaitable: 0, Coroutine: 2},
    Opening.GENERATOR: _ITERATED,
    Opening.ASYNC_GENERATOR: _ITERATED,
    Opening.CONTEXT_MANAGER: _ENTERED,
    Opening.ASYNC_CONTEXT_MANAGER: _ENTERED,
}
"""Which type argument of an annotation names the object, by how it is opened."""


class Supplies:
    """Answers what each node of a blueprint supplies, each worked out once.

    Args:
        recipes: How nodes are made, by name.
    """

    def __init__(self, recipes: Mapping[str, Recipe]) -> None:
        self._recipes = recipes
        self._known: dict[str, Supply] = {}

    def of(self, argument: Argument) -> Supply:
        """What an argument passes."""
        if isinstance(argument, Constant):
            return Given(argument.value)
        return self._of_node(argument.name)

    def _of_node(self, name: str) -> Supply:
        if name not in self._known:
            self._known[name] = None  # what a cycle leads back to is not known
            recipe = self._recipes.get(name)
            if recipe is not None:
                self._known[name] = self._of_recipe(recipe)
        return self._known[name]

    def _of_recipe(self, recipe: Recipe) -> Supply:
        match recipe.opening:
            case Opening.GIVEN:
                return Declared(recipe.call)
            case Opening.CONSTANT:
                return Given(recipe.call)
            case Opening.CALL:
                return _of_call(recipe.call)
            case Opening.ATTRIBUTE:
                return self._of_attribute(recipe)
            case Opening.ITEM | Opening.METHOD | Opening.LIVE:
                return None
            case _:
                return _of_opened(recipe.opening, recipe.call)

    def _of_attribute(self, recipe: Recipe) -> Supply:
        if not recipe.args or not isinstance(recipe.args[0], Ref):
            return None
        base = self._of_node(recipe.args[0].name)
        if len(recipe.args) == 1:
            return base
        cls = _class_of(base)
        name = recipe.args[1].value if isinstance(recipe.args[1], Constant) else None
        if cls is None or not isinstance(name, str):
            return None
        return _declared(attribute_annotation(cls, name))


def _class_of(supply: Supply) -> type | None:
    if isinstance(supply, Exact):
        return supply.cls
    if isinstance(supply, Given):
        return type(supply.value)
    annotation = supply.annotation if supply is not None else None
    return annotation if isinstance(annotation, type) else None


def _declared(annotation: Any) -> Supply:
    return None if annotation is UNKNOWN else Declared(annotation)


def _of_call(call: Any) -> Supply:
    while isinstance(call, partial):
        call = call.func
    origin = typing.get_origin(call)
    if isinstance(origin, type):
        call = origin
    if isinstance(call, type):
        return Exact(call) if _builds_itself(call) else None
    function = function_of(call)
    if function is None or hasattr(function, "__wrapped__"):
        return None  # a decorator may return what it likes
    if inspect.iscoroutinefunction(function):
        return None
    return _declared(return_annotation(function))


def _builds_itself(cls: type) -> bool:
    """Whether calling a class is sure to give an instance of just that class."""
    if type(cls).__call__ is not type.__call__:
        return False
    return not isinstance(cls.__new__, FunctionType) or (
        issubclass(cls, tuple) and hasattr(cls, "_fields")
    )


def function_of(call: Any) -> FunctionType | None:
    """The Python function that calling an object (no class) runs, if it is one."""
    if isinstance(call, MethodType):
        call = call.__func__
    if isinstance(call, FunctionType):
        return call
    method = inspect.getattr_static(type(call), "__call__", None)
    return method if isinstance(method, FunctionType) else None


def _of_opened(opening: Opening, call: Any) -> Supply:
    """What comes of awaiting, iterating or entering what a call returns."""
    while isinstance(call, partial):
        call = call.func
    if isinstance(call, type):
        return _of_entered(call, opening)
    decorated = is_contextlib_wrapper(call)
    function = function_of(call.__wrapped__ if decorated else call)
    if function is None or hasattr(function, "__wrapped__"):
        return None
    returned = return_annotation(function)
    if opening is Opening.COROUTINE and inspect.iscoroutinefunction(function):
        return _declared(returned)
    positions = _ITERATED if decorated else _GIVEN_BY[opening]
    return _declared(_argument_of(returned, positions))


def _of_entered(cls: type, opening: Opening) -> Supply:
    if opening not in (Opening.CONTEXT_MANAGER, Opening.ASYNC_CONTEXT_MANAGER):
        return None
    method = "__enter__" if opening is Opening.CONTEXT_MANAGER else "__aenter__"
    entering: Callable[..., Any] | None = getattr(cls, method, None)
    if not isinstance(entering, FunctionType):
        return None
    returned = return_annotation(entering)
    return Declared(cls) if returned is typing.Self else _declared(returned)


def _argument_of(annotation: Any, positions: Mapping[Any, int]) -> Any:
    """The type argument that says what an iterator, awaitable or context manager gives."""
    position = positions.get(typing.get_origin(annotation))
    arguments = typing.get_args(annotation)
    if position is None or position >= len(arguments):
        return UNKNOWN
    return arguments[position]
