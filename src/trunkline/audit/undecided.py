"""Uses of canonical and old names of which the source does not tell what they stand for."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.findings import Undecided
from trunkline.audit.project import Project


def undecided_names(project: Project) -> Iterator[Undecided]:
    """Yield the first use in each file of each such name that may be the canonical thing or not.

    A name that leads out of the tree, or to another thing, is decided.
    """
    subjects: dict[str, str] = {}
    for canonical in project.canonicals:
        for name in (canonical.name, *(legacy.last for legacy in canonical.config.legacy)):
            subjects.setdefault(name, canonical.subject)
    for source in project.sources():
        uses = [(item.line, item.path) for item in source.facts.references]
        uses += [(call.line, call.callee) for call in source.facts.calls if call.callee]
        told: set[str] = set()
        for line, path in sorted(uses):
            module, _, name = path.partition(":")
            if name not in subjects or name in told or module not in project.table.files:
                continue
            entity = project.resolver.resolve(path)
            if entity.kind == entities.UNKNOWN:
                told.add(name)
                what = f"whether {name} is {subjects[name]}"
                yield Undecided(source.path, line, what, entity.name)
