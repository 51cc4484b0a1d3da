"""Where objects of scoped types are kept: questions of the rules about isolation."""

from collections.abc import Iterator
from typing import NamedTuple

from trunkline.audit import entities
from trunkline.audit.canonical import Canonical
from trunkline.audit.project import Project, Source
from trunkline.audit.source.facts import Definition, Store


class Kept(NamedTuple):
    """An assignment that keeps a scoped object."""

    source: Source
    store: Store
    canonical: Canonical
    holds_many: bool
    """True when the target is a container of such objects."""

    @property
    def lifetime(self) -> str:
        """How long an object of the type lives, for a message."""
        return f"{self.canonical.subject} lives for one {self.canonical.config.scope}"


def scoped_of(project: Project, path: str | None) -> Canonical | None:
    """Return the scoped canonical thing that a value is an object of; None where it is none."""
    if path is None:
        return None
    entity = project.resolver.resolve(path)
    if entity.kind not in {entities.INSTANCE, entities.AWAITABLE}:
        return None
    canonical = project.canonical_of(entity)
    return canonical if canonical is not None and canonical.is_scoped else None


def kept_objects(project: Project, source: Source) -> Iterator[Kept]:
    """Yield every assignment that keeps a scoped object, or declares where one is kept."""
    for store in source.facts.stores:
        canonical = scoped_of(project, store.value)
        if canonical is not None:
            yield Kept(source, store, canonical, store.target.endswith("[]"))
            continue
        annotation = store.annotation
        if annotation is None:
            continue
        holds_many = annotation.endswith("[]")
        if not holds_many and _from_outside(project, store.value):
            continue
        entity = project.resolver.resolve(annotation.removesuffix("[]"))
        canonical = project.canonical_of(entity) if entity.kind == entities.CLASS else None
        if canonical is not None and canonical.is_scoped:
            yield Kept(source, store, canonical, holds_many)


def _from_outside(project: Project, value: str | None) -> bool:
    """Tell whether something that is not read makes a value, such as a proxy or a ``cast``."""
    return (
        value is not None
        and value.endswith("()")
        and project.resolver.resolve(value[:-2]).kind == entities.EXTERNAL
    )


def module_level_name(project: Project, source: Source, target: str) -> str:
    """Return the name when a target is a variable of the module itself; empty where it is not."""
    module, _, rest = target.partition(":")
    name = rest.removesuffix("[]")
    if module != source.module or not name.isidentifier() or _is_weak(project, module, name):
        return ""
    return name


def _is_weak(project: Project, module: str, name: str) -> bool:
    """Tell whether a variable is a weak mapping or set, which keeps nothing alive."""
    for bound in project.resolver.names(module).get(name, ()):
        if isinstance(bound, Definition) and bound.value and bound.value.endswith("()"):
            maker = project.resolver.resolve(bound.value[:-2])
            if maker.kind == entities.EXTERNAL and maker.last.startswith("Weak"):
                return True
    return False
