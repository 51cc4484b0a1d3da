"""What can be reached from an object: attributes, slots, items, closures and more.

Each kind of object has one function that lists what it leads to, each with the text that a path
shows for the step. Classes, modules and the code of functions end a path: they are the program,
not its data.
"""

from __future__ import annotations

import functools
import gc
import logging
import types
import weakref
from asyncio import AbstractEventLoop
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextvars import Context, ContextVar
from datetime import date, time, timedelta, tzinfo
from decimal import Context as DecimalContext
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import PurePath
from re import Match, Pattern
from typing import Any, Final
from uuid import UUID

from dependency_injector.containers import DynamicContainer
from dependency_injector.providers import Provider

from trunkline.resolution.overriding import Stack
from trunkline.resolution.scope import OpenScope
from trunkline.testing.state import (
    CONTAINERS,
    Steps,
    attributes_of,
    class_of,
    is_mutable,
    is_plain,
    own_attributes,
    written_in_c,
)

__all__ = ["Reached", "walk"]

_VALUES: Final = (bool, int, float, complex, str, bytes, date, time, timedelta, Decimal, Fraction)
_ENDS: Final = (
    *_VALUES,
    *(type(None), range, slice, type(Ellipsis), type(NotImplemented)),
    *(type, types.ModuleType, types.CodeType, types.FrameType, types.TracebackType),
    *(types.MethodDescriptorType, types.WrapperDescriptorType, types.GetSetDescriptorType),
    *(types.MemberDescriptorType, types.GenericAlias, property),
    *(tzinfo, UUID, Enum, PurePath, Pattern, Match),
    *(
        weakref.ProxyType,
        weakref.CallableProxyType,
        logging.Logger,
        AbstractEventLoop,
        OpenScope,
        DynamicContainer,
        Provider,
        Stack,
        DecimalContext,
    ),
)
"""Values that can't change, the program itself, and machinery: of scopes, and of numbers."""


class Reached:
    """An object that was reached.

    Attributes:
        value: The object.
        before: The object through which it was reached; None for a root.
        step: The text of the step that led to it.
    """

    __slots__ = ("before", "step", "value")

    def __init__(self, value: Any, before: Reached | None, step: str) -> None:
        self.value, self.before, self.step = value, before, step

    @property
    def path(self) -> str:
        """The way to the object, as an expression where the language has one."""
        steps = []
        here: Reached | None = self
        while here is not None:
            steps.append(here.step)
            here = here.before
        return "".join(reversed(steps))


def walk(roots: dict[str, Any], ends_at: Callable[[Any], bool]) -> Iterator[Reached]:
    """Everything that the roots lead to, nearest first, each object once.

    Args:
        roots: The objects to start from, by what a path shows for them.
        ends_at: Tells of an object that it is neither shown nor followed.

    Yields:
        Each object; all of them are kept alive until the walk ends, so that their ids are theirs.
    """
    seen: dict[int, Any] = {}
    queue = deque(Reached(value, None, step) for step, value in roots.items())
    while queue:
        reached = queue.popleft()
        value = reached.value
        if id(value) in seen:
            continue
        seen[id(value)] = value
        follow = _follower(class_of(value))
        if follow is None or ends_at(value):
            continue
        yield reached
        for step, target in follow(value):
            if id(target) not in seen and _follower(class_of(target)) is not None:
                queue.append(Reached(target, reached, step))


@functools.lru_cache(maxsize=4096)
def _follower(cls: type) -> Callable[[Any], Steps] | None:
    """What lists the steps from objects of a class; None where they end a path."""
    if issubclass(cls, _VALUES) and not issubclass(cls, Enum) and cls.__dictoffset__:
        return attributes_of  # of a value, beside which a subclass keeps something else
    if issubclass(cls, _ENDS):
        return None
    for kinds, follow in _FOLLOWERS:
        if issubclass(cls, kinds):
            return follow
    return _attributes


def _attributes(value: Any) -> Steps:
    cls = class_of(value)
    yield from attributes_of(value)
    yield from _attributes_of_class(cls)
    if not is_plain(cls):
        yield from _out_of_sight(value)


def _out_of_sight(value: Any) -> Steps:
    """What an object of a class written in C holds, which only the garbage collector knows."""
    attributes = own_attributes(value)
    for index, target in enumerate(gc.get_referents(value)):
        if target is not attributes:
            yield f".referents[{index}]", target


