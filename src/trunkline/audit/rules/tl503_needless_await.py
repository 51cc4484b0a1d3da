"""TL503: a sync factory whose result is awaited."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.entities import Entity
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule


class Check(Rule):
    """``await`` on an object that is no awaitable is a TypeError when the line runs."""

    code = "TL503"
    name = "needless-await"
    summary = "a sync factory that is awaited"
    remedy = "take the await away"
    configuration = 'factory = "app.factory:make_engine"'
    valid = (
        """
# file: app/factory.py
from app.engine import Engine

def make_engine(context) -> Engine:
    return Engine(context)
# file: app/views.py
from app.factory import make_engine

async def view(context):
    return await make_engine(context).execute("a")
""",
        """
# file: app/factory.py
from collections.abc import Awaitable
from app.engine import Engine
from app.openers import opened

def open_engine(context) -> Awaitable[Engine]:
    return opened(Engine, context)
# file: app/views.py
from app.factory import open_engine

async def view(context):
    return await open_engine(context)
""",
    )
    invalid = (
        """
# file: app/factory.py
from app.engine import Engine

def make_engine(context) -> Engine:
    return Engine(context)
# file: app/views.py
from app.factory import make_engine

async def view(context):
    return await make_engine(context)  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every awaited call that gives the object itself."""
        for source in project.sources():
            for call in source.facts.calls:
                if call.use != "await" or call.callee is None:
                    continue
                result = project.resolver.resolve(f"{call.callee}()")
                if result.kind != entities.INSTANCE:
                    continue
                canonical = project.canonical_of(result)
                if canonical is None or project.expected.covers(source.path, call.line):
                    continue
                of = Entity(entities.CLASS, result.module, result.name)
                classes, complete = project.resolver.ancestors(of)
                declared = [project.resolver.class_facts(item) for item in classes]
                if complete and not any(item and "__await__" in item.members for item in declared):
                    yield self.finding(
                        source.path,
                        call.line,
                        call.column,
                        f"{call.callee.rpartition(':')[2]} is sync and is awaited",
                        cause=f"it gives {canonical.name} itself, which cannot be awaited",
                        subject=canonical.subject,
                    )
