"""TL502: an async factory or method whose result is used without awaiting it."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.attributes import added_to
from trunkline.audit.canonical import Canonical
from trunkline.audit.entities import Entity
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project, Source
from trunkline.audit.rule import Rule
from trunkline.audit.source import facts
from trunkline.audit.source.facts import Call

_MENDED = frozenset({"expr", "attribute", "held"})
_WRONG = frozenset({*_MENDED, "with", "async with", "for"})


class Check(Rule):
    """Without `await` there is a coroutine where the object should be.

    Reported where that is certain: the call is dropped, something of its result is used at once, or
    the variable it is assigned to is used as the object, or it is entered or iterated. A coroutine
    handed to a task or gathered is left alone. The async methods of a canonical object count as
    well, where no subclass and no line of the tree puts something else in their place.
    """

    code = "TL502"
    name = "missing-await"
    summary = "an async factory or method that is not awaited"
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
        """
# file: app/engine.py
from abc import abstractmethod
from app.retries import retried

class Engine:
    def __init__(self, context): ...
    async def aclose(self): ...
    async def start(self): ...
    async def events(self):
        yield 1
    @retried
    async def send(self): ...
    @abstractmethod
    async def stream(self): ...
    def execute(self, name): ...
    def stats(self): ...
# file: app/fast.py
from app.engine import Engine

class Fast(Engine):
    def start(self): ...
# file: app/views.py
import asyncio
from app.engine import Engine

async def view(engine: Engine):
    await engine.aclose()
    task = asyncio.create_task(engine.aclose())
    later = engine.aclose()
    engine.aclose().close()
    engine.start()  # may be a fast one
    engine.events()
    engine.send()
    engine.stats()
    async for one in engine.stream():  # those that implement it may yield
        await later
    return task, lambda: engine.aclose()
# file: tests/test_engine.py
import pytest
from app.engine import Engine

def test_without_a_loop(engine: Engine):
    with pytest.raises(RuntimeError):
        engine.aclose()
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
        """
# file: app/factory.py
from app.engine import Engine

async def open_engine(context) -> Engine:
    return Engine(context)
# file: app/base.py
class Closes:
    async def aclose(self): ...
# file: app/engine.py
from app.base import Closes
from app.context import Context

class Engine(Closes):
    def __init__(self, context): ...
    async def own(self) -> Context: ...
    async def start(self):
        self.aclose()  # <-
    async def execute(self, name): ...
    def stats(self): ...
# file: app/views.py
from app.engine import Engine
from app.factory import open_engine

async def view(context):
    engine = await open_engine(context)
    engine.start()  # <-
    engine.execute("a").upper()  # <-
    Engine.start(engine)  # <-
    engine.own()  # <-
    engine.aclose()  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every call whose coroutine is dropped, or used as the object."""
        replaced: dict[Entity, frozenset[str]] = {}
        for source in project.sources():
            for call in source.facts.calls:
                if call.callee is None or call.use not in _WRONG:
                    continue
                result = project.resolver.resolve(f"{call.callee}()")
                awaitable = result.kind == entities.AWAITABLE
                made = project.canonical_of(result) if awaitable else None
                canonical = made or _owner_of_async(project, call, replaced)
                if canonical is None or project.expected.covers(source.path, call.line):
                    continue
                called, instead = call.callee.rpartition(":")[2], canonical.name
                if made is None:
                    called = f"{canonical.name}.{called.rpartition('.')[2]}"
                    instead = "what the method returns"
                yield self.finding(
                    source.path,
                    call.line,
                    call.column,
                    f"{called} is async and is not awaited",
                    cause=f"it gives a coroutine, not {instead}",
                    subject=canonical.subject,
                    fix=_fix(call) if call.use in _MENDED and _in_async(source, call) else (),
                )


def _owner_of_async(
    project: Project, call: Call, replaced: dict[Entity, frozenset[str]]
) -> Canonical | None:
    """Return the canonical thing an async method of which is called; None for any other call.

    Args:
        project: The tree.
        call: The call.
        replaced: What may stand in the place of methods, by class; filled when it is asked for.
    """
    owner, _, name = (call.callee or "").rpartition(".")
    method = project.resolver.resolve(call.callee)
    if method.kind != entities.FUNCTION or not owner:
        return None
    function = project.resolver.function(method)
    if function is None or not function.is_async or function.is_generator:
        return None
    abstract = any(path.endswith("abstractmethod") for path in function.decorators)
    if function.flags & facts.DECORATED or (abstract and call.use != "expr"):
        return None
    entity = project.resolver.resolve(owner)
    canonical = project.canonical_of(entity)
    if canonical is None or entity.kind not in {entities.CLASS, entities.INSTANCE}:
        return None
    of = Entity(entities.CLASS, entity.module, entity.name)
    if of not in replaced:
        added = added_to(project, of)
        replaced[of] = added.heirs | added.given
    return None if name in replaced[of] else canonical


def _in_async(source: Source, call: Call) -> bool:
    return any(
        function.name == call.scope and function.is_async for function in source.facts.functions
    )


def _fix(call: Call) -> tuple[str, ...]:
    numbers = (call.line, call.column, call.end_line, call.end_column)
    return ("await", *map(str, numbers))
