"""Classes and functions of a file that matters: their signatures, bases and members."""

import ast
import re
from collections.abc import Iterator
from typing import Final

from trunkline.audit.source import facts
from trunkline.audit.source.facts import Class, Function, Parameter
from trunkline.audit.source.fields import read_fields
from trunkline.audit.source.loaders import Loaders
from trunkline.audit.source.parsing import parse_expression
from trunkline.audit.source.scopes import Scope, decorator_flags, join, parameters
from trunkline.audit.source.structure import StructureReader
from trunkline.audit.source.syntax import last_name

_SELF_NAME: Final = re.compile(r"\b(?:self|cls)\.(\w+)")
_WRAPPERS: Final = frozenset(
    {"Optional", "Annotated", "Required", "NotRequired", "Final", "ClassVar"}
)
_RESULTS: Final = frozenset(
    {"AsyncIterator", "AsyncGenerator", "Iterator", "Generator", "Awaitable", "Coroutine",
     "AbstractAsyncContextManager", "AbstractContextManager", "AsyncContextManager",
     "ContextManager"}
)  # fmt: skip


class DeclarationReader:
    """Collects the declarations of one module.

    Args:
        structure: The module's imports and names.
    """

    def __init__(self, structure: StructureReader) -> None:
        self.module = structure.module
        self.package = structure.package
        self.bound = frozenset(
            [definition.name for definition in structure.definitions]
            + [item.bound for item in structure.imports if not item.scope]
        )
        self._loaders = Loaders(structure)
        self.classes: list[Class] = []
        self.functions: list[Function] = []
        self.source_lines: list[str] = []
        self._counts: dict[tuple[str, str], int] = {}
        self._class_relevant = False
        self._super = ""

    def plain_path(self, node: ast.expr, scope: Scope) -> str | None:
        """Return the path of an expression without noting anything it reads."""
        if isinstance(node, ast.Name):
            return scope.lookup(node.id, self.module, self.bound)
        if isinstance(node, ast.Attribute):
            owner = self.plain_path(node.value, scope)
            return join(owner, node.attr) if owner else None
        if isinstance(node, ast.Call):
            callee = self.plain_path(node.func, scope)
            return self.called(node, callee, scope) if callee else None
        if isinstance(node, ast.Await):
            path = self.plain_path(node.value, scope)
            return f"{path}~" if path else None
        if isinstance(node, ast.Subscript):
            path = self.plain_path(node.value, scope)
            return f"{path}[]" if path else None
        return None

    def called(self, node: ast.Call, callee: str, scope: Scope) -> str:
        """Return the path of what a call gives."""
        if callee == "builtins:type" and len(node.args) == 1:
            path = self.plain_path(node.args[0], scope)
            return f"{path}.__class__" if path else f"{callee}()"
        if callee == "builtins:getattr" and len(node.args) > 1:
            path, name = self.plain_path(node.args[0], scope), node.args[1]
            if path and isinstance(name, ast.Constant) and str(name.value).isidentifier():
                return join(path, str(name.value))
        if callee == "builtins:super" and self._super and not node.args:
            return self._super
        return self._loaders.loaded(node, callee) or f"{callee}()"

    def annotation(self, node: ast.expr | None, scope: Scope) -> str | None:
        """Return the path of the class that an annotation names, where it names one class.

        ``X | None``, ``Optional[X]``, ``Annotated[X, ...]`` and quoted annotations count as ``X``.
        """
        node = _unwrapped(node)
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self.plain_path(node, scope)
        return None

    def result(self, node: ast.expr | None, scope: Scope) -> str | None:
        """Return the path of the class that a function's annotation names.

        With ``^`` behind it where the function gives something that leads to such objects.
        """
        node = _unwrapped(node)
        if not isinstance(node, ast.Subscript) or last_name(node.value) not in _RESULTS:
            return self.annotation(node, scope)
        inside = _first(node)
        if last_name(node.value) == "Coroutine" and isinstance(node.slice, ast.Tuple):
            inside = node.slice.elts[-1]
        path = self.annotation(inside, scope)
        return f"{path}^" if path else None

    def annotated(self, node: ast.expr | None, scope: Scope) -> str | None:
        """Return the path of what is annotated so: an object of a class, or a class itself.

        Of ``type[X]`` it is the class of an object of X, which may be a subclass.
        """
        node = _unwrapped(node)
        if isinstance(node, ast.Subscript) and last_name(node.value) in {"type", "Type"}:
            path = self.annotation(node.slice, scope)
            return f"{path}().__class__" if path else None
        path = self.annotation(node, scope)
        return f"{path}()" if path else None

    def declare_function(
        self,
        node: ast.FunctionDef | ast.AsyncFunctionDef,
        qualname: str,
        scope: Scope,
        returned: tuple[str, ...],
        is_generator: bool,
    ) -> None:
        """Keep the signature of a function or method."""
        decorators = tuple(
            path
            for path in (self.plain_path(decorator, scope) for decorator in node.decorator_list)
            if path is not None
        )
        flags = decorator_flags(decorators)
        if len(decorators) != len(node.decorator_list):
            flags |= facts.DECORATED
        self.functions.append(
            Function(
                qualname, node.lineno, node.col_offset, node.end_lineno or node.lineno,
                isinstance(node, ast.AsyncFunctionDef), is_generator,
                tuple(
                    Parameter(arg.arg, kind, default, self.annotation(arg.annotation, scope))
                    for arg, kind, default in parameters(node.args)
                ),
                self.result(node.returns, scope), returned, decorators, flags,
            )
        )  # fmt: skip

    def declare_class(
        self,
        node: ast.ClassDef,
        qualname: str,
        bases: tuple[str | None, ...],
        scope: Scope,
        attributes: set[str],
    ) -> None:
        """Keep the bases and members of a class."""
        decorators = tuple(
            self.plain_path(decorator, scope) or "?" for decorator in node.decorator_list
        )
        self.classes.append(
            Class(
                qualname, node.lineno, node.col_offset, node.end_lineno or node.lineno, bases,
                decorators, tuple(self.class_names(node, qualname)), tuple(sorted(attributes)),
                tuple(keyword.arg or "**" for keyword in node.keywords), 0, tuple(_mutable(node)),
                self._fields(node, scope),
            )
        )  # fmt: skip

    def _fields(self, node: ast.ClassDef, scope: Scope) -> tuple[Parameter, ...] | None:
        """Return the fields of a dataclass or a named tuple; None for other classes."""
        if not node.decorator_list and not node.bases:
            return None

        def origin(name: ast.expr) -> str | None:
            path = self.plain_path(name, scope)
            return self._loaders.origin(path) if path is not None else None

        return read_fields(node, origin, lambda said: self.annotation(said, scope))

    def class_names(self, node: ast.ClassDef, qualname: str) -> dict[str, str | None]:  # noqa: C901 # one case after another
        """Return the names bound in a class body, with their paths."""
        names: dict[str, None] = {}
        stack: list[ast.stmt] = list(node.body)
        for part in stack:
            if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                names[part.name] = None
            elif isinstance(part, (ast.Import, ast.ImportFrom)):
                for alias in part.names:
                    names[alias.asname or alias.name.partition(".")[0]] = None
            elif isinstance(part, (ast.Assign, ast.AnnAssign)):
                targets = part.targets if isinstance(part, ast.Assign) else [part.target]
                for target in targets:
                    for leaf in ast.walk(target):
                        if isinstance(leaf, ast.Name):
                            names[leaf.id] = None
                            if leaf.id == "__slots__" and part.value is not None:
                                names.update(dict.fromkeys(_strings(part.value)))
            else:
                for field in ("body", "orelse", "finalbody"):
                    stack.extend(getattr(part, field, []))
                for handler in getattr(part, "handlers", []):
                    stack.extend(handler.body)
        return {name: f"{self.module}:{qualname}.{name}" for name in names}

    def may_yield(self, node: ast.stmt) -> bool:
        """Tell whether a function has a ``yield`` on one of its lines."""
        lines = self.source_lines[node.lineno - 1 : node.end_lineno]
        return any("yield" in line for line in lines)

    def read_attributes(self, node: ast.ClassDef) -> set[str]:
        """Return every name that the class's lines read or set on ``self``: more than it has."""
        lines = self.source_lines[node.lineno - 1 : node.end_lineno]
        return {name for line in lines for name in _SELF_NAME.findall(line)}


