"""Targets of ``mock.patch`` and of its like."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from trunkline.audit import entities
from trunkline.audit.entities import Entity
from trunkline.audit.project import Project, Source
from trunkline.audit.queries import own_arguments
from trunkline.audit.source.calls import PATCH_OPTIONS
from trunkline.audit.source.facts import Call
from trunkline.audit.source.parsing import reads_global

_PATCHERS: Final = (
    "mock:patch", "unittest.mock:patch", "unittest:mock.patch", "mock:mock.patch",
    "pytest_mock:mocker.patch",
)  # fmt: skip
_OBJECT_PATCHERS: Final = (
    ".patch.object", ":patch.object", ".setattr", ".delattr", ":mocker.spy",
)  # fmt: skip
_MANY_PATCHERS: Final = (".patch.multiple", ":patch.multiple")
_OWNERS: Final = frozenset({"target", "obj"})
_ATTRIBUTES: Final = frozenset({"attribute", "name"})


class PatchTarget(NamedTuple):
    """One patched name.

    Attributes:
        name: The dotted name.
        line: Its line.
        column: Its column.
        creates: True when the patch makes the name where it is missing.
    """

    name: str
    line: int
    column: int
    creates: bool


def patch_targets(project: Project, source: Source) -> Iterator[PatchTarget]:
    """Yield every dotted name that a file patches."""
    for text in source.facts.texts:
        if text.callee is None or "." not in text.value or ":" in text.value:
            continue
        if _is_patcher(project, text.callee):
            yield PatchTarget(text.value, text.line, text.column, text.creates)
    for call in source.facts.calls:
        for name in _attributes_patched(project, call):
            creates = any(one.keyword in {"create", "raising"} for one in call.arguments)
            yield PatchTarget(name, call.line, call.column, creates)


def _attributes_patched(project: Project, call: Call) -> Iterator[str]:
    """Yield the dotted names that ``patch.object(owner, "name")`` and its like patch."""
    callee = call.callee or ""
    if callee.endswith(_OBJECT_PATCHERS):
        name = _given(call, 1, _ATTRIBUTES) or ""
        names = [name[2:-1]] if name.startswith("='") else []
    elif callee.endswith(_MANY_PATCHERS):
        keywords = (argument.keyword for argument in call.arguments)
        names = [name for name in keywords if name and name.isidentifier()]
    else:
        return
    owner = project.resolver.resolve(_given(call, 0, _OWNERS))
    if owner.kind in {entities.MODULE, entities.CLASS}:
        for name in names:
            if name not in PATCH_OPTIONS:
                yield f"{owner.full.replace(':', '.')}.{name}"


def _given(call: Call, position: int, keywords: frozenset[str]) -> str | None:
    """Return the path of an argument that is given by its position or by a keyword."""
    given = own_arguments(call)
    for argument in given:
        if argument.keyword in keywords:
            return argument.value
    if position < len(given) and given[position].keyword is None:
        return given[position].value
    return None


def _is_patcher(project: Project, callee: str) -> bool:
    callee = callee.removesuffix(".multiple").removesuffix(".dict")
    if callee.endswith((".patch", ".setattr", ".delattr", ":patch")):
        if callee.startswith("."):
            return True
        target = project.resolver.resolve(callee)
        if target.kind == entities.UNKNOWN:
            return callee.endswith((".patch", ".setattr", ".delattr"))
        return target.kind == entities.EXTERNAL and target.full in _PATCHERS
    target = project.resolver.resolve(callee)
    return target.kind == entities.EXTERNAL and target.full in _PATCHERS


def missing_target(project: Project, name: str) -> str:
    """Return why a patched name does not exist; empty where it does, or cannot be decided.

    The longest module is imported first and the rest read as attributes, as `mock.patch` does.
    """
    resolver = project.resolver
    parts = name.split(".")
    if resolver.module_state(parts[0]) != "yes":
        return ""
    end = 1
    while end < len(parts) and resolver.module_state(".".join(parts[: end + 1])) == "yes":
        end += 1
    entity = Entity(entities.MODULE, ".".join(parts[:end]))
    for part in parts[end:]:
        if entity.kind == entities.MODULE:
            found = resolver.lookup(entity.module, part)
            if found.kind == entities.MISSING:
                return "" if _may_have(project, entity.module, part, found) else _no(entity, part)
        elif entity.kind == entities.CLASS:
            if resolver.has_member(entity, part) is False:
                return _no(entity, part)
            found = resolver.step(entity, part)
            if found.kind != entities.CLASS:
                return ""
        else:
            return ""
        entity = found
    return ""


def _no(owner: Entity, name: str) -> str:
    return f"{owner.full if owner.name else owner.module} has no {name}"


def _may_have(project: Project, module: str, name: str, found: Entity) -> bool:
    """Tell whether a name that a module does not bind may be there, or be put there, all the same.

    Args:
        project: The tree.
        module: The module.
        name: The name.
        found: What the name leads to there, which is missing.
    """
    return (
        hasattr_builtin(name)
        or (found.module, found.name) != (module, name)  # it is bound, to what is missing
        or project.resolver.module_state(f"{module}.{name}") == "unknown"
        or _is_put_there(project, module, name)
    )


def _is_put_there(project: Project, module: str, name: str) -> bool:
    """Tell whether a module reads a global that it does not bind: others put it there.

    Loaders of plugins do: Salt's give every module its ``__salt__`` and ``__grains__``.
    """
    data = project.library.source(project.table.files.get(module, ""))
    if data is None or name.encode() not in data:
        return False
    try:
        return reads_global(data, name)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True


def hasattr_builtin(name: str) -> bool:
    """Tell whether a name is a builtin, which `mock.patch` may put into any module."""
    import builtins

    return name in vars(builtins)
