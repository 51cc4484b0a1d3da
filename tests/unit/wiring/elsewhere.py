"""Decorators of another module than the functions that they stand before."""

import functools
from collections.abc import Callable, Coroutine
from typing import ParamSpec, TypeVar

__all__ = ["passing", "passing_async"]

P = ParamSpec("P")
R = TypeVar("R")


def passing(function: Callable[P, R]) -> Callable[P, R]:
    """Pass everything on."""

    @functools.wraps(function)
    def passes(*args: P.args, **kwargs: P.kwargs) -> R:
        return function(*args, **kwargs)

    return passes


def passing_async(
    function: Callable[P, Coroutine[object, object, R]],
) -> Callable[P, Coroutine[object, object, R]]:
    """The same for a coroutine function."""

    @functools.wraps(function)
    async def passes(*args: P.args, **kwargs: P.kwargs) -> R:
        return await function(*args, **kwargs)

    return passes
