"""Running written source, so that a debugger steps through it and a traceback shows its lines."""

from __future__ import annotations

import linecache
import zlib
from functools import lru_cache
from itertools import count
from types import CodeType
from typing import Any, Final
from weakref import finalize

from trunkline.compiler.classes import load_class
from trunkline.compiler.source import ScopeSource

__all__ = ["is_loaded", "load", "load_scope"]

_PREFIX: Final = "<trunkline "
_numbers = count(1)


def load(text: str, title: str, namespace: dict[str, Any]) -> dict[str, Any]:
    """Run source text in a namespace.

    Args:
        text: Python source.
        title: What it is, as tracebacks show it in angle brackets.
        namespace: Globals of the source; it is filled in place.

    Returns:
        The namespace.
    """
    exec(_compiled(text, title), namespace)  # noqa: S102  # the text is written by this package from identifiers alone
    return namespace


def load_scope(source: ScopeSource, title: str) -> type[Any]:
    """Define the class of a scope in the namespace of its source; see :func:`load_class`.

    Its methods are added to the source as they are first called, so that no other class shares its
    entry in ``linecache``, which goes when the class does.
    """
    filename = f"{_PREFIX}{title} {next(_numbers)}>"
    lines = source.beginning.splitlines(keepends=True)
    _register(filename, lines)
    load_class(lines, filename, source.names, source.later, source.write)
    functions = source.names["LOAD"]
    finalize(functions, linecache.cache.pop, filename, None).atexit = False
    cls: type[Any] = source.names[source.class_name]
    return cls


def is_loaded(code: CodeType) -> bool:
    """Whether code came from a source that was loaded here."""
    return code.co_filename.startswith(_PREFIX)


@lru_cache(maxsize=256)
def _compiled(text: str, title: str) -> CodeType:
    """Code of a text; containers that are built alike share it, and one entry in ``linecache``."""
    filename = f"{_PREFIX}{title} {zlib.crc32(text.encode()):08x}>"
    _register(filename, text.splitlines(keepends=True))
    return compile(text, filename, "exec")


def _register(filename: str, lines: list[str]) -> None:
    # an entry without a modification time outlives linecache.checkcache()
    linecache.cache[filename] = (sum(map(len, lines)), None, lines, filename)
