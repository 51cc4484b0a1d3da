"""Local names of functions: which value each stands for, where exactly one can be named."""

import ast
import builtins
from collections.abc import Iterator
from typing import Any, Final

from trunkline.audit.source import facts

_BUILTINS: Final = frozenset(dir(builtins))
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_MANY: Final = 1_000_000
_COMPREHENSIONS: Final = {ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp}
_APART: Final = {ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda}
"""What binds its names elsewhere."""
_NAMED: Final = {
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
    *(ast.ExceptHandler, ast.MatchAs, ast.MatchStar),
}
_LEAVES: Final = {
    *(str, int, bool, type(None), ast.Constant, ast.Load, ast.Store, ast.Del),
    *ast.operator.__subclasses__(),
    *ast.unaryop.__subclasses__(),
    *ast.boolop.__subclasses__(),
    *ast.cmpop.__subclasses__(),
}
"""What binds no name, nor anything below it; most of a tree is this."""


def join(owner: str, attribute: str) -> str:
    """Return the path of an attribute of what `owner` leads to."""
    return owner + attribute if owner.endswith(":") else f"{owner}.{attribute}"


class Scope:
    """The names of one function, lambda or comprehension, inside those around it.

    Args:
        names: Path of every local name; None for a name whose value is not decided.
        outer: The scope around it; None at module level.
        qualname: Qualified name of the function or class; empty at module level.
        is_function: False for the module and for class bodies.

    Attributes:
        annotated: Path of what each annotated parameter is given, also where it is set again.
    """

    __slots__ = ("annotated", "globals", "is_function", "names", "outer", "qualname")

    def __init__(
        self,
        names: dict[str, str | None],
        outer: "Scope | None",
        qualname: str,
        *,
        is_function: bool = False,
    ) -> None:
        self.is_function = is_function
        self.names = names
        self.outer = outer
        self.qualname = qualname
        self.globals: frozenset[str] = frozenset()
        self.annotated: dict[str, str] = {}

    def lookup(self, name: str, module: str, bound: frozenset[str]) -> str | None:
        """Return the path that a name stands for.

        Args:
            name: The name as read.
            module: Dotted name of the module.
            bound: Names that the module binds; others are builtins or come from star imports.
        """
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            if name in scope.globals:
                break
            scope = scope.outer
        if name in _BUILTINS and name not in bound:
            return f"builtins:{name}"
        return f"{module}:{name}"


def asked_for(test: ast.expr) -> tuple[ast.expr | None, bool]:
    """Return the name or attribute that a test asks to be there.

    Returns:
        The expression, and whether the test is true where it is missing; None for other tests.
    """
    missing = False
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, missing = test.operand, not missing
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        other = test.comparators[0]
        if not (isinstance(other, ast.Constant) and other.value is None):
            return None, False
        if not isinstance(test.ops[0], (ast.Is, ast.IsNot)):
            return None, False
        missing ^= isinstance(test.ops[0], ast.Is)
        test = test.left
    return (test if isinstance(test, (ast.Name, ast.Attribute)) else None), missing


def bindings(body: list[ast.stmt]) -> tuple[dict[str, int], frozenset[str]]:  # noqa: C901, PLR0912 # one case after another
    """Count how often each local name of a function is bound.

    Args:
        body: The statements of the function.

    Returns:
        The counts, and the names declared ``global`` (which are not local).
    """
    counts: dict[str, int] = {}
    shared: set[str] = set()
    stack: list[Any] = [*body]
    while stack:
        node = stack.pop()
        kind = type(node)
        if kind is ast.Name:
            if type(node.ctx) is not ast.Load:
                counts[node.id] = counts.get(node.id, 0) + 1
            continue
        if kind in _LEAVES:
            continue
        if kind in _NAMED and (own := node.name):
            counts[own] = counts.get(own, 0) + 1
        if kind in _APART:
            continue
        if kind is ast.alias:
            name = node.asname or node.name.partition(".")[0]
            counts[name] = counts.get(name, 0) + 1
        elif kind is ast.MatchMapping and node.rest is not None:
            counts[node.rest] = counts.get(node.rest, 0) + 1
        elif kind is ast.Global:
            shared.update(node.names)
        elif kind is ast.Nonlocal:
            # Bound by the function around this one too: what it stands for is not known.
            counts.update((name, _MANY) for name in node.names)
        elif kind is ast.AugAssign and isinstance(node.target, ast.Name):
            counts[node.target.id] = counts.get(node.target.id, 0) + 1
        elif kind in _COMPREHENSIONS:
            # Only an assignment expression inside binds a name out here.
            stack += [n.target for n in ast.walk(node) if isinstance(n, ast.NamedExpr)]
            continue
        for field in kind._fields:
            value = getattr(node, field, None)
            if type(value) is list:
                stack += value
            elif value is not None:
                stack.append(value)
    for name in shared:
        counts.pop(name, None)
    return counts, frozenset(shared)


def import_paths(
    node: ast.Import | ast.ImportFrom, package: str
) -> Iterator[tuple[str, str | None]]:
    """Yield each name that an import statement binds, with its path.

    Args:
        node: The statement.
        package: Dotted name of the package that relative imports count from.
    """
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.asname:
                yield alias.asname, f"{alias.name}:"
            else:
                top = alias.name.partition(".")[0]
                yield top, f"{top}:"
        return
    module = absolute_module(node, package)
    for alias in node.names:
        yield alias.asname or alias.name, f"{module}:{alias.name}" if module else None


def absolute_module(node: ast.ImportFrom, package: str) -> str | None:
    """Return the absolute name of the module of a ``from`` import; None above the top package."""
    module = node.module or ""
    if not node.level:
        return module
    parts = package.split(".") if package else []
    if node.level > len(parts):
        return None
    base = ".".join(parts[: len(parts) - node.level + 1])
    return f"{base}.{module}" if module else base


def parameters(arguments: ast.arguments) -> Iterator[tuple[ast.arg, str, bool]]:
    """Yield each parameter of a function with its kind and whether it has a default."""
    positional = arguments.posonlyargs + arguments.args
    first_default = len(positional) - len(arguments.defaults)
    for index, arg in enumerate(positional):
        kind = "p" if index < len(arguments.posonlyargs) else "a"
        yield arg, kind, index >= first_default
    if arguments.vararg:
        yield arguments.vararg, "*", False
    for arg, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield arg, "k", default is not None
    if arguments.kwarg:
        yield arguments.kwarg, "**", False


def decorator_flags(names: tuple[str, ...]) -> int:
    """Return the flags that the decorators of a function set."""
    plain = {"staticmethod", "classmethod", "property", "overload", "abstractmethod"}
    known = all(name.rpartition(":")[2].rpartition(".")[2].rstrip("()") in plain for name in names)
    return 0 if known else facts.DECORATED
