"""What is refused, or reported, of an override before anything is built under it."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any, Final

from trunkline.compiler.planner import plan
from trunkline.errors import OverrideError
from trunkline.graph.blueprint import Blueprint, Ref
from trunkline.graph.model import SourceLocation
from trunkline.introspection import is_provider, written_recipe
from trunkline.overrides.compatibility import differences
from trunkline.overrides.fakes import is_called
from trunkline.validation import Finding, check_captive_dependencies, check_cycles, draw
from trunkline.validation.supplies import Declared, Exact, Given, Supplies, Supply

__all__ = ["check_fakes", "check_graph", "check_made", "unused"]


def check_graph(blueprint: Blueprint, location: SourceLocation | None) -> None:
    """Refuse fakes that make the graph one which can't be compiled.

    Raises:
        OverrideError: It has cycles or captive dependencies.
    """
    faults = [*check_cycles(blueprint.graph), *check_captive_dependencies(blueprint.graph)]
    if faults:
        raise OverrideError(
            f"the override makes {blueprint.graph.name} faulty:\n{draw(faults)}",
            location=location,
            remedy="let the fake live no longer than what it is made from, and not depend on "
            "what depends on it",
        )


def check_fakes(before: Blueprint, after: Blueprint, fakes: Mapping[str, Any]) -> dict[str, type]:
    """Refuse fakes that can't do what they replace can do.

    Args:
        before: The container without them.
        after: The container with them.
        fakes: What was given, by the names of the nodes that it replaces.

    Returns:
        By name, the classes that objects which are made under the override have to answer for:
        what a function returns, or a constructor sets, is not known before.

    Raises:
        OverrideError: The first fake that doesn't fit, with each difference.
    """
    supplied_before = Supplies(
        {**before.recipes, **{name: written_recipe(before, name) for name in fakes}}
    )
    supplied_after = Supplies(
        {**after.recipes, **{name: written_recipe(after, name) for name in fakes}}
    )
    planned_before, planned_after = plan(before), plan(after)
    made_as: dict[str, type] = {}
    for name, fake in fakes.items():
        expected = _class_of(supplied_before.of(Ref(name)))
        stands_in: Any = fake
        if is_provider(fake) or is_called(before, name, fake):
            stands_in = _class_of(supplied_after.of(Ref(name)))
            if expected is not None:
                made_as[name] = expected
        lines = [] if expected is None or stands_in is None else differences(expected, stands_in)
        if planned_after.nodes[name].is_async and not planned_before.nodes[name].is_async:
            lines.append("differs: the fake must be awaited, what it replaces must not")
        if lines:
            raise _unfit(_name(fake), name, expected, lines, before.graph[name].location)
    return made_as


def check_made(name: str, expected: type, made: object, location: SourceLocation | None) -> None:
    """Refuse what a fake made, if it can't do what it replaces can do.

    Args:
        name: The node's name.
        expected: The class of what is replaced.
        made: The object.
        location: Where the override was written.

    Raises:
        OverrideError: It doesn't fit, with each difference.
    """
    lines = differences(expected, made)
    if lines:
        raise _unfit(_name(made), name, expected, lines, location)


def _unfit(
    shown: str,
    name: str,
    expected: type | None,
    lines: Iterable[str],
    location: SourceLocation | None,
) -> OverrideError:
    differing = "\n".join(f"    {line}" for line in lines)
    replaced = name if expected is None else f"{expected.__qualname__} ({name})"
    return OverrideError(
        f"{shown} can't stand in for {replaced}:\n{differing}",
        location=location,
        remedy="give the fake what the code may call, or waive the check: "
        "override(..., strict=False)",
    )


def unused(
    names: Iterable[str], container: str, location: SourceLocation | None
) -> tuple[Finding, ...]:
    """A finding for each fake that nothing asked for while its override lasted."""
    return tuple(
        Finding(
            check="unused-override",
            subject=name,
            message=f"{name} of {container} was overridden, but nothing asked for it",
            remedy="drop the fake; or find out why the code under test went round the container",
            location=location,
        )
        for name in names
    )


_NOTHING: Final = (object, Any)
"""Annotations that say nothing of the object."""


def _class_of(supply: Supply) -> type | None:
    match supply:
        case Exact(cls):
            return cls
        case Declared(annotation) if isinstance(annotation, type) and annotation not in _NOTHING:
            return annotation
        case Given(value):
            return type(value)
        case _:
            return None


def _name(fake: Any) -> str:
    if is_provider(fake):
        return f"providers.{type(fake).__name__}"
    if isinstance(fake, type) or inspect.isroutine(fake):
        return str(fake.__qualname__)
    return f"a {type(fake).__qualname__}"
