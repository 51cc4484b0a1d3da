"""The way of a redirected call: site → arguments → scope → canonical provider.

Every use of an old name comes here. The usual call has its site and the way in which it passes its
arguments in a table, finds the ambient scope open with the very values it brings, and asks it for
the canonical object. Everything else is done aside.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from types import FrameType
from typing import Any, Final, Self

from trunkline.ambient import ambient_scope
from trunkline.errors import AsyncResolutionError, ScopeClosedError
from trunkline.graph.model import SourceLocation
from trunkline.legacy import refusals
from trunkline.legacy.arguments import Arguments
from trunkline.legacy.chains import Guard
from trunkline.legacy.closing import close_with
from trunkline.legacy.counting import PROCESS
from trunkline.legacy.naming import OldName, old_name
from trunkline.legacy.opened import Opening
from trunkline.legacy.placing import Place, Placing
from trunkline.legacy.reading import CallReader
from trunkline.legacy.shadow import Shadow
from trunkline.legacy.sites import CallSite
from trunkline.legacy.standing import Usual, remember
from trunkline.legacy.target import Target
from trunkline.legacy.unawaited import Unfinished, drive
from trunkline.resolution.scope import OpenScope

__all__ = ["Redirect", "caller"]

_CALLS: Final = 256
"""Ways to pass arguments that are remembered for each class of scopes."""


class Redirect:
    """An old name, and the canonical provider that answers for it.

    Args:
        old: The name, as its users are told of it.
        target: What it leads to.
        adapt: The forms in which it is called. Unless given, a provider takes its scope values, in
            the order of declaration or none at all, and any other target the arguments as they are.
        is_async: Whether a call gives a coroutine, as a call of an ``async def`` does. None for
            what each call site expects: a coroutine where it awaits the call, else the object.
        closes_with: Name of the object's method that also closes a scope that was opened for it.
        over: Whether an object has come to its end, so that the scope that was opened for it may
            be closed.
        shadow: How to compare the old way with the new.
    """

    def __init__(
        self,
        old: OldName,
        target: Target,
        *,
        adapt: Arguments | None = None,
        is_async: bool | None = None,
        closes_with: str | None = None,
        over: Callable[[Any], bool] | None = None,
        shadow: Shadow | None = None,
    ) -> None:
        self.old = old
        self.target = target
        self.is_async = is_async
        self.closes_with = closes_with
        self.over = over
        self.shadow = shadow
        self.reader = CallReader(old, target, adapt)
        self.placing = Placing(old, target, self.reader)
        self._call: Any = None
        self._usual: dict[int, dict[object, Usual]] = {}  # by the identity of a class of scopes
        self._awaited: dict[int, dict[object, Usual]] = {}

    @classmethod
    def of(
        cls,
        name: str,
        *,
        to: Any,
        adapt: Arguments | None = None,
        advice: str = "",
        is_async: bool | None = None,
        is_quiet: bool = False,
        closes_with: str | None = None,
        over: Callable[[Any], bool] | None = None,
    ) -> Self:
        """A redirect without a face, for code that stands between an old name and its callers.

        Args:
            name: The old name in full.
            to: What is canonical, or its path: ``module:Class.provider``.
            adapt: The forms in which ``call`` is called.
            advice: What to write instead, a phrase that begins with a verb.
            is_async: Whether a call gives a coroutine.
            is_quiet: Whether uses are counted without a warning, because whoever stands between
                has given one.
            closes_with: Name of the object's method that closes a scope that was opened for it.
            over: Whether an object has come to its end, so that such a scope may be closed.
        """
        home, _, short = name.rpartition(".")
        target = Target(to)
        old = replace(old_name(short, target.path, "", advice, home), is_quiet=is_quiet)
        return cls(old, target, adapt=adapt, is_async=is_async, closes_with=closes_with, over=over)

    @property
    def adapt(self) -> Arguments | None:
        """The forms of a call; None where the arguments go on as they are."""
        return self.reader.adapt

    def call(  # noqa: C901, PLR0912  # in line: a call inside costs each call of an old name 40 ns
        self, frame: FrameType, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Answer a call of the old name.

        Args:
            frame: The calling frame.
            args: Its positional arguments.
            kwargs: Its keyword arguments.

        Returns:
            The canonical object, or a coroutine for it.

        Raises:
            LegacyCallError: The arguments fit no form, or the call has to await and does not.
            ApplicationNotFoundError: No scope is open that has the canonical provider, and there
                is no one started application that could open one.
            NewLegacyCallError: Strict mode is on and the site is new.
        """
        usage = PROCESS.usage
        site = usage.fast.get((self, id(frame.f_code), frame.f_lasti))
        if site is None:
            site = usage.first_use(self, self.old, frame, is_async=self.is_async)
        next(site.hits)
        site.last = usage.clock()
        scope: Any = ambient_scope.get()
        given: Any
        known = (self._awaited if site.awaited else self._usual).get(id(type(scope)))
        if known is not None:
            if not kwargs:
                given, usual = args, known.get(len(args))
            elif not args:
                given, usual = kwargs, known.get(tuple(kwargs))
            else:
                given, usual = (*args, *kwargs.values()), known.get((len(args), *kwargs))
            if usual is not None:
                get = scope.get
                for place, provider in usual[0]:
                    value, held = given[place], get(provider)
                    if held is not value and (type(held) is not type(value) or held != value):
                        break
                else:
                    for place, provider in usual[1]:
                        value = given[place]
                        if value is not None and (provider is None or get(provider) is not value):
                            break
                    else:
                        return scope.aget(self._call) if site.awaited else get(self._call)
        if self.shadow is not None:
            return self.shadow.call(self, site, args, kwargs)
        if not site.awaited and (guard := self.placing.again(args, kwargs)) is not None:
            made = self._again(guard)
            if made is not None:
                return made
        return self.answer(site, args, kwargs, awaited=site.awaited)

    def resolve(self, frame: FrameType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Answer a call without counting it; see :meth:`call`."""
        place = SourceLocation(frame.f_code.co_filename, frame.f_lineno)
        awaited = bool(self.is_async)
        site = CallSite(self.old, place, frame.f_code.co_qualname, awaited)
        return self.answer(site, args, kwargs, awaited=awaited)

    def answer(
        self, site: CallSite, args: tuple[Any, ...], kwargs: dict[str, Any], *, awaited: bool
    ) -> Any:
        """Answer a call that is counted already, whatever it needs.

        Args:
            site: Where it comes from.
            args: Its positional arguments.
            kwargs: Its keyword arguments.
            awaited: Whether to return a coroutine.
        """
        found = self.target.found
        if found.container is None:
            made = found.call(*args, **kwargs)
            return _ready(made) if awaited and not hasattr(type(made), "__await__") else made
        self._call = found.call
        place = self.placing.place(site, args, kwargs)
        self._remember(place, site, args, kwargs, awaited=awaited)
        scope, opening = self.placing.scope(place)
        if awaited:
            return self._aresolve(site, scope, opening, args, kwargs)
        while True:
            try:
                made = self._get(site, scope)
            except BaseException as error:
                if _closed_meanwhile(error, scope, opening):
                    scope, opening = self.placing.scope(self.placing.place(site, args, kwargs))
                    continue
                if opening is not None:
                    opening.fail()
                raise
            return self.tie(opening, made)

    def _remember(
        self,
        place: Place,
        site: CallSite,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        awaited: bool,
    ) -> None:
        """Remember a call as a usual one, if the ambient scope has answered it by itself."""
        standing = place.standing
        if standing is None or self.shadow is not None or (standing.awaits and not awaited):
            return
        # Of several forms that a call may have, one that brings values can be told from the
        # others by them: where they are those of the open scope, it can mean no other.
        if place.shape.values or len(self.reader.shapes(site, args, kwargs)) == 1:
            calls = self._awaited if awaited else self._usual
            known = calls.get(id(type(place.parent)))
            if known is None:
                known = {}
                remember(calls, type(place.parent), known)
            if len(known) >= _CALLS:
                known.clear()
            count, keywords = len(args), tuple(kwargs)
            key = (count, *keywords) if args and kwargs else keywords or count
            known[key] = standing.usual(place.shape, count, keywords)

    def warn_subclass(self, frame: FrameType) -> None:
        """Warn of a subclass of the old class, and count it."""
        PROCESS.usage.count(self, self.old, frame)

    def _get(self, site: CallSite, scope: OpenScope) -> Any:
        """The canonical object, made without await."""
        call = self.target.found.call
        try:
            return scope.get(call)
        except AsyncResolutionError as error:
            try:
                return drive(scope.aget(call))
            except Unfinished:
                raise refusals.must_await(self.old, site, self.target.path) from error

    def _again(self, guard: Guard) -> Any:
        """The object of a scope that an old call has opened, if it has given it to one before."""
        try:
            made = guard.chain.inner.get(self._call)
        except (AsyncResolutionError, ScopeClosedError):
            return None  # which is the business of the longer way
        return made if guard.is_held_by(made) else None

    async def _aresolve(
        self,
        site: CallSite,
        scope: OpenScope,
        opening: Opening | None,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        while True:
            try:
                made = await scope.aget(self.target.found.call)
            except BaseException as error:
                if _closed_meanwhile(error, scope, opening):
                    scope, opening = self.placing.scope(self.placing.place(site, args, kwargs))
                    continue
                if opening is not None:
                    await opening.afail()
                raise
            return self.tie(opening, made)

    def tie(self, opening: Opening | None, made: Any) -> Any:
        """Tie a scope that was opened for an object to that object's life; returns the object."""
        if opening is not None:
            opening.opened.watch(opening.given, made, self.over)
            if self.closes_with is not None:
                close_with(made, self.closes_with, opening.opened, opening.given)
        return made


def _closed_meanwhile(error: BaseException, scope: OpenScope, opening: Opening | None) -> bool:
    """Whether a scope of old calls was found open, and another user of it has closed it since."""
    return opening is not None and isinstance(error, ScopeClosedError) and scope.closed


def caller(depth: int = 1) -> FrameType:
    """The frame so many calls out from whoever calls this."""
    return sys._getframe(depth + 1)  # noqa: SLF001  # only the stack knows


async def _ready(made: Any) -> Any:
    """What is there already, for a caller that awaits it."""
    return made
