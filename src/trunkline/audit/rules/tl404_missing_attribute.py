"""TL404: a method or attribute that the canonical thing does not have."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from trunkline.audit import entities
from trunkline.audit.attributes import Added, added_to, named_attribute, set_somewhere
from trunkline.audit.canonical import Canonical
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
    attribute: nothing is reported then, nor of what some line sets on such an object. The same
    holds for a class that sets attributes on itself by computed names, for one whose objects have
    their ``__dict__`` filled anywhere, and for what any line sets on anything, where the class
    hands its objects on. Whoever asks is left alone too: a function
    that uses `hasattr` or `getattr`, or tests the object with `isinstance` against another class or
    with `callable`; a block that goes on after an `AttributeError`; a file that asks for the same
    name elsewhere.
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
    object.__setattr__(engine, "limit", 3)
# file: app/views.py
from app.engine import Engine

def view(engine: Engine):
    if hasattr(engine, "warm_up"):
        engine.warm_up()
        engine.heat()

def more(engine: Engine):
    return engine.seen, engine.version, engine.build, engine.told, engine.limit
""",
        """
# file: app/marks.py
from app.engine import Engine

def mark(engine: Engine):
    engine.__dict__["seen"] = True
# file: app/views.py
from app.engine import Engine

def view(engine: Engine):
    return engine.seen
""",
        """
# file: app/marks.py
from app.engine import Engine

def mark(engine: Engine, marks):
    vars(engine).update(marks)
# file: app/views.py
from app.engine import Engine

def view(engine: Engine):
    return engine.seen
""",
        """
# file: app/engine.py
class Options:
    def __init__(self, values):
        for name, value in values.items():
            setattr(self, name, value)

class Engine(Options):
    def execute(self, name): ...
    def stats(self):
        return self.limit
# file: app/views.py
from app.engine import Engine

def view(engine: Engine):
    return engine.colour  # one of the values
""",
        """
# file: app/engine.py
from app.parts import fill

class Engine:
    def __init__(self, context):
        setattr(self, "context", context)
        fill(self)
    def execute(self, name): ...
    def stats(self):
        return self.pool, self.context
# file: app/parts.py
def fill(it):
    it.pool = 3
# file: app/views.py
from app.engine import Engine

def view(engine: Engine):
    return engine.pool
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

class Several:
    def __init__(self):
        self.engines: list[tuple[int, Engine | None]] = []

    def add(self, engine: Engine):
        self.engines.append((1, engine))

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
        """
# file: app/views.py
from collections.abc import AsyncGenerator, Awaitable
from contextlib import AbstractAsyncContextManager
from app.engine import Engine
from app.managers import managed

def opened(context) -> AbstractAsyncContextManager[Engine]:
    return managed(Engine(context))

async def view(context, engines: AsyncGenerator[Engine, None], later: Awaitable[Engine]):
    await engines.asend(None)
    await opened(context).__aenter__()
    later.add_done_callback(print)
""",
        """
# file: app/engine.py
class Engine:
    def __init__(self, context):
        for self.step in range(3):
            pass
        with open(context) as self.file, open(context) as (self.first, self.second):
            pass
    def execute(self, name): ...
    def stats(self):
        return self.step, self.file, self.first, self.second
# file: app/views.py
from app.engine import Engine

def view(engine: Engine):
    return engine.step, engine.file
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
        """
# file: app/engine.py
from app.parts import fill

class Engine:
    def __init__(self, context):
        fill(self)
    def execute(self, name): ...
    def stats(self):
        return self.pol  # <-
# file: app/parts.py
def fill(it):
    it.pool = 3
    return it.pol == 3
""",
        """
# file: app/views.py
from app.engine import Engine

def made(context) -> Engine:
    return Engine(context)

def view(context):
    made(context).start()  # <-
    engine = made(context)
    engine.stop()  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every use of an attribute that the class of its owner lacks."""
        missing = list(_missing(project))
        doubtful = {item.name for item in missing if item.added.handed_on}
        set_on_some = set_somewhere(project, doubtful)
        for item in missing:
            if not (item.added.handed_on and item.name in set_on_some):
                yield self.finding(
                    item.path,
                    item.line,
                    item.column,
                    f"{item.canonical.name} has no {item.name}",
                    cause=f"{item.canonical.subject} neither defines nor inherits it",
                    subject=item.canonical.subject,
                )


class _Missing(NamedTuple):
    """A use of what the class of its owner lacks."""

    path: str
    line: int
    column: int
    canonical: Canonical
    name: str
    added: Added


def _missing(project: Project) -> Iterator[_Missing]:
    added: dict[Entity, Added] = {}
    for source in project.sources():
        asking: _Asking | None = None
        for owner, name, line, column, scope in _uses(source):
            entity = project.resolver.resolve(owner)
            if entity.kind not in {entities.CLASS, entities.INSTANCE}:
                continue
            canonical = project.canonical_of(entity)
            of = Entity(entities.CLASS, entity.module, entity.name)
            if canonical is None or project.resolver.has_member(of, name) is not False:
                continue
            if of not in added:
                added[of] = added_to(project, of)
            beside = added[of]
            certain = entity.kind == entities.CLASS and not may_be_heir(owner)
            if not certain and (beside.anything or name in beside.heirs):
                continue
            if asking is None:
                asking = _asking(project, source)
            if not (name in beside.given or asking.of(name, line, scope)):
                yield _Missing(source.path, line, column, canonical, name, beside)


def _uses(source: Source) -> Iterator[tuple[str, str, int, int, str]]:
    """Yield the path of what is asked for an attribute, its name, line, column and scope."""
    uses = [(c.callee, c.line, c.column, c.scope) for c in source.facts.calls]
    uses += [(r.path, r.line, r.column, r.scope) for r in source.facts.references]
    for path, line, column, scope in uses:
        owner, dot, name = (path or "?").rpartition(".")
        if dot and name.isidentifier() and not owner.startswith("?"):
            yield owner, name, line, column, scope


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
        name = named_attribute(call, _QUESTIONS)
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
