"""TL502: an async factory whose result is used without awaiting it."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project, Source
from trunkline.audit.rule import Rule
from trunkline.audit.source.facts import Call

_MENDED = frozenset({"expr", "attribute", "held"})
_WRONG = frozenset({*_MENDED, "with", "async with", "for"})


class Check(Rule):
    """Without `await` there is a coroutine where the object should be.

    Reported where that is certain: the call is dropped, something of its result is used at once, or
    the variable it is assigned to is used as the object, or it is entered or iterated. A coroutine
    handed to a task or gathered is left alone.
    """

    code = "TL502"
    name = "missing-await"
    summary = "an async factory that is not awaited"
    remedy = "await the call"
    configuration = 'factory = "app.factory:open_engine"'
    valid = (
        """
# file: app/factory.py
from app.engine import Engine

async def open_engine(context) -> Engine:
    return Engine(context)
# file: app/views.py
import asyncio
from app.factory import open_engine

async def view(context):
    engine = await open_engine(context)
    later = open_engine(context)
    task = asyncio.create_task(open_engine(context))
    both = await asyncio.gather(open_engine(context), open_engine(context))
    closed = open_engine(context)
    closed.close()  # of the coroutine
    open_engine(context).close()
    return engine.stats(), await later, await task, both

class View:
    def __await__(self):
        return open_engine(self).__await__()
""",
    )
    invalid = (
        """
# file: app/factory.py
from app.engine import Engine

async def open_engine(context) -> Engine:
    return Engine(context)
# file: app/views.py
from app.factory import open_engine

async def view(context):
    engine = open_engine(context)  # <-
    open_engine(context)  # <-
    open_engine(context).stats()  # <-
    async with open_engine(context) as other:  # <-
        pass
    return engine.stats()
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every call whose coroutine is dropped, or used as the object."""
        for source in project.sources():
            for call in source.facts.calls:
                if call.callee is None or call.use not in _WRONG:
                    continue
                result = project.resolver.resolve(f"{call.callee}()")
                if result.kind != entities.AWAITABLE:
                    continue
                canonical = project.canonical_of(result)
                if canonical is None or project.expected.covers(source.path, call.line):
                    continue
                yield self.finding(
                    source.path,
                    call.line,
                    call.column,
                    f"{call.callee.rpartition(':')[2]} is async and is not awaited",
                    cause=f"it gives a coroutine, not {canonical.name}",
                    subject=canonical.subject,
                    fix=_fix(call) if call.use in _MENDED and _in_async(source, call) else (),
                )


def _in_async(source: Source, call: Call) -> bool:
    return any(
        function.name == call.scope and function.is_async for function in source.facts.functions
    )


def _fix(call: Call) -> tuple[str, ...]:
    numbers = (call.line, call.column, call.end_line, call.end_column)
    return ("await", *map(str, numbers))
