"""The face of a redirected scope: a function of an old name whose result is entered."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import AsyncExitStack, ExitStack
from typing import Any, Self

from trunkline.ambient import ambient_scope
from trunkline.legacy.arguments import Arguments
from trunkline.legacy.counting import PROCESS
from trunkline.legacy.errors import LegacyCallError
from trunkline.legacy.functions import dressed, signature_of
from trunkline.legacy.naming import old_name
from trunkline.legacy.redirect import Redirect, caller
from trunkline.legacy.sites import CallSite
from trunkline.legacy.standing import Step
from trunkline.legacy.target import Target
from trunkline.resolution.scope import OpenScope

__all__ = ["LegacyScope", "redirect_scope"]


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
        site = PROCESS.usage.count(redirect, old, sys._getframe(1))  # noqa: SLF001  # only the stack knows who calls
        return LegacyScope(redirect, site, args, kwargs)

    function.__trunkline_redirects__ = (redirect,)  # type: ignore[attr-defined]  # a function has a dict
    return dressed(function, name, old, signature_of(adapt))


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
