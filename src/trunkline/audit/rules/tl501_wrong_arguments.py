"""TL501: arguments that do not fit the canonical signature."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.canonical import Canonical
from trunkline.audit.entities import Entity
from trunkline.audit.findings import Finding
from trunkline.audit.heirs import Heirs
from trunkline.audit.project import Project, Source
from trunkline.audit.queries import bind, may_be_heir, unbound_method
from trunkline.audit.rule import Rule
from trunkline.audit.signatures import signature
from trunkline.audit.source.facts import Call


class Check(Rule):
    """A call that gives too few, too many or unknown arguments fails when it runs.

    Checked are constructions of canonical classes, calls of their methods and of their factories,
    against the signature as the source has it, of a dataclass and a `typing.NamedTuple` against
    its fields; ``super().__init__(...)`` too, in a class with one base that no other class joins
    with further ones, where another may come next. Unpacked arguments, decorated functions, bases
    outside the tree and classes that an object or an annotation gives are left alone, and so is
    what a test expects to fail.
    """

    code = "TL501"
    name = "wrong-arguments"
    summary = "missing, surplus or unknown arguments against the canonical signature"
    remedy = "give what the signature asks for"
    valid = (
        """
# file: tests/test_engine.py
import pytest
from app.engine import Engine

def test_runs(context, options):
    Engine(context)
    Engine(context, limit=2)
    Engine(**options)

def test_refuses():
    with pytest.raises(TypeError):
        Engine()
""",
        """
# file: app/engine.py
class Engine:
    def __init__(*given): ...
    @classmethod
    def name(*_): ...
    def execute(self, name): ...
    def stats(self): ...
# file: app/views.py
from app.engine import Engine

def view(context):
    return Engine(context), Engine.name(context)  # each takes whatever it is given
""",
        """
# file: app/fast.py
from app.engine import Engine

class Fast(Engine):
    def __init__(self, context, limit, speed): ...
# file: app/views.py
from app.engine import Engine

class Runner:
    kind = Engine

    def __init__(self, kind: type[Engine], engine: Engine) -> None:
        self.last = kind(1, 2, 3)  # may be of a subclass, as what follows
        self.next = type(engine)(1, 2, 3)
        self.one = self.kind(1, 2, 3)
""",
        """
# file: app/fast.py
from app.context import Context
from app.engine import Engine

class Fast(Engine):
    def __init__(self, context, *more, **named):
        super().__init__(context, *more, **named)

    @classmethod
    def of(cls, context):
        return super().__new__(cls)

class Both(Engine, Context):
    def __init__(self, context):
        super().__init__(context, 1, 2, 3)  # whichever is next

class Slow(Engine):
    def __init__(self, context):
        Engine.__init__(self, context, limit=1)
""",
        """
# file: app/fast.py
from app.engine import Engine

class Fast(Engine):
    def __init__(self, context, speed):
        super().__init__(context, speed=speed)  # Timed comes next in Both
# file: app/quick.py
from app.fast import Fast
from app.timed import Timed

class Quick(Fast): ...

class Both(
    Quick,
    Timed,
): ...
# file: app/timed.py
from app.engine import Engine

class Timed(Engine):
    def __init__(self, context, speed): ...
""",
        """
# file: app/engine.py
from dataclasses import KW_ONLY, InitVar, dataclass, field
from typing import ClassVar
from app.parts import Part

@dataclass(frozen=True, slots=True)
class Engine(Part):
    LIMIT: ClassVar[int] = 3
    context: object
    tags: list[str] = field(default_factory=list)
    made: bool = field(init=False, default=False)
    _: KW_ONLY
    seed: InitVar[int] = 0
    def execute(self, name): ...
    def stats(self): ...
# file: app/parts.py
from dataclasses import dataclass

@dataclass
class Part:
    name: str
# file: app/views.py
from app.engine import Engine

def view(context):
    Engine("a", context)
    Engine("a", context, [], seed=2)
""",
    )
    invalid = (
        """
# file: app/engine.py
from dataclasses import dataclass

@dataclass(frozen=True)
class Engine:
    context: object
    limit: int = 3
    def execute(self, name): ...
    def stats(self): ...
# file: app/views.py
from app.engine import Engine

def view(context):
    Engine()  # <-
    Engine(context, 1, 2)  # <-
    Engine(context, size=3)  # <-
""",
        """
# file: app/engine.py
from typing import NamedTuple

class Engine(NamedTuple):
    context: object
    limit: int = 3
    def execute(self, name): ...
    def stats(self): ...
# file: app/views.py
from app.engine import Engine

def view(context):
    Engine(context)
    Engine()  # <-
    Engine(context, 1, 2)  # <-
""",
        """
# file: tests/test_engine.py
from app.engine import Engine

async def test_runs(context, engine: Engine):
    Engine()  # <-
    Engine(context, 1, 2)  # <-
    Engine(context, size=3)  # <-
    await engine.execute()  # <-
    await Engine.execute(engine)  # <-
    await Engine.execute(engine, "a")
""",
        """
# file: app/fast.py
from app.engine import Engine

class Fast(Engine):
    def __init__(self, context, speed):
        super().__init__(context, 3, speed)  # <-

class Slow(Engine):
    def __init__(self):
        Engine.__init__(self)  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every call whose arguments do not fit."""
        heirs = Heirs(project)
        for source in project.sources():
            for call in source.facts.calls:
                if call.use == "marker":
                    continue
                target = project.resolver.resolve(call.callee)
                canonical = subject_of(project, target)
                if canonical is None:
                    continue
                if target.kind == entities.CLASS and may_be_heir(call.callee):
                    continue
                unbound = unbound_method(project, call, target)
                taken = signature(project, target, unbound=unbound)
                if taken is None:
                    continue
                _, problems = bind(call, taken)
                if not problems or project.expected.covers(source.path, call.line):
                    continue
                heir = _asks_next(project, source, call)
                if not (heir and heirs.join(heir)):
                    name = target.name
                    takes = ", ".join(parameter.name for parameter in taken.parameters)
                    yield self.finding(
                        source.path,
                        call.line,
                        call.column,
                        f"{name} is called with wrong arguments: {'; '.join(problems)}",
                        cause=f"{target.full} takes ({takes})",
                        subject=canonical.subject,
                    )


def _asks_next(project: Project, source: Source, call: Call) -> str:
    """Return the name of the class in which a call by ``super()`` stands; empty for other calls."""
    scope = call.scope
    while scope:
        declared = project.resolver.class_facts(Entity(entities.CLASS, source.module, scope))
        if declared is not None:
            base = declared.bases[0] if len(declared.bases) == 1 else None
            by_super = base and (call.callee or "").startswith(f"{base.removesuffix('[]')}().")
            return scope.rpartition(".")[2] if by_super else ""
        scope = scope.rpartition(".")[0]
    return ""


def subject_of(project: Project, target: Entity) -> Canonical | None:
    """Return the canonical thing that a callee is: its class, its factory or one of its methods."""
    for canonical in project.canonicals:
        if canonical.type.kind == entities.CLASS and canonical.is_type(target):
            return canonical
        if target.kind == entities.FUNCTION:
            if canonical.factory == target:
                return canonical
            owner, dot, _ = target.name.rpartition(".")
            if dot and (target.module, owner) == (canonical.type.module, canonical.type.name):
                return canonical
    return None
