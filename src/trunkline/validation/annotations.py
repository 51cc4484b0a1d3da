"""Reading annotations, each on its own and only when it is needed.

``typing.get_type_hints`` of a whole function fails where one name can't be resolved, such as one
imported under ``TYPE_CHECKING``. Here that leaves one annotation unknown and all others known.
"""

from __future__ import annotations

import builtins
import dataclasses
import inspect
import sys
import typing
from types import FunctionType, SimpleNamespace
from typing import Any, Final

__all__ = ["UNKNOWN", "attribute_annotation", "parameter_annotation", "return_annotation"]


class _Unknown:
    """What is not annotated, or can't be resolved."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()


def parameter_annotation(function: FunctionType, name: str, owner: type | None) -> Any:
    """The type that a parameter is annotated with.

    Args:
        function: The function that has the parameter.
        name: The parameter's name.
        owner: The class whose ``__init__`` the function is, if it is one.

    Returns:
        The annotation without ``Annotated``, strings resolved; ``UNKNOWN`` where there is none or
        a name in it can't be resolved.
    """
    raw = function.__annotations__.get(name, UNKNOWN)
    if isinstance(raw, str) and owner is not None and _is_of_field(function, name, owner):
        # A field that is inherited from another module is written in that module's names.
        return attribute_annotation(owner, name)
    return _resolved(raw, function.__globals__)


def return_annotation(function: FunctionType) -> Any:
    """The type that a function is annotated to return, as above."""
    return _resolved(function.__annotations__.get("return", UNKNOWN), function.__globals__)


def attribute_annotation(cls: type, name: str) -> Any:
    """The type that a class or a base of it annotates an attribute with, as above.

    Attributes behind a descriptor are unknown but for properties, which give the type that their
    getter returns: what a descriptor gives need not be what it is annotated with.
    """
    for base in cls.__mro__:
        found = base.__dict__.get(name, UNKNOWN)
        if isinstance(found, property):
            getter = found.fget
            return return_annotation(getter) if isinstance(getter, FunctionType) else UNKNOWN
        if found is not UNKNOWN and not _is_slot(found) and hasattr(type(found), "__get__"):
            return UNKNOWN
        annotations = inspect.get_annotations(base)
        if name in annotations:
            module = sys.modules.get(base.__module__)
            return _resolved(annotations[name], vars(module) if module else {})
        if found is not UNKNOWN and not _is_slot(found):
            return UNKNOWN
    return UNKNOWN


def _is_slot(attribute: object) -> bool:
    return type(attribute).__name__ == "member_descriptor"


def _is_of_field(function: FunctionType, name: str, owner: type) -> bool:
    """Whether a parameter stands for an annotated field, as ``dataclasses`` and the like write."""
    return function.__code__.co_filename.startswith("<") and any(
        name in vars(base).get("__annotations__", ()) for base in owner.__mro__
    )


def _resolved(raw: Any, names: dict[str, Any]) -> Any:
    if raw is UNKNOWN or type(raw) is type:
        return raw
    if isinstance(raw, dataclasses.InitVar):
        raw = raw.type
    if isinstance(raw, str):
        plain = names.get(raw) or vars(builtins).get(raw)
        if type(plain) is type:  # most annotations, without compiling them
            return plain
    holder = SimpleNamespace(__annotations__={"it": raw})
    try:
        return typing.get_type_hints(holder, names)["it"]
    except Exception:  # noqa: BLE001  # the text is the user's code and may raise anything: then its type is not known
        return UNKNOWN
