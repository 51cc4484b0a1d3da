"""What a piece of syntax says by itself, whatever module it stands in."""

import ast
from collections.abc import Iterator
from typing import Final

from trunkline.audit.source import facts

_MISSING: Final = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
_EXPECTED: Final = frozenset(
    {"suppress", "raises", "assertRaises", "assertRaisesRegex", "assertRaisesMessage"}
)
_NO_ATTRIBUTE: Final = frozenset({"AttributeError", "Exception", "BaseException"})


def moved_packages(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """Yield the old and the new name of each package that a ``MovedPackages({...})`` names."""
    for node in ast.walk(ast.Module(body, [])):
        if not isinstance(node, ast.Call) or last_name(node.func) != "MovedPackages":
            continue
        table = node.args[0] if node.args else None
        if isinstance(table, ast.Dict):
            for old, new in zip(table.keys, table.values, strict=True):
                if isinstance(old, ast.Constant) and isinstance(new, ast.Constant):
                    yield str(old.value), str(new.value)


def catches_import_error(handler: ast.ExceptHandler) -> bool:
    """Tell whether the handler catches a failed import."""
    return handler.type is None or _names_one_of(handler.type, _MISSING)


def expects_no_attribute(node: ast.Try | ast.TryStar | ast.With | ast.AsyncWith) -> bool:
    """Tell whether the body of a block may fail for want of an attribute, and goes on then."""
    if isinstance(node, (ast.Try, ast.TryStar)):
        return any(
            handler.type is None or _names_one_of(handler.type, _NO_ATTRIBUTE)
            for handler in node.handlers
        )
    return suppresses(node) and any(
        _names_one_of(given, _NO_ATTRIBUTE)
        for item in node.items
        if isinstance(item.context_expr, ast.Call)
        for given in item.context_expr.args
    )


def _names_one_of(kinds: ast.expr, names: frozenset[str]) -> bool:
    """Tell whether an exception class, or one of a tuple of them, goes by one of some names."""
    each = kinds.elts if isinstance(kinds, ast.Tuple) else [kinds]
    return any(last_name(kind) in names for kind in each)


def branch_flags(test: ast.expr) -> tuple[int, int]:
    """Return what the test of an ``if`` says of the statements under it, and of those of `else`.

    What is not for type checkers alone runs in every case.
    """
    if last_name(test) == "TYPE_CHECKING":
        return facts.TYPE_CHECKING, facts.RUNTIME_ONLY
    if (
        isinstance(test, ast.UnaryOp)
        and isinstance(test.op, ast.Not)
        and last_name(test.operand) == "TYPE_CHECKING"
    ):
        return facts.RUNTIME_ONLY, facts.TYPE_CHECKING
    if isinstance(test, ast.Constant) and not test.value:
        return facts.CONDITIONAL | facts.NEVER, facts.CONDITIONAL
    flags = facts.CONDITIONAL
    for node in ast.walk(test):
        if isinstance(node, ast.Attribute) and node.attr in {"version_info", "platform"}:
            flags |= facts.VERSION_CHECK
        elif isinstance(node, ast.Name) and node.id == "__name__":
            flags |= facts.MAIN_ONLY
    return flags, flags & ~facts.MAIN_ONLY


def texts_asked_for(test: ast.expr) -> tuple[str, tuple[str, ...]] | None:
    """Return the name and the texts of ``name == "a"`` or ``name in ("a", "b")``; else None."""
    if not isinstance(test, ast.Compare) or not isinstance(test.left, ast.Name):
        return None
    against = test.comparators[0]
    texts = literal_names(against) if isinstance(test.ops[0], ast.In) else None
    if isinstance(test.ops[0], ast.Eq) and isinstance(against, ast.Constant):
        texts = (str(against.value),)
    return (test.left.id, texts) if texts and len(test.ops) == 1 else None


def class_asked_for(test: ast.expr) -> tuple[str, ast.expr] | None:
    """Return the name and the class of a test ``isinstance(name, Class)``; None for other tests."""
    if (
        isinstance(test, ast.Call)
        and isinstance(test.func, ast.Name)
        and test.func.id == "isinstance"
        and len(test.args) == 2
        and isinstance(test.args[0], ast.Name)
        and isinstance(test.args[1], (ast.Name, ast.Attribute))
    ):
        return test.args[0].id, test.args[1]
    return None


def last_name(node: ast.expr) -> str:
    """Return the last name of a dotted one, or of what a call calls; empty for the rest."""
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def suppresses(node: ast.With | ast.AsyncWith) -> bool:
    """Tell whether the block is under ``contextlib.suppress(ImportError)`` or ``pytest.raises``."""
    return any(last_name(item.context_expr) in _EXPECTED for item in node.items)


def literal_names(node: ast.expr | None) -> tuple[str, ...] | None:
    """Return the strings of a list, tuple or set of nothing else, or of a sum of such."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = literal_names(node.left), literal_names(node.right)
        return left + right if left is not None and right is not None else None
    if not isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return None
    names = [e.value for e in node.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)]
    return tuple(names) if len(names) == len(node.elts) else None
