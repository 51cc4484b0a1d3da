"""TL201: the canonical class constructed outside its factory."""

from collections.abc import Iterator
from typing import Final

from trunkline.audit import entities
from trunkline.audit.at_hand import container_at_hand
from trunkline.audit.entities import Entity
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule
from trunkline.audit.source.facts import Call

_CALLERS: Final = frozenset({"functools:partial", "builtins:map", "collections:defaultdict"})
"""What calls its first argument."""


class Check(Rule):
    """An object that is constructed directly goes round the canonical factory.

    It gets none of what the factory gives: the scope that closes it, the user's own bridge, the
    limits, the overrides of tests. Two ways to build one thing drift apart, and which one a request
    gets then depends on the call site. Only the module of the class, the module of its factory and
    those under `built-in` may construct it; tests may too.
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
# file: tests/test_engine.py
from app.engine import Engine

def test_runs():
    assert Engine(None)
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

def view(context):
    first = Registry.engine_class(context)  # <-
    second = import_module("app.engine").Engine(context)  # <-
    third = Engine.__new__(Engine)  # <-
    return first, second, third, object.__new__(Engine)  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every construction outside the modules that may build."""
        for source in project.sources(tests=False):
            for call in source.facts.calls:
                target = _constructed(project, call)
                if target.kind != entities.CLASS:
                    continue
                for canonical in project.canonicals:
                    if canonical.is_type(target) and not canonical.may_build(
                        source.module, call.scope
                    ):
                        yield self.finding(
                            source.path,
                            call.line,
                            call.column,
                            f"{canonical.name} is constructed directly",
                            cause=f"{canonical.factory_call} is its canonical factory",
                            remedy=f"take it from {canonical.factory_call}",
                            subject=canonical.subject,
                            fix=container_at_hand(project, source, call, canonical),
                        )


def _constructed(project: Project, call: Call) -> Entity:
    """Return what a call constructs, itself or by handing it to what calls it."""
    target = project.resolver.resolve(call.callee)
    makes = target.full in _CALLERS or (call.callee or "").endswith(".__new__")
    if makes and call.arguments:
        return project.resolver.resolve(call.arguments[0].value)
    return target
