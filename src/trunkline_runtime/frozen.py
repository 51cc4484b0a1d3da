"""Plain data that cannot change: deep read-only copies of JSON-like values.

Contexts and events are shared between tasks, kept for replay and logged long after they were
made. What they hold is therefore copied once, on the way in, into values that nobody can change:
mappings become `FrozenDict`, lists and tuples become tuples. Live objects (sessions, sockets,
locks) are refused, because they would tie one user's data to a resource that others share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, Final, NoReturn, TypeAlias, TypeGuard, TypeVar

__all__ = [
    "MAX_DEPTH",
    "FrozenDict",
    "NotPlain",
    "PlainData",
    "freeze",
    "is_mapping",
    "is_really",
    "path_step",
]

MAX_DEPTH: Final = 32
"""How many mappings and lists may be nested; a structure that holds itself is refused by it."""

_STEP: Final = 64
_MAX_INT_BITS: Final = 4096
_MAX_INT: Final = 1 << _MAX_INT_BITS  # far below the digits beyond which Python draws no integer

PlainData: TypeAlias = "str | int | float | bool | FrozenDict | tuple[PlainData, ...] | None"


_T = TypeVar("_T")


def is_really(value: object, kind: type[_T]) -> TypeGuard[_T]:
    """Tell whether the class of a value is ``kind`` or derives from it.

    ``isinstance`` also believes what an object says of itself, so that a ``Mock(spec=X)`` counts
    as an X. Where identity and isolation hang on it, only the real class counts.
    """
    return issubclass(type(value), kind)


def is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """Tell whether the class of a value is a mapping; see `is_really`."""
    kind = type(value)
    return kind is dict or kind is FrozenDict or issubclass(kind, Mapping)


class FrozenDict(dict[str, Any]):
    """A dict that refuses to change. It is hashable as long as its values are.

    It is a real dict so that ``json``, ``**`` and comparison with other dicts work at full speed.
    """

    __slots__ = ()

    def _refuse(self, *_args: object, **_kwargs: object) -> NoReturn:
        message = "this mapping is read-only; make a copy with dict(...) and change that"
        raise TypeError(message)

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = _refuse
    setdefault = update = _refuse  # pyright: ignore[reportAssignmentType]  # refuses any call

    def __hash__(self) -> int:  # type: ignore[override]  # dict forbids it because dicts change
        return hash(frozenset(self.items()))

    def __copy__(self) -> FrozenDict:
        return self

    def __deepcopy__(self, _memo: object) -> FrozenDict:
        return self

    def __reduce__(self) -> tuple[type[FrozenDict], tuple[dict[str, Any]]]:
        return FrozenDict, (dict(self),)


class NotPlain(ValueError):  # noqa: N818  # named for its fault, like the runtime's errors
    """A value is not JSON-like. The text never quotes the value.

    Attributes:
        path: Where it is: ``.plan[2]``; empty for the value itself.
        kind: Its type.
        problem: What is wrong with it.
    """

    def __init__(self, path: str, kind: type, problem: str) -> None:
        super().__init__(f"{path or 'the value'} {problem}")
        self.path = path
        self.kind = kind
        self.problem = problem


def freeze(value: object, *, max_depth: int = MAX_DEPTH) -> PlainData:
    """Return a deep, read-only copy of JSON-like data.

    Args:
        value: Text, finite numbers, booleans, None, mappings with text keys, lists and tuples,
            nested at will. Subclasses of ``str``, ``int`` and ``float`` become the plain type;
            integers have 4096 bits at most.
        max_depth: How many mappings and lists may be nested.

    Returns:
        The copy: every mapping a `FrozenDict`, every list or tuple a tuple.

    Raises:
        NotPlain: Something else was found, or it is nested too deep.
    """
    try:
        return _frozen(value, max_depth)
    except _Fault as fault:
        raise NotPlain("".join(reversed(fault.path)), fault.kind, fault.problem) from None


class _Fault(Exception):  # noqa: N818  # private: carries a path upwards, never reaches a caller
    def __init__(self, kind: type, problem: str) -> None:
        self.path: list[str] = []
        self.kind = kind
        self.problem = problem


def _frozen(value: object, depth: int) -> PlainData:
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return value  # type: ignore[return-value]  # narrowed by its exact type
    if kind is int:
        if -_MAX_INT < value < _MAX_INT:  # type: ignore[operator]  # narrowed by its exact type
            return value  # type: ignore[return-value]  # narrowed by its exact type
        raise _Fault(kind, f"has more than {_MAX_INT_BITS} bits")
    if kind is float:
        if isfinite(value):  # type: ignore[arg-type]  # narrowed by its exact type
            return value  # type: ignore[return-value]  # narrowed by its exact type
        raise _Fault(kind, "is not a finite number")
    if is_mapping(value):
        return _frozen_mapping(value, depth)
    if is_really(value, list) or is_really(value, tuple):
        return _frozen_sequence(value, depth)
    return _frozen_scalar(value)


def _frozen_mapping(value: Mapping[object, object], depth: int) -> FrozenDict:
    if depth <= 0:
        raise _Fault(type(value), "is nested too deep, or holds itself")
    copy = FrozenDict()
    put = dict[str, Any].__setitem__  # the way in that FrozenDict itself has closed
    for key, item in value.items():
        if not is_really(key, str):
            raise _Fault(type(key), "has a key that is not text")
        name = key if type(key) is str else str.__str__(key)
        if type(item) is str:  # what most data is: spare it a call
            put(copy, name, item)
            continue
        try:
            put(copy, name, _frozen(item, depth - 1))
        except _Fault as fault:
            fault.path.append(path_step(name))
            raise
    return copy


def path_step(key: str) -> str:
    """Draw a key as a step of a path, escaped and short: ``.plan``, ``['a b']``."""
    if len(key) <= _STEP and key.isascii() and key.isidentifier():
        return f".{key}"
    shortened = key if len(key) <= _STEP else f"{key[:_STEP]}..."
    return f"[{shortened!a}]"


def _frozen_sequence(value: Sequence[object], depth: int) -> PlainData:
    if depth <= 0:
        raise _Fault(type(value), "is nested too deep, or holds itself")
    copy: list[PlainData] = []
    for index, item in enumerate(value):
        try:
            copy.append(_frozen(item, depth - 1))
        except _Fault as fault:
            fault.path.append(f"[{index}]")
            raise
    return tuple(copy)


def _frozen_scalar(value: object) -> PlainData:
    """Reduce a subclass of a plain type to that type, by the base's own method.

    The subclass's methods are not asked: an enumeration's ``str()`` is not its value, and a
    subclass could answer anything.
    """
    if is_really(value, str):
        return str.__str__(value)
    if is_really(value, int):
        return _frozen(int.__int__(value), 0)
    if is_really(value, float):
        return _frozen(float.__float__(value), 0)
    raise _Fault(type(value), "is not JSON-like data")
