"""Modules and objects that are loaded by their names: ``import_module("app.engine")``."""

import ast
from typing import Final

from trunkline.audit.source import facts
from trunkline.audit.source.facts import Import
from trunkline.audit.source.scopes import join
from trunkline.audit.source.structure import StructureReader

_LOADERS: Final = frozenset({"importlib:import_module", "builtins:__import__"})
_OBJECT_LOADERS: Final = frozenset(
    {"django.utils.module_loading:import_string", "werkzeug.utils:import_string",
     "pkgutil:resolve_name", "pydoc:locate"}
)  # fmt: skip
"""What imports an object by its dotted name."""


class Loaders:
    """Knows what loads by name in one module.

    Args:
        structure: The module's imports and names.
    """

    def __init__(self, structure: StructureReader) -> None:
        self._module = structure.module
        self._package = structure.package
        self._origins = {item.bound: _origin(item) for item in structure.imports if not item.scope}

    def loaded(self, node: ast.Call, callee: str) -> str | None:
        """Return the path of what a call loads by its name; None for any other call."""
        loaded = self.module(node, callee)
        if not loaded:
            return self._object(node, callee)
        # Only with names to look for in it does the builtin give the module that it is asked for.
        top = callee == "builtins:__import__" and not _looks_for_names(node)
        return f"{loaded.partition('.')[0] if top else loaded}:"

    def _object(self, node: ast.Call, callee: str) -> str | None:
        """Return the path of what ``import_string("module.Name")`` and its like give."""
        if self.origin(callee) not in _OBJECT_LOADERS or not node.args:
            return None
        name = node.args[0]
        if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
            return None
        module, _, attribute = name.value.replace(":", ".").rpartition(".")
        return f"{module}:{attribute}" if module and attribute.isidentifier() else None

    def module(self, node: ast.Call, callee: str) -> str | None:
        """Return the module that ``import_module("name")`` and its like give."""
        loader = self.loader(callee)
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        given.update(zip(("name", "package"), node.args, strict=False))
        name = given.get("name")
        if not loader or not isinstance(name, ast.Constant) or not isinstance(name.value, str):
            return None
        if loader == "builtins:__import__":
            alone = len(node.args) + len(node.keywords) == 1
            return name.value if alone or _looks_for_names(node) else None
        relative = name.value.lstrip(".")
        level = len(name.value) - len(relative)
        if not level:
            return name.value
        parts = self._package_given(given.get("package"))
        base = parts[: len(parts) - level + 1]
        return ".".join([*base, relative]) if base and relative else None

    def loader(self, callee: str) -> str:
        """Return which loader of modules a callee is; empty for anything else."""
        callee = self.origin(callee)
        return callee if callee in _LOADERS else ""

    def origin(self, callee: str) -> str:
        """Return what a callee is before the module's own imports, where it is one of them."""
        module, _, rest = callee.partition(":")
        if module == self._module:
            name, _, attribute = rest.partition(".")
            origin = self._origins.get(name)
            callee = join(origin, attribute) if origin and attribute else origin or callee
        return callee

    def _package_given(self, node: ast.expr | None) -> list[str]:
        """Return the parts of the package that an argument names."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value.split(".")
        names = {"__package__": self._package, "__name__": self._module}
        return names.get(getattr(node, "id", ""), "").split(".")


def _looks_for_names(node: ast.Call) -> bool:
    """Tell whether ``__import__`` is given a list of names, and no level."""
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    names = given.pop("fromlist", None)
    return set(given) <= {"name"} and isinstance(names, (ast.List, ast.Tuple)) and bool(names.elts)


def _origin(item: Import) -> str:
    """Return the path of what a module-level import binds."""
    if item.member is not None:
        return f"{item.module}:{item.member}"
    aliased = item.flags & facts.ALIASED
    return f"{item.module if aliased else item.module.partition('.')[0]}:"
