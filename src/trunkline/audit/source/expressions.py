"""Expressions: the path of each, and the references in it that matter."""

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final

from trunkline.audit.source.calls import CallReader, used_by
from trunkline.audit.source.facts import Fallback, Reference
from trunkline.audit.source.scopes import Scope, asked_for, parameters
from trunkline.audit.source.structure import StructureReader

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
OWN: Final = frozenset({"self", "cls"})
"""What methods call the object, or the class, that they belong to."""
_MARKERS: Final = (":Provide", ":Provider", ":Closing", ".Provide", ".Provider", ".Closing")


class ExpressionReader(CallReader, ABC):
    """Reads the expressions of one module.

    Args:
        structure: The module's imports and names.
        interesting: Tells whether a path may lead to something a rule asks about.
    """

    def __init__(self, structure: StructureReader, interesting: Callable[[str], bool]) -> None:
        super().__init__(structure, interesting)
        self.fallbacks: list[Fallback] = []
        self._attributes: set[str] = set()
        self._returned: list[str] = []
        self._generator = False

    @abstractmethod
    def _body(self, body: list[ast.stmt], scope: Scope) -> None:
        """Read statements, such as those of a block inside an expression's statement."""

    def _field(self, item: object, scope: Scope) -> None:
        if isinstance(item, ast.expr):
            self._value(item, scope)
        elif isinstance(item, list):
            for part in item:
                if isinstance(part, ast.stmt):
                    self._body([part], scope)
                else:
                    self._field(part, scope)
        elif isinstance(item, ast.AST):
            if isinstance(item, ast.pattern):
                self._pattern(item, scope)
            for field in item._fields:
                if field != "cls":
                    self._field(getattr(item, field, None), scope)

    def _pattern(self, node: ast.pattern, scope: Scope) -> None:
        """Read the class that a pattern asks for; what it catches is an object of it."""
        if isinstance(node, ast.MatchClass):
            self._value(node.cls, scope, role="isinstance")
        elif isinstance(node, ast.MatchAs) and isinstance(node.pattern, ast.MatchClass):
            path = self.plain_path(node.pattern.cls, scope)
            if node.name is not None and path is not None:
                self._set_local(scope, node.name, f"{path}()")

    def _set_local(self, scope: Scope, name: str, path: str | None) -> None:
        if name in scope.names and self._counts.get((scope.qualname, name), 0) == 1:
            scope.names[name] = path

    def _return(self, node: ast.expr, scope: Scope) -> None:
        """Note the paths of what is returned or yielded, each way of a choice."""
        path = self._value(node, scope)
        ways: list[ast.expr] = []
        if isinstance(node, ast.IfExp):
            ways = [node.body, node.orelse]
        elif isinstance(node, ast.BoolOp):
            ways = node.values
        paths = [self.plain_path(way, scope) for way in ways] or [path]
        self._returned.extend(one or "?" for one in paths)

    def _value(  # noqa: C901, PLR0911, PLR0912 # one case after another
        self, node: ast.expr, scope: Scope, use: str = "value", role: str = "value"
    ) -> str | None:
        """Read an expression; return its path where it has one."""
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self._name(node, scope, role)
        if isinstance(node, ast.Call):
            return self._call(node, scope, use)
        if isinstance(node, ast.Constant):
            self._text(node, scope, None)
            return self._constant(node)
        if isinstance(node, ast.Await):
            path = self._value(node.value, scope, use="await")
            return f"{path}~" if path else None
        if isinstance(node, ast.Subscript):
            path = self._value(node.value, scope, role=role)
            inner = self._value(node.slice, scope, role=role)
            if path and path.endswith(_MARKERS):
                self._marker(node, path, inner, scope)
                return f"{path}[]"
            return f"{path}[]" if path else None
        if isinstance(node, ast.NamedExpr):
            path = self._value(node.value, scope, use=use, role=role)
            if isinstance(node.target, ast.Name):
                self._set_local(scope, node.target.id, path)
            return path
        if isinstance(node, ast.BoolOp):
            self._choice(node, scope)
            return None
        if isinstance(node, ast.IfExp):
            self._conditional(node, scope)
            return None
        if isinstance(node, ast.Lambda):
            names = {arg.arg: None for arg, _, _ in parameters(node.args)}
            self._value(node.body, Scope(dict(names), scope, scope.qualname, is_function=True))
            return None
        if isinstance(node, _COMPREHENSIONS):
            self._comprehension(node, scope)
            return None
        if isinstance(node, (ast.Yield, ast.YieldFrom)):
            self._generator = True
            if node.value is not None:
                self._return(node.value, scope)
            return None
        for field in node._fields:
            self._field(getattr(node, field, None), scope)
        return None

    def _name(self, node: ast.Name | ast.Attribute, scope: Scope, role: str) -> str | None:
        if isinstance(node, ast.Name):
            path = scope.lookup(node.id, self.module, self.bound)
        else:
            inner: ast.expr = node.value
            while isinstance(inner, ast.Attribute):
                inner = inner.value
            if not isinstance(inner, ast.Name):
                self._value(inner, scope, use=used_by(node))
            self._hold(node, scope)
            path = self.plain_path(node, scope)
            if isinstance(node.ctx, ast.Store):  # the target of a loop or a `with`
                if isinstance(inner, ast.Name) and inner is node.value and inner.id in OWN:
                    self._attributes.add(node.attr)
                return path
        if isinstance(node.ctx, ast.Del):
            role = "del"
        if path is not None and self._interesting(path):
            column, line = node.col_offset, node.lineno
            self.references.append(Reference(path, line, column, role, scope.qualname))
        return path

    def _choice(self, node: ast.BoolOp, scope: Scope) -> None:
        paths = [self._value(value, scope) for value in node.values]
        if isinstance(node.op, ast.Or):
            self._fall_back(paths[0], paths[1:], node, scope)

    def _conditional(self, node: ast.IfExp, scope: Scope) -> None:
        self._value(node.test, scope)
        body, other = self._value(node.body, scope), self._value(node.orelse, scope)
        asked, missing = asked_for(node.test)
        kept = node.orelse if missing else node.body
        if asked is not None and ast.dump(asked) == ast.dump(kept):
            first, second = (other, body) if missing else (body, other)
            self._fall_back(first, [second], node, scope)

    def _fall_back(
        self, first: str | None, second: list[str | None], node: ast.expr | ast.stmt, scope: Scope
    ) -> None:
        """Note values that are taken where the first one is missing."""
        known = tuple(path for path in second if path)
        if first is not None and known and self._interesting(first):
            row = Fallback("or", (first,), known, node.lineno, node.col_offset, scope.qualname)
            self.fallbacks.append(row)

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, scope: Scope
    ) -> None:
        names: dict[str, str | None] = {}
        inner = Scope(names, scope, scope.qualname, is_function=scope.is_function)
        for generator in node.generators:
            self._value(generator.iter, inner, use="for")
            for part in ast.walk(generator.target):
                if isinstance(part, ast.Name):
                    names[part.id] = None
            for test in generator.ifs:
                self._value(test, inner)
        if isinstance(node, ast.DictComp):
            self._value(node.key, inner)
            self._value(node.value, inner)
        else:
            self._value(node.elt, inner)
