"""The state of one object: its own attributes and slots, and whether any of it can change."""

from __future__ import annotations

import functools
import types
import weakref
from collections import deque
from collections.abc import Iterator
from contextvars import Context, ContextVar
from typing import Any, Final

__all__ = [
    "CONTAINERS",
    "Steps",
    "attributes_of",
    "class_of",
    "is_mutable",
    "is_plain",
    "own_attributes",
    "written_in_c",
]

Steps = Iterator[tuple[str, Any]]
"""What an object leads to, with the text of each step."""

CONTAINERS: Final = (dict, list, set, bytearray, deque)
"""What can change itself, attributes or not."""
_FIXED: Final = (
    *(tuple, frozenset, weakref.ref, ContextVar, Context, functools.partial, staticmethod),
    *(
        types.FunctionType,
        types.BuiltinFunctionType,
        types.MethodType,
        types.CellType,
        types.MappingProxyType,
        classmethod,
    ),
)
"""What can't change itself, whatever it leads to."""
_IMMUTABLE_TYPE: Final = 1 << 8
"""``Py_TPFLAGS_IMMUTABLETYPE``, which classes written in C have."""


def is_mutable(value: Any) -> bool:
    """Whether an object holds state of its own that can change."""
    cls = type(value)
    if isinstance(value, (*CONTAINERS, weakref.WeakValueDictionary)):
        return True
    if isinstance(value, _FIXED):
        return False
    parameters = getattr(cls, "__dataclass_params__", None)
    if parameters is not None and parameters.frozen:
        return False
    configured = getattr(cls, "model_config", None)
    if isinstance(configured, dict) and configured.get("frozen"):
        return False
    # without a state there is nothing that one user could read of another
    return any(True for _ in attributes_of(value)) or not is_plain(cls)


def is_plain(cls: type) -> bool:
    """Whether all state of a class's objects is in attributes and slots."""
    return all(base is object or not written_in_c(base) for base in cls.__mro__)


def written_in_c(cls: type) -> bool:
    """Whether a class itself, its bases apart, may keep state out of sight."""
    return bool(cls.__flags__ & _IMMUTABLE_TYPE)


def class_of(value: Any) -> Any:
    """The real class, whatever the object claims; Any, because mypy holds classes unhashable."""
    return type(value)


def attributes_of(value: Any) -> Steps:
    """An object's own attributes and slots, each with its step."""
    cls = class_of(value)
    for name, target in tuple(own_attributes(value).items()):
        yield f".{name}", target
    for name, slot in _slots(cls):
        try:
            yield f".{name}", slot.__get__(value, cls)
        except AttributeError:  # not set
            continue


def own_attributes(value: Any) -> dict[str, Any]:
    """The dictionary of an object, whatever its class answers for it; empty where it has none."""
    try:
        attributes = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return attributes if isinstance(attributes, dict) else {}


@functools.lru_cache(maxsize=4096)
def _slots(cls: type) -> tuple[tuple[str, Any], ...]:
    return tuple(
        (name, member)
        for base in cls.__mro__
        for name, member in vars(base).items()
        if isinstance(member, types.MemberDescriptorType) and not written_in_c(base)
    )
