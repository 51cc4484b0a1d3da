"""The way of a redirected call: site → arguments → scope → canonical provider.

Every use of an old name comes here. The usual call has its site and the shape of its arguments in
a table, finds the ambient scope open with the very values it brings, and asks it for the canonical
object. Everything else is done aside.
"""

# ruff: noqa: SLF001  # asks the open scope's program what it can answer, and the stack who calls

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import FrameType
from typing import Any, Final, Self

from trunkline.ambient import ambient_scope
from trunkline.errors import AsyncResolutionError
from trunkline.graph.blueprint import Constant
from trunkline.graph.model import SourceLocation
from trunkline.legacy import refusals
from trunkline.legacy.arguments import Arguments, Shape, Value
from trunkline.legacy.errors import LegacyError
from trunkline.legacy.naming import old_name
from trunkline.legacy.opened import (
    OpenedScopes,
    Opening,
    Unfinished,
    close_with,
    drive,
    opened_in,
    value_key,
)
from trunkline.legacy.shadow import Shadow
from trunkline.legacy.sites import PROCESS, CallSite, OldName
from trunkline.legacy.standing import Standing, Step, argument_at
from trunkline.legacy.target import Target
from trunkline.resolution.scope import OpenScope
from trunkline.resolution.started import STARTED

__all__ = ["Redirect", "caller"]

