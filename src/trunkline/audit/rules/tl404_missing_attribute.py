"""TL404: a method or attribute that the canonical thing does not have."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from trunkline.audit import entities
from trunkline.audit.entities import Entity
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project, Source
from trunkline.audit.rule import Rule
from trunkline.audit.source.facts import Call

_QUESTIONS: Final = (":hasattr", ":getattr")


class Check(Rule):
    """A call of a method that was renamed or never existed fails when that line runs, not before.

    Objects are followed from constructions, factories, annotated parameters and `self`. A class
    with `__getattr__`, with bases outside the tree, or under an unknown decorator may have any
    attribute: nothing is reported then, nor of what some line sets on such an object, nor in a
    function that asks with `hasattr`.
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
        """
# file: app/marks.py
from app.engine import Engine

Engine.version = 2
setattr(Engine, "build", 7)

def mark(engine: Engine, patch):
    engine.seen = True
    patch.setattr(engine, "told", True)
# file: app/views.py
from app.engine import Engine

def view(engine: Engine):
    if hasattr(engine, "warm_up"):
        engine.warm_up()
        engine.heat()

def more(engine: Engine):
    return engine.seen, engine.version, engine.build, engine.told
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

class Use:
    def later(self):
        return self.motor.start()  # <-

    def __init__(self, motor: Engine):
        self.motor = motor
# file: app/generic.py
from typing import Generic, TypeVar
from app.views import Engine
from app.context import Context

T = TypeVar("T")

class Use(Generic[T]):
    kept: Engine

    def run(self):
        self.kept.start()  # set by a subclass, or never
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every use of an attribute that the class of its owner lacks."""
        added: dict[Entity, _Added] = {}
        for source in project.sources():
            asking = _asking(source)
            uses = [(c.callee, c.line, c.column, c.scope) for c in source.facts.calls]
            uses += [(r.path, r.line, r.column, r.scope) for r in source.facts.references]
            for path, line, column, scope in uses:
                if path is None or path.startswith("?"):
                    continue
                owner, dot, name = path.rpartition(".")
                if not dot or not name.isidentifier():
                    continue
                entity = project.resolver.resolve(owner)
                if entity.kind not in {entities.CLASS, entities.INSTANCE}:
                    continue
                canonical = project.canonical_of(entity)
                of = Entity(entities.CLASS, entity.module, entity.name)
                if canonical is None or project.resolver.has_member(of, name) is not False:
                    continue
                if of not in added:
                    added[of] = _added(project, of)
                of_heir = entity.kind == entities.INSTANCE and name in added[of].heirs
                if not of_heir and name not in added[of].given and scope not in asking:
                    yield self.finding(
                        source.path,
                        line,
                        column,
                        f"{canonical.name} has no {name}",
                        cause=f"{canonical.subject} neither defines nor inherits it",
                        subject=canonical.subject,
                    )


class _Added(NamedTuple):
    """What objects of a class may have besides what the class has.

    Attributes:
        heirs: Members of its subclasses: what is declared as one may be one of them.
        given: What some line gives an object, or the class, from outside.
    """

    heirs: frozenset[str]
    given: frozenset[str]


def _added(project: Project, of: Entity) -> _Added:
    heirs: set[str] = set()
    given: set[str] = set()
    for source in project.sources():
        for item in source.facts.classes:
            heir = Entity(entities.CLASS, source.module, item.name)
            if heir != of and project.resolver.is_subclass(heir, of):
                heirs.update(item.members, item.attributes)
        for store in source.facts.stores:
            owner, _, name = store.target.rpartition(".")
            if _is_of(project, owner, of):
                given.add(name)
        for call in source.facts.calls:
            name = _named(call, (":setattr", ".setattr"))
            if name and _is_of(project, call.arguments[0].value, of):
                given.add(name)
    return _Added(frozenset(heirs), frozenset(given))


def _is_of(project: Project, path: str | None, of: Entity) -> bool:
    entity = project.resolver.resolve(path)
    return entity.kind in {entities.CLASS, entities.INSTANCE} and (entity.module, entity.name) == (
        of.module,
        of.name,
    )


def _asking(source: Source) -> set[str]:
    """Return the functions that ask whether an object has an attribute, whichever they use then."""
    return {call.scope for call in source.facts.calls if _named(call, _QUESTIONS)}


def _named(call: Call, callees: tuple[str, ...]) -> str:
    """Return the attribute that a call of one of these names in its second argument."""
    if not (call.callee or "").endswith(callees) or len(call.arguments) < 2:
        return ""
    return (call.arguments[1].value or "").removeprefix("=").strip("'")
