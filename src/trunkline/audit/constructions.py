"""What a call constructs, and which functions give what they constructed."""

from collections.abc import Iterable
from typing import Final

from trunkline.audit import entities
from trunkline.audit.canonical import Canonical
from trunkline.audit.entities import Entity
from trunkline.audit.project import Project
from trunkline.audit.source.facts import Call, Function

_CALLERS: Final = frozenset({
    "functools:partial", "functools:partialmethod", "builtins:map", "itertools:starmap",
    "collections:defaultdict", "operator:call", "asyncio:to_thread", "fastapi:Depends",
    "fastapi:Security", "litestar.di:Provide",
})  # fmt: skip
"""What calls its first argument."""
_COPIERS: Final = frozenset({
    "copy:copy", "copy:deepcopy", "copy:replace", "dataclasses:replace", "attrs:evolve",
    "attr:evolve",
})  # fmt: skip
"""What makes another object of the class of its first argument."""
_FACTORIES: Final = frozenset({"default_factory", "factory"})
"""Keywords under which a field takes what makes its value."""
_FIELDS: Final = frozenset({
    "dataclasses:field", "pydantic:Field", "pydantic.dataclasses:Field", "attrs:field", "attr:ib",
    "attr:field", "msgspec:field",
})  # fmt: skip
_WITHOUT_OBJECT: Final = frozenset({"builtins:classmethod", "builtins:staticmethod"})

Constructed = set[tuple[str, str | None]]
"""The calls of a file: the function that each stands in, and the path of what it calls."""


def constructed(calls: Iterable[Call]) -> Constructed:
    """Return where the calls of a file stand, and what each calls."""
    return {(call.scope, call.callee) for call in calls}


def builds(project: Project, function: Function, canonical: Canonical, made: Constructed) -> bool:
    """Tell whether a function returns or yields an object of the class that it constructs.

    Args:
        project: The tree.
        function: The function.
        canonical: What may be constructed.
        made: What its file calls.
    """
    for path in function.returned:
        # An annotated parameter has the path of what it is given, and is constructed elsewhere.
        if not path.endswith("()") or (function.name, path[:-2]) not in made:
            continue
        entity = project.resolver.resolve(path[:-2])
        if canonical.is_type(entity) or canonical.is_legacy(entity.module, entity.name):
            return True
    return False


def constructor_of(project: Project, entity: Entity) -> Canonical | None:
    """Return the canonical class that a class or static method of it constructs besides a factory.

    Nothing where no factory is configured: the module of the class may construct it then.
    """
    owner, dot, _ = entity.name.rpartition(".")
    if entity.kind != entities.FUNCTION or not dot:
        return None
    for canonical in project.canonicals:
        if (entity.module, owner) != (canonical.type.module, canonical.type.name):
            continue
        if canonical.factory is None or canonical.factory.full == entity.full:
            continue
        function = project.resolver.function(entity)
        if function is None or _WITHOUT_OBJECT.isdisjoint(function.decorators):
            continue
        calls = project.library.block(project.table.files[entity.module], function.line).calls
        if builds(project, function, canonical, constructed(calls)):
            return canonical
    return None


def made_by_call(project: Project, call: Call) -> Entity:
    """Return what a call constructs, itself or by handing it to what calls it, or copies."""
    target = project.resolver.resolve(call.callee)
    name = target.full
    if name in _FIELDS:
        makers = [given for given in call.arguments if given.keyword in _FACTORIES]
        return project.resolver.resolve(makers[0].value) if makers else target
    if not call.arguments:
        return target
    first = call.arguments[0].value
    if name in _CALLERS or (call.callee or "").endswith(".__new__"):
        return project.resolver.resolve(first)
    if name in _COPIERS:
        copied = project.resolver.resolve(first)
        if copied.kind == entities.INSTANCE:
            return Entity(entities.CLASS, copied.module, copied.name)
    return target
