"""Where a call of an old name is answered: in a scope that is open, or in one that it opens."""

# ruff: noqa: SLF001  # asks the open scope's program what it can answer

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from weakref import ReferenceType, ref

from trunkline.ambient import ambient_scope
from trunkline.legacy import refusals
from trunkline.legacy.arguments import Shape, argument_at, passing
from trunkline.legacy.chains import Guard
from trunkline.legacy.errors import LegacyError
from trunkline.legacy.naming import OldName
from trunkline.legacy.opened import OpenedScopes, Opening, value_key
from trunkline.legacy.reading import CallReader
from trunkline.legacy.registry import opened_in
from trunkline.legacy.sites import CallSite
from trunkline.legacy.standing import Standing, Step, remember
from trunkline.legacy.target import Target
from trunkline.resolution.scope import OpenScope
from trunkline.resolution.started import STARTED

__all__ = ["Place", "Placing"]

_Again: TypeAlias = tuple[
    ReferenceType[OpenScope],
    ReferenceType[OpenedScopes],
    tuple[int | str, ...],
    tuple[int | str, ...],
]
"""A call that opened a scope in the ambient one: that one, what is open in it, and where the call
has its values and what needs a check."""
_CALLS: Final = 256
"""Ways to pass arguments that are remembered."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call is answered.

    Attributes:
        shape: How the call passes its arguments.
        standing: What the ambient scope can answer, where it is the one that answers.
        scope: The scope that is open with the call's values; None where one is to be opened.
        parent: The scope to open it in.
        given: The values by provider; none where the ambient scope answers.
        steps: What to open, one inside another.
    """

    shape: Shape
    standing: Standing | None
    scope: OpenScope | None
    parent: OpenScope
    given: Mapping[Any, object]
    steps: tuple[Step, ...]


class Placing:
    """Finds the places of one old name's calls.

    Args:
        old: The name.
        target: What it leads to.
        reader: Reads its calls.
    """

    def __init__(self, old: OldName, target: Target, reader: CallReader) -> None:
        self._old = old
        self._target = target
        self._reader = reader
        self._standings: dict[int, Standing] = {}
        self._again: dict[object, _Again] = {}

    def again(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Guard | None:
        """What stands for the scope that an old call with the same values opened in this one.

        It is found without reading the call anew, and only where nothing else could answer it.
        """
        known = self._again.get(passing(args, kwargs))
        if known is None:
            return None
        ambient, opened, values, checked = known
        if ambient() is not ambient_scope.get():
            return None
        for place in checked:
            if argument_at(place, args, kwargs) is not None:
                return None
        found = opened()
        try:
            brought = tuple([argument_at(place, args, kwargs) for place in values])
            return None if found is None else found.guard(brought)
        except TypeError:
            return None

    def place(self, site: CallSite, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Place:
        """Where a call is answered.

        Raises:
            LegacyCallError: The arguments fit no form, or bring nothing where no scope is open.
            ApplicationNotFoundError: None is open, and none can be opened.
        """
        shape, values = self._reader.read(site, args, kwargs)
        ambient: Any = ambient_scope.get()
        found = self._target.found
        given = {found.values[name]: value for name, value in values.items()}
        if ambient is not None:
            standing = self.standing(ambient)
            if standing.knows and standing.holds(ambient, values):
                standing.check(ambient, shape, args, kwargs)
                return Place(shape, standing, ambient, ambient, {}, ())
        parent, steps = self._parent(site, ambient, values)
        if not given and not self.standing(parent).knows:
            raise refusals.nothing_open(self._old, found, site, shape)
        for check, place, _ in shape.checks:
            argument = argument_at(place, args, kwargs)
            if argument is not None:
                check(argument, values)
        if not given:
            return Place(shape, None, parent, parent, given, steps)
        opened = opened_in(parent)
        if parent is ambient:
            if len(self._again) >= _CALLS:
                self._again.clear()
            self._again[passing(args, kwargs)] = (
                ref(parent),
                ref(opened),
                tuple(place for _, place in shape.values),
                tuple(place for _, place, _ in shape.checks),
            )
        return Place(shape, None, opened.find(given), parent, given, steps)

    def scope(self, place: Place) -> tuple[OpenScope, Opening | None]:
        """The scope that answers a call, opened if need be, and how, if an old call opened it."""
        if place.scope is None:
            opened = opened_in(place.parent)
            scope = opened.scope(place.given, place.steps)
            return scope, Opening(opened, place.given, is_fresh=True)
        if not place.given:
            return place.scope, None
        return place.scope, Opening(opened_in(place.parent), place.given, is_fresh=False)

    def values_key(self, site: CallSite, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """The scope values that a call brings, or the scope that it finds open, as a key."""
        if self._target.found.container is None:
            return None
        _, values = self._reader.read(site, args, kwargs)
        return value_key(values.values()) if values else id(ambient_scope.get())

    def own_scope(
        self, site: CallSite, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> tuple[OpenedScopes, Mapping[Any, object]] | None:
        """Where the scope is, or would be, that a call has to open; None where it has not."""
        found = self._target.found
        if found.container is None:
            return None
        try:
            _, values = self._reader.read(site, args, kwargs)
            ambient: Any = ambient_scope.get()
            if not values or (
                ambient is not None
                and (standing := self.standing(ambient)).knows
                and standing.holds(ambient, values)
            ):
                return None
            parent, _ = self._parent(site, ambient, values)
        except LegacyError:  # a call that can't be answered opens nothing
            return None
        return opened_in(parent), {found.values[name]: value for name, value in values.items()}

    def standing(self, scope: OpenScope) -> Standing:
        """What a scope can answer."""
        standing = self._standings.get(id(type(scope)))
        if standing is None:
            standing = Standing(scope, self._target.found)
            remember(self._standings, type(scope), standing)
        return standing

    def _parent(
        self, site: CallSite, ambient: OpenScope | None, values: Mapping[str, Any]
    ) -> tuple[OpenScope, tuple[Step, ...]]:
        """The nearest scope that the call's scopes can be opened in, and what to open there."""
        found = self._target.found
        parent = ambient
        if parent is None or parent._program.node_of(found.call) is None:
            assert found.container is not None  # noqa: S101  # narrows for the type checker
            roots = [root for app in STARTED.of(found.container) if (root := app.root_scope())]
            if len(roots) != 1:
                raise refusals.no_one_application(self._old, found.container, site, len(roots))
            parent = roots[0]
        if not values:
            return parent, ()
        while True:
            steps = self.standing(parent).missing(parent, values)
            around = parent.parent
            if around is None or all(scope.depth > parent.scope.depth for scope, _ in steps):
                return parent, steps
            parent = around
