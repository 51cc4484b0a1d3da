"""Matching a provider's arguments with what its class or function takes."""

from __future__ import annotations

import inspect
import typing
from functools import partial
from inspect import Signature
from types import FunctionType
from typing import Any, NamedTuple

from trunkline.graph.blueprint import Argument, Constant, Recipe
from trunkline.graph.openings import is_contextlib_wrapper
from trunkline.validation.annotations import UNKNOWN, parameter_annotation
from trunkline.validation.parameters import Parameters, parameters_of
from trunkline.validation.supplies import function_of

__all__ = ["Call", "Match", "call_of", "match_arguments"]


class Call(NamedTuple):
    """A callable with all that it is passed.

    Attributes:
        called: What is called, behind the partials.
        parameters: What it accepts.
        name: Its name, as messages show it.
        args: Positional arguments, those of partials first.
        kwargs: Keyword arguments, those of partials overruled by the recipe's.
        source: The Python function whose annotations speak for the parameters, if one does, with
            the class whose constructor it is, if it is one.
    """

    called: Any
    parameters: Parameters
    name: str
    args: tuple[Argument, ...]
    kwargs: dict[str, Argument]
    source: tuple[FunctionType, type | None] | None

    @property
    def drawn(self) -> str:
        """The name and the parameters, annotations as their source writes them."""
        parameters = [
            parameter.replace(annotation=_Written(parameter.annotation))
            if isinstance(parameter.annotation, str)
            else parameter
            for parameter in inspect.signature(
                self.called, follow_wrapped=False
            ).parameters.values()
        ]
        return f"{self.name}{Signature(parameters)}"

    def annotation(self, parameter: str) -> Any:
        """The resolved annotation of a parameter; ``UNKNOWN`` if it can't be told."""
        if self.source is None:
            return UNKNOWN
        function, owner = self.source
        return parameter_annotation(function, parameter, owner)


class _Written(str):
    """An annotation that was kept as text, shown without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Match(NamedTuple):
    """How arguments fall on parameters.

    Attributes:
        pairs: Each argument that has a place, with its parameter's name.
        missing: Names of required parameters without an argument.
        surplus: How many positional arguments have no place.
        unknown: Keywords that no parameter takes.
        duplicate: Names of parameters that are filled twice.
    """

    pairs: tuple[tuple[str, Argument], ...]
    missing: tuple[str, ...]
    surplus: int
    unknown: tuple[str, ...]
    duplicate: tuple[str, ...]


def call_of(recipe: Recipe) -> Call | None:
    """A recipe's call, its partials unfolded; None where the callable has no signature to read.

    Functions behind a decorator are taken for what the decorator's wrapper accepts: it may fill
    some arguments itself. Wrappers of ``contextlib`` and of ``functools.lru_cache`` are known to
    pass all through.
    """
    call: Any = recipe.call
    args, kwargs = recipe.args, dict(recipe.kwargs)
    while isinstance(call, partial):
        args = (*(Constant(value) for value in call.args), *args)
        kwargs = {**{key: Constant(value) for key, value in call.keywords.items()}, **kwargs}
        call = call.func
    origin = typing.get_origin(call)
    if isinstance(origin, type):
        call = origin
    while is_contextlib_wrapper(call) or type(call).__name__ == "_lru_cache_wrapper":
        call = call.__wrapped__
    parameters = parameters_of(call)
    if parameters is None:
        return None
    return Call(call, parameters, _name(call), args, kwargs, _source(call))


def match_arguments(call: Call) -> Match:
    """Let each argument fall on its parameter, as the interpreter would."""
    parameters = call.parameters
    positional = parameters.positional
    pairs = [*zip(positional, call.args, strict=False)]
    filled = {name for name, _ in pairs}
    if parameters.rest:
        pairs += [(parameters.rest, argument) for argument in call.args[len(positional) :]]
    unknown, duplicate = [], []
    for name, argument in call.kwargs.items():
        if parameters.takes_keyword(name):
            if name in filled:
                duplicate.append(name)
            filled.add(name)
            pairs.append((name, argument))
        elif parameters.collects:
            pairs.append((parameters.collects, argument))
        else:
            unknown.append(name)
    return Match(
        pairs=tuple(pairs),
        missing=tuple(
            name
            for name in (*positional, *parameters.keyword_only)
            if name not in filled and name not in parameters.defaults
        ),
        surplus=0 if parameters.rest else max(0, len(call.args) - len(positional)),
        unknown=tuple(unknown),
        duplicate=tuple(duplicate),
    )


def _source(call: Any) -> tuple[FunctionType, type | None] | None:
    """The function whose annotations bind the caller, with its class.

    A class that shows another signature than its constructor's, as validating models do, converts
    its arguments; its annotations say what comes out, not what goes in.
    """
    if isinstance(call, type):
        plain = type(call).__call__ is type.__call__ and not isinstance(call.__new__, FunctionType)
        if not plain or "__signature__" in vars(call):
            return None
        owner = next(base for base in call.__mro__ if "__init__" in vars(base))
        constructor = vars(owner)["__init__"]
        if isinstance(constructor, FunctionType) and not hasattr(constructor, "__wrapped__"):
            return constructor, owner
        return None
    function = function_of(call)
    return None if function is None or hasattr(function, "__wrapped__") else (function, None)


def _name(call: Any) -> str:
    name = getattr(call, "__qualname__", None)
    return name if isinstance(name, str) else type(call).__qualname__
