"""TL404: a method or attribute that the canonical thing does not have."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.entities import Entity
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule


class Check(Rule):
    """A call of a method that was renamed or never existed fails when that line runs, not before.

    Objects are followed from constructions, factories, annotated parameters and `self`. A class
    with `__getattr__`, with bases outside the tree, or under an unknown decorator may have any
    attribute: nothing is reported then.
    """

    code = "TL404"
    name = "missing-attribute"
    summary = "a method or attribute that the canonical class does not have"
    remedy = "use one it has, or add it to the canonical class"
    valid = (
        """
# file: app/views.py
from app.engine import Engine

async def view(engine: Engine):
    await engine.execute("a")
    return engine.limit
""",
        """
# file: app/fast.py
from app.engine import Engine

class Fast(Engine):
    speed = 2
# file: app/views.py
from app.engine import Engine

def view(engine: Engine):
    return engine.speed  # of those that are fast
""",
    )
    invalid = (
        """
# file: app/views.py
from app.engine import Engine
from containers import Application

async def view(engine: Engine, app: Application):
    engine.run_agent("a")  # <-
    other = await app.engine()
    other.stop()  # <-
    return Engine.create()  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every use of an attribute that the class of its owner lacks."""
        heirs: dict[Entity, frozenset[str]] = {}
        for source in project.sources():
            places = [(call.callee, call.line, call.column) for call in source.facts.calls]
            places += [(ref.path, ref.line, ref.column) for ref in source.facts.references]
            for path, line, column in places:
                if path is None or path.startswith("?"):
                    continue
                owner, dot, name = path.rpartition(".")
                if not dot or not name.isidentifier():
                    continue
                entity = project.resolver.resolve(owner)
                if entity.kind not in {entities.CLASS, entities.INSTANCE}:
                    continue
                canonical = project.canonical_of(entity)
                if canonical is None:
                    continue
                of = Entity(entities.CLASS, entity.module, entity.name)
                if project.resolver.has_member(of, name) is False and not (
                    entity.kind == entities.INSTANCE and name in self._of_heirs(project, of, heirs)
                ):
                    yield self.finding(
                        source.path,
                        line,
                        column,
                        f"{canonical.name} has no {name}",
                        cause=f"{canonical.subject} neither defines nor inherits it",
                        subject=canonical.subject,
                    )

    @staticmethod
    def _of_heirs(
        project: Project, of: Entity, known: dict[Entity, frozenset[str]]
    ) -> frozenset[str]:
        """Return what the subclasses of a class add: what is declared as one may be one of them."""
        if of not in known:
            names: set[str] = set()
            for source in project.sources():
                for item in source.facts.classes:
                    heir = Entity(entities.CLASS, source.module, item.name)
                    if heir != of and project.resolver.is_subclass(heir, of):
                        names.update(item.members, item.attributes)
            known[of] = frozenset(names)
        return known[of]
