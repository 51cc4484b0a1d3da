"""Faces of redirected functions: old factories, and getters of factories."""

# ruff: noqa: SLF001  # only the stack knows who calls

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Generator, Mapping
from inspect import Parameter, Signature
from typing import Any, Self

from trunkline.legacy.arguments import Arguments
from trunkline.legacy.counting import PROCESS
from trunkline.legacy.naming import OldName, old_name
from trunkline.legacy.redirect import Redirect, caller
from trunkline.legacy.shadow import Shadow
from trunkline.legacy.target import Target

__all__ = [
    "LegacyFactory",
    "dressed",
    "redirect_factory",
    "redirect_function",
    "signature_of",
]


def redirect_function(
    name: str,
    *,
    to: Any,
    adapt: Arguments | None = None,
    removed_in: str = "",
    advice: str = "",
    type: str | None = None,  # noqa: A002  # as in redirect_class
    is_async: bool | None = None,
    closes_with: str | None = None,
    over: Callable[[Any], bool] | None = None,
    shadow: Shadow | None = None,
    module: str | None = None,
) -> Any:
    """Make a function of an old name that gives the canonical objects.

    Args:
        name: The old name, as the module that calls this is to bind it.
        to: What is canonical, or its path: ``module:Class.provider``, or ``module:name`` of a
            function or class that takes the arguments as they are.
        adapt: The forms in which it is called; see ``Arguments``.
        removed_in: The version that removes the name, for the warning.
        advice: What to write instead, a phrase that begins with a verb.
        type: ``module:Class`` of the objects, where the provider doesn't say.
        is_async: True where the old function was an ``async def``, so that a call gives a
            coroutine; False where it was not. None for both: a coroutine where the call is awaited
            on the spot, else the object.
        closes_with: Name of the object's method that closes a scope that was opened for it.
        over: Whether an object has come to its end, so that such a scope may be closed.
        shadow: How to compare the old way with the new.
        module: Name of the module that binds it; the caller's unless given.
    """
    target = Target(to, type)
    old = old_name(name, target.path, removed_in, advice, module or caller())
    redirect = Redirect(
        old,
        target,
        adapt=adapt,
        is_async=is_async,
        closes_with=closes_with,
        over=over,
        shadow=shadow,
    )
    return _function(name, redirect, adapt)


def redirect_factory(
    name: str,
    *,
    to: Any,
    methods: Mapping[str, Arguments | None],
    removed_in: str = "",
    advice: str = "",
    type: str | None = None,  # noqa: A002  # as in redirect_class
    is_async: bool | None = None,
    closes_with: str | None = None,
    over: Callable[[Any], bool] | None = None,
    module: str | None = None,
) -> Any:
    """Make a getter of an old name whose factory gives the canonical objects.

    ``get_engine_factory().create_for_user(context)``: the getter may be awaited or not, and so may
    the methods of what it gives. The getter and each method are counted on their own.

    Args:
        name: The getter's old name.
        to: What is canonical, or its path: ``module:Class.provider``.
        methods: The factory's methods that make objects, with the forms in which each is called.
        removed_in: The version that removes the name, for the warning.
        advice: What to write instead, a phrase that begins with a verb.
        type: ``module:Class`` of the objects, where the provider doesn't say.
        is_async: Whether the methods give coroutines, as those of ``redirect_function``.
        closes_with: Name of the object's method that closes a scope that was opened for it.
        over: Whether an object has come to its end, so that such a scope may be closed.
        module: Name of the module that binds it; the caller's unless given.
    """
    target = Target(to, type)
    old = old_name(name, target.path, removed_in, advice, module or caller())
    faces = {
        method: Redirect(
            OldName(f"{old.name}().{method}", target.path, old.advice, removed_in),
            target,
            adapt=adapt,
            is_async=is_async,
            closes_with=closes_with,
            over=over,
        )
        for method, adapt in methods.items()
    }
    made = {method: _function(method, face, methods[method]) for method, face in faces.items()}
    key = object()

    def getter(*_: Any, **__: Any) -> LegacyFactory:
        PROCESS.usage.count(key, old, sys._getframe(1))
        return factory

    factory = LegacyFactory(old.name, made, getter)
    getter.__trunkline_redirects__ = tuple(faces.values())  # type: ignore[attr-defined]  # a function has a dict
    return dressed(getter, name, old, Signature())


class LegacyFactory:
    """What an old getter of a factory gives: the old methods, each a redirect.

    There is one, so that a copy of it is itself, and a pickle asks the getter.

    Args:
        name: The getter's name, for messages.
        methods: The methods.
        getter: The getter.
    """

    def __init__(
        self,
        name: str,
        methods: Mapping[str, Callable[..., Any]],
        getter: Callable[[], LegacyFactory],
    ) -> None:
        self.__name = name
        self.__dict__.update(methods)
        self.__methods = tuple(methods)
        self.__getter = getter

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Callable[[], LegacyFactory], tuple[()]]:
        return self.__getter, ()

    def __await__(self) -> Generator[Any, None, Self]:
        """Give itself at once: half of the old call sites await their getter."""
        yield from ()
        return self

    def __getattr__(self, name: str) -> Any:
        """Refuse what the redirect doesn't declare."""
        raise AttributeError(
            f"the factory that {self.__name}() gave has no redirected {name}; it has "
            f"{', '.join(self.__methods)}",
            name=name,
            obj=self,
        )

    def __repr__(self) -> str:
        return f"<redirected factory of {self.__name}: {', '.join(self.__methods)}>"


def _function(name: str, redirect: Redirect, adapt: Arguments | None) -> Any:
    call = redirect.call

    def function(*args: Any, **kwargs: Any) -> Any:
        return call(sys._getframe(1), args, kwargs)

    function.__trunkline_redirects__ = (redirect,)  # type: ignore[attr-defined]  # a function has a dict
    made = dressed(function, name, redirect.old, signature_of(adapt))
    mark = getattr(inspect, "markcoroutinefunction", None)  # since Python 3.12
    return mark(made) if redirect.is_async and mark is not None else made


def dressed(function: Any, name: str, old: OldName, signature: Signature) -> Any:
    """Give a function the old one's name, home and signature."""
    function.__name__ = function.__qualname__ = name
    function.__module__ = old.name.removesuffix(f".{name}")
    function.__doc__ = f"Deprecated: {old.advice}."
    function.__signature__ = signature
    function.__deprecated__ = old.warning
    return function


def signature_of(adapt: Arguments | None) -> Signature:
    """What a function of an old name accepts; anything where its forms are not declared."""
    if adapt is not None:
        return adapt.signature
    return Signature(
        [Parameter("args", Parameter.VAR_POSITIONAL), Parameter("kwargs", Parameter.VAR_KEYWORD)]
    )
