"""Python's parser, from one thread at a time and without its warnings.

Two things of it belong to the interpreter, not to the thread: up to Python 3.12 the count of how
deep the tree under construction is (github.com/python/cpython/issues/106905), and the filters of
warnings. A parse that another thread interrupts, as a callback of the garbage collector lets it,
ends in `SystemError` or in a `RecursionError` over a flat file; and two threads that each silence
the warnings for a while may leave them silenced for good.
"""

import ast
import re
import symtable
import threading
import warnings
from typing import Final, NamedTuple

from trunkline.audit.source.encoding import EncodingProblem, decode

_MOST_TOKENS: Final = 500_000
"""Words and signs; the tree of more takes over half a gigabyte, and no person wrote it."""

_TOKEN: Final = re.compile(rb"\w+|[^\w\s]")
_NAMELESS: Final = frozenset({"lambda", "genexpr", "listcomp", "setcomp", "dictcomp"})
_STOP: Final = b"from __future__ import nothing\n"
_STOPPED: Final = "future feature nothing "
_ONE_AT_A_TIME: Final = threading.Lock()


class Unreadable(NamedTuple):
    """Why a file was passed over.

    Attributes:
        line: Number of the line at fault; 0 for the file as a whole.
        column: Column, from 0.
        problem: What is wrong with it.
    """

    line: int
    column: int
    problem: str


def parse_module(data: bytes) -> ast.Module:
    """Parse a module.

    Args:
        data: Its bytes.

    Raises:
        SyntaxError: It is not Python.
        RecursionError: It is nested too deeply; as `MemoryError` also says.
        ValueError: It holds null bytes, or what its encoding cannot say.
    """
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        # Invalid escapes in the audited code are the business of its own tools.
        warnings.simplefilter("ignore")
        return ast.parse(data)


def parse_expression(text: str) -> ast.expr:
    """Parse an expression; raises as `parse_module` does."""
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text, mode="eval").body


def check_syntax(data: bytes) -> None:
    """Have a module parsed and nothing made of it; raises as `parse_module` does.

    It stops the interpreter between its parser and what comes after: a feature that does not exist
    is refused before anything else is looked at. A tree would take as long again.
    """
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(_STOP + data, "<source>", "exec", dont_inherit=True)
        except SyntaxError as error:
            if not error.msg.startswith(_STOPPED):
                raise


def definition_lines(data: bytes) -> set[int]:
    """Return the lines of the module's own functions and classes; raises as `parse_module` does.

    The interpreter's symbol table is made by its whole parser, in half the time that a tree takes.
    """
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        top = symtable.symtable(data.decode("ascii"), "<source>", "exec")
    return {
        child.get_lineno()
        for child in top.get_children()
        if child.get_type() in {"function", "class"} and child.get_name() not in _NAMELESS
    }


def reads_global(data: bytes, name: str) -> bool:
    """Tell whether a module reads a name as one of its globals; raises as `parse_module` does."""
    text = decode(data)
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tables = [symtable.symtable(text, "<source>", "exec")]
    for table in tables:
        tables.extend(table.get_children())
        if name in table.get_identifiers():
            symbol = table.lookup(name)
            if symbol.is_referenced() and (symbol.is_global() or table.get_type() == "module"):
                return True
    return False


def parse(data: bytes) -> ast.Module | Unreadable:
    """Parse a file's bytes, or say why they cannot be parsed."""
    refused = _refused(data)
    if refused is not None:
        return refused
    try:
        return parse_module(data)
    except SyntaxError as error:
        try:
            decode(data)
        except EncodingProblem as problem:
            return Unreadable(problem.line, 0, problem.problem)
        return Unreadable(
            error.lineno or 0, max((error.offset or 1) - 1, 0), f"cannot be parsed: {error.msg}"
        )
    except (RecursionError, MemoryError):
        return Unreadable(0, 0, "nested too deeply to be parsed")
    except (ValueError, LookupError) as error:
        return Unreadable(0, 0, f"cannot be parsed: {error}")


def is_too_long(data: bytes) -> bool:
    """Tell whether the tree of a file would take more memory than a file is worth."""
    return len(data) > _MOST_TOKENS and sum(1 for _ in _TOKEN.finditer(data)) > _MOST_TOKENS


def _refused(data: bytes) -> Unreadable | None:
    """Return why a file is not even given to the parser."""
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        return Unreadable(line, 0, "contains null bytes")
    if is_too_long(data):
        return Unreadable(0, 0, f"more than {_MOST_TOKENS:,} words and signs: not parsed")
    return None
