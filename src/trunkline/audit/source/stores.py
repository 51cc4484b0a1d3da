"""Assignments: which local name stands for what, and what is kept longer than a function runs."""

import ast
import re
from abc import ABC
from collections.abc import Callable
from typing import Final

from trunkline.audit.source.calls import span_of
from trunkline.audit.source.declarations import unquoted
from trunkline.audit.source.expressions import OWN, ExpressionReader
from trunkline.audit.source.facts import Store
from trunkline.audit.source.scopes import Scope, join
from trunkline.audit.source.structure import StructureReader
from trunkline.audit.source.syntax import last_name

_HOLDERS: Final = frozenset({
    "dict", "list", "set", "frozenset", "tuple", "deque", "defaultdict", "OrderedDict", "ChainMap",
    "Dict", "List", "Set", "FrozenSet", "Tuple", "Deque", "DefaultDict", "Mapping",
    "MutableMapping", "Sequence", "MutableSequence", "MutableSet", "Collection", "Iterable",
    "Queue", "SimpleQueue", "LifoQueue", "PriorityQueue", "UserDict", "UserList",
    "Optional", "Union", "Annotated", "Final", "ClassVar",
})  # fmt: skip
"""What holds objects of the types in its brackets; a variable of a context, a weak reference, a
provider or a callable does not."""
_KEPT: Final = re.compile(r"[^:]*:\w+(?:\.\w+)*(?:\(\))?\.\w+")
"""An attribute of a class, or of an object of it."""
_STEP: Final = re.compile(r"(?<=\w)(?=[.(\[~^])|\Z")
"""Where one step of a path ends."""


