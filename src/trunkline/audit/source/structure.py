"""The imports and module-level names of a parsed file; what cannot hold any is not visited."""

import ast
import re
from bisect import bisect_left
from typing import Final

from trunkline.audit.source import facts
from trunkline.audit.source.facts import Definition, Import
from trunkline.audit.source.needles import word_lines
from trunkline.audit.source.syntax import (
    branch_flags,
    catches_import_error,
    last_name,
    literal_names,
    moved_packages,
    suppresses,
)

IMPORT: Final = b"import"
"""The word without which a line imports nothing; where it stands in a string the parser decides."""
_NAME_MAKERS: Final = (
    b"sys.modules", b"global_enum", b"_convert_(", b"meta_path", b"locals()[", b"__dict__[",
)  # fmt: skip
"""What a module holds that may bind names in ways that cannot be read."""
_NAME_MAKING_CALLS: Final = (b"globals()", b"exec(", b"vars()")
"""Calls of builtins that do; ``reset_globals()`` is none of them."""
_BUILTIN_CALL: Final = re.compile(rb"(?<![\w.])(?:globals\(\)|exec\(|vars\(\))|builtins\.exec")
_PATH_MAKERS: Final = (b"__path__", b"pkgutil", b"pkg_resources", b"meta_path", b"path_hooks")
"""What a package holds that may find its modules elsewhere."""
_GLOBAL_LINE: Final = re.compile(rb"^[ \t]+global[ \t]+([A-Za-z0-9_, \t]+)", re.MULTILINE)
_HARMLESS_DECORATORS: Final = frozenset(
    {"staticmethod", "classmethod", "contextmanager", "asynccontextmanager", "wraps", "dataclass",
     "lru_cache", "cache", "total_ordering", "final", "runtime_checkable", "unique"}
)  # fmt: skip
_BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Match)


