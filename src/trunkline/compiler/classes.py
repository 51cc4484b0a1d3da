"""Defining a class from its source, each method written and compiled when it is first called.

A large container has thousands of providers, of which a process may use a few. A method begins as
a function that compiles what it should be, takes that code for its own, and goes on to it. It stays
one and the same function, whoever holds it: neither the class nor what the interpreter has learnt
of it changes. What it calls of the same class is compiled with it, so that no second step stands
between an object and one that it is made from.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from itertools import pairwise
from types import CodeType, FunctionType
from typing import Any, Final, NamedTuple

from trunkline.compiler.shapes import method_code

__all__ = ["Later", "load_class"]

_HEAD: Final = re.compile(r"(class|def|    def|    async def) (\w+)\(")
_ALIAS: Final = re.compile(r"    (\w+) = (\w+)$")

LOAD: Any
"""In the namespace of each class: its ``_Functions``."""


class Later(NamedTuple):
    """A method whose source is written when it is first called.

    Attributes:
        name: Its name.
        is_async: Whether it is a coroutine function.
        alias: Its second name; empty where it has none.
    """

    name: str
    is_async: bool
    alias: str = ""


def load_class(
    lines: list[str],
    filename: str,
    namespace: dict[str, Any],
    later: Iterable[Later] = (),
    write: Callable[[str], str] = str,
) -> None:
    """Define a class, and the functions before it.

    Args:
        lines: Lines, with their ends: functions, then a class statement with a docstring,
            ``__slots__``, methods and aliases of methods (``b = a``), each indented by four.
            What is written later is added to them.
        filename: What code objects and tracebacks name.
        namespace: Globals of the source; it is filled in place.
        later: The methods of the class that are not among the lines.
        write: Gives the source of one of these, by its name.
    """
    heads = {start: head for start, line in enumerate(lines) if (head := _HEAD.match(line))}
    starts = [*heads, len(lines)]
    start, stop = next(place for place in pairwise(starts) if heads[place[0]][1] == "class")
    text = "\n" * start + "".join(lines[start:stop])
    exec(compile(text, filename, "exec"), namespace)  # noqa: S102  # text that this package wrote
    cls: type = namespace[heads.pop(start)[2]]
    functions = _Functions(cls.__name__, lines, filename, namespace, write)
    namespace["LOAD"] = functions
    for start, stop in pairwise(starts):
        if (head := heads.get(start)) is None:
            continue
        aliases = {n: alias for n in range(start, stop) if (alias := _ALIAS.match(lines[n]))}
        is_async = head[1].endswith("async def")
        place = (start, min([*aliases, stop]))
        function = functions.add(head[2], is_async=is_async, place=place)
        if head[1] == "def":
            namespace[head[2]] = function
        else:
            for name in (head[2], *(alias[1] for alias in aliases.values())):
                setattr(cls, name, function)
    for method in later:
        function = functions.add(method.name, is_async=method.is_async)
        setattr(cls, method.name, function)
        if method.alias:
            setattr(cls, method.alias, function)


class _Functions:
    """The functions of one source.

    Args:
        class_name: Name of the class that the methods are of.
        lines: The source.
        filename: What tracebacks name.
        namespace: Globals of the functions.
        write: Gives the source of a method that is not among the lines.

    Attributes:
        pending: The names of the functions that are not compiled yet. With each, where it is
            written: the index of its first line, and of the first after it; or None.
    """

    def __init__(
        self,
        class_name: str,
        lines: list[str],
        filename: str,
        namespace: dict[str, Any],
        write: Callable[[str], str],
    ) -> None:
        self.pending: dict[str, tuple[int, int] | None] = {}
        self._functions: dict[str, FunctionType] = {}
        self._class_name = class_name
        self._lines = lines
        self._filename = filename
        self._namespace = namespace
        self._write = write
        # compiling may collect garbage, and what that runs may call one of the functions
        self._lock = threading.RLock()

    def add(
        self, name: str, *, is_async: bool, place: tuple[int, int] | None = None
    ) -> FunctionType:
        """Make a function that is compiled when it is first called."""
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
                    start, text = self._text(current)
                    function.__code__ = self._compiled(start, text)
                    function.__kwdefaults__ = None
                    self.pending.pop(current, None)
                    called = function.__code__.co_names
                    wanted += [word[2:] for word in called if word.startswith("m_")]
        return self._functions[name]

    def _text(self, name: str) -> tuple[int, str]:
        """The source of a function, and the index of its first line."""
        place = self.pending[name]
        if place is not None:
            return place[0], "".join(self._lines[slice(*place)]).rstrip("\n")
        text = self._write(name)
        start = len(self._lines) + 1
        # a signal may have another one written at this moment, which then loses its lines alone
        self._lines[start - 1 :] = ["\n", *text.splitlines(keepends=True), "\n"]
        return start, text

    def _compiled(self, start: int, text: str) -> CodeType:
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
