"""What an old name still defines by itself, instead of leading to the canonical one."""

from collections.abc import Iterator
from typing import Final

from trunkline.audit.config import Name
from trunkline.audit.project import Hop, Project
from trunkline.audit.source import facts
from trunkline.audit.source.facts import Definition

_ALLOWED: Final = frozenset({
    "__doc__", "__slots__", "__new__", "__init_subclass__", "__module__", "__qualname__",
    "__instancecheck__", "__subclasscheck__", "__class_getitem__", "__getattr__", "__dir__",
})  # fmt: skip
"""Members by which a class leads to another."""


def own_definitions(project: Project, legacy: Name) -> Iterator[Definition]:
    """Yield the definitions that stand under an old name, or in an old module, in public.

    A function under an old name leads on by calling: it is none of them.
    """
    path = project.table.files.get(legacy.module)
    if path is None:
        return
    known = project.library.full(path)
    classes = {item.name: item for item in known.classes}
    for item in known.definitions:
        if item.kind not in {"class", "def"} or item.flags & facts.TYPE_CHECKING:
            continue
        if legacy.attribute and (item.name != legacy.attribute or item.kind == "def"):
            continue
        if not legacy.attribute and item.name.startswith("_"):
            continue
        declared = classes.get(item.name)
        if declared is None or not set(declared.members) <= _ALLOWED:
            yield item


def is_redirect(project: Project, module: str, name: str) -> bool:
    """Tell whether an old name is no class of its own."""
    return next(own_definitions(project, Name(module, name)), None) is None


def once_redirect(project: Project, hop: Hop, remedy: str) -> str:
    """Return a remedy that puts the canonical name for an old one, where that changes nothing yet.

    Args:
        project: The tree.
        hop: The old name; without a name, its whole module.
        remedy: What to do.
    """
    if not hop.name or is_redirect(project, hop.module, hop.name):
        return remedy
    return f"once {hop.name} is a redirect (TL301), {remedy}"
