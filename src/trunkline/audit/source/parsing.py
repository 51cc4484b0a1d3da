"""Python's parser, from one thread at a time and without its warnings.

Two things of it belong to the interpreter, not to the thread: up to Python 3.12 the count of how
deep the tree under construction is (github.com/python/cpython/issues/106905), and the filters of
warnings. A parse that another thread interrupts, as a callback of the garbage collector lets it,
ends in `SystemError` or in a `RecursionError` over a flat file; and two threads that each silence
the warnings for a while may leave them silenced for good.
"""

import ast
import symtable
import threading
import warnings
from typing import Final

_NAMELESS: Final = frozenset({"lambda", "genexpr", "listcomp", "setcomp", "dictcomp"})
_ONE_AT_A_TIME: Final = threading.Lock()


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
