"""Defining a class from its source, each of its methods compiled when it is first called.

A large container has thousands of providers, of which a process may use a few. A method begins as
a function that compiles what it should be, takes that code for its own, and goes on to it. It stays
one and the same function, whoever holds it: neither the class nor what the interpreter has learnt
of it changes. What it calls of the same class is compiled with it, so that no second step stands
between an object and one that it is made from.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from types import CodeType, FunctionType
from typing import Any, Final

from trunkline.compiler.shapes import method_code

__all__ = ["Place", "load_class"]

Place = tuple[int, int]
"""Where a method is written: the index of its first line, and of the first after it."""

_METHOD: Final = re.compile(r"    (?:async )?def (\w+)\(")
_FUNCTION: Final = re.compile(r"def (\w+)\(")
_ALIAS: Final = re.compile(r"    (\w+) = (\w+)$")

LOAD: Any
"""In the namespace of each class: its ``_Functions``."""


def load_class(
    lines: Sequence[str], filename: str, namespace: dict[str, Any], known: Iterable[Place] = ()
) -> None:
    """Define the class that a source begins with, and the functions that follow it.

    Args:
        lines: Lines, with their ends, of a class statement with a docstring, ``__slots__``, methods
            and aliases of methods (``b = a``), each indented by four; then of functions.
        filename: What code objects and tracebacks name.
        namespace: Globals of the source; it is filled in place.
        known: Where methods are known to be written, in order; the others are looked for.
    """
    known = [*known]
    heads = [*_heads(lines, known)]
    starts = sorted([*heads, *(start for start, _ in known)])
    exec(compile("".join(lines[: starts[0]]), filename, "exec"), namespace)  # noqa: S102  # text that this package wrote
    cls: type = namespace[lines[0].split("(")[0].removeprefix("class ")]
    functions = _Functions(cls.__name__, lines, filename, namespace)
    namespace["LOAD"] = functions
    for place in pairwise([*starts, len(lines)]):
        start, stop = place
        if method := _METHOD.match(lines[start]):
            aliases = []
            while (alias := _ALIAS.match(lines[stop - 1])) or not lines[stop - 1].strip():
                if alias:
                    aliases.append(alias.group(1))
                stop -= 1
            function = functions.add(method[1], (start, stop))
            for name in (method[1], *aliases):
                setattr(cls, name, function)
        elif plain := _FUNCTION.match(lines[start]):
            namespace[plain[1]] = functions.add(plain[1], place)


def _heads(lines: Sequence[str], known: Iterable[Place]) -> Iterator[int]:
    """The lines at which functions begin, but for those that are known."""
    start = 0
    for known_start, stop in (*known, (len(lines), 0)):
        for number in range(start, known_start):
            if _METHOD.match(lines[number]) or _FUNCTION.match(lines[number]):
                yield number
        start = stop


class _Functions:
    """The functions of one source.

    Args:
        class_name: Name of the class that the methods are of.
        lines: The source.
        filename: What tracebacks name.
        namespace: Globals of the functions.

    Attributes:
        pending: Where the functions are written that are not compiled yet, by their names.
    """

    def __init__(
        self, class_name: str, lines: Sequence[str], filename: str, namespace: dict[str, Any]
    ) -> None:
        self.pending: dict[str, Place] = {}
        self._functions: dict[str, FunctionType] = {}
        self._class_name = class_name
        self._lines = lines
        self._filename = filename
        self._namespace = namespace
        # compiling may collect garbage, and what that runs may call one of the functions
        self._lock = threading.RLock()

    def add(self, name: str, place: Place) -> FunctionType:
        """Make a function that is compiled when it is first called."""
        is_async = self._lines[place[0]].lstrip().startswith("async ")
        first = _load_first_async if is_async else _load_first  # code may not change its kind
        function = FunctionType(first.__code__, self._namespace, name)
        function.__kwdefaults__ = {"_name": name}
        function.__qualname__ = f"{self._class_name}.{name}"
        self._functions[name] = function
        self.pending[name] = place
        return function

    def __call__(self, name: str) -> FunctionType:
        """The function of that name, compiled with all of this source that it calls."""
        with self._lock:
            wanted = [name]
            while wanted:
                current = wanted.pop()
                if current in self.pending:
                    function = self._functions[current]
                    function.__code__ = self._compiled(self.pending[current])
                    function.__kwdefaults__ = None
                    self.pending.pop(current, None)
                    called = function.__code__.co_names
                    wanted += [word[2:] for word in called if word.startswith("m_")]
        return self._functions[name]

    def _compiled(self, place: Place) -> CodeType:
        start, stop = place
        text = "".join(self._lines[start:stop]).rstrip("\n")
        if text[0] == " ":
            return method_code(text, self._class_name, start + 1, self._filename)
        module = compile("\n" * start + text, self._filename, "exec")
        return next(const for const in module.co_consts if isinstance(const, CodeType))


def _load_first(*args: Any, _name: str) -> Any:
    """Lend its code to functions that are not compiled yet."""
    return LOAD(_name)(*args)  # noqa: F821  # of the namespace that each function has


async def _load_first_async(*args: Any, _name: str) -> Any:
    """The same for those that are awaited."""
    return await LOAD(_name)(*args)  # noqa: F821  # as above
