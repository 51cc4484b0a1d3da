"""TL404: a method or attribute that the canonical thing does not have."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from trunkline.audit import entities
from trunkline.audit.entities import Entity
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project, Source
from trunkline.audit.queries import may_be_heir
from trunkline.audit.rule import Rule
from trunkline.audit.source.facts import Call

_QUESTIONS: Final = (":hasattr", ":getattr")
_TESTS: Final = frozenset({"builtins:isinstance", "builtins:issubclass", "builtins:callable"})


class Check(Rule):
    """A call of a method that was renamed or never existed fails when that line runs, not before.

    Objects are followed from constructions, factories, annotated parameters and `self`. A class
    with `__getattr__`, with bases outside the tree, or under an unknown decorator may have any
    attribute: nothing is reported then, nor of what some line sets on such an object. Whoever
    asks is left alone too: a function that uses `hasattr` or `getattr`, or tests the object with
    `isinstance` against another class or with `callable`; a block that goes on after an
    `AttributeError`; a file that asks for the same name elsewhere.
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

def view(engine: Engine, kind: type[Engine]):
    return engine.speed, kind.speed  # of those that are fast
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
        """
# file: app/views.py
from contextlib import suppress
from app.engine import Engine
from app.protocols import Starts

def tried(engine: Engine):
    try:
        engine.start()
    except AttributeError:
        engine.stats()
    try:
        return engine.start_time
    except (TypeError, Exception):
        return None

def suppressed(engine: Engine):
    with suppress(AttributeError):
        engine.start()

def tested(engine: Engine):
    if isinstance(engine, Starts):
        engine.start()

def called(engine: Engine):
    if callable(engine):
        engine.start()

def matched(engine: Engine):
    match engine:
        case Starts():
            engine.start()

class Runner:
    def __init__(self, engine: Engine):
        self.engine = engine
        self.pauses = hasattr(engine, "pause")

    def run(self):
        if self.pauses:
            self.engine.pause()

class Aware:
    def run(self, engine: Engine):
        def start():
            engine.start()
        return start() if hasattr(engine, "start") else None
# file: app/protocols.py
from typing import Protocol, runtime_checkable

@runtime_checkable
class Starts(Protocol):
    def start(self): ...
# file: tests/test_engine.py
import pytest
from app.engine import Engine

def test_it_cannot_start(engine: Engine):
    with pytest.raises(AttributeError):
        engine.start()
""",
        """
# file: app/views.py
from app.engine import Engine

def unknown(engine, choose):
    if isinstance(engine, Engine) or choose:
        engine.start()  # may be of another class
    if isinstance(engine, Engine):
        engine = choose(engine)
        engine.start()

def after(engine):
    if isinstance(engine, Engine):
        pass
    engine.start()
""",
    )
    invalid = (
        """
# file: app/views.py
from app.engine import Engine

def told(engine):
    if isinstance(engine, Engine):
        engine.start()  # <-

def matched(value):
    match value:
        case Engine() as engine:
            engine.start()  # <-

def tried(engine: Engine):
    try:
        engine.start()  # <-
    except ValueError:
        engine.stop()  # <-

def elsewhere(engine: Engine):
    try:
        engine.stats()
    except AttributeError:
        engine.start()  # <-
""",
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
            asking: _Asking | None = None
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
                certain = entity.kind == entities.CLASS and not may_be_heir(owner)
                of_heir = not certain and name in added[of].heirs
                if asking is None:
                    asking = _asking(project, source)
                if not (of_heir or name in added[of].given or asking.of(name, line, scope)):
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


class _Asking(NamedTuple):
    """Where a file does not take an attribute for granted.

    Attributes:
        scopes: Functions that ask what an object has, or is.
        names: Attributes that it asks for somewhere.
        blocks: First and last lines of blocks that go on without an attribute.
    """

    scopes: frozenset[str]
    names: frozenset[str]
    blocks: tuple[tuple[int, int], ...]

    def of(self, name: str, line: int, scope: str) -> bool:
        """Tell whether a use of an attribute is prepared for its being missing."""
        return (
            name in self.names
            or any(first <= line <= last for first, last in self.blocks)
            or any(scope == asking or scope.startswith(f"{asking}.") for asking in self.scopes)
        )


def _asking(project: Project, source: Source) -> _Asking:
    scopes: set[str] = set()
    names: set[str] = set()
    for call in source.facts.calls:
        name = _named(call, _QUESTIONS)
        if name:
            names.add(name)
        if name or _asks_for_another_class(project, call):
            scopes.add(call.scope)
    return _Asking(frozenset(scopes), frozenset(names), source.facts.doubted)


def _asks_for_another_class(project: Project, call: Call) -> bool:
    """Tell whether a call tests what an object is, against anything but its own class."""
    if call.callee not in _TESTS or not call.arguments:
        return False
    own = project.resolver.resolve(call.arguments[0].value)
    if own.kind not in {entities.CLASS, entities.INSTANCE}:
        return False
    if len(call.arguments) < 2:
        return True
    tested = project.resolver.resolve(call.arguments[1].value)
    return tested != Entity(entities.CLASS, own.module, own.name)


def _named(call: Call, callees: tuple[str, ...]) -> str:
    """Return the attribute that a call of one of these names in its second argument."""
    if not (call.callee or "").endswith(callees) or len(call.arguments) < 2:
        return ""
    return (call.arguments[1].value or "").removeprefix("=").strip("'")
