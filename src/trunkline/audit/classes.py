"""Classes and functions as they are declared: their bases, and whether a class has a member."""

from abc import ABC
from collections.abc import Iterator
from typing import Final, NamedTuple

from trunkline.audit import entities
from trunkline.audit.entities import Entity
from trunkline.audit.modules import ModuleTable
from trunkline.audit.names import NameResolver
from trunkline.audit.source.facts import Class, Facts, Function, Import
from trunkline.audit.source.library import Library

_OBJECT_MEMBERS: Final = frozenset({*dir(type), *dir(object), "__dict__", "__annotations__"})
_SAME_CLASS: Final = frozenset({
    "dataclasses:dataclass", "typing:final", "typing_extensions:final", "typing:runtime_checkable",
    "functools:total_ordering", "enum:unique", "attr:s", "attr:define", "attrs:define",
    "attrs:frozen", "attr:frozen", "attr:dataclass", "warnings:deprecated",
    "typing_extensions:deprecated",
})  # fmt: skip
"""Class decorators that take no members away and add none that a rule asks about."""


class Declared(NamedTuple):
    """The classes and functions of a module, by qualified name."""

    classes: dict[str, Class]
    functions: dict[str, Function]


class ClassResolver(NameResolver, ABC):
    """Finds the declarations of classes and functions over a tree.

    Args:
        table: The modules.
        library: Their facts.
        generated: Patterns of modules that a build writes.
    """

    def __init__(self, table: ModuleTable, library: Library, generated: tuple[str, ...]) -> None:
        super().__init__(table, library, generated)
        self._declarations: dict[tuple[str, int], Declared] = {}

    def class_facts(self, entity: Entity) -> Class | None:
        """Return the declaration of a class of the tree."""
        each = (read.classes.get(entity.name) for read in self._declared(entity))
        return next((found for found in each if found is not None), None)

    def function(self, entity: Entity) -> Function | None:
        """Return the declaration of a function or method of the tree."""
        each = (read.functions.get(entity.name) for read in self._declared(entity))
        return next((found for found in each if found is not None), None)

    def _declared(self, entity: Entity) -> Iterator[Declared]:
        """Yield what may hold a declaration: what is kept of its module, then its own block."""
        path = self.table.files.get(entity.module)
        if path is None:
            return
        top = entity.name.partition(".")[0]
        kept = self.library.facts(path)
        if kept.level > 1:
            own = self._by_name(path, 0, kept)
            yield own
            # What was read of a module-level block was read whole.
            if not kept.partial or top in own.classes or top in own.functions:
                return
        for binding in reversed(self.names(entity.module).get(top, ())):
            if not isinstance(binding, Import) and binding.kind in {"class", "def"}:
                line = binding.line
                yield self._by_name(path, line, self.library.block(path, line))

    def _by_name(self, path: str, line: int, read: Facts) -> Declared:
        known = self._declarations.get((path, line))
        if known is None:
            known = self._declarations[path, line] = Declared(
                {item.name: item for item in read.classes},
                {
                    item.name: item
                    for item in read.functions
                    if not any(name.endswith(":overload") for name in item.decorators)
                },
            )
        return known

    def ancestors(self, entity: Entity) -> tuple[tuple[Entity, ...], bool]:
        """Return a class with all its base classes in the tree, nearest first.

        Returns:
            The classes, and whether every base is known (``object`` and such aside).
        """
        found: dict[Entity, None] = {}
        complete = True
        stack = [entity]
        while stack:
            current = stack.pop(0)
            if current in found:
                continue
            found[current] = None
            declared = self.class_facts(current)
            if declared is None:
                complete = False
                continue
            for base in declared.bases:
                target = self.resolve(base.removesuffix("[]") if base else base)
                if target.kind == entities.CLASS:
                    stack.append(target)
                elif not (target.kind == entities.EXTERNAL and plain_base(target)):
                    complete = False
        return tuple(found), complete

    def is_subclass(self, entity: Entity, other: Entity) -> bool:
        """Tell whether a class has another among its bases (or is it)."""
        return other in self.ancestors(entity)[0]

    def has_member(self, entity: Entity, name: str) -> bool | None:
        """Tell whether objects of a class have an attribute; None where it cannot be decided."""
        classes, complete = self.ancestors(entity)
        for item in classes:
            declared = self.class_facts(item)
            if declared is None:
                continue
            spelled = _as_spelled(name, item)
            if spelled in declared.members or spelled in declared.attributes:
                return True
            if {"__getattr__", "__getattribute__"} & {*declared.members}:
                return None
            if any(self.decorated_elsewhere(path) for path in declared.decorators):
                return None
            if declared.keywords:
                return None
        if name in _OBJECT_MEMBERS or name.startswith("__"):
            return True
        return False if complete else None

    def decorated_elsewhere(self, path: str) -> bool:
        """Tell whether a class decorator may add members that cannot be read."""
        target = self.resolve(path.removesuffix("()"))
        return f"{target.module}:{target.name}" not in _SAME_CLASS


def _as_spelled(name: str, owner: Entity) -> str:
    """Return what a class calls a member itself: ``__name`` is ``_Class__name`` from outside."""
    mangled = f"_{owner.name.rpartition('.')[2].lstrip('_')}__"
    return name[len(mangled) - 2 :] if name.startswith(mangled) else name


def plain_base(target: Entity) -> bool:
    """Tell whether an external base adds no members worth asking about."""
    return (target.module, target.name) in {
        ("builtins", "object"), ("abc", "ABC"), ("typing", "Protocol"), ("typing", "Generic"),
        ("typing_extensions", "Protocol"),
    }  # fmt: skip
