"""Names inside texts: annotations in quotes, and texts that could be read as code."""

import ast
import re

import libcst as cst


def renamed(text: cst.SimpleString, old: str, new: str) -> cst.SimpleString | None:
    """Return a quoted annotation with a name replaced; None where that is not certain.

    Certain means: what is written is what the annotation says, without escapes, and the name stands
    in it as a name alone, not in a text inside, such as that of a ``Literal``.

    Args:
        text: The annotation.
        old: The name.
        new: Its new name.
    """
    inner = text.raw_value
    if inner != text.evaluated_value or "\n" in inner or not inner.isascii():
        return None
    tree = _expression(inner)
    if tree is None:
        return None
    columns = [node.col_offset for node in _names(tree, old)]
    if len(columns) != len(re.findall(rf"\b{re.escape(old)}\b", inner)):
        return None
    for column in sorted(columns, reverse=True):
        inner = inner[:column] + new + inner[column + len(old) :]
    return text.with_changes(value=f"{text.prefix}{text.quote}{inner}{text.quote}")


def may_name(text: str, name: str) -> bool:
    """Tell whether a text, read as an expression, uses a name."""
    tree = _expression(text) if name in text else None
    return tree is not None and bool(_names(tree, name))


def _names(tree: ast.Expression, name: str) -> list[ast.Name]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name]


def _expression(text: str) -> ast.Expression | None:
    try:
        return ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
