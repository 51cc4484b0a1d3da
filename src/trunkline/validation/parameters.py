"""What a callable accepts: names, order and defaults of its parameters."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from inspect import Parameter, Signature
from types import FunctionType
from typing import Any, NamedTuple, Self

__all__ = ["Parameters", "parameters_of"]


class Parameters(NamedTuple):
    """The parameters that a caller may fill.

    Attributes:
        positional: Names of those that a position fills, in order.
        unnamed: How many of them, from the first, no keyword fills.
        keyword_only: Names of those that a keyword alone fills.
        rest: Name of the parameter that takes all further positions; empty where none does.
        collects: The same for all further keywords.
        defaults: Values of those that may be left out.
    """

    positional: tuple[str, ...]
    unnamed: int
    keyword_only: tuple[str, ...]
    rest: str
    collects: str
    defaults: Mapping[str, object]

    def takes_keyword(self, name: str) -> bool:
        """Whether a parameter of just that name can be filled by keyword."""
        return name in self.positional[self.unnamed :] or name in self.keyword_only

    def names(self) -> tuple[str, ...]:
        """All names, in the order of the signature."""
        rest, collects = (self.rest,) * bool(self.rest), (self.collects,) * bool(self.collects)
        return (*self.positional, *rest, *self.keyword_only, *collects)

    @classmethod
    def of(cls, signature: Signature) -> Self:
        """Those of a signature."""
        by_kind: dict[Any, list[str]] = {}
        for parameter in signature.parameters.values():
            by_kind.setdefault(parameter.kind, []).append(parameter.name)
        unnamed = by_kind.get(Parameter.POSITIONAL_ONLY, [])
        return cls(
            positional=(*unnamed, *by_kind.get(Parameter.POSITIONAL_OR_KEYWORD, ())),
            unnamed=len(unnamed),
            keyword_only=tuple(by_kind.get(Parameter.KEYWORD_ONLY, ())),
            rest="".join(by_kind.get(Parameter.VAR_POSITIONAL, ())),
            collects="".join(by_kind.get(Parameter.VAR_KEYWORD, ())),
            defaults={
                parameter.name: parameter.default
                for parameter in signature.parameters.values()
                if parameter.default is not Parameter.empty
            },
        )


def parameters_of(call: Any) -> Parameters | None:
    """The parameters of a callable; None where it has no signature to read.

    Decorators made with ``functools.wraps`` are not looked behind. Of plain functions and classes
    they are read from the code itself: ``inspect.signature`` says the same, ten times slower.
    """
    if getattr(type(call), "__IS_PROVIDER__", False):
        return None  # it may be a view, whose `__signature__` would be read by making the object
    function = _constructor(call) if isinstance(call, type) else call
    if type(function) is FunctionType and not vars(function):  # nothing there says otherwise
        read = _read(function, 0 if function is call else 1)
        if read is not None:
            return read
    try:
        return Parameters.of(inspect.signature(call, follow_wrapped=False))
    except (TypeError, ValueError):  # builtins, and objects that lie about being callable
        return None


def _constructor(cls: type) -> Any:
    """The function that calling a class runs with the arguments, where it is ``__init__`` alone."""
    creates: Any = cls.__new__
    plain = (
        type(cls).__call__ is type.__call__
        and creates is object.__new__
        and getattr(cls, "__signature__", None) is None
    )
    constructor: Any = cls.__init__  # type: ignore[misc]  # of just this class
    return constructor if plain else None


def _read(function: FunctionType, bound: int) -> Parameters | None:
    """The parameters after the bound ones; None where these are not there to be taken."""
    code, given = function.__code__, function.__defaults__ or ()
    count = code.co_argcount
    first_default = count - len(given)
    if count < bound or first_default < 0:
        return None
    names = code.co_varnames
    defaults = dict(zip(names[first_default:count], given, strict=True))
    for name in names[:bound]:
        defaults.pop(name, None)
    defaults.update(function.__kwdefaults__ or {})
    end = count + code.co_kwonlyargcount
    rest = names[end] if code.co_flags & inspect.CO_VARARGS else ""
    collects = names[end + bool(rest)] if code.co_flags & inspect.CO_VARKEYWORDS else ""
    return Parameters(
        positional=names[bound:count],
        unnamed=max(0, code.co_posonlyargcount - bound),
        keyword_only=names[count:end],
        rest=rest,
        collects=collects,
        defaults=defaults,
    )
