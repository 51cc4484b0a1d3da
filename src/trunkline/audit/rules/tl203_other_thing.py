"""TL203: the canonical name bound to another thing."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.canonical import Canonical
from trunkline.audit.entities import Entity
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project, Source
from trunkline.audit.rule import Rule
from trunkline.audit.source import facts

_THINGS = frozenset({entities.CLASS, entities.FUNCTION, entities.MODULE, entities.EXTERNAL})


class Check(Rule):
    """``from fast import Fast as Engine``: the code below reads as if it used the canonical class.

    Nobody who reads a call in that module sees which class it makes. The same holds where the
    canonical class is given an old name outside the module of that old name.
    """

    code = "TL203"
    name = "other-thing"
    summary = "a canonical or old name bound to another thing"
    remedy = "import each thing under its own name"
    valid = (
        """
# file: app/views.py
from app.engine import Engine
from app.engine import Engine as Motor
# file: app/annotated.py
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.engine import Engine
else:
    Engine = Any
""",
    )
    invalid = (
        """
# file: app/fast.py
class Fast:
    pass
# file: app/views.py
from app.fast import Fast as Engine  # <-
# file: app/more.py
from app.engine import Engine as OldEngine  # <-
# file: app/whole.py
import app.fast as Engine  # <-
# file: app/assigned.py
from app.fast import Fast

Engine = Fast  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every binding of such a name outside the tests to something else."""
        for source in project.sources(tests=False):
            for item in source.facts.imports:
                if item.member in {"*", item.bound} or item.flags & facts.TYPE_CHECKING:
                    continue
                if item.member is None and not item.flags & facts.ALIASED:
                    continue
                entity = project.resolver.imported(item)
                yield from self._bound(project, source, item.bound, entity, item.line, item.column)
            for definition in source.facts.definitions:
                if definition.kind == "assign" and definition.value is not None:
                    entity = project.resolver.resolve(definition.value)
                    if definition.flags & facts.RUNTIME_ONLY and entity.full == "typing:Any":
                        continue  # only type checkers read the name
                    yield from self._bound(
                        project, source, definition.name, entity, definition.line, definition.column
                    )

    def _bound(
        self, project: Project, source: Source, name: str, entity: Entity, line: int, column: int
    ) -> Iterator[Finding]:
        if entity.kind not in _THINGS:
            return
        for canonical in project.canonicals:
            if canonical.is_legacy_module(source.module) or not _claims(canonical, name):
                continue
            if canonical.is_type(entity) and name == canonical.name:
                continue
            if canonical.is_legacy(entity.module, entity.name) and entity.last == name:
                continue
            if entity.last == name:
                continue
            yield self.finding(
                source.path,
                line,
                column,
                f"{name} is bound to {entity.full}",
                cause=f"{name} names "
                + (
                    f"the canonical {canonical.subject}"
                    if name == canonical.name
                    else f"an old form of {canonical.subject}"
                ),
                subject=canonical.subject,
            )


def _claims(canonical: Canonical, name: str) -> bool:
    return name == canonical.name or any(
        legacy.attribute and legacy.last == name for legacy in canonical.config.legacy
    )
