"""What has to be done with the result of a callable, as far as its function tells."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Mapping
from functools import partial
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction, isroutine
from types import FunctionType
from typing import Any, Final

from trunkline.graph.blueprint import Opening

__all__ = ["is_contextlib_wrapper", "opening_of_function", "undecorated"]


_FLAGS: Final[Mapping[int, Opening]] = {
    0: Opening.CALL,
    inspect.CO_COROUTINE: Opening.COROUTINE,
    inspect.CO_GENERATOR: Opening.GENERATOR,
    inspect.CO_ASYNC_GENERATOR: Opening.ASYNC_GENERATOR,
}
_FLAG: Final = sum(_FLAGS)


def is_contextlib_wrapper(function: object) -> bool:
    """Whether a function is what ``contextmanager`` or ``asynccontextmanager`` made of another."""
    return (
        isinstance(function, FunctionType)
        and function.__code__.co_filename == contextlib.__file__
        and hasattr(function, "__wrapped__")
    )


def undecorated(call: Any) -> Any:
    """The callable behind partials and decorators made with ``functools.wraps``.

    What is async or a generator by itself, and what ``contextlib`` made, is taken as it is.
    """
    while True:
        if isinstance(call, partial):
            call = call.func
        elif is_contextlib_wrapper(call) or _by_itself(call) is not Opening.CALL:
            return call
        elif not isinstance(call, type) and _wraps(call):
            call = call.__wrapped__
        else:
            return call


def _wraps(call: Any) -> bool:
    """Whether an object has another behind it. Some answer any name, and any item without end."""
    own = getattr(call, "__dict__", None)
    return isinstance(own, dict) and "__wrapped__" in own


def opening_of_function(call: Any) -> Opening:
    """How the object is got from what a callable returns, whatever it is annotated with.

    Returns:
        One of ``CALL``, ``COROUTINE``, the two generators and, for what ``contextlib`` made, the
        two context managers.
    """
    if isinstance(call, type):
        return Opening.CALL
    made = undecorated(call)
    if is_contextlib_wrapper(made):
        asynchronous = isasyncgenfunction(made.__wrapped__)
        return Opening.ASYNC_CONTEXT_MANAGER if asynchronous else Opening.CONTEXT_MANAGER
    return _by_itself(made)


def _by_itself(call: Any) -> Opening:
    """The same of a function or a callable object, without a look behind it."""
    if type(call) is FunctionType and not vars(call):  # nothing marks it as another kind
        return _FLAGS[call.__code__.co_flags & _FLAG]
    if not isinstance(call, type) and not isroutine(call):
        call = inspect.getattr_static(type(call), "__call__", None)
    if isasyncgenfunction(call):
        return Opening.ASYNC_GENERATOR
    if isgeneratorfunction(call):
        return Opening.GENERATOR
    return Opening.COROUTINE if iscoroutinefunction(call) else Opening.CALL
