"""TL201: the canonical class constructed outside its factory."""

import re
from collections.abc import Iterator
from typing import Final

from trunkline.audit import entities
from trunkline.audit.at_hand import container_at_hand
from trunkline.audit.constructions import constructor_of, made_by_call
from trunkline.audit.findings import Finding
from trunkline.audit.heirs import Heirs
from trunkline.audit.project import Project, Source
from trunkline.audit.rule import Rule
from trunkline.audit.source.facts import Call

_MEMBER: Final = re.compile(r"\.(?!__)(\w+)")
"""Of a path; no class binds ``__class__``, or ``__new__``, to another class."""


class Check(Rule):
    """An object that is constructed directly goes round the canonical factory.

    It gets none of what the factory gives: the scope that closes it, the user's own bridge, the
    limits, the overrides of tests. Two ways to build one thing drift apart, and which one a request
    gets then depends on the call site. Only the module of the class, the module of its factory and
    those under `built-in` may construct it; tests may too.

    The class is followed through aliases, class attributes, functions that return it, tables of
    classes, parameters annotated ``type[Engine]``, ``getattr(module, "Engine")`` and modules loaded
    by name; to what calls it for somebody (`functools.partial`, `map`, ``default_factory=``,
    FastAPI's ``Depends(Engine)``); and to `copy`, `deepcopy` and `dataclasses.replace` of its
    objects. Not seen are classes that a key, a condition or a subclass chooses among several, those
    that go through a registry, an executor or another container, ``Depends()`` without an argument,
    and names that are put together at run time.

    A class method or static method of the class that constructs and returns an object is another
    way round the factory, and its calls are reported; what a method of an object makes is not.
    """

    code = "TL201"
    name = "direct-construction"
    summary = "direct construction that goes round the canonical factory"
    remedy = "take it from the canonical factory"
    valid = (
        """
# file: app/views.py
from containers import Application

async def view(app: Application):
    return await app.engine()
""",
        """
# file: app/other.py
class Engine:
    pass

def view():
    return Engine()
""",
        """
# file: app/fast.py
class Fast: ...
# file: app/views.py
from app.engine import Engine
from app.fast import Fast
from app.settings import FAST

if FAST:
    Engine = Fast

def view():
    return Engine()  # one of two

class Registry:
    kind = Engine

    def choose(self, kind):
        self.kind = kind

    def make(self, context):
        return self.kind(context)

class Other:
    kind = Engine
    kind = Fast

    def make(self, context):
        return self.kind(context)
""",
        """
# file: app/views.py
from app.engine import Engine

kind = Engine

def choose(other):
    global kind
    kind = other

def view(context):
    return kind(context)
""",
        """
# file: app/fast.py
class Fast: ...
# file: app/tables.py
from app.engine import Engine
from app.fast import Fast

KINDS = {"fast": Fast, "slow": Engine}
CHANGED = {"slow": Engine}
CHANGED["slow"] = Fast
FILLED = {"slow": Engine}
FILLED.update(slow=Fast)
ORDER = [Fast, Engine]
# file: app/views.py
from dataclasses import dataclass, field
from app.engine import Engine
from app.fast import Fast
from app.tables import CHANGED, FILLED, KINDS, ORDER

def view(context, name, index):
    first = KINDS["fast"](context)
    second = KINDS[name](context)  # one of several
    third = CHANGED["slow"](context)
    fourth = FILLED["slow"](context)
    return first, second, third, fourth, ORDER[0](context), ORDER[index](context)

def by_name(module, name: str, kind: type, other: type[Fast], context):
    return getattr(module, name)(context), kind(context), other(context)

def chosen(context, fast):
    return (Fast if fast else Engine)(context)

def engine_class(fast):
    if fast:
        return Fast
    return Engine

def build(context, fast):
    return engine_class(fast)(context)

@dataclass
class Row:
    kind: type[Engine] = field(default=Engine)
""",
        """
# file: app/kinds.py
from app.engine import Engine

class Registry:
    kind = Engine

    def motor(self):
        return Engine

    @classmethod
    def of(cls, context):
        return cls.kind(context)

    def make(self, context):
        return self.kind(context), self.motor()(context)
# file: app/other.py
from app import kinds
from app.fast import Fast

class Other(kinds.Registry): ...

class Another(
    Other,
):
    kind = Fast

    def motor(self):
        return Fast
# file: app/fast.py
class Fast: ...
""",
        """
# file: tests/test_engine.py
from app.engine import Engine

def test_runs():
    assert Engine(None)
""",
        """
# file: app/engine.py
class Engine:
    def __init__(self, context, limit=3):
        self.context = context

    @classmethod
    def of(cls, context):
        return cls(context)

    @classmethod
    async def started(cls, context):
        engine = Engine(context)
        await engine.execute("start")
        return engine

    @staticmethod
    def plain(context) -> "Engine":
        return Engine(context)

    @classmethod
    def same(cls, engine: "Engine"):
        return engine

    @staticmethod
    def limits():
        return {"limit": 3}

    def child(self):
        return Engine(self.context)

    async def execute(self, name): ...
# file: app/views.py
from app.engine import Engine

def view(engine: Engine):
    return engine.child(), Engine.same(engine), Engine.limits()
""",
    )
    invalid = (
        """
# file: app/views.py
from app.engine import Engine

def view(context):
    return Engine(context)  # <-
""",
        """
# file: app/tables.py
from app import engine
from app.fast import Fast

KINDS = {
    "fast": Fast,
    "slow": engine.Engine,
}
ONLY = (engine.Engine,)
# file: app/fast.py
class Fast: ...
# file: app/views.py
from app import tables
from app.tables import KINDS, ONLY

class Registry:
    kinds = {"slow": tables.engine.Engine}

    def make(self, context):
        return self.kinds["slow"](context)  # <-

def view(context, name, index):
    first = KINDS["slow"](context)  # <-
    second = tables.ONLY[index](context)  # <-
    third = tables.KINDS["fast"](context)
    return first, second, third, ONLY[0](context)  # <-

class Many:
    kinds = {"slow": tables.engine.Engine, "fast": None}

    def make(self, context, name):
        return self.kinds[name](context)
# file: app/more.py
from app.engine import Engine

KINDS = {"slow": Engine}

def view(context, name):
    first = KINDS.get(name)(context)  # <-
    return first, KINDS[name](context)  # <-
""",
        """
# file: app/views.py
import importlib
from typing import Type
from app import engine
from app.engine import Engine

def given(kind: type[Engine], other: "Type[Engine] | None", context):
    engine = kind(context)  # <-
    return engine, other(context)  # <-

class Runner:
    kind: type[Engine]
    last: type[Engine]

    def __init__(self, other: type[Engine] = Engine) -> None:
        self.other = other
        self.last = other

    def run(self, context):
        first = self.kind(context)  # <-
        second = self.last(context)  # <-
        return first, second, self.other(context)  # <-

def by_name(context):
    kind = getattr(engine, "Engine")
    loaded = getattr(importlib.import_module("app.engine"), "Engine")
    first = kind(context)  # <-
    second = __import__("app.engine", fromlist=["Engine"]).Engine(context)  # <-
    third = __import__("app.engine").engine.Engine(context)  # <-
    return first, second, third, loaded(context)  # <-

def engine_class():
    from app.engine import Engine
    return Engine

def build(context):
    return engine_class()(context)  # <-

class Factory:
    @property
    def kind(self):
        return Engine

    def make(self, context):
        return self.kind(context)  # <-
# file: app/texts.py
from pkgutil import resolve_name
from django.utils.module_loading import import_string

def view(context, name):
    first = import_string("app.engine.Engine")(context)  # <-
    return first, import_string(name)(context), resolve_name("app.engine:Engine")(context)  # <-
""",
        """
# file: app/views.py
from app.engine import Engine

First = Engine
Second = First
Third = Second

def view(context):
    return Third(context)  # <-
""",
        """
# file: app/views.py
import asyncio
import copy
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Annotated
from fastapi import Depends
from app.engine import Engine

@dataclass
class Row:
    engine: Engine = field(default_factory=Engine)  # <-

async def view(context):
    return await asyncio.to_thread(Engine, context)  # <-

def route(engine: Annotated[Engine, Depends(Engine)]): ...  # <-
def older(engine: Engine = Depends(Engine)): ...  # <-

def again(engine: Engine, row: Row):
    first = copy.copy(engine)  # <-
    second = replace(engine, limit=3)  # <-
    return first, second, deepcopy(engine), copy.copy(row)  # <-
""",
        """
# file: app/views.py
import app.engine as module
from app.engine import Engine as Motor

def view(context):
    first = module.Engine(context)  # <-
    return first, Motor(context=context)  # <-
""",
        """
# file: app/compat.py
from app.engine import Engine as Motor
# file: app/views.py
def view(context):
    from app.compat import Motor
    return Motor(context)  # <-
""",
        """
# file: app/views.py
from functools import partial
from app.engine import Engine

make = partial(Engine, limit=3)  # <-

def every(contexts):
    return list(map(Engine, contexts))  # <-
""",
        """
# file: app/views.py
from importlib import import_module
from app.engine import Engine

class Registry:
    engine_class = Engine

    def make(self, context):
        return self.engine_class(context)  # <-

class Other(Registry):
    speed = 3

class Apart:
    engine_class = None

def view(context):
    first = Registry.engine_class(context)  # <-
    second = import_module("app.engine").Engine(context)  # <-
    third = Engine.__new__(Engine)  # <-
    return first, second, third, object.__new__(Engine)  # <-
""",
        """
# file: app/engine.py
class Engine:
    def __init__(self, context, limit=3):
        self.context = context

    @classmethod
    def of(cls, context):
        return cls(context)

    @classmethod
    async def started(cls, context):
        engine = Engine(context)
        await engine.execute("start")
        return engine

    @staticmethod
    def plain(context) -> "Engine":
        return Engine(context)

    @classmethod
    def same(cls, engine: "Engine"):
        return engine

    @staticmethod
    def limits():
        return {"limit": 3}

    def child(self):
        return Engine(self.context)

    async def execute(self, name): ...
# file: app/views.py
from functools import partial
from app.engine import Engine

async def view(context):
    first = Engine.of(context)  # <-
    second = await Engine.started(context)  # <-
    return first, second, Engine.plain(context)  # <-

make = partial(Engine.of, None)  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every construction outside the modules that may build."""
        heirs = Heirs(project)
        for source in project.sources(tests=False):
            for call in source.facts.calls:
                target = made_by_call(project, call)
                own = constructor_of(project, target)
                if own is not None and not (
                    own.may_build(source.module, call.scope)
                    or own.is_legacy(target.module, target.name)
                ):
                    yield self.finding(
                        source.path,
                        call.line,
                        call.column,
                        f"{own.name} is constructed by its own {target.last}",
                        cause=own.factory_cause,
                        remedy=own.factory_remedy,
                        subject=own.subject,
                    )
                if target.kind != entities.CLASS:
                    continue
                for canonical in project.canonicals:
                    if (
                        canonical.is_type(target)
                        and not canonical.may_build(source.module, call.scope)
                        and not _heir_chooses(project, source, call, heirs)
                    ):
                        yield self.finding(
                            source.path,
                            call.line,
                            call.column,
                            f"{canonical.name} is constructed directly",
                            cause=canonical.factory_cause,
                            remedy=canonical.factory_remedy,
                            subject=canonical.subject,
                            fix=container_at_hand(project, source, call, canonical),
                        )


def _heir_chooses(project: Project, source: Source, call: Call, heirs: Heirs) -> bool:
    """Tell whether a callee is a member of an object whose class may have it bound anew by heirs.

    Within its own class, a class counts as an object: it may be ``cls``.
    """
    path = call.callee or ""
    for step in _MEMBER.finditer(path):
        owner = project.resolver.resolve(path[: step.start()])
        inside = owner.module == source.module and call.scope.startswith(f"{owner.name}.")
        if (
            owner.kind == entities.INSTANCE or (owner.kind == entities.CLASS and inside)
        ) and heirs.bind(owner.name.rpartition(".")[2], step[1]):
            return True
    return False
