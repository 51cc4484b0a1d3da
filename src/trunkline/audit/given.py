"""Whether a module is given names by what it calls, in ways that its own lines do not show.

Three ways are known from real packages: a decorator or function of the tree that looks its caller
up in ``sys.modules``, a call that is handed the module's ``__name__``, and a function of the module
that imports its own module to set attributes on it.
"""

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from trunkline.audit.source import facts
from trunkline.audit.source.facts import Facts
from trunkline.audit.source.parsing import parse_module

if TYPE_CHECKING:
    from trunkline.audit.names import NameResolver

_ASK_FOR_A_NAME: Final = frozenset({"getLogger", "get_logger", "Logger", "Flask", "Blueprint"})
"""What is handed a module's name to call something by it."""
_BLOCKS = (ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def is_given_names(resolver: "NameResolver", module: str) -> bool:
    """Tell whether calls may give a module names that it does not bind itself."""
    data = resolver.library.source(resolver.table.files[module])
    if data is None:
        return True
    try:
        tree = parse_module(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    for callee, call in _module_level_calls(tree.body):
        root = _root(callee)
        source = resolver.lookup(module, root).module if root else ""
        in_tree = source != module and source in resolver.table.files
        if in_tree and resolver.facts(source).dynamic & facts.DYNAMIC_NAMES:
            return True
        if call is not None and _last(callee) not in _ASK_FOR_A_NAME and _hands_name(call):
            return True
    return _sets_itself(tree, module, resolver.facts(module))


def _module_level_calls(body: list[ast.stmt]) -> Iterator[tuple[ast.expr, ast.Call | None]]:
    """Yield what is called while a module is imported: decorators, and calls with themselves."""
    for node in body:
        if isinstance(node, _DEFINITIONS):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call):
                    yield decorator.func, decorator
                else:
                    yield decorator, None
            continue
        if isinstance(node, _BLOCKS):
            for field in ("body", "orelse", "finalbody"):
                yield from _module_level_calls(getattr(node, field, []))
            for handler in getattr(node, "handlers", []):
                yield from _module_level_calls(handler.body)
            continue
        yield from ((part.func, part) for part in ast.walk(node) if isinstance(part, ast.Call))


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Attribute, ast.Call)):
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return node.id if isinstance(node, ast.Name) else ""


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _hands_name(call: ast.Call) -> bool:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(isinstance(item, ast.Name) and item.id == "__name__" for item in given)


def _sets_itself(tree: ast.Module, module: str, own: Facts) -> bool:
    """Tell whether a module imports itself somewhere and sets attributes on what it gets."""
    selves = {
        item.bound
        for item in own.imports
        if module in {item.module, f"{item.module}.{item.member}"}
    }
    return bool(selves) and any(
        isinstance(node, ast.Call)
        and _last(node.func) == "setattr"
        and bool(node.args)
        and _root(node.args[0]) in selves
        for node in ast.walk(tree)
    )
