"""Reading a call in an old form: which form it has, and which scope values it brings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from trunkline.legacy import refusals
from trunkline.legacy.arguments import Arguments, Shape, Value, argument_at, passing
from trunkline.legacy.naming import OldName
from trunkline.legacy.sites import CallSite
from trunkline.legacy.target import Target

__all__ = ["CallReader"]

_SHAPES: Final = 256
"""Ways of passing arguments that are remembered: callers that make keywords up can't fill it."""


class CallReader:
    """Reads the calls of one old name.

    Args:
        old: The name.
        target: What it leads to.
        adapt: The forms in which it is called. Unless given, those of a provider are its scope
            values, in the order of declaration, or nothing at all; any other target takes the
            arguments as they are.
    """

    def __init__(self, old: OldName, target: Target, adapt: Arguments | None) -> None:
        self._old = old
        self._target = target
        self._adapt = adapt
        self._shapes: dict[object, tuple[Shape, ...]] = {}

    @property
    def adapt(self) -> Arguments | None:
        """The forms of a call; None where the arguments go on as they are."""
        if self._adapt is None and self._target.found.container is not None:
            self._adapt = _forms_of_values(self._target)
        return self._adapt

    def shapes(
        self, site: CallSite, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> tuple[Shape, ...]:
        """The ways to read a call that passes its arguments like this one, one at least.

        Raises:
            LegacyCallError: There is none.
        """
        key = passing(args, kwargs)
        shapes = self._shapes.get(key)
        if shapes is None:
            adapt = self.adapt
            assert adapt is not None  # noqa: S101  # a provider's redirect has forms
            # In one order of the values, whatever the form's: as a key they tell scopes apart.
            order = {name: index for index, name in enumerate(self._target.found.values)}
            shapes = tuple(
                replace(
                    shape, values=tuple(sorted(shape.values, key=lambda v: order.get(v[0], -1)))
                )
                for shape in adapt.shapes(len(args), tuple(kwargs))
            )
            if not shapes:
                raise refusals.no_form(self._old, adapt, site, args, kwargs)
            if len(self._shapes) >= _SHAPES:
                self._shapes.clear()
            self._shapes[key] = shapes
        return shapes

    def read(
        self, site: CallSite, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> tuple[Shape, dict[str, Any]]:
        """Find the form of a call, and the scope values that it brings, by name.

        Raises:
            LegacyCallError: It has none, or a value is of another class.
        """
        wrong: list[dict[str, Any]] = []
        for shape in self.shapes(site, args, kwargs):
            values = {name: argument_at(place, args, kwargs) for name, place in shape.values}
            if all(self._fits(name, value) for name, value in values.items()):
                return shape, values
            wrong.append(values)
        # Of several forms the call meant the one that it gives a fake for, or else nothing.
        raise refusals.wrong_value(
            self._old, self._target.found, site, max(wrong, key=self._closeness)
        )

    def _fits(self, name: str, value: object) -> bool:
        return issubclass(type(value), self._target.found.values[name].provides)

    def _closeness(self, values: Mapping[str, Any]) -> int:
        found = self._target.found.values
        claims = any(isinstance(value, found[name].provides) for name, value in values.items())
        return 2 if claims else int(any(value is None for value in values.values()))


def _forms_of_values(target: Target) -> Arguments:
    """The forms of a name that says nothing of its arguments: its scope's values, or nothing."""
    mine = {name: name.replace(".", "_") for name in target.found.own_values}
    if not mine:
        return Arguments("")
    roles = {parameter: Value(name) for name, parameter in mine.items()}
    return Arguments("", ", ".join(mine.values()), **roles)
