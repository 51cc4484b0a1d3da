"""``assert_collected``: a closed scope keeps nothing alive, nor does anything keep its objects."""

from __future__ import annotations

import gc
import types
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from trunkline.resolution.scope import OpenScope
from trunkline.testing.scoped import around, held_by

__all__ = ["assert_collected"]

LONGEST_CHAIN = 12
"""How many referrers a failure shows at the most."""


@contextmanager
def assert_collected(scope: OpenScope) -> Iterator[None]:
    """Fail where an object of a scope is alive after the scope has closed.

    Example::

        scope = app.enter(user)
        ...
        with assert_collected(scope):
            scope.close()

    Watched are the objects that the scope holds when the block begins and that can be referred to
    weakly; those of longer-lived scopes, and the values that it was given, may live on.

    Args:
        scope: An open scope; the block closes it.

    Raises:
        AssertionError: The scope is open when the block ends, or an object of it lives on; the
            chain of what refers to it is shown.
    """
    kept = {id(value) for outer in around(scope)[1:] for _, value in held_by(outer)}
    kept |= {id(value) for value in _given(scope)}
    watched = [
        (name, weakref.ref(value))
        for name, value in held_by(scope)
        if id(value) not in kept and type(value).__weakrefoffset__
    ]
    yield
    if not scope.closed:
        raise AssertionError(f"{scope!r} is open: close it in the block of assert_collected()")
    gc.collect()
    for name, reference in watched:
        value = reference()
        if value is not None:
            raise AssertionError(_alive(name, value, scope))


def _given(scope: OpenScope) -> Iterator[Any]:
    for node in scope._program.plan.values_of([scope._path[-1]]):  # noqa: SLF001  # the plan says which they are
        yield getattr(scope, f"v_{node.attr}")


def _alive(name: str, value: Any, scope: OpenScope) -> str:
    chain = _chain(value)
    lines = [
        f"{name} ({type(value).__qualname__}) is alive after its scope closed: {scope!r}",
        *(f"  held by {line}" for line in chain),
    ]
    if not chain:
        lines.append("  held by nothing that the garbage collector tracks: a frame or C code")
    return "\n".join(lines)


def _chain(value: Any) -> list[str]:
    """What refers to an object, from it outward to a module, a frame or a task."""
    lines: list[str] = []
    seen = {id(value), id(lines)}
    target = value
    while len(lines) < LONGEST_CHAIN:
        found = _referrer(target, seen)
        if found is None:
            break
        lines.append(_shown(found, target))
        if isinstance(found, types.ModuleType | types.FrameType | type):
            break
        seen.add(id(found))
        target = found
    return lines


def _referrer(target: Any, seen: set[int]) -> Any:
    candidates = [
        referrer
        for referrer in gc.get_referrers(target)
        if id(referrer) not in seen and not _is_ours(referrer)
    ]
    candidates.sort(key=lambda referrer: isinstance(referrer, types.FrameType))
    return candidates[0] if candidates else None


def _is_ours(referrer: Any) -> bool:
    """Whether it is this module that refers."""
    if isinstance(referrer, types.FrameType):
        return referrer.f_code.co_filename == __file__
    return isinstance(referrer, types.GeneratorType) and (referrer.gi_code.co_filename == __file__)


def _shown(referrer: Any, target: Any) -> str:
    match referrer:
        case types.FrameType():
            code = referrer.f_code
            return f"a local of {code.co_qualname} ({code.co_filename}:{referrer.f_lineno})"
        case types.ModuleType():
            return f"module {referrer.__name__}"
        case dict():
            keys = [key for key, item in referrer.items() if item is target]
            module = referrer.get("__name__")
            if isinstance(module, str) and "__spec__" in referrer:
                return f"the global {keys[0] if keys else '?'} of module {module}"
            return f"a dict, by {keys[0]!r}" if keys else "a dict"
        case types.CellType():
            return "a closure"
        case _:
            return f"a {type(referrer).__module__}.{type(referrer).__qualname__}"