class StoreReader(ExpressionReader, ABC):
    """Reads the assignments of one module.

    Args:
        structure: The module's imports and names.
        interesting: Tells whether a path may lead to something a rule asks about, by its spelling.
    """

    def __init__(self, structure: StructureReader, interesting: Callable[[str], bool]) -> None:
        super().__init__(structure, self._matters)
        self._spelled = interesting
        self._kept: set[str] = set()
        self.stores: list[Store] = []

    def _matters(self, path: str) -> bool:
        """Tell whether a path may lead to something that matters, by name or by what is kept."""
        if self._spelled(path):
            return True
        if not self._kept:
            return False
        return any(path[: end.start()] in self._kept for end in _STEP.finditer(path))

    def _assign(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign, scope: Scope) -> None:
        value = self._value(node.value, scope) if node.value is not None else None
        annotation: str | None = None
        if isinstance(node, ast.AnnAssign):
            annotation = self.annotation(node.annotation, scope)
            value = value or (None if annotation else self.annotated(node.annotation, scope))
            self._value(node.annotation, scope, role="annotation")
        elif isinstance(node, ast.AugAssign):
            value = None  # kept is what the operator gives
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            self._target(target, value, annotation, node, scope)

    def _target(
        self,
        target: ast.expr,
        value: str | None,
        annotation: str | None,
        node: ast.Assign | ast.AnnAssign | ast.AugAssign,
        scope: Scope,
    ) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            for element in target.elts:
                self._target(element, None, None, node, scope)
        elif isinstance(target, ast.Starred):
            self._target(target.value, None, None, node, scope)
        elif isinstance(target, ast.Name) and self._is_local(target, scope):
            known = value or (f"{annotation}()" if annotation else None)
            self._set_local(scope, target.id, known)
            span = span_of(node.value)
            if span is not None and self._counts.get((scope.qualname, target.id), 0) == 1:
                self._made[scope.qualname, target.id] = span
        else:
            self._store(target, value, annotation, node, scope)

    @staticmethod
    def _is_local(target: ast.Name, scope: Scope) -> bool:
        return scope.is_function and target.id not in scope.globals

    def _store(
        self,
        target: ast.expr,
        value: str | None,
        annotation: str | None,
        node: ast.Assign | ast.AnnAssign | ast.AugAssign,
        scope: Scope,
    ) -> None:
        """Note an assignment that lasts longer than the function it stands in."""
        path = key = None
        if isinstance(target, ast.Name):
            key = "=" if node.value is not None else None
            in_class = scope.qualname and not scope.is_function
            path = f"{self.module}:{scope.qualname}." if in_class else f"{self.module}:"
            path += target.id
        elif isinstance(target, ast.Attribute):
            owner = self._value(target.value, scope)
            path = join(owner, target.attr) if owner else f"?.{target.attr}"
            if isinstance(target.value, ast.Name) and target.value.id in OWN:
                self._attributes.add(target.attr)
        elif isinstance(target, ast.Subscript):
            owner = self._value(target.value, scope)
            self._value(target.slice, scope)
            # Whose a mapping is that a function was given, or made, cannot be told.
            if not isinstance(target.value, ast.Name) or (owner and not owner.endswith("()")):
                path = f"{owner or '?'}[]"
                key = self._constant(target.slice)
        if path is None:
            return
        held = any(
            self._interesting(part) for part in (path, value, annotation) if part is not None
        )
        if held:
            self._keep(path)
        if isinstance(target, ast.Name) and not isinstance(node, ast.AugAssign):
            self._table(path, node.value, target, scope)
        contained = self._contained(node, scope) if held or node.value is not None else None
        if held or contained is not None:
            self.stores.append(
                Store(
                    path, value, annotation or contained, key, target.lineno, target.col_offset,
                    scope.qualname, span_of(node.value),
                )
            )  # fmt: skip

    def _keep(self, path: str) -> None:
        """Follow an attribute of a class from now on, and that of its objects."""
        if _KEPT.fullmatch(path):
            owner, _, name = path.rpartition(".")
            self._kept.update((path, f"{owner.removesuffix('()')}().{name}"))

    def _table(self, path: str, node: ast.expr | None, target: ast.Name, scope: Scope) -> None:
        """Note each item of a literal container that holds something by its name."""
        items: list[tuple[ast.expr | None, ast.expr]] = []
        if isinstance(node, ast.Dict):
            items = list(zip(node.keys, node.values, strict=True))
        elif isinstance(node, (ast.List, ast.Tuple)):
            items = [(ast.Constant(index), item) for index, item in enumerate(node.elts)]
        rows = [
            (
                self.plain_path(item, scope)
                if isinstance(item, (ast.Name, ast.Attribute))
                else None,
                self._constant(key) if key is not None else None,
            )
            for key, item in items
        ]
        if any(value is not None and self._interesting(value) for value, _ in rows):
            self._keep(path)
            self.stores += [
                Store(
                    f"{path}[]", value, None, key, target.lineno, target.col_offset, scope.qualname
                )
                for value, key in rows
            ]  # fmt: skip

    def _contained(self, node: ast.stmt, scope: Scope) -> str | None:
        """Return the path of a type that a container annotation holds: ``dict[str, Engine]``."""
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            path = self._made_element(node.value, scope)
            if path is not None:
                return path
        if not isinstance(node, ast.AnnAssign):
            return None
        annotation = unquoted(node.annotation)
        if not isinstance(annotation, ast.Subscript):
            return None
        stack: list[ast.AST] = [annotation]
        while stack:
            part = stack.pop()
            if isinstance(part, ast.Subscript):
                name = last_name(part.value)
                if name in _HOLDERS or name.endswith("Cache"):
                    stack.append(part.slice)
            elif isinstance(part, (ast.Name, ast.Attribute)):
                path = self.plain_path(part, scope)
                if path and self._interesting(path):
                    return f"{path}[]"
            else:
                stack.extend(ast.iter_child_nodes(part))
        return None

    def _made_element(self, node: ast.expr | None, scope: Scope) -> str | None:
        """Return the path of a type of which a literal container holds an object made in it."""
        elements: list[ast.expr] = []
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            elements = node.elts
        elif isinstance(node, ast.Dict):
            elements = node.values
        for element in elements:
            path = self.plain_path(element, scope) if isinstance(element, ast.Call) else None
            if path and self._interesting(path):
                return f"{path.removesuffix('()')}[]"
        return None
