"""Where the attributes of a class are written, read from its source and never by running it."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from trunkline.graph.model import SourceLocation

__all__ = ["attribute_locations"]


def attribute_locations(cls: type) -> Mapping[str, SourceLocation]:
    """The line at which each attribute of a class, or of a base of it, is assigned.

    Args:
        cls: Any class; one without readable source (made by ``type()``, or in a console) has none.
    """
    found: dict[str, SourceLocation] = {}
    for base in reversed(cls.__mro__):
        try:
            file = inspect.getsourcefile(base)
        except (TypeError, OSError):  # a class of an extension module, or of no file at all
            continue
        if file is not None and Path(file).suffix == ".py":
            lines = _assignments(file).get(base.__qualname__, {})
            found.update({name: SourceLocation(file, line) for name, line in lines.items()})
    return found


@lru_cache(maxsize=64)
def _assignments(file: str) -> dict[str, dict[str, int]]:
    """Lines of class-level assignments in a file, by qualified class name."""
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