_CLASSES: Final = 32
"""Scope classes that are remembered; each start of a container makes new ones."""


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
        self._adapt = adapt
        self._call: Any = None
        self._shapes: dict[object, tuple[Shape, ...]] = {}
        self._standings: dict[type[OpenScope], Standing] = {}
        # what the usual call needs of the two: the likely form, scopes that can answer
        self._plain: dict[object, Shape] = {}
        self._able: dict[type[OpenScope], Standing] = {}
        self._awaitable: dict[type[OpenScope], Standing] = {}

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
        if self._adapt is None and self.target.found.container is not None:
            self._adapt = default_arguments(self.target)
        return self._adapt

    def call(self, frame: FrameType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
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
            site = usage.first_use(self, self.old, frame)
        next(site.hits)
        site.last = usage.clock()
        awaited = site.awaited if self.is_async is None else self.is_async
        if self.shadow is not None:
            return self.shadow.call(self, site, args, kwargs, awaited=awaited)
        scope: Any = ambient_scope.get()
        standing = (self._awaitable if awaited else self._able).get(type(scope))
        shape = self._plain.get((len(args), *kwargs) if kwargs else len(args))
        if standing is not None and shape is not None:
            providers = standing.values
            for name, place in shape.values:
                given = args[place] if type(place) is int else kwargs[place]  # type: ignore[index]  # a position or a name
                if name not in providers:
                    break
                value = scope.get(providers[name])
                if value is not given and (type(value) is not type(given) or value != given):
                    break
            else:
                if shape.checks:
                    standing.check(scope, shape, args, kwargs)
                return scope.aget(self._call) if awaited else scope.get(self._call)
        return self.answer(site, args, kwargs, awaited=awaited)

    def resolve(self, frame: FrameType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Answer a call without counting it; see :meth:`call`."""
        place = SourceLocation(frame.f_code.co_filename, frame.f_lineno)
        site = CallSite(self.old, place, frame.f_code.co_qualname, awaited=False)
        return self.answer(site, args, kwargs, awaited=bool(self.is_async))

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
        scope, opening = self.find_scope(site, args, kwargs)
        if awaited:
            return self._aresolve(scope, opening)
        try:
            made = self._get(site, scope)
        except BaseException:
            if opening is not None:
                opening.fail()
            raise
        return self._made(opening, made)

    def constructor_arguments(
        self, frame: FrameType, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        """What the canonical class is constructed with, for a subclass of the old one.

        Args:
            frame: The frame that constructs.
            args: Arguments in an old form.
            kwargs: The same by keyword.
        """
        site = PROCESS.usage.count(self, self.old, frame)
        scope, opening = self.find_scope(site, args, kwargs)
        found = self.target.found
        node = scope._node_of(found.call)
        recipe = node.recipe
        plan = scope._program.plan.nodes

        def value(argument: Any) -> Any:
            if isinstance(argument, Constant):
                return argument.value
            made = scope._method_of(plan[argument.name])(scope)
            return drive(made) if plan[argument.name].is_async else made

        try:
            given = [value(argument) for argument in recipe.args]
            named = {name: value(argument) for name, argument in recipe.kwargs}
        except BaseException as error:
            if opening is not None:
                opening.fail()
            if isinstance(error, Unfinished):
                raise refusals.must_await(self.old, site, node.name) from None
            raise
        return given, named

    def find_scope(
        self, site: CallSite, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[OpenScope, Opening | None]:
        """The scope that answers a call, and how an old call has opened it, if one has.

        Raises:
            LegacyCallError: The arguments fit no form.
            ApplicationNotFoundError: None is open, and none can be opened.
        """
        known, parent, given, steps = self.place(site, args, kwargs)
        if known is not None:
            return known, Opening(opened_in(parent), given, is_fresh=False) if given else None
        opened = opened_in(parent)
        return opened.scope(given, steps), Opening(opened, given, is_fresh=True)

    def place(
        self, site: CallSite, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[OpenScope | None, OpenScope, Mapping[Any, object], tuple[Step, ...]]:
        """Where a call's scope is, or is to be opened.

        Returns:
            The scope that is open with the call's values, if one is; the scope to open it in; the
            values by provider, none where the open one is the ambient one; and what to open, one
            inside another.
        """
        shape, values = self._read(site, args, kwargs)
        ambient: Any = ambient_scope.get()
        found = self.target.found
        given = {found.values[name]: value for name, value in values.items()}
        if ambient is not None:
            standing = self._standing(ambient)
            if standing.knows and standing.holds(ambient, values):
                standing.check(ambient, shape, args, kwargs)
                return ambient, ambient, {}, ()
        parent, steps = self._parent(site, ambient, values)
        if not given and not self._standing(parent).knows:
            raise refusals.nothing_open(self.old, found, site, shape)
        for check, place, _ in shape.checks:
            argument = argument_at(place, args, kwargs)
            if argument is not None:
                check(argument, values)
        known = opened_in(parent).find(given) if given else parent
        return known, parent, given, steps

    def values_key(self, site: CallSite, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The scope values that a call brings, or the scope that it finds open, as a key."""
        if self.target.found.container is None:
            return None
        _, values = self._read(site, args, kwargs)
        return value_key(values.values()) if values else id(ambient_scope.get())

    def is_fresh(self, site: CallSite, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Whether answering a call would open a scope."""
        place = self._own_scope(site, args, kwargs)
        return place is not None and place[0].find(place[1]) is None

    def close_fresh(self, site: CallSite, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Close the scope that answering a call has opened."""
        place = self._own_scope(site, args, kwargs)
        if place is not None:
            place[0].close(place[1])

    def _own_scope(
        self, site: CallSite, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[OpenedScopes, Mapping[Any, object]] | None:
        """Where the scope is, or would be, that a call has to open; None where it has not."""
        found = self.target.found
        if found.container is None:
            return None
        try:
            _, values = self._read(site, args, kwargs)
            ambient: Any = ambient_scope.get()
            if not values or (
                ambient is not None
                and (standing := self._standing(ambient)).knows
                and standing.holds(ambient, values)
            ):
                return None
            parent, _ = self._parent(site, ambient, values)
        except LegacyError:  # a call that can't be answered opens nothing
            return None
        return opened_in(parent), {found.values[name]: value for name, value in values.items()}

    def warn_subclass(self, frame: FrameType) -> None:
        """Warn of a subclass of the old class, and count it."""
        PROCESS.usage.count(self, self.old, frame)

    def _read(
        self, site: CallSite, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Shape, dict[str, Any]]:
        """Find the form of a call, and the scope values that it brings."""
        key = (len(args), *kwargs) if kwargs else len(args)
        shapes = self._shapes.get(key)
        adapt = self.adapt
        assert adapt is not None  # noqa: S101  # a provider's redirect has forms
        if shapes is None:
            shapes = self._shapes[key] = tuple(adapt.shapes(len(args), tuple(kwargs)))
            self._call = self.target.found.call
            if len(shapes) == 1:
                self._plain[key] = shapes[0]
        if not shapes:
            raise refusals.no_form(self.old, adapt, site, args, kwargs)
        wrong: list[dict[str, Any]] = []
        for shape in shapes:
            values = {name: argument_at(place, args, kwargs) for name, place in shape.values}
            if all(self._fits(name, value) for name, value in values.items()):
                if values:
                    # Of several forms the latest is tried first: where its values are those of
                    # the open scope, the call can mean no other.
                    self._plain[key] = shape
                return shape, values
            wrong.append(values)
        # Of several forms the call meant the one that it gives a fake for, or else nothing.
        raise refusals.wrong_value(
            self.old, self.target.found, site, max(wrong, key=self._closeness)
        )

    def _fits(self, name: str, value: object) -> bool:
        return issubclass(type(value), self.target.found.values[name].provides)

    def _closeness(self, values: Mapping[str, Any]) -> int:
        found = self.target.found.values
        claims = any(isinstance(value, found[name].provides) for name, value in values.items())
        return 2 if claims else int(any(value is None for value in values.values()))

    def _standing(self, scope: OpenScope) -> Standing:
        standing = self._standings.get(type(scope))
        if standing is None:
            if len(self._standings) >= _CLASSES:
                self._standings.clear()
                self._able.clear()
                self._awaitable.clear()
            standing = self._standings[type(scope)] = Standing(scope, self.target.found)
            if standing.knows:
                self._awaitable[type(scope)] = standing
                if not standing.awaits:
                    self._able[type(scope)] = standing
        return standing

    def _parent(
        self, site: CallSite, ambient: OpenScope | None, values: Mapping[str, Any]
    ) -> tuple[OpenScope, tuple[Step, ...]]:
        """The nearest scope that the call's scopes can be opened in, and what to open there."""
        found = self.target.found
        parent = ambient
        if parent is None or parent._program.node_of(found.call) is None:
            assert found.container is not None  # noqa: S101  # narrows for the type checker
            roots = [root for app in STARTED.of(found.container) if (root := app.root_scope())]
            if len(roots) != 1:
                raise refusals.no_one_application(self.old, found.container, site, len(roots))
            parent = roots[0]
        if not values:
            return parent, ()
        while True:
            steps = self._standing(parent).missing(parent, values)
            around = parent.parent
            if around is None or all(scope.depth > parent.scope.depth for scope, _ in steps):
                return parent, steps
            parent = around

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

    async def _aresolve(self, scope: OpenScope, opening: Opening | None) -> Any:
        try:
            made = await scope.aget(self.target.found.call)
        except BaseException:
            if opening is not None:
                await opening.afail()
            raise
        return self._made(opening, made)

    def _made(self, opening: Opening | None, made: Any) -> Any:
        if opening is not None:
            opening.opened.watch(opening.given, made, self.over)
            if self.closes_with is not None:
                close_with(made, self.closes_with, opening.opened, opening.given)
        return made


def default_arguments(target: Target) -> Arguments:
    """The forms of a name that says nothing of its arguments: its scope's values, or nothing."""
    mine = {name: name.replace(".", "_") for name in target.found.own_values}
    if not mine:
        return Arguments("")
    roles = {parameter: Value(name) for name, parameter in mine.items()}
    return Arguments("", ", ".join(mine.values()), **roles)


def caller(depth: int = 1) -> FrameType:
    """The frame so many calls out from whoever calls this."""
    return sys._getframe(depth + 1)


async def _ready(made: Any) -> Any:
    """What is there already, for a caller that awaits it."""
    return made
