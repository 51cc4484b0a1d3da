"""Whether a module is given names by what it calls, in ways that its own lines do not show.

Four ways are known from real packages: a decorator or function of the tree that looks its caller
up in ``sys.modules``, a call that is handed the module's ``__name__``, a function of the module
that imports its own module to set attributes on it, and a `setattr` on it in a module of its folder
(the objects of OpenStack's services register themselves so).
"""

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from trunkline.audit.source import facts
from trunkline.audit.source.facts import Facts
from trunkline.audit.source.parsing import parse_module

if TYPE_CHECKING:
    from trunkline.audit.names import NameResolver

_ASK_FOR_A_NAME: Final = ("logger", "tracer", "get_meter", "flask", "blueprint")
"""How the names end of what is handed a module's name to call something by it."""
_BLOCKS = (ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

_SET_ON: Final = re.compile(rb"\bsetattr\(\s*(\w+)\s*,")
"""A `setattr` on what a plain name stands for."""


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
        asks = _last(callee).lower().endswith(_ASK_FOR_A_NAME)
        if call is not None and not asks and _hands_name(call):
            return True
    return _sets_itself(tree, module, resolver.facts(module)) or _is_set_beside(resolver, module)


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


def _is_set_beside(resolver: "NameResolver", module: str) -> bool:
    """Tell whether a module of the same folder, or of the package itself, sets attributes on it."""
    folder = module if module in resolver.table.packages else module.rpartition(".")[0]
    known = resolver.set_in.get(folder)
    if known is None:
        known = resolver.set_in[folder] = list(_set_in(resolver, folder))
    # What it sets on itself is asked elsewhere.
    return any(setter != module and module in targets for setter, targets in known)


def _set_in(resolver: "NameResolver", folder: str) -> Iterator[tuple[str, set[str]]]:
    """Yield the modules of a folder that set attributes on what they import, and on what."""
    for name in resolver.modules_in(folder):
        data = resolver.library.source(resolver.table.files[name]) or b""
        named = {match.decode() for match in _SET_ON.findall(data)} if b"setattr(" in data else None
        if named:
            imports = [item for item in resolver.facts(name).imports if item.bound in named]
            yield (
                name,
                {
                    *(item.module for item in imports),
                    *(f"{item.module}.{item.member}" for item in imports),
                },
            )
