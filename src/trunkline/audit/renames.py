"""Whether an old name can be replaced by the canonical one, and who else asks for it."""

from typing import Final

from trunkline.audit import entities
from trunkline.audit.canonical import Canonical
from trunkline.audit.entities import Entity
from trunkline.audit.project import Hop, Project
from trunkline.audit.source.facts import Definition, Import

SAME: Final = "same"
"""The old name is the canonical class itself: every use means the same under the new name."""
TYPES: Final = "types"
"""A redirect that answers ``isinstance`` as the class does, and takes other arguments."""


def likeness(project: Project, canonical: Canonical, item: Import) -> str:
    """Tell how far an imported old name and the canonical class are one: `SAME`, `TYPES` or empty.

    A subclass, a class of its own and whatever cannot be followed are not one with it.
    """
    if item.member is None:
        return ""
    resolver = project.resolver
    if canonical.is_type(resolver.lookup(item.module, item.member)):
        return SAME
    last = project.hops(item.module, item.member)[-1]
    if last.module not in project.table.files:
        return ""
    bound = resolver.names(last.module).get(last.name)
    if not bound:
        return SAME if _given_when_asked(project, canonical, last) else ""
    binding = resolver.chosen(bound)
    if isinstance(binding, Definition) and binding.kind == "assign" and binding.value is not None:
        maker = resolver.resolve(binding.value.removesuffix("()"))
        if binding.value.endswith("()") and maker.last == "redirect_class":
            return TYPES
    return ""


def _given_when_asked(project: Project, canonical: Canonical, hop: Hop) -> bool:
    """Tell whether a module's ``__getattr__`` returns the canonical class and nothing else."""
    path = project.table.files[hop.module]
    if not any(item.name == "__getattr__" for item in project.library.full(path).functions):
        return False
    entity = Entity(entities.FUNCTION, hop.module, "__getattr__")
    function = project.resolver.function(entity)
    return (
        function is not None
        and bool(function.returned)
        and all(canonical.is_type(project.resolver.resolve(item)) for item in function.returned)
    )


def asked_names(project: Project) -> frozenset[tuple[str, str]]:
    """Return the names of modules that other files ask for: by import, patch or attribute.

    Returns:
        Modules with names; ``*`` where a star import asks for all. Gathered once for each project.
    """
    if project.asked is None:
        project.asked = frozenset(_gather(project))
    return project.asked


def _gather(project: Project) -> set[tuple[str, str]]:
    asked: set[tuple[str, str]] = set()
    files = project.table.files
    resolver = project.resolver
    for source in project.sources(1):
        for item in source.facts.imports:
            if item.member is not None:
                asked.add((item.module, item.member))
        for text in source.facts.texts:
            owner = text.value
            while "." in owner:
                owner, _, last = owner.rpartition(".")
                if owner in files:
                    asked.add((owner, last))
        used = [reference.path for reference in source.facts.references]
        used += [call.callee for call in source.facts.calls if call.callee is not None]
        for path in used:
            owner, dot, last = path.rpartition(".")
            if dot and ":" in owner:
                holder = resolver.resolve(owner)
                if holder.kind == entities.MODULE:
                    asked.add((holder.module, last))
    return asked


def may_rename(project: Project, module: str, name: str) -> bool:
    """Tell whether no other file asks a module for a name that it binds."""
    asked = asked_names(project)
    return (module, name) not in asked and (module, "*") not in asked
