"""Faces of redirected functions: old factories, getters of factories, and scopes."""

# ruff: noqa: SLF001  # only the stack knows who calls

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import AsyncExitStack, ExitStack
from inspect import Parameter, Signature
from typing import Any, Self

from trunkline.ambient import ambient_scope
from trunkline.legacy.arguments import Arguments
from trunkline.legacy.counting import PROCESS
from trunkline.legacy.errors import LegacyCallError
from trunkline.legacy.naming import OldName, old_name
from trunkline.legacy.redirect import Redirect, caller
from trunkline.legacy.shadow import Shadow
from trunkline.legacy.sites import CallSite
from trunkline.legacy.standing import Step
from trunkline.legacy.target import Target
from trunkline.resolution.scope import OpenScope

__all__ = [
    "LegacyFactory",
    "LegacyScope",
    "redirect_factory",
    "redirect_function",
    "redirect_scope",
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
    return _dressed(getter, name, old, Signature())


def redirect_scope(
    name: str,
    *,
    to: Any,
    adapt: Arguments | None = None,
    removed_in: str = "",
    advice: str = "",
    type: str | None = None,  # noqa: A002  # as in redirect_class
    module: str | None = None,
) -> Any:
    """Make a function of an old name that gives a scope with the canonical object in it.

    ``with user_scope(context) as engine:`` or ``async with``. The scope is the ambient one of its
    body and is closed at the end, unless it was open before with the same values: then it is
    joined, and left open.

    Args:
        name: The old name.
        to: What is canonical, or its path: ``module:Class.provider``.
        adapt: The forms in which it is called.
        removed_in: The version that removes the name, for the warning.
        advice: What to write instead, a phrase that begins with a verb.
        type: ``module:Class`` of the objects, where the provider doesn't say.
        module: Name of the module that binds it; the caller's unless given.
    """
    target = Target(to, type)
    old = old_name(name, target.path, removed_in, advice, module or caller())
    redirect = Redirect(old, target, adapt=adapt)

    def function(*args: Any, **kwargs: Any) -> LegacyScope:
        site = PROCESS.usage.count(redirect, old, sys._getframe(1))
        return LegacyScope(redirect, site, args, kwargs)

    function.__trunkline_redirects__ = (redirect,)  # type: ignore[attr-defined]  # a function has a dict
    return _dressed(function, name, old, _signature(adapt))


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


class LegacyScope:
    """A scope in the old form; see ``redirect_scope``.

    Args:
        redirect: The old name.
        site: Where it was called.
        args: Positional arguments of the call.
        kwargs: Its keyword arguments.
    """

    def __init__(
        self, redirect: Redirect, site: CallSite, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self._redirect = redirect
        self._site = site
        self._args = args
        self._kwargs = kwargs
        self._scopes: ExitStack | AsyncExitStack | None = None

    def __await__(self) -> Generator[Any, None, Self]:
        """Give itself at once: some old call sites await their scope before they enter it."""
        yield from ()
        return self

    def __enter__(self) -> Any:
        with ExitStack() as scopes:
            scope, steps = self._begin(scopes)
            for step, given in steps:
                scope = scopes.enter_context(scope.enter(given=given, scope=step))
            made = scope.get(self._redirect.target.found.call)
            self._scopes = scopes.pop_all()
        return made

    async def __aenter__(self) -> Any:
        async with AsyncExitStack() as scopes:
            scope, steps = self._begin(scopes)
            for step, given in steps:
                scope = await scopes.enter_async_context(scope.enter(given=given, scope=step))
            made = await scope.aget(self._redirect.target.found.call)
            self._scopes = scopes.pop_all()
        return made

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        assert isinstance(self._scopes, ExitStack)  # noqa: S101  # as it was entered
        self._scopes.__exit__(kind, error, traceback)

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        assert isinstance(self._scopes, AsyncExitStack)  # noqa: S101  # as it was entered
        await self._scopes.__aexit__(kind, error, traceback)

    def _begin(self, scopes: ExitStack | AsyncExitStack) -> tuple[OpenScope, tuple[Step, ...]]:
        """Join the scope that is open with the call's values, or say what to open in which."""
        if self._scopes is not None:
            raise LegacyCallError(
                f"one {self._redirect.old.name}(...) was entered twice",
                site=self._site.place,
                remedy="call it anew for each `with`",
            )
        place = self._redirect.placing.place(self._site, self._args, self._kwargs)
        if place.scope is None:
            return place.parent, place.steps
        scopes.callback(ambient_scope.reset, ambient_scope.set(place.scope))
        return place.scope, ()


def _function(name: str, redirect: Redirect, adapt: Arguments | None) -> Any:
    call = redirect.call

    def function(*args: Any, **kwargs: Any) -> Any:
        return call(sys._getframe(1), args, kwargs)

    function.__trunkline_redirects__ = (redirect,)  # type: ignore[attr-defined]  # a function has a dict
    made = _dressed(function, name, redirect.old, _signature(adapt))
    mark = getattr(inspect, "markcoroutinefunction", None)  # since Python 3.12
    return mark(made) if redirect.is_async and mark is not None else made


def _dressed(function: Any, name: str, old: OldName, signature: Signature) -> Any:
    """Give a function the old one's name, home and signature."""
    function.__name__ = function.__qualname__ = name
    function.__module__ = old.name.removesuffix(f".{name}")
    function.__doc__ = f"Deprecated: {old.advice}."
    function.__signature__ = signature
    function.__deprecated__ = old.warning
    return function


def _signature(adapt: Arguments | None) -> Signature:
    if adapt is not None:
        return adapt.signature
    return Signature(
        [Parameter("args", Parameter.VAR_POSITIONAL), Parameter("kwargs", Parameter.VAR_KEYWORD)]
    )
