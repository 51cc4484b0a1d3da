"""Whether a fake can do what the object it replaces can do."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from inspect import Parameter, Signature
from typing import Any, Final

__all__ = ["differences"]

_ABSENT: Final = object()
_SPECIAL: Final = frozenset(
    f"__{name}__"
    for name in (
        *("call", "enter", "exit", "aenter", "aexit", "await", "iter", "next", "aiter", "anext"),
        *("len", "contains", "getitem", "setitem", "delitem"),
    )
)
"""Special methods that callers use without naming them."""


def differences(expected: type, fake: Any) -> list[str]:
    """What a fake lacks of the public interface of a class.

    Args:
        expected: The class of what is replaced.
        fake: A class, or an object that stands in itself. An object that claims to be of the
            expected class, as a mock with a spec does, has answered for its interface already.

    Returns:
        A line for each difference; none where the fake fits.
    """
    if not isinstance(fake, type):
        claimed = fake.__class__
        if claimed is not type(fake) and issubclass(claimed, expected):
            return []
    lines = [_difference(name, member, fake) for name, member in _interface(expected)]
    return [line for line in lines if line]


_HEAP_TYPE: Final = 1 << 9
"""Of classes that are written in Python (``Py_TPFLAGS_HEAPTYPE``); built-in ones have it not."""
_OF_LANGUAGE: Final = ("typing", "abc", "_collections_abc", "enum")


def _interface(expected: type) -> Iterator[tuple[str, Any]]:
    seen = set()
    for base in expected.__mro__:
        if not base.__flags__ & _HEAP_TYPE or base.__module__ in _OF_LANGUAGE:
            continue
        for name, member in vars(base).items():
            if name in seen or (name.startswith("_") and name not in _SPECIAL):
                continue
            seen.add(name)
            if _function(member) is not None or isinstance(member, property):
                yield name, member


def _difference(name: str, member: Any, fake: Any) -> str:
    found, is_bound = _found(fake, name)
    function = _function(member)
    if function is None:
        # a class may set in its constructor what the other computes: only objects can be asked
        return f"missing: {name}" if found is _ABSENT and not isinstance(fake, type) else ""
    wanted = _shown(name, function)
    if found is _ABSENT:
        return f"missing: {wanted}"
    offering = _function(found)
    if offering is None:
        return _difference_of_object(name, found, wanted, awaited=_is_awaited(function))
    differing = f"differs: {_shown(name, offering)}, instead of {wanted}"
    if _is_awaited(function) != _is_awaited(offering):
        return differing
    try:
        required = _filled_by_callers(member, function)
        offered = (
            list(inspect.signature(offering).parameters.values())
            if is_bound
            else _filled_by_callers(found, offering)
        )
    except (TypeError, ValueError):  # builtins tell no signature
        return ""
    return "" if _accepts(required, offered) else differing


def _found(fake: Any, name: str) -> tuple[Any, bool]:
    """What a fake has by that name, and whether callers fill all its parameters."""
    if isinstance(fake, type):
        return inspect.getattr_static(fake, name, _ABSENT), False
    special = name.startswith("__")  # looked up on the class alone
    of_class = inspect.getattr_static(type(fake), name, _ABSENT)
    if special or isinstance(of_class, property):
        return of_class, False
    own = inspect.getattr_static(fake, name, _ABSENT)
    return own, own is not of_class


def _function(member: Any) -> Any:
    """The function behind a method of any kind; None for anything else."""
    if isinstance(member, staticmethod | classmethod):
        member = member.__func__
    return member if inspect.isroutine(member) else None


def _difference_of_object(name: str, found: Any, wanted: str, *, awaited: bool) -> str:
    """The difference of what is there in the place of a method and is no function."""
    if isinstance(found, property) or hasattr(type(found), "__get__"):
        return ""  # what a descriptor gives is not known before it is asked
    if not callable(found):
        return f"not a method: {name}, instead of {wanted}"
    # an AsyncMock says of itself what other objects say of their method
    if (_is_awaited(found) or _is_awaited(type(found).__call__)) != awaited:
        return f"differs: {name} is a {type(found).__qualname__}, instead of {wanted}"
    return ""


def _is_awaited(function: Any) -> bool:
    """Whether callers await it; those of an async generator iterate."""
    return inspect.iscoroutinefunction(inspect.unwrap(function))


def _filled_by_callers(member: Any, function: Any) -> list[Parameter]:
    """The parameters that a caller fills."""
    parameters = list(inspect.signature(function).parameters.values())
    if isinstance(member, staticmethod) or inspect.ismethod(member):
        return parameters
    if parameters and parameters[0].kind in _POSITIONAL:
        return parameters[1:]
    return parameters


_POSITIONAL: Final = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
_NAMED: Final = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)


def _accepts(required: list[Parameter], offered: list[Parameter]) -> bool:
    """Whether every call that fits the one signature fits the other."""
    wanted = {parameter.kind for parameter in required}
    kinds = {parameter.kind for parameter in offered}
    if any(kind in wanted and kind not in kinds for kind in _COLLECTING):
        return False
    by_place = [p for p in offered if p.kind in _POSITIONAL]
    by_name = {p.name: p for p in offered if p.kind in _NAMED}
    filled: set[str] = set()
    place = -1
    for parameter in required:
        if parameter.kind in _COLLECTING:
            continue
        partners = []
        if parameter.kind in _POSITIONAL:
            place += 1
            partners.append(
                by_place[place] if place < len(by_place) else _rest(kinds, _COLLECTING[0])
            )
        if parameter.kind in _NAMED:
            partners.append(by_name.get(parameter.name) or _rest(kinds, _COLLECTING[1]))
        if len({id(partner) for partner in partners if partner is not _REST}) > 1:
            return False
        for partner in partners:
            if partner is None or (_is_optional(parameter) and not _is_optional(partner)):
                return False
            filled.add(partner.name)
    return all(p.name in filled or p.kind in _COLLECTING or _is_optional(p) for p in offered)


_COLLECTING: Final = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
_REST: Final = Parameter("rest", Parameter.VAR_POSITIONAL)


def _rest(kinds: set[Any], kind: Any) -> Parameter | None:
    """What takes an argument that no parameter of its own takes, if anything does."""
    return _REST if kind in kinds else None


def _is_optional(parameter: Parameter) -> bool:
    return parameter.default is not Parameter.empty or parameter.kind in _COLLECTING


def _shown(name: str, function: Any) -> str:
    try:
        signature: Signature | str = inspect.signature(function)
    except (TypeError, ValueError):
        signature = "(...)"
    is_async = _is_awaited(function) or inspect.isasyncgenfunction(function)
    return f"{'async ' if is_async else ''}def {name}{signature}"
