"""Abstract classes and protocols: which are they, and which does a class implement."""

from typing import Final

from trunkline.audit import entities
from trunkline.audit.classes import ClassResolver
from trunkline.audit.entities import Entity

_ABSTRACT: Final = frozenset({
    ("typing", "Protocol"),
    ("typing_extensions", "Protocol"),
    ("abc", "ABC"),
    ("zope.interface", "Interface"),
})  # fmt: skip
"""What makes a class abstract that derives from it itself."""


def bases(resolver: ClassResolver, entity: Entity) -> list[Entity]:
    """Return what the base classes of a class lead to."""
    declared = resolver.class_facts(entity)
    paths = declared.bases if declared is not None else ()
    return [resolver.resolve((path or "").removesuffix("[]")) for path in paths]


def is_abstract(resolver: ClassResolver, entity: Entity) -> bool:
    """Tell whether a class says itself that it has to be derived from."""
    if any((base.module, base.name) in _ABSTRACT for base in bases(resolver, entity)):
        return True
    declared = resolver.class_facts(entity)
    for name in declared.members if declared is not None else ():
        method = Entity(entities.FUNCTION, entity.module, f"{entity.name}.{name}")
        function = resolver.function(method)
        for path in function.decorators if function is not None else ():
            if path.endswith(("abstractmethod", "abstractproperty")):
                return True
    return False


def interfaces(resolver: ClassResolver, of: Entity) -> list[Entity]:
    """Return the abstract bases of a class, in the tree, that name methods."""
    return [
        base
        for base in resolver.ancestors(of)[0]
        if base != of and is_abstract(resolver, base) and public_methods(resolver, base)
    ]


def public_methods(resolver: ClassResolver, of: Entity) -> set[str]:
    """Return the names of the public methods that a class body defines."""
    declared = resolver.class_facts(of)
    return {
        name
        for name in (declared.members if declared is not None else ())
        if not name.startswith("_")
        and resolver.function(Entity(entities.FUNCTION, of.module, f"{of.name}.{name}")) is not None
    }
