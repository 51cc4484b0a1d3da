"""Running written source, so that a debugger steps through it and a traceback shows its lines."""

from __future__ import annotations

import linecache
import zlib
from collections.abc import Iterable
from functools import lru_cache
from types import CodeType
from typing import Any, Final

from trunkline.compiler.classes import Place, load_class

__all__ = ["is_loaded", "load", "load_scope"]

_PREFIX: Final = "<trunkline "


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


def load_scope(
    text: str, title: str, namespace: dict[str, Any], methods: Iterable[Place]
) -> dict[str, Any]:
    """The same for a text that begins with a large class; see :func:`load_class`."""
    filename, lines = _registered(text, title)
    load_class(lines, filename, namespace, methods)
    return namespace


def is_loaded(code: CodeType) -> bool:
    """Whether code came from a source that was loaded here."""
    return code.co_filename.startswith(_PREFIX)


@lru_cache(maxsize=256)
def _compiled(text: str, title: str) -> CodeType:
    """Code of a text; containers that are built alike share it, and one entry in ``linecache``."""
    filename, _ = _registered(text, title)
    return compile(text, filename, "exec")


def _registered(text: str, title: str) -> tuple[str, list[str]]:
    """The file name under which a text stands in ``linecache``, and its lines."""
    filename = f"{_PREFIX}{title} {zlib.crc32(text.encode()):08x}>"
    lines = text.splitlines(keepends=True)
    # an entry without a modification time outlives linecache.checkcache()
    linecache.cache[filename] = (len(text), None, lines, filename)
    return filename, lines