def _first(node: ast.Subscript) -> ast.expr:
    """Return the first of what stands in the brackets."""
    inside = node.slice
    return inside.elts[0] if isinstance(inside, ast.Tuple) and inside.elts else inside


def _unwrapped(node: ast.expr | None) -> ast.expr | None:
    """Return an annotation without what says nothing of its class: quotes, ``None``, wrappers."""
    while True:
        node = unquoted(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            sides = node.left, node.right
            kinds = [s for s in sides if not (isinstance(s, ast.Constant) and s.value is None)]
            node = kinds[0] if len(kinds) == 1 else None
        elif isinstance(node, ast.Subscript) and last_name(node.value) in _WRAPPERS:
            node = _first(node)
        else:
            return node


def unquoted(node: ast.expr | None) -> ast.expr | None:
    """Return what a quoted annotation says; any other expression as it is."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            return parse_expression(node.value.strip())
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    return node


def _mutable(node: ast.ClassDef) -> Iterator[str]:
    """Yield the names that a class body gives a literal list, dict or set."""
    for part in node.body:
        if isinstance(part, (ast.Assign, ast.AnnAssign)) and isinstance(
            part.value, (ast.Dict, ast.List, ast.Set)
        ):
            targets = part.targets if isinstance(part, ast.Assign) else [part.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def _strings(node: ast.expr) -> list[str]:
    return [
        part.value
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]
