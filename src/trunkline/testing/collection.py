"""``assert_collected``: a closed scope keeps nothing alive, nor does anything keep its objects."""

from __future__ import annotations

import gc
import types
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from trunkline.resolution.scope import OpenScope
from trunkline.testing.scoped import around, held_by, keyed_in

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

    Watched are the objects that the scope holds when the block begins; those of longer-lived
    scopes, of keys, and the values that it was given, may live on. Not watched are values that the
    garbage collector does not track, such as texts: they hold nothing.

    Args:
        scope: An open scope; the block closes it.

    Raises:
        AssertionError: The scope is open when the block ends, or an object of it lives on; the
            chain of what refers to it is shown.
    """
    kept = {id(value) for outer in around(scope)[1:] for _, value in held_by(outer)}
    kept |= {id(value) for value in (*_given(scope), *keyed_in(scope))}
    watched = [
        _Watched(name, value)
        for name, value in held_by(scope)
        if id(value) not in kept and (type(value).__weakrefoffset__ or gc.is_tracked(value))
    ]
    yield
    if not scope.closed:
        raise AssertionError(f"{scope!r} is open: close it in the block of assert_collected()")
    gc.collect()
    tracked: dict[int, Any] = {}
    if not all(each.reference for each in watched):
        tracked = {id(value): value for value in gc.get_objects()}
    for each in watched:
        value = each.found(tracked)
        if value is not None:
            tracked.clear()  # it refers to everything
            raise AssertionError(_alive(each.name, value, scope))


class _Watched:
    """An object that should go, known without keeping it alive.

    Args:
        name: The name of its provider.
        value: The object.
    """

    def __init__(self, name: str, value: Any) -> None:
        self.name = name
        self.reference = weakref.ref(value) if type(value).__weakrefoffset__ else None
        self._id, self._type = id(value), type(value)
        self._holds = _referents(value)

    def found(self, tracked: Mapping[int, Any]) -> Any:
        """The object, if it is alive.

        Args:
            tracked: All objects that the garbage collector knows, by id. One that can't be
                referred to weakly is found there: another that came to lie in its place would have
                to be of its class and refer to the very same objects. One that refers to nothing
                is not looked for: it could be any.
        """
        if self.reference is not None:
            return self.reference()
        there = tracked.get(self._id) if self._holds else None
        same = type(there) is self._type and _referents(there) == self._holds
        return there if same else None


def _referents(value: Any) -> list[int]:
    return [id(target) for target in gc.get_referents(value)]


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
