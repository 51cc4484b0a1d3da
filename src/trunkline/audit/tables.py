"""Classes that are kept in literal tables, or given in brackets: what an item of something is."""

from typing import TYPE_CHECKING, Final

from trunkline.audit import entities
from trunkline.audit.entities import Entity, unknown
from trunkline.audit.source.facts import Store

if TYPE_CHECKING:
    from trunkline.audit.resolver import Resolver

_CHANGES: Final = frozenset({
    "update", "setdefault", "pop", "popitem", "clear", "append", "extend", "insert", "remove",
})  # fmt: skip
"""Methods that change what a container holds."""
_GET: Final = ".get"
_ENUMS: Final = frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"})


def item(resolver: "Resolver", owner: Entity, key: str) -> Entity:
    """Return the class that an item of a table is; unknown for anything else.

    Args:
        resolver: Follows paths.
        owner: What the item is of; of a generic class it is the class itself.
        key: A constant key; empty for any item, which is known where all of them are the same.
    """
    if owner.kind == entities.CLASS:
        return _parametrized(resolver, owner)
    items = _items(resolver, owner)
    if key:
        items = [store for store in items if store.key in {f"={key!r}", f"={key}"}]
    found = {resolver.resolve(store.value) for store in items}
    target = found.pop() if len(found) == 1 else None
    if target is None or target.kind != entities.CLASS:
        return unknown("an item that is not known")
    return target


def method(resolver: "Resolver", owner: Entity, name: str) -> Entity:
    """Return the ``get`` of a table; unknown for anything else."""
    if f".{name}" == _GET and _items(resolver, owner):
        return Entity(entities.VALUE, owner.module, owner.name + _GET)
    return unknown("an attribute of a value that is not known")


def looked_up(resolver: "Resolver", owner: Entity) -> Entity:
    """Return what calling the ``get`` of a table gives; unknown for other calls."""
    if owner.kind == entities.VALUE and owner.name.endswith(_GET):
        return item(resolver, owner._replace(name=owner.name.removesuffix(_GET)), "")
    return unknown("what calling it gives is not known")


def is_enum(resolver: "Resolver", owner: Entity) -> bool:
    """Tell whether a class is an enumeration, whose attributes are not the values given them."""
    declared = resolver.class_facts(owner)
    bases = declared.bases if declared is not None else ()
    return any(resolver.resolve(base).last in _ENUMS for base in bases)


def _items(resolver: "Resolver", owner: Entity) -> list[Store]:
    """Return the items of a literal container that is bound once and that nothing changes."""
    path = resolver.table.files.get(owner.module)
    if owner.kind != entities.VALUE or path is None:
        return []
    if "." not in owner.name and len(resolver.names(owner.module).get(owner.name, ())) != 1:
        return []
    known = resolver.library.facts(path)
    own = f"{owner.module}:{owner.name}"
    holder, dot, name = own.rpartition(".")
    if dot and any(store.target == f"{holder}().{name}[]" for store in known.stores):
        return []
    items = [store for store in known.stores if store.target == f"{own}[]"]
    if len({(store.line, store.column) for store in items}) != 1:
        return []
    if any(store.key is None for store in items):
        return []
    changes = {f"{own}.{name}" for name in _CHANGES}
    return [] if any(call.callee in changes for call in known.calls) else items


def _parametrized(resolver: "Resolver", owner: Entity) -> Entity:
    """Return a generic class that is told what it is of; unknown for classes with items."""
    classes, complete = resolver.ancestors(owner)
    for each in classes:
        declared = resolver.class_facts(each)
        if declared is None or declared.keywords or "__class_getitem__" in declared.members:
            return unknown("an item of a class")
    return owner if complete else unknown("an item of a class")