class StructureReader:
    """Collects the imports and module-level bindings of one module.

    Args:
        module: Dotted name of the module.
        is_package: True for an ``__init__`` file; relative imports count from it.
        data: The bytes the tree was parsed from.
        import_lines: The lines on which the word ``import`` stands, where they are known.
    """

    def __init__(
        self, module: str, is_package: bool, data: bytes, import_lines: list[int] | None = None
    ) -> None:
        self.module = module
        self.package = module if is_package else module.rpartition(".")[0]
        self.imports: list[Import] = []
        self.definitions: list[Definition] = []
        self.exports: tuple[str, ...] | None = None
        self.dynamic = 0
        self._import_lines = word_lines((IMPORT,), data) if import_lines is None else import_lines
        self._read_names: set[str] = set()
        self._moves_packages = b"MovedPackages" in data
        self.moved: tuple[tuple[str, str], ...] = ()
        if any(word in data for word in _NAME_MAKERS) or (
            any(word in data for word in _NAME_MAKING_CALLS) and _BUILTIN_CALL.search(data)
        ):
            self.dynamic |= facts.DYNAMIC_NAMES
            if b"sys.modules" in data:
                self.dynamic |= facts.DYNAMIC_MODULES
        if any(word in data for word in _PATH_MAKERS):
            self.dynamic |= facts.DYNAMIC_PATH
        for match in _GLOBAL_LINE.finditer(data) if b"global" in data else ():
            for name in match[1].decode("ascii").split(","):
                self._bind(name.strip(), "name", 0, 0, facts.IN_FUNCTION)

    def read(self, body: list[ast.stmt]) -> None:
        """Read the statements of the module."""
        self._block(body, 0)
        if self._moves_packages:
            self.moved = tuple(moved_packages(body))

    # The module's own statements.

    def _block(self, body: list[ast.stmt], flags: int) -> None:  # noqa: C901 # one case after another
        for statement in body:
            kind = type(statement)
            if kind is ast.Import or kind is ast.ImportFrom:
                self._import(statement, flags, "")  # type: ignore[arg-type] # narrowed by type()
            elif kind is ast.FunctionDef or kind is ast.AsyncFunctionDef or kind is ast.ClassDef:
                self._define(statement, flags)  # type: ignore[arg-type] # narrowed by type()
            elif kind is ast.Assign or kind is ast.AnnAssign or kind is ast.AugAssign:
                self._assign(statement, flags)  # type: ignore[arg-type] # narrowed by type()
            elif kind is ast.Try or kind is ast.TryStar:
                self._try(statement, flags)  # type: ignore[arg-type] # narrowed by type()
            elif isinstance(statement, _BLOCKS):
                self._compound(statement, flags)
            elif kind is ast.Delete and not flags:
                self._delete(statement)  # type: ignore[arg-type] # narrowed by type()
            elif kind is ast.Expr:
                self._expression(statement, flags)  # type: ignore[arg-type] # narrowed by type()
            elif not isinstance(statement, (ast.Pass, ast.Raise)):
                self._note_reads(statement)
            if type(statement).__name__ == "TypeAlias":  # Python 3.12 on
                self._targets(statement.name, flags)  # type: ignore[attr-defined] # as above

    def _define(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, flags: int
    ) -> None:
        is_class = isinstance(node, ast.ClassDef)
        own = flags | (facts.ASYNC if isinstance(node, ast.AsyncFunctionDef) else 0)
        for decorator in node.decorator_list:
            self._note_reads(decorator)
            if last_name(decorator) not in _HARMLESS_DECORATORS:
                own |= facts.DECORATED
        if isinstance(node, ast.ClassDef):
            for base in node.bases:
                self._note_reads(base)
        if node.name in self._read_names:
            own |= facts.USED_BEFORE
            self._read_names.discard(node.name)
        column = node.col_offset
        self._bind(node.name, "class" if is_class else "def", node.lineno, column, own)
        if self._holds_import(node):
            self._nested(node.body, flags if is_class else flags | facts.IN_FUNCTION, node.name)

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            for part in target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]:
                if isinstance(part, ast.Name):
                    self._bind(part.id, "del", part.lineno, part.col_offset, 0)
        self._note_reads(node)

    def _assign(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign, flags: int) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        value = node.value
        if isinstance(node, ast.AnnAssign) and value is None and not flags & facts.TYPE_CHECKING:
            # A bare annotation binds nothing at run time, yet a name declared so is meant to exist.
            flags |= facts.CONDITIONAL
        path = self.value_path(value) if value is not None else None
        for target in targets:
            if isinstance(target, ast.Name):
                if target.id == "__all__":
                    self._all(node)
                self._bind(target.id, "assign", node.lineno, target.col_offset, flags, path)
            else:
                self._targets(target, flags)
        if value is not None:
            self._note_reads(value)

    def _try(self, node: ast.Try, flags: int) -> None:
        catches = any(catches_import_error(handler) for handler in node.handlers)
        self._block(node.body, flags | (facts.GUARDED if catches else facts.CONDITIONAL))
        for handler in node.handlers:
            mark = facts.FALLBACK if catches_import_error(handler) else facts.CONDITIONAL
            self._block(handler.body, flags | mark)
        self._block(node.orelse, flags | facts.CONDITIONAL | (facts.GUARDED if catches else 0))
        self._block(node.finalbody, flags)

    def _compound(self, node: ast.stmt, flags: int) -> None:
        if isinstance(node, ast.If):
            mark, other = branch_flags(node.test)
            self._note_reads(node.test)
            self._block(node.body, flags | mark)
            self._block(node.orelse, flags | other)
            return
        inner = flags | facts.CONDITIONAL
        if isinstance(node, (ast.For, ast.AsyncFor)):
            self._targets(node.target, inner)
            self._note_reads(node.iter)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            inner = flags | (facts.GUARDED if suppresses(node) else 0)
            for item in node.items:
                self._note_reads(item.context_expr)
                if item.optional_vars is not None:
                    self._targets(item.optional_vars, inner)
        elif isinstance(node, ast.Match):
            for case in node.cases:
                for part in ast.walk(case.pattern):
                    name = getattr(part, "name", None) or getattr(part, "rest", None)
                    if isinstance(name, str):
                        self._bind(name, "name", node.lineno, 0, inner)
                self._block(case.body, inner)
            return
        self._block(getattr(node, "body", []), inner)
        self._block(getattr(node, "orelse", []), inner)

    def _expression(self, node: ast.Expr, flags: int) -> None:
        value = node.value
        if isinstance(value, ast.Constant):
            return
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
            owner = value.func.value
            if isinstance(owner, ast.Name) and owner.id == "__all__":
                self._extend_all(value)
        self._note_reads(value)

    # Imports, wherever they stand.

    def _import(self, node: ast.Import | ast.ImportFrom, flags: int, scope: str) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                own = flags | (facts.ALIASED if alias.asname else 0)
                self.imports.append(
                    Import(alias.name, None, bound, alias.lineno, alias.col_offset, own, scope)
                )
            return
        module = node.module or ""
        if node.level:
            parts = self.package.split(".") if self.package else []
            if node.level > len(parts):
                flags |= facts.BEYOND_TOP
            else:
                base = ".".join(parts[: len(parts) - node.level + 1])
                module = f"{base}.{module}" if module else base
        for alias in node.names:
            bound = alias.asname or alias.name
            self.imports.append(
                Import(module, alias.name, bound, alias.lineno, alias.col_offset, flags, scope)
            )

    def _holds_import(self, node: ast.stmt) -> bool:
        lines = self._import_lines
        at = bisect_left(lines, node.lineno)
        return at < len(lines) and lines[at] <= (node.end_lineno or node.lineno)

    def _nested(self, body: list[ast.stmt], flags: int, scope: str) -> None:  # noqa: C901 # one case after another
        """Read the imports inside a function or class, going only where lines may hold some."""
        for node in body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                # In a class body the name is an attribute of the class, yet it runs on import.
                self._import(node, flags, scope)
            elif not self._holds_import(node):
                continue
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self._nested(node.body, flags | facts.IN_FUNCTION, f"{scope}.{node.name}")
            elif isinstance(node, ast.ClassDef):
                self._nested(node.body, flags, f"{scope}.{node.name}")
            elif isinstance(node, (ast.Try, ast.TryStar)):
                catches = any(catches_import_error(handler) for handler in node.handlers)
                inner = flags | (facts.GUARDED if catches else facts.CONDITIONAL)
                self._nested(node.body, inner, scope)
                for handler in node.handlers:
                    mark = facts.FALLBACK if catches_import_error(handler) else facts.CONDITIONAL
                    self._nested(handler.body, flags | mark, scope)
                self._nested(node.orelse, inner, scope)
                self._nested(node.finalbody, flags, scope)
            elif isinstance(node, ast.If):
                mark, other = branch_flags(node.test)
                self._nested(node.body, flags | mark, scope)
                self._nested(node.orelse, flags | other, scope)
            elif isinstance(node, ast.Match):
                for case in node.cases:
                    self._nested(case.body, flags | facts.CONDITIONAL, scope)
            else:
                inner = flags | facts.CONDITIONAL
                if isinstance(node, (ast.With, ast.AsyncWith)):
                    inner = flags | (facts.GUARDED if suppresses(node) else 0)
                self._nested(getattr(node, "body", []), inner, scope)
                self._nested(getattr(node, "orelse", []), inner, scope)

    # Names.

    def _bind(
        self, name: str, kind: str, line: int, column: int, flags: int, value: str | None = None
    ) -> None:
        self.definitions.append(Definition(name, kind, line, column, flags, value))
        if name == "__getattr__":
            self.dynamic |= facts.DYNAMIC_NAMES

    def _targets(self, target: ast.expr, flags: int) -> None:
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self._bind(node.id, "name", node.lineno, node.col_offset, flags)

    def _note_reads(self, node: ast.AST) -> None:
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and isinstance(part.ctx, (ast.Load, ast.Del)):
                self._read_names.add(part.id)
            elif isinstance(part, ast.NamedExpr):
                self._targets(part.target, facts.CONDITIONAL)

    def value_path(self, node: ast.expr) -> str | None:
        """Return the path of a module-level value that names another one, or calls it."""
        if isinstance(node, ast.Name):
            return f"{self.module}:{node.id}"
        if isinstance(node, ast.Attribute):
            owner = self.value_path(node.value)
            return f"{owner}.{node.attr}" if owner else None
        if isinstance(node, ast.Call):
            callee = self.value_path(node.func)
            return f"{callee}()" if callee else None
        return None

    def _all(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        names = literal_names(node.value)
        if names is None:
            self.dynamic |= facts.DYNAMIC_ALL
        elif isinstance(node, ast.AugAssign):
            self.exports = (self.exports or ()) + names
        else:
            self.exports = names

    def _extend_all(self, call: ast.Call) -> None:
        names = literal_names(call.args[0]) if call.args else None
        if names is None and call.args and isinstance(call.args[0], ast.Constant):
            names = (str(call.args[0].value),)
        if names is None:
            self.dynamic |= facts.DYNAMIC_ALL
        else:
            self.exports = (self.exports or ()) + names
