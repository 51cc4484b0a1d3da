"""Python source of a function that fills some parameters of another before it calls it.

The wrapper has the parameters of the function itself, so that the interpreter binds arguments to
it as to any function; what the caller has left out is filled in between.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from inspect import Parameter
from typing import Any

__all__ = ["Flavour", "Slot", "WrapperSource", "write_wrapper"]

_POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


class Flavour(Enum):
    """What calling a function gives."""

    FUNCTION = auto()
    COROUTINE = auto()
    GENERATOR = auto()
    ASYNC_GENERATOR = auto()

    @property
    def awaits(self) -> bool:
        """Whether its body may await."""
        return self in (Flavour.COROUTINE, Flavour.ASYNC_GENERATOR)

    @classmethod
    def of(cls, function: Any) -> Flavour:
        """The flavour of a Python function."""
        if inspect.isasyncgenfunction(function):
            return cls.ASYNC_GENERATOR
        if inspect.isgeneratorfunction(function):
            return cls.GENERATOR
        if inspect.iscoroutinefunction(function):
            return cls.COROUTINE
        return cls.FUNCTION


@dataclass(frozen=True, slots=True)
class WrapperSource:
    """A wrapper, written but not yet run.

    Attributes:
        text: Source of a function that is called ``wrapper`` and ``mark``.
        mark: What the source's own names end with, so that none is a parameter's. It takes
            ``AMBIENT``, ``FUNCTION``, ``INJECTED`` (given where an argument is to be filled),
            ``MISSING`` and ``TAKEN`` from its namespace, and for the parameter at each index of
            those to fill ``KEY_0`` (what to ask the scope for), ``SLOT_0``, ``SYNC_0`` and
            ``WAITS_0`` (classes of scopes of which the slot is read, or that are asked by ``get``
            or by ``aget``) and ``FILL_0`` (which is called with any other scope).
        defaults: Defaults of the function, by the names that the source has for them.
    """

    text: str
    mark: str
    defaults: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Slot:
    """Where scopes of the class ``SLOT_0`` keep an object.

    Attributes:
        name: Name of the attribute; it holds ``MISSING`` or ``TAKEN`` until the object is built.
        awaits: Whether the object must be awaited where it is missing.
    """

    name: str
    awaits: bool


def write_wrapper(
    signature: inspect.Signature,
    filled: Iterable[str],
    flavour: Flavour,
    slots: Mapping[str, Slot] | None = None,
) -> WrapperSource:
    """Write a wrapper.

    Args:
        signature: Of the function to wrap.
        filled: Names of the parameters to fill where the caller gives nothing.
        flavour: What calling the function gives; the wrapper gives the same.
        slots: Where objects are known to be kept, by the parameters that they fill.
    """
    ends = [len(name) - len(name.rstrip("_")) for name in signature.parameters]
    mark = "_" * (1 + max(ends))
    parameters = list(signature.parameters.values())
    return _Writer(parameters, list(filled), flavour, mark, slots or {}).write()


@dataclass(frozen=True, slots=True)
class _Writer:
    parameters: list[Parameter]
    filled: list[str]
    flavour: Flavour
    mark: str
    slots: Mapping[str, Slot]

    def write(self) -> WrapperSource:
        mark = self.mark
        head = "async def" if self.flavour.awaits else "def"
        lines = [f"{head} wrapper{mark}({', '.join(self._parameters())}):"]
        for name in self._optional_here():
            missing = f'"{{}}() misses the required argument {name}"'
            lines.append(f"    if {name} is MISSING{mark}:")
            lines.append(f"        raise TypeError({missing}.format(FUNCTION{mark}.__qualname__))")
        if len(self.filled) > 1:
            lines.append(f"    scope{mark} = AMBIENT{mark}()")
        for index, name in enumerate(self.filled):
            lines += self._filling(index, name)
        lines += self._calling()
        defaults = {
            f"D_{parameter.name}{mark}": parameter.default
            for parameter in self.parameters
            if parameter.default is not Parameter.empty and parameter.name not in self.filled
        }
        return WrapperSource("\n".join(lines) + "\n", mark, defaults)

    def _parameters(self) -> Iterator[str]:
        optional = self._optional_here()
        starred = False
        for index, parameter in enumerate(self.parameters):
            name, kind = parameter.name, parameter.kind
            if kind is Parameter.KEYWORD_ONLY and not starred:
                starred = True
                yield "*"
            if kind is Parameter.VAR_POSITIONAL:
                starred = True
                yield f"*{name}"
            elif kind is Parameter.VAR_KEYWORD:
                yield f"**{name}"
            elif name in self.filled:
                yield f"{name}=INJECTED{self.mark}"
            elif name in optional:
                yield f"{name}=MISSING{self.mark}"
            elif parameter.default is not Parameter.empty:
                yield f"{name}=D_{name}{self.mark}"
            else:
                yield name
            last = index + 1 == len(self.parameters)
            if kind is Parameter.POSITIONAL_ONLY and (
                last or self.parameters[index + 1].kind is not Parameter.POSITIONAL_ONLY
            ):
                yield "/"

    def _optional_here(self) -> list[str]:
        """Required parameters that follow a filled one, where Python asks for a default."""
        positional = [p for p in self.parameters if p.kind in _POSITIONAL]
        first = next((i for i, p in enumerate(positional) if p.name in self.filled), None)
        return [
            parameter.name
            for parameter in (positional[first:] if first is not None else ())
            if parameter.name not in self.filled and parameter.default is Parameter.empty
        ]

    def _filling(self, index: int, name: str) -> Iterator[str]:
        mark = self.mark
        scope, key = f"scope{mark}", f"KEY_{index}{mark}"
        yield f"    if {name} is INJECTED{mark}:"
        if len(self.filled) == 1:
            yield f"        {scope} = AMBIENT{mark}()"
        slot = self.slots.get(name)
        if slot is not None:
            ask = f"await {scope}.aget({key})" if slot.awaits else f"{scope}.get({key})"
            yield f"        if type({scope}) is SLOT_{index}{mark}:"
            yield f"            {name} = {scope}.{slot.name}"
            yield f"            if {name} is MISSING{mark} or {name} is TAKEN{mark}:"
            yield f"                {name} = {ask}"
        yield f"        {'if' if slot is None else 'elif'} type({scope}) is SYNC_{index}{mark}:"
        yield f"            {name} = {scope}.get({key})"
        if self.flavour.awaits:
            yield f"        elif type({scope}) is WAITS_{index}{mark}:"
            yield f"            {name} = await {scope}.aget({key})"
        wait = "await " if self.flavour.awaits else ""
        yield "        else:"
        yield f"            {name} = {wait}FILL_{index}{mark}({scope})"

    def _calling(self) -> list[str]:
        mark = self.mark
        call = f"FUNCTION{mark}({', '.join(map(_passed, self.parameters))})"
        match self.flavour:
            case Flavour.FUNCTION:
                return [f"    return {call}"]
            case Flavour.COROUTINE:
                return [f"    return await {call}"]
            case Flavour.GENERATOR:
                return [f"    return (yield from {call})"]
            case Flavour.ASYNC_GENERATOR:
                inner, value, error = f"inner{mark}", f"value{mark}", f"error{mark}"
                return [
                    f"    {inner} = {call}",
                    "    try:",
                    f"        {value} = await {inner}.__anext__()",
                    "        while True:",
                    "            try:",
                    f"                {value} = yield {value}",
                    f"            except BaseException as {error}:",
                    f"                {value} = await {inner}.athrow({error})",
                    "            else:",
                    f"                {value} = await {inner}.asend({value})",
                    "    except StopAsyncIteration:",
                    "        return",
                    "    finally:",
                    f"        await {inner}.aclose()",
                ]


def _passed(parameter: Parameter) -> str:
    match parameter.kind:
        case Parameter.VAR_POSITIONAL:
            return f"*{parameter.name}"
        case Parameter.VAR_KEYWORD:
            return f"**{parameter.name}"
        case Parameter.KEYWORD_ONLY:
            return f"{parameter.name}={parameter.name}"
        case _:
            return parameter.name
