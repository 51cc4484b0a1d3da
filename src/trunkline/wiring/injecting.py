"""``@inject``: what it accepts, and the function that it makes of another."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from types import FrameType, FunctionType
from typing import Any, ParamSpec, TypeVar

from trunkline.compiler.wrapper import Flavour
from trunkline.errors import DeclarationError
from trunkline.providers.declared import caller_location
from trunkline.wiring.annotations import evaluated, location_of, markers_of, names_in, type_of
from trunkline.wiring.filling import Site, Wrapper

__all__ = ["inject"]

P = ParamSpec("P")
R = TypeVar("R")


def inject(function: Callable[P, R]) -> Callable[P, R]:
    """Fill the marked parameters of a function from the ambient scope at each call.

    Args:
        function: A function, a coroutine function, a generator function or an async one; also a
            method, or what ``staticmethod`` or ``classmethod`` made of one.

    Returns:
        A function of the same kind and signature. It has the attribute
        ``__trunkline_injections__``, a tuple with one description for each injected parameter.
        Generators are filled when they are first advanced, like the rest of their body.

    Raises:
        DeclarationError: Nothing is marked, a marker can't be read, or it names no provider.
        AsyncResolutionError: A function that can't await is to be given what must be awaited.
    """
    injected: Any = _injected(function, sys._getframe(1))  # noqa: SLF001  # names in annotations may be local to the caller
    return injected  # type: ignore[no-any-return]  # of the same kind


def _injected(function: Any, caller: FrameType) -> Any:
    if isinstance(function, staticmethod | classmethod):
        return type(function)(_injected(function.__func__, caller))
    if not isinstance(function, FunctionType):
        raise DeclarationError(
            f"@inject needs a function, got {function!r}",
            location=caller_location(),
            remedy="decorate the function or method itself; give a class what it needs by its "
            "provider: providers.Scoped(TheClass, engine)",
        )
    if hasattr(function, "__trunkline_injections__"):
        raise DeclarationError(
            f"{function.__qualname__} is injected already",
            location=location_of(function),
            cause="@inject stands above it twice",
            remedy="leave one of them",
        )
    signature, unread = evaluated(function, inspect.signature(function), names_in(caller))
    markers = markers_of(function, signature, unread)
    flavour = Flavour.of(function)
    sites = [
        Site(function, name, marker, flavour, type_of(signature.parameters[name]))
        for name, marker in markers.items()
    ]
    wrapper = Wrapper(function, signature, sites).make()
    functools.update_wrapper(wrapper, function)
    wrapper.__signature__ = signature.replace(
        parameters=[p for name, p in signature.parameters.items() if name not in markers]
    )
    wrapper.__trunkline_injections__ = tuple(site.injection for site in sites)
    return wrapper
