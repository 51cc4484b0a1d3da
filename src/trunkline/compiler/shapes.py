"""Compiling methods fast: those of one shape share their bytecode.

Most methods of a scope's class are alike but for the names in them. Python compiles a method in
about 300 microseconds; giving a code object other names takes 10. So each method's text is split
into names and the rest; the rest is its *shape*, which is compiled once, with placeholders for the
names, and every method of the shape is a copy of that code with its own names
(``types.CodeType.replace``), file and line.

The copies keep their lines and lose their columns, which a name of another length would falsify:
the location table is written anew in the format of CPython's ``Objects/locations.md``, which 3.11
to 3.13 share.
"""

from __future__ import annotations

import keyword
import re
from ast import literal_eval
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType
from typing import Any, Final

__all__ = ["method_code"]

_NAME: Final = re.compile(r"""(\b[^\W\d]\w*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")""")
_SHARED: Final = {
    word: word
    for word in (
        *keyword.kwlist,
        *("self", "value", "_error", "_resource", "MISSING", "TAKEN", "BaseException", "APP"),
        *("_wait", "_await_built", "_failed", "_built", "_abuilt", "_check_open", "_attention"),
        *("_building", "_failed_within"),
    )
}
"""Words that are themselves in every shape."""
_QUOTES: Final = "'\""


def method_code(text: str, class_name: str, number: int, filename: str) -> CodeType:
    """Compile a method.

    Args:
        text: The method, indented as in its class.
        class_name: Name of the class.
        number: The line of the file at which the method begins, from 1.
        filename: What tracebacks name.
    """
    parts = _NAME.split(text)
    numbers: dict[str, Any] = dict(_SHARED)
    key = tuple([numbers.setdefault(part, len(numbers)) for part in parts[1::2]])
    names = list(numbers)[len(_SHARED) :]
    shape = _compiled(tuple(parts[::2]), key, tuple([name[0] in _QUOTES for name in names]))
    own = {
        f"${number}" if name[0] in _QUOTES else f"_n{number}": _meant(name)
        for number, name in enumerate(names, len(_SHARED))
    }
    name = names[0]  # the first name of a method is its own
    renamed = own.get
    return shape.replace(
        co_names=tuple([renamed(word, word) for word in shape.co_names]),
        co_varnames=tuple([renamed(word, word) for word in shape.co_varnames]),
        co_consts=tuple([_renamed(const, own) for const in shape.co_consts]),
        co_filename=filename,
        co_firstlineno=number,
        co_name=name,
        co_qualname=f"{class_name}.{name}",
    )


@lru_cache(maxsize=4096)
def _compiled(
    rest: tuple[str, ...], key: tuple[str | int, ...], texts: tuple[bool, ...]
) -> CodeType:
    """Compile a shape: the text with a placeholder for each name and each string.

    Args:
        rest: What stands between the names.
        key: For each name its number, or itself where all shapes share it.
        texts: For each number, from the first, whether it stands for a string.
    """
    first = len(_SHARED)
    drawn = [rest[0]]
    for part, after in zip(key, rest[1:], strict=True):
        if isinstance(part, str):
            drawn.append(part)
        else:
            drawn.append(repr(f"${part}") if texts[part - first] else f"_n{part}")
        drawn.append(after)
    module = compile("if True:\n" + "".join(drawn), "<shape>", "exec")
    method = next(const for const in module.co_consts if isinstance(const, CodeType))
    return method.replace(co_linetable=bytes(_lines_without_columns(method)))


def _meant(name: str) -> str:
    """The name itself, or what a string literal stands for."""
    if name[0] not in _QUOTES:
        return name
    text: str = literal_eval(name) if "\\" in name else name[1:-1]
    return text


def _renamed(const: Any, own: dict[str, str]) -> Any:
    if isinstance(const, str):
        return own.get(const, const)
    if isinstance(const, tuple):
        return tuple(_renamed(item, own) for item in const)
    return const


def _lines_without_columns(code: CodeType) -> Iterator[int]:
    """The location table of a code object with lines alone.

    Source:
        CPython's ``Objects/locations.md``: entries of kind 13 (a line, no column) and 15 (none).
    """
    previous = code.co_firstlineno
    for start, end, line in code.co_lines():
        units = (end - start) // 2
        while units > 0:
            count = min(units, 8)
            units -= count
            if line is None:
                yield 0x80 | 15 << 3 | count - 1
                continue
            yield 0x80 | 13 << 3 | count - 1
            yield from _signed_varint(line - previous)
            previous = line


def _signed_varint(value: int) -> Iterator[int]:
    rest = -value << 1 | 1 if value < 0 else value << 1
    while rest >= 64:
        yield 0x40 | rest & 63
        rest >>= 6
    yield rest
