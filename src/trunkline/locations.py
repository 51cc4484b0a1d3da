"""Where the attributes of a class are written, read from its source and never by running it."""

from __future__ import annotations

import ast
import inspect
from functools import lru_cache

from trunkline.graph.model import SourceLocation

__all__ = ["attribute_location"]


def attribute_location(cls: type, name: str) -> SourceLocation | None:
    """The line at which an attribute of a class, or of the base that it has it from, is assigned.

    Args:
        cls: Any class; one without readable source (made by ``type()``, or in a console) has none.
        name: Name of the attribute.
    """
    owner = next((base for base in cls.__mro__ if name in vars(base)), None)
    if owner is None:
        return None
    try:
        file = inspect.getsourcefile(owner)
    except (TypeError, OSError):  # a class of an extension module, or of no file at all
        return None
    if file is None or not file.endswith(".py"):
        return None
    line = _assignments(file).get(owner.__qualname__, {}).get(name)
    return None if line is None else SourceLocation(file, line)


@lru_cache(maxsize=64)
def _assignments(file: str) -> dict[str, dict[str, int]]:
    """Lines of class-level assignments in a file, by qualified class name."""
    from pathlib import Path  # trunkline's own providers know their place without their source

    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return {}
    classes: dict[str, dict[str, int]] = {}

    def visit(body: list[ast.stmt], prefix: str) -> None:
        for statement in body:
            if isinstance(statement, ast.ClassDef):
                name = f"{prefix}{statement.name}"
                classes[name] = lines = {}
                for inner in statement.body:
                    targets = (
                        inner.targets
                        if isinstance(inner, ast.Assign)
                        else [inner.target]
                        if isinstance(inner, ast.AnnAssign)
                        else []
                    )
                    lines.update({t.id: inner.lineno for t in targets if isinstance(t, ast.Name)})
                visit(statement.body, f"{name}.")
            elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                visit(statement.body, f"{prefix}{statement.name}.<locals>.")

    visit(tree.body, "")
    return classes
