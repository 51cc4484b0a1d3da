"""What objects of a class may have besides what its body and its methods say by name."""

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from trunkline.audit import entities
from trunkline.audit.entities import Entity
from trunkline.audit.project import Project, Source
from trunkline.audit.source.facts import Call
from trunkline.audit.source.parsing import parse_module
from trunkline.audit.source.syntax import last_name

_SELF: Final = frozenset({"self", "cls"})
_SETTERS: Final = frozenset({"setattr", "__setattr__"})
_FILLERS: Final = frozenset({"update", "setdefault", "__setitem__"})
_DICT: Final = "__dict__"
_ASKS: Final = frozenset({
    "isinstance", "type", "id", "hash", "repr", "str", "len", "iter", "next", "bool", "format",
    "getattr", "hasattr", "setattr", "delattr", "vars", "super", "cast", "ref", "proxy",
})  # fmt: skip
"""What is handed an object without giving it attributes of its own choice."""


class Added(NamedTuple):
    """What objects of a class may have besides what the class has.

    Attributes:
        anything: True when the class gives its objects attributes by names that are computed.
        heirs: Members of its subclasses: what is declared as one may be one of them.
        given: What some line gives an object, or the class, by name.
        handed_on: True when its methods hand the object to others, which may set what they like.
    """

    anything: bool
    heirs: frozenset[str]
    given: frozenset[str]
    handed_on: bool


def added_to(project: Project, of: Entity) -> Added:
    """Return what objects of a class may have besides what the class has."""
    heirs: set[str] = set()
    given: set[str] = set()
    for source in project.sources():
        for item in source.facts.classes:
            heir = Entity(entities.CLASS, source.module, item.name)
            if heir != of and project.resolver.is_subclass(heir, of):
                heirs.update(item.members, item.attributes)
        given.update(
            name for owner, name in _given_in(source) if owner and _is_of(project, owner, of)
        )
    anything, handed_on = not given.isdisjoint({_DICT, f"{_DICT}[]"}), False
    for body in _bodies(project, of):
        for node in ast.walk(body):
            name = _set_on_self(node)
            anything |= name == "*"
            given.add(name)
            handed_on |= isinstance(node, ast.Call) and _hands_self(node)
    return Added(anything, frozenset(heirs), frozenset(given), handed_on)


def _given_in(source: Source) -> Iterator[tuple[str | None, str]]:
    """Yield the path of each owner to which a file gives an attribute by name, and the name."""
    for store in source.facts.stores:
        owner, _, name = store.target.rpartition(".")
        yield owner, name
    for call in source.facts.calls:
        name = named_attribute(call, (":setattr", ".setattr", ".__setattr__"))
        if name:
            yield call.arguments[0].value, name
        yield _filled(call), _DICT


def _filled(call: Call) -> str | None:
    """Return the path of an object whose ``__dict__`` a call fills, or hands out by `vars`."""
    if call.callee == "builtins:vars":
        return call.arguments[0].value if call.arguments else None
    owner, _, name = (call.callee or "").rpartition(f".{_DICT}.")
    return owner if name in _FILLERS else None


def set_somewhere(project: Project, names: Iterable[str]) -> set[str]:
    """Return those of some names that any line of the tree sets on any object."""
    patterns = {
        name: re.compile(rb"\.%b\b[\w., ]*(?::[^=\n]+)?[-+*/|&]?=(?!=)" % name.encode())
        for name in names
    }
    found: set[str] = set()
    for path in project.library.paths() if patterns else ():
        data = project.library.source(path) or b""
        for name in patterns.keys() - found:
            if f".{name}".encode() in data and patterns[name].search(data):
                found.add(name)
    return found


def named_attribute(call: Call, callees: tuple[str, ...]) -> str:
    """Return the attribute that a call of one of these names in its second argument."""
    if not (call.callee or "").endswith(callees) or len(call.arguments) < 2:
        return ""
    return (call.arguments[1].value or "").removeprefix("=").strip("'")


def _is_of(project: Project, path: str | None, of: Entity) -> bool:
    entity = project.resolver.resolve(path)
    return entity.kind in {entities.CLASS, entities.INSTANCE} and (entity.module, entity.name) == (
        of.module,
        of.name,
    )


def _bodies(project: Project, of: Entity) -> Iterator[ast.ClassDef]:
    """Yield the syntax of a class and of its bases in the tree."""
    for item in project.resolver.ancestors(of)[0]:
        declared = project.resolver.class_facts(item)
        path = project.table.files.get(item.module)
        data = project.library.source(path) if path is not None else None
        if declared is None or data is None:
            continue
        try:
            tree = parse_module(data)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.lineno == declared.line:
                yield node


def _set_on_self(node: ast.AST) -> str:
    """Return the attribute that a node sets on the object by a text; ``*`` for a computed one."""
    if isinstance(node, ast.Call):
        if last_name(node.func) in _SETTERS and len(node.args) >= 2:
            # ``setattr(self, name, value)``, or ``super().__setattr__(name, value)``
            first, second = node.args[:2]
            named = second if _is_self(first) else first if len(node.args) == 2 else None
            if named is not None:
                return str(named.value) if isinstance(named, ast.Constant) else "*"
        if isinstance(node.func, ast.Attribute) and node.func.attr in _FILLERS:
            return "*" if _is_own_dict(node.func.value) else ""
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AugAssign):
        targets = [node.target]
    for target in targets:
        if _is_own_dict(target.value if isinstance(target, ast.Subscript) else target):
            return "*"
    return ""


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in _SELF


def _is_own_dict(node: ast.expr) -> bool:
    """Tell whether an expression is ``self.__dict__`` or ``vars(self)``."""
    if isinstance(node, ast.Call):
        return last_name(node.func) == "vars" and len(node.args) == 1 and _is_self(node.args[0])
    return isinstance(node, ast.Attribute) and node.attr == _DICT and _is_self(node.value)


def _hands_self(node: ast.Call) -> bool:
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    return last_name(node.func) not in _ASKS and any(map(_is_self, given))
