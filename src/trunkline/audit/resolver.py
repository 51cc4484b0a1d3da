"""Follows paths to what they lead to: attributes, calls, awaits, members of classes."""

import re
from typing import Final

from trunkline.audit import entities, tables
from trunkline.audit.classes import ClassResolver
from trunkline.audit.entities import Entity, unknown
from trunkline.audit.modules import ModuleTable
from trunkline.audit.names import DEPTH
from trunkline.audit.source import facts
from trunkline.audit.source.facts import Function, Store
from trunkline.audit.source.library import Library

_TOKEN: Final = re.compile(r"\w+|\(\)|\[\w*\]|~|\^")
_RETURNED: Final = frozenset({entities.INSTANCE, entities.AWAITABLE, entities.CLASS})


class Resolver(ClassResolver):
    """Resolves paths and names over a tree.

    Args:
        table: The modules.
        library: Their facts.
        generated: Patterns of modules that a build writes.
    """

    def __init__(self, table: ModuleTable, library: Library, generated: tuple[str, ...]) -> None:
        super().__init__(table, library, generated)
        self._paths: dict[str, Entity] = {}

    def resolve(self, path: str | None) -> Entity:
        """Return what a path leads to."""
        if not path or path[0] in "=?":
            return unknown("the value is not known")
        found = self._paths.get(path)
        if found is None:
            # A path that leads back to itself, such as a property annotated by its own name.
            self._paths[path] = unknown("the name leads back to itself")
            module, _, rest = path.partition(":")
            if module == "builtins":
                found = Entity(entities.EXTERNAL, "builtins", rest)
                if not rest.isidentifier():
                    found = unknown("the value is not known")
            else:
                # A path begins in the module that was read, whatever an import would find there.
                own = module in self.table.files
                found = Entity(entities.MODULE, module) if own else self.module(module)
                for token in _TOKEN.findall(rest):
                    found = self.step(found, token)
            self._paths[path] = found
        return found

    def step(self, owner: Entity, token: str) -> Entity:  # noqa: PLR0911 # one case after another
        """Return what one step of a path leads to: an attribute, a call, an await, an item."""
        kind = owner.kind
        if kind in {entities.UNKNOWN, entities.MISSING}:
            return owner
        if kind == entities.EXTERNAL:
            return _external_step(owner, token)
        if not token.isidentifier():
            return self._used(owner, token)
        if kind == entities.MODULE:
            return self.lookup(owner.module, token)
        if kind in {entities.CLASS, entities.INSTANCE}:
            return self._class_member(owner, token)
        if kind == entities.PROVIDER:
            from trunkline.audit.containers import nested_provider

            return nested_provider(self, owner, token)
        return tables.method(self, owner, token)

    def _used(self, owner: Entity, token: str) -> Entity:
        """Return what a use of a value gives: a call, an await, an item, what it enters."""
        if token == "()":  # noqa: S105 # a step of a path
            return self._called(owner)
        if token == "~":  # noqa: S105 # a step of a path
            if owner.kind == entities.AWAITABLE:
                return Entity(entities.INSTANCE, owner.module, owner.name)
            return unknown("what awaiting it gives is not known")
        if token[0] == "[":
            return tables.item(self, owner, token[1:-1])
        return unknown("what it enters")

    def _called(self, owner: Entity) -> Entity:
        if owner.kind == entities.CLASS:
            return Entity(entities.INSTANCE, owner.module, owner.name)
        if owner.kind == entities.PROVIDER:
            from trunkline.audit.containers import provided

            return provided(self, owner)
        if owner.kind != entities.FUNCTION:
            return tables.looked_up(self, owner)
        return self.result(owner)

    def result(self, owner: Entity) -> Entity:
        """Return what calling a function gives."""
        function = self.function(owner)
        if function is None or function.is_generator or self._replaced(function):
            return unknown("what the function returns is not known")
        target: Entity | None = None
        if function.returns is not None:
            if function.returns.endswith((":Self", ".Self")) and "." in owner.name:
                target = Entity(entities.INSTANCE, owner.module, owner.name.rpartition(".")[0])
            else:
                named = self.resolve(function.returns)
                if named.kind == entities.CLASS:
                    target = Entity(entities.INSTANCE, named.module, named.name)
        elif len(function.returned) == 1 and function.returned[0] != "?":
            key = (owner.module, f"{owner.name}()")
            if key not in self._pending and len(self._pending) < DEPTH:
                self._pending.add(key)
                try:
                    target = self.resolve(function.returned[0])
                finally:
                    self._pending.discard(key)
        if target is None or target.kind not in _RETURNED:
            return unknown("what the function returns is not known")
        if function.is_async:
            if target.kind == entities.CLASS:
                return unknown("a class that is awaited")
            return Entity(entities.AWAITABLE, target.module, target.name)
        return target

    @staticmethod
    def _replaced(function: Function) -> bool:
        return bool(function.flags & facts.DECORATED)

    def _class_member(self, owner: Entity, name: str) -> Entity:  # noqa: C901, PLR0911 # one case after another
        if name == "__class__" and owner.kind == entities.INSTANCE:
            return Entity(entities.CLASS, owner.module, owner.name)
        for item in self.ancestors(Entity(entities.CLASS, owner.module, owner.name))[0]:
            declared = self.class_facts(item)
            if declared is None:
                break
            qualname = f"{item.name}.{name}"
            if name in declared.members:
                member = Entity(entities.FUNCTION, item.module, qualname)
                function = self.function(member)
                if function is not None:
                    if any(
                        path.endswith((":property", ".cached_property", ":cached_property"))
                        for path in function.decorators
                    ):
                        return unknown("a property") if function.flags else self.result(member)
                    return member
                nested = Entity(entities.CLASS, item.module, qualname)
                if self.class_facts(nested) is not None:
                    return nested
                from trunkline.audit.containers import is_provider

                if is_provider(self, item.module, qualname):
                    return Entity(entities.PROVIDER, item.module, qualname)
                if name in declared.attributes:
                    if owner.kind == entities.INSTANCE and self._is_bare(item, qualname):
                        return self._attribute(item, name)
                    return unknown("a class attribute that methods set again")
                return self._class_value(item, qualname)
            if name in declared.attributes and owner.kind == entities.INSTANCE:
                return self._attribute(item, name)
        return unknown("the attribute is not known")

    def _class_value(self, owner: Entity, qualname: str) -> Entity:
        """Return the class that a class attribute is another name for; unknown for other values."""
        stores = self._stores(owner, f"{owner.module}:{qualname}")
        if len(stores) == 1 and not tables.is_enum(self, owner):
            found = self.resolve(stores[0].value)
            if found.kind == entities.CLASS:
                return found
        if len(stores) == 1 or not stores:
            return Entity(entities.VALUE, owner.module, qualname)
        return unknown("a class attribute")

    def _is_bare(self, owner: Entity, qualname: str) -> bool:
        """Tell whether a class body says no more of a name than its type."""
        stores = self._stores(owner, f"{owner.module}:{qualname}")
        return bool(stores) and all(one.key is None for one in stores)

    def _stores(self, owner: Entity, target: str) -> list[Store]:
        """Return every assignment to an attribute that stands in a class."""
        declared = self.class_facts(owner)
        if declared is None:
            return []
        block = self.library.block(self.table.files[owner.module], declared.line)
        return [one for one in block.stores if one.target == target]

    def _attribute(self, owner: Entity, name: str) -> Entity:
        """Return what ``self.name`` was set to, where every assignment agrees."""
        target = f"{owner.module}:{owner.name}().{name}"
        declared = self.class_facts(owner)
        if declared is None:
            return unknown("the class is not known")
        block = self.library.block(self.table.files[owner.module], declared.line)
        values = {
            store.value or _annotated(store.annotation)
            for store in block.stores
            if store.target == target
        }
        if len(values) == 1:
            value = values.pop()
            key = (owner.module, target)
            if value is not None and key not in self._pending and len(self._pending) < DEPTH:
                self._pending.add(key)
                try:
                    return self.resolve(value)
                finally:
                    self._pending.discard(key)
        return unknown("the attribute is set to several things")


def _annotated(annotation: str | None) -> str | None:
    """Return the path of what an annotation names; a container of such objects is none itself."""
    return f"{annotation}()" if annotation and not annotation.endswith("[]") else None


def _external_step(owner: Entity, token: str) -> Entity:
    if not token.isidentifier():
        return unknown(f"comes from {owner.module}, which is not read")
    if owner.name:
        return Entity(entities.EXTERNAL, owner.module, f"{owner.name}.{token}")
    return Entity(entities.EXTERNAL, owner.module, token)
