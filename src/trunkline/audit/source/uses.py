"""Calls, references and assignments that matter, from the parts of a file that can hold them."""

import ast
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from trunkline.audit.source.facts import Fallback
from trunkline.audit.source.scopes import Scope, asked_for, bindings, import_paths, parameters
from trunkline.audit.source.stores import StoreReader
from trunkline.audit.source.structure import StructureReader
from trunkline.audit.source.syntax import (
    class_asked_for,
    expects_no_attribute,
    last_name,
    texts_asked_for,
)

_MOCKERS: Final = frozenset(
    {"mocker", "class_mocker", "module_mocker", "package_mocker", "session_mocker"}
)
"""Fixtures of pytest-mock, which few annotate."""
_WARNINGS: Final = frozenset({"warning", "warn", "error", "exception", "critical", "fatal"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class UseReader(StoreReader):
    """Reads the uses in one module whose names were read already.

    Args:
        structure: The module's imports and names.
        interesting: Tells whether a path may lead to something a rule asks about.
        lines: Sorted numbers of the lines on which a name that matters stands; None reads all.
    """

    def __init__(
        self,
        structure: StructureReader,
        interesting: Callable[[str], bool],
        lines: list[int] | None,
    ) -> None:
        super().__init__(structure, interesting)
        self.lines = lines
        self.stubs: frozenset[int] = frozenset()
        self.given: list[tuple[str, str]] = []
        self.doubted: list[tuple[int, int]] = []
        self._class = ""

    def read(self, body: list[ast.stmt]) -> None:
        """Read the statements of the module."""
        self._body(body, Scope({}, None, ""))
        self.calls = [
            call._replace(use="held") if call.use == "value" and call.span in self._held else call
            for call in self.calls
        ]

    # Statements.

    def _relevant(self, node: ast.stmt | ast.expr) -> bool:
        lines = self.lines
        if lines is None:
            return True
        first = node.lineno
        for decorator in getattr(node, "decorator_list", ()):
            first = min(first, decorator.lineno)
        at = bisect_left(lines, first)
        return at < len(lines) and lines[at] <= (node.end_lineno or node.lineno)

    def _body(self, body: list[ast.stmt], scope: Scope) -> None:
        for position, node in enumerate(body):
            self._one(node, body, position, scope)

    def _one(self, node: ast.stmt, body: list[ast.stmt], position: int, scope: Scope) -> None:
        """Read one statement of a block."""
        if node.lineno in self.stubs:
            return
        if isinstance(node, _FUNCTIONS):
            self._function(node, scope)
        elif isinstance(node, ast.ClassDef):
            self._class_definition(node, scope)
        elif scope.is_function or self._class_relevant or self._relevant(node):
            # What the block ends with says what becomes of the names that a choice sets.
            last = body[-1] if position < len(body) - 1 else None
            self._statement(node, last, scope)

    def _statement(self, node: ast.stmt, last: ast.stmt | None, scope: Scope) -> None:  # noqa: C901, PLR0912 # one case after another
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            self._assign(node, scope)
        elif isinstance(node, ast.Return):
            if node.value is not None:
                self._return(node.value, scope)
        elif isinstance(node, ast.Expr):
            self._value(node.value, scope, use="expr")
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            if scope.is_function:
                for name, path in import_paths(node, self.package):
                    self._set_local(scope, name, path)
        elif isinstance(node, (ast.Try, ast.TryStar)):
            self._try(node, last, scope)
        elif isinstance(node, ast.If):
            self._if(node, last, scope)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            use = "async with" if isinstance(node, ast.AsyncWith) else "with"
            self._doubt(node.body, expects_no_attribute(node))
            for item in node.items:
                path = self._value(item.context_expr, scope, use=use)
                if isinstance(item.optional_vars, ast.Name):
                    self._set_local(scope, item.optional_vars.id, f"{path}^" if path else None)
                elif item.optional_vars is not None:
                    self._value(item.optional_vars, scope)
            self._body(node.body, scope)
        elif isinstance(node, ast.Match):
            self._match(node, scope)
        else:
            for field in node._fields:
                self._field(getattr(node, field, None), scope)

    def _try(self, node: ast.Try | ast.TryStar, last: ast.stmt | None, scope: Scope) -> None:
        self._doubt(node.body, expects_no_attribute(node))
        first = self._outcomes(node.body, scope)
        for handler in node.handlers:
            if handler.type is not None:
                self._value(handler.type, scope)
            second = self._outcomes(handler.body, scope)
            told = any(map(_tells, handler.body))
            given = _returned(node.orelse[-1] if node.orelse else last)
            if given in first and "return" not in first:
                second.setdefault(given, second.get("return", "?"))
            for place, path in first.items():
                if self._interesting(path) and place in second and not told:
                    self.fallbacks.append(
                        Fallback(
                            "except", (path,), (second[place],), handler.lineno,
                            handler.col_offset, scope.qualname,
                        )
                    )  # fmt: skip
        self._body(node.orelse, scope)
        self._body(node.finalbody, scope)

    def _if(self, node: ast.If, last: ast.stmt | None, scope: Scope) -> None:
        self._value(node.test, scope)
        asked, missing = asked_for(node.test)
        first = self.plain_path(asked, scope) if asked is not None else None
        if first is None and isinstance(asked, ast.Name):
            first = scope.annotated.get(asked.id)
        returned = len(self._returned)
        with self._narrowed(node.test, scope):
            outcomes = [self._outcomes(node.body, scope)]
        if scope.qualname == "__getattr__":
            self._give(node.test, self._returned[returned:], scope)
        outcomes.append(self._outcomes(node.orelse, scope))
        if asked is not None:
            name = ast.unparse(asked)
            without = outcomes[0 if missing else 1]
            instead = without.get(name)
            there = node.orelse if missing else node.body
            if _returned(there[-1] if there else last) == name:
                instead = instead or without.get("return")
                if not missing and not node.orelse and isinstance(last, ast.Return) and last.value:
                    instead = instead or self.plain_path(last.value, scope)
            self._fall_back(first, [instead], node, scope)

    def _give(self, test: ast.expr, returned: list[str], scope: Scope) -> None:
        """Note what the module's ``__getattr__`` returns for the names that a test asks for."""
        asked = texts_asked_for(test)
        if asked is None or self._counts.get((scope.qualname, asked[0])) != 1:
            return
        if len(returned) == 1 and returned[0] != "?":
            self.given.extend((name, returned[0]) for name in asked[1])

    @contextmanager
    def _narrowed(self, test: ast.expr, scope: Scope) -> Iterator[None]:
        """Take a name for an object of the class that a test asks of it, while its block is read.

        Only a name that the function never binds again, and of which nothing was known.
        """
        asked = class_asked_for(test)
        path = self.plain_path(asked[1], scope) if asked is not None else None
        if asked is None or path is None or not self._interesting(path):
            yield
            return
        name = asked[0]
        if scope.names.get(name, path) is not None or self._counts[scope.qualname, name] != 1:
            yield
            return
        scope.names[name] = f"{path}()"
        try:
            yield
        finally:
            scope.names[name] = None

    def _doubt(self, body: list[ast.stmt], doubted: bool) -> None:
        """Note a block in which an attribute may be missing."""
        if doubted:
            self.doubted.append((body[0].lineno, body[-1].end_lineno or body[-1].lineno))

    def _match(self, node: ast.Match, scope: Scope) -> None:
        self._value(node.subject, scope)
        for case in node.cases:
            others = [
                not (path and self._interesting(path))
                for part in ast.walk(case.pattern)
                if isinstance(part, ast.MatchClass)
                for path in [self.plain_path(part.cls, scope)]
            ]
            self._doubt(case.body, any(others))
            self._field(case, scope)

    def _outcomes(self, body: list[ast.stmt], scope: Scope) -> dict[str, str]:
        """Read a block; return the path of what it gives each name, and of what it returns."""
        before = len(self._returned)
        kept: dict[str, str] = {}
        for position, statement in enumerate(body):
            self._one(statement, body, position, scope)
            if isinstance(statement, ast.Assign):
                path = self.plain_path(statement.value, scope)
                if path:
                    kept.update((ast.unparse(target), path) for target in statement.targets)
        returned = [path for path in self._returned[before:] if path != "?"]
        if returned:
            kept["return"] = returned[0]
        return kept

    # Functions and classes.

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
        qualname = f"{scope.qualname}.{node.name}" if scope.qualname else node.name
        relevant = self._relevant(node) or bool(self._class and self._class_relevant)
        in_class = bool(self._class) and scope.qualname == self._class
        top = in_class or not scope.qualname
        for decorator in node.decorator_list:
            self._value(decorator, scope, role="decorator")
        if not relevant:
            if top:
                self.declare_function(node, qualname, scope, (), self.may_yield(node))
            return
        outer = (self._returned, self._generator)
        self._returned, self._generator = [], False
        inner = self._function_scope(node, scope, qualname, in_class)
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None:
                self._value(default, scope)
        for arg, _, _ in parameters(node.args):
            if arg.annotation is not None:
                self._value(arg.annotation, scope, role="annotation")
        if node.returns is not None:
            self._value(node.returns, scope, role="annotation")
        self._body(node.body, inner)
        if top:
            returned = tuple(dict.fromkeys(self._returned))
            self._keep_getter(node, returned, in_class)
            self.declare_function(node, qualname, scope, returned, self._generator)
        self._returned, self._generator = outer

    def _function_scope(
        self,
        node: ast.FunctionDef | ast.AsyncFunctionDef,
        scope: Scope,
        qualname: str,
        in_class: bool,
    ) -> Scope:
        counts, shared = bindings(node.body)
        names: dict[str, str | None] = dict.fromkeys(counts)
        self._counts.update({(qualname, name): count for name, count in counts.items()})
        decorators = {getattr(d, "id", getattr(d, "attr", "")) for d in node.decorator_list}
        annotated: dict[str, str] = {}
        for index, (arg, kind, _) in enumerate(parameters(node.args)):
            path: str | None = None
            if in_class and index == 0 and "staticmethod" not in decorators:
                cls = "classmethod" in decorators or node.name in {"__new__", "__init_subclass__"}
                path = f"{self.module}:{self._class}" + ("" if cls else "()")
            elif arg.annotation is not None and kind in "pak":
                path = self.annotated(arg.annotation, scope)
                if path is not None:
                    annotated[arg.arg] = path
            if arg.arg in _MOCKERS:
                path = "pytest_mock:mocker"
            names[arg.arg] = path if arg.arg not in counts else None
            self._counts[qualname, arg.arg] = 1 + counts.get(arg.arg, 0)
        outer = scope.outer if in_class else scope
        inner = Scope(names, outer, qualname, is_function=True)
        inner.globals = shared
        inner.annotated = annotated
        return inner

    def _keep_getter(
        self,
        node: ast.FunctionDef | ast.AsyncFunctionDef,
        returned: tuple[str, ...],
        in_class: bool,
    ) -> None:
        """Follow what a function gives that returns a thing that matters by its name."""
        if any(path[-1:].isidentifier() and self._interesting(path) for path in returned):
            owner = f"{self._class}()." if in_class else ""
            path = f"{self.module}:{owner}{node.name}"
            self._kept.update((path, f"{path}()"))  # itself, where it is a property

    def _class_definition(self, node: ast.ClassDef, scope: Scope) -> None:
        qualname = f"{scope.qualname}.{node.name}" if scope.qualname else node.name
        relevant = self._relevant(node)
        for decorator in node.decorator_list:
            self._value(decorator, scope, role="decorator")
        bases = tuple(self._value(base, scope, role="base") for base in node.bases)
        for keyword in node.keywords:
            self._value(keyword.value, scope)
        outer = (self._class, self._attributes, self._class_relevant, self._super)
        self._class, self._attributes, self._class_relevant = qualname, set(), relevant
        # With several bases the order of resolution says which is next.
        base = bases[0] if len(bases) == 1 and not node.keywords else None
        self._super = f"{base.removesuffix('[]')}()" if base else ""
        inner = Scope({}, scope, qualname)
        if relevant:
            # Names of the class body are read by later statements of the body, not by its methods.
            inner.names.update(self.class_names(node, qualname))
        # What `__init__` keeps on the object is known to the methods before it.
        self._body(sorted(node.body, key=_after_init), inner)
        attributes = self._attributes if relevant else self.read_attributes(node)
        self.declare_class(node, qualname, bases, scope, attributes)
        self._class, self._attributes, self._class_relevant, self._super = outer


def _returned(node: ast.stmt | None) -> str:
    """Return what a statement returns, as it is written; empty where it returns nothing."""
    return ast.unparse(node.value) if isinstance(node, ast.Return) and node.value else ""


def _tells(node: ast.stmt) -> bool:
    """Tell whether a statement lets somebody know: it raises, or logs a warning at least."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return last_name(node.value) in _WARNINGS
    return isinstance(node, ast.Raise)


def _after_init(node: ast.stmt) -> bool:
    return not (isinstance(node, _FUNCTIONS) and node.name == "__init__")