@functools.lru_cache(maxsize=4096)
def _shared(cls: type) -> tuple[str, ...]:
    """Names of attributes that all objects of a class share, and that can change.

    Names in capitals are constants by convention; those of validating models and of dataclasses
    describe the class.
    """
    return tuple(
        name
        for base in cls.__mro__
        if not written_in_c(base) and "__pydantic_complete__" not in vars(base)
        for name, member in vars(base).items()
        if (isinstance(member, CONTAINERS) or _is_ordinary_object(member))
        and not (name.startswith(("__", "_abc_")) or name.strip("_").isupper())
    )


def _is_ordinary_object(member: Any) -> bool:
    """Whether a member of a class is an ordinary object, rather than a part of the class."""
    cls = class_of(member)
    return (
        not hasattr(cls, "__get__")
        and _follower(cls) is _attributes
        and is_plain(cls)
        and is_mutable(member)
    )


def _attributes_of_class(cls: type) -> Steps:
    for name in _shared(cls):
        yield f".{name}", getattr(cls, name)


def _mapping(value: Any) -> Steps:
    for key, target in tuple(dict.items(value)):
        yield f"[{_short(key)}]", target
        if not isinstance(key, _ENDS):
            yield f".keys({_short(key)})", key
    if type(value) is not dict:
        yield from _attributes(value)
    if isinstance(value, defaultdict):
        yield ".default_factory", value.default_factory


def _items(value: Any) -> Steps:
    for index, target in enumerate(tuple(value)):
        yield f"[{index}]", target
    if type(value) not in (list, tuple, deque):
        yield from _attributes(value)


def _members(value: Any) -> Steps:
    for target in tuple(value):
        yield f".member({_short(target)})", target


def _function(value: Any) -> Steps:
    names = value.__code__.co_freevars
    for name, cell in zip(names, value.__closure__ or (), strict=True):
        yield f".closure({name})", cell
    for index, target in enumerate(value.__defaults__ or ()):
        yield f".__defaults__[{index}]", target
    for name, target in (value.__kwdefaults__ or {}).items():
        yield f".__kwdefaults__[{name!r}]", target
    for name, target in vars(value).items():
        yield f".{name}", target


def _cell(value: Any) -> Steps:
    try:
        yield "", value.cell_contents
    except ValueError:  # empty
        return


def _method(value: Any) -> Steps:
    yield ".__self__", value.__self__
    yield ".__func__", value.__func__


def _builtin(value: Any) -> Steps:
    yield ".__self__", value.__self__  # the module, of functions


def _partial(value: Any) -> Steps:
    yield ".func", value.func
    yield ".args", value.args
    yield ".keywords", value.keywords


def _frame(value: Any) -> Steps:
    for kind in ("gi", "cr", "ag"):
        frame = getattr(value, f"{kind}_frame", None)
        if frame is not None:
            for name, target in dict(frame.f_locals).items():
                yield f".locals({name})", target
    for waits_for in ("gi_yieldfrom", "cr_await", "ag_await"):
        if getattr(value, waits_for, None) is not None:
            yield f".{waits_for}", getattr(value, waits_for)


def _weak(value: Any) -> Steps:
    yield "()", value()


def _weak_values(value: Any) -> Steps:
    for key, target in tuple(value.items()):
        yield f"[{_short(key)}]", target


def _proxied(value: Any) -> Steps:
    for target in gc.get_referents(value):
        yield "", target


def _variable(value: Any) -> Steps:
    try:
        yield ".get()", value.get()
    except LookupError:  # not set here
        return


def _context(value: Any) -> Steps:
    for variable, target in value.items():
        yield f"[{variable.name}]", target


def _wrapped(value: Any) -> Steps:
    yield ".__func__", value.__func__


_FOLLOWERS: Final[tuple[tuple[Any, Callable[[Any], Steps]], ...]] = (
    (dict, _mapping),
    ((list, tuple, deque), _items),
    ((set, frozenset), _members),
    (types.FunctionType, _function),
    (types.CellType, _cell),
    (types.MethodType, _method),
    ((types.BuiltinFunctionType, types.MethodWrapperType), _builtin),
    (functools.partial, _partial),
    ((types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType), _frame),
    (weakref.ref, _weak),
    (weakref.WeakValueDictionary, _weak_values),
    (types.MappingProxyType, _proxied),
    (ContextVar, _variable),
    (Context, _context),
    ((staticmethod, classmethod), _wrapped),
)


def _short(value: Any) -> str:
    shown = repr(value) if isinstance(value, _ENDS) else type(value).__name__
    return shown if len(shown) <= 40 else f"{shown[:37]}..."
