"""Subclasses of redirected classes: objects made from old arguments as the factory would."""

# ruff: noqa: SLF001  # asks the open scope's program what it injects, and the stack who calls

from __future__ import annotations

import sys
import types
from inspect import Signature
from types import FrameType
from typing import Any

from trunkline.graph.blueprint import Constant
from trunkline.legacy import refusals
from trunkline.legacy.counting import PROCESS
from trunkline.legacy.redirect import Redirect
from trunkline.legacy.unawaited import Unfinished, drive

__all__ = ["construct", "subclass_base"]


def subclass_base(redirect: Redirect, canonical: type) -> type:
    """A subclass of the canonical class that is constructed with the old arguments."""
    base: Any

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807  # becomes the method
        construct(base, redirect, self, args, kwargs)

    short = redirect.old.name.rpartition(".")[2]
    namespace = {
        "__init__": __init__,
        "__module__": redirect.old.name.removesuffix(f".{short}"),
        "__doc__": canonical.__doc__,
        "__slots__": (),
    }
    base = types.new_class(short, (canonical,), {}, lambda body: body.update(namespace))
    return base  # type: ignore[no-any-return]  # named as a type, it could not be given to super()


def construct(
    base: Any, redirect: Redirect, made: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """Construct an object of a subclass as the canonical factory would.

    It is called by an ``__init__``, whose caller is the site.
    """
    found = redirect.target.found
    if found.container is not None and not _is_canonical_form(redirect, args, kwargs):
        given, named = _constructor_arguments(redirect, sys._getframe(2), made, args, kwargs)
        super(base, made).__init__(*given, **named)
    else:
        super(base, made).__init__(*args, **kwargs)


def _constructor_arguments(
    redirect: Redirect, frame: FrameType, made: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """What the canonical class is constructed with, for a subclass of the old one.

    Args:
        redirect: The redirect of the old class.
        frame: The frame that constructs.
        made: The object under construction: a scope that is opened for it lives as long.
        args: Arguments in an old form.
        kwargs: The same by keyword.
    """
    site = PROCESS.usage.count(redirect, redirect.old, frame)
    scope, opening = redirect.placing.scope(redirect.placing.place(site, args, kwargs))
    node = scope._node_of(redirect.target.found.call)
    recipe = node.recipe
    plan = scope._program.plan.nodes

    def value(argument: Any) -> Any:
        if isinstance(argument, Constant):
            return argument.value
        resolved = scope._method_of(plan[argument.name])(scope)
        return drive(resolved) if plan[argument.name].is_async else resolved

    try:
        given = [value(argument) for argument in recipe.args]
        named = {name: value(argument) for name, argument in recipe.kwargs}
    except BaseException as error:
        if opening is not None:
            opening.fail()
        if isinstance(error, Unfinished):
            raise refusals.must_await(redirect.old, site, node.name) from None
        raise
    redirect.tie(opening, made)
    return given, named


def _is_canonical_form(redirect: Redirect, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a subclass passes what the canonical class takes: it has been rewritten already."""
    try:
        bound = Signature.from_callable(redirect.target.type).bind(*args, **kwargs)
    except TypeError:
        return False
    values = redirect.target.found.values
    named = [name for name in bound.arguments if name in values]
    return bool(named) and all(
        issubclass(type(bound.arguments[name]), values[name].provides) for name in named
    )
