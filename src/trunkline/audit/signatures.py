"""What a call must give: signatures of functions, methods and constructors, read from source."""

from typing import Final, NamedTuple

from trunkline.audit import entities
from trunkline.audit.classes import plain_base
from trunkline.audit.entities import Entity
from trunkline.audit.project import Project
from trunkline.audit.resolver import Resolver
from trunkline.audit.source import facts
from trunkline.audit.source.facts import Class, Function, Parameter
from trunkline.audit.source.fields import DATACLASS, NAMED_TUPLES

_SAME_CONSTRUCTOR: Final = frozenset({
    DATACLASS, "typing:final", "typing_extensions:final", "typing:runtime_checkable",
    "typing_extensions:runtime_checkable", "functools:total_ordering",
})  # fmt: skip
"""Class decorators under which the constructor is what the class body says."""
_SAME_SIGNATURE: Final = frozenset(
    {"staticmethod", "classmethod", "abstractmethod", "asynccontextmanager", "contextmanager"}
)
_Fields = dict[str, Parameter]


class Signature(NamedTuple):
    """What a call must give.

    Attributes:
        parameters: Its parameters, without ``self``.
        module: Module that defines it, from which annotations are read.
    """

    parameters: tuple[Parameter, ...]
    module: str


def signature(project: Project, target: Entity, *, unbound: bool = False) -> Signature | None:
    """Return what calling a class or function takes; None where it cannot be decided.

    Args:
        project: The tree.
        target: What is called.
        unbound: True for a method that is called through its class, and so given the object too.
    """
    resolver = project.resolver
    if target.kind == entities.CLASS:
        return _constructor(resolver, target)
    function = resolver.function(target) if target.kind == entities.FUNCTION else None
    if function is None:
        return None
    kinds = {path.rpartition(":")[2].rpartition(".")[2] for path in function.decorators}
    if kinds - _SAME_SIGNATURE or (function.flags & facts.DECORATED and not kinds):
        return None
    if "." in target.name and "staticmethod" not in kinds and not unbound:
        return Signature(_without_self(function), target.module)
    return Signature(function.parameters, target.module)


def _without_self(function: Function) -> tuple[Parameter, ...]:
    """Return what a caller of a method gives; ``def method(*args)`` takes the object there too."""
    parameters = function.parameters
    takes_all = bool(parameters) and parameters[0].kind == "*"
    return parameters if takes_all else parameters[1:]


def _constructor(resolver: Resolver, target: Entity) -> Signature | None:
    """Return what the first class takes, in the order of resolution, that has a constructor."""
    order = _order(resolver, target)
    for item in order or ():
        declared = _plain_class(resolver, item)
        if declared is None:
            return None
        if "__init__" in declared.members:
            name = f"{item.name}.__init__"
            function = resolver.function(Entity(entities.FUNCTION, item.module, name))
            if function is None or function.decorators:
                return None
            return Signature(_without_self(function), item.module)
        if declared.fields is not None and _is_named_tuple(resolver, declared):
            return Signature(declared.fields, item.module)
        if _is_dataclass(resolver, declared):
            return _generated(resolver, item)
    return Signature((), target.module) if order is not None else None


def _generated(resolver: Resolver, of: Entity) -> Signature | None:
    """Return what the constructor takes that `dataclasses` writes; keywords come last."""
    fields = _merged(resolver, of, {})
    if fields is None:
        return None
    parameters = tuple(one for kind in "ak" for one in fields.values() if one.kind == kind)
    return Signature(parameters, of.module)


def _merged(resolver: Resolver, of: Entity, known: dict[Entity, _Fields | None]) -> _Fields | None:
    """Return the fields of a class and its bases as `dataclasses` joins them; None if one is open.

    A field that is declared again keeps its place. Without a default of its own it has what the
    bases bind to its name, which may be anything: only a base's field without a default gives none.
    """
    if of in known:
        return known[of]
    known[of] = None
    declared, order = _plain_class(resolver, of), _order(resolver, of)
    if (
        declared is None
        or order is None
        or (_is_dataclass(resolver, declared) and declared.fields is None)
    ):
        return None
    fields: _Fields = {}
    bound: set[str] = set()
    for base in reversed(order[1:]):
        theirs = resolver.class_facts(base) if base.kind == entities.CLASS else None
        inherited = _merged(resolver, base, known)
        if theirs is None or inherited is None:
            return None
        fields.update(inherited)
        bare = {one.name for one in theirs.fields or () if not one.default}
        bound.update(name for name in theirs.members if name not in bare)
    for one in declared.fields or ():
        fields[one.name] = one._replace(default=one.default or one.name in bound)
    known[of] = fields
    return fields


def _plain_class(resolver: Resolver, of: Entity) -> Class | None:
    """Return a class of the tree whose constructor no other class or decorator makes."""
    declared = resolver.class_facts(of) if of.kind == entities.CLASS else None
    if declared is None or declared.keywords or "__new__" in declared.members:
        return None
    return declared if _decorators(resolver, declared) <= _SAME_CONSTRUCTOR else None


def _is_dataclass(resolver: Resolver, declared: Class) -> bool:
    return DATACLASS in _decorators(resolver, declared)


def _decorators(resolver: Resolver, declared: Class) -> set[str]:
    return {resolver.resolve(path.removesuffix("()")).full for path in declared.decorators}


def _is_named_tuple(resolver: Resolver, declared: Class) -> bool:
    return any(resolver.resolve(base).full in NAMED_TUPLES for base in declared.bases)


def _order(resolver: Resolver, of: Entity, heirs: tuple[Entity, ...] = ()) -> list[Entity] | None:
    """Return a class and its bases in the order in which Python asks them; None where it has none.

    The order is that of the C3 linearization (Python's "method resolution order"). Bases without a
    constructor of their own, such as ``object``, are left out; one outside the tree stands for all
    of its own.
    """
    declared = resolver.class_facts(of) if of.kind == entities.CLASS else None
    if of in heirs:
        return None
    orders: list[list[Entity]] = []
    bases: list[Entity] = []
    for base in declared.bases if declared is not None else ():
        target = resolver.resolve(base.removesuffix("[]") if base else base)
        if target.kind == entities.EXTERNAL and plain_base(target):
            continue
        order = _order(resolver, target, (*heirs, of))
        if order is None:
            return None
        orders.append(order)
        bases.append(target)
    return _joined(of, [*orders, bases])


def _joined(of: Entity, orders: list[list[Entity]]) -> list[Entity] | None:
    """Return a class, then each base once that no other order still has behind its first."""
    joined = [of]
    while orders := [order for order in orders if order]:
        later = {item for order in orders for item in order[1:]}
        first = next((order[0] for order in orders if order[0] not in later), None)
        if first is None:
            return None
        joined.append(first)
        orders = [order[1:] if order[0] == first else order for order in orders]
    return joined
