"""TL606: a scoped object stored on something that outlives it."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.canonical import Canonical
from trunkline.audit.containers import provider_kind
from trunkline.audit.entities import Entity
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule
from trunkline.audit.scoped import Kept, kept_objects
from trunkline.audit.source.needles import CONTAINER_NAMES

_LASTING = frozenset({"Singleton", "ThreadSafeSingleton", "ThreadLocalSingleton"})
_FRAMEWORKS = frozenset({"fastapi", "starlette", "aiohttp"})
_APPLICATIONS = frozenset({"FastAPI", "Starlette"})
_REQUESTS = frozenset({"Request", "WebSocket", "HTTPConnection"})


class Check(Rule):
    """``app.state.engine = engine``: the next request finds the last one's object there.

    Longer-lived are objects of the module level, canonical types of a longer scope, classes that a
    container provides as singletons, and the application of a request of FastAPI, Starlette or
    aiohttp.
    """

    code = "TL606"
    name = "stored-on-longer-lived"
    summary = "a scoped object stored on a longer-lived one"
    remedy = "pass it to the call that needs it, or resolve it in its scope"
    names = CONTAINER_NAMES
    valid = (
        """
# file: app/views.py
from app.engine import Engine

class View:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
""",
        """
# file: app/views.py
from fastapi import Request
from app.engine import Engine
from app.requests import Request as Ours

def view(request: Request, other: Ours, engine: Engine):
    request.state.engine = engine  # of this request
    request.scope["engine"] = engine
    other.app.state.engine = engine  # whatever that is
""",
    )
    invalid = (
        """
# file: app/state.py
class State: ...

state = State()
# file: app/views.py
from app.engine import Engine
from app.state import state

def view(engine: Engine):
    state.engine = engine  # <-
    view.last = engine  # <-
# file: app/pool.py
from app.engine import Engine

class Pool:
    def take(self, context):
        self.last = Engine(context)  # <-
# file: containers.py
from app.context import Context
from app.engine import Engine
from app.pool import Pool
from trunkline import ScopedContainer, providers

class Application(ScopedContainer):
    context = providers.ScopeValue(Context)
    engine = providers.Scoped(Engine, context)
    pool = providers.Singleton(Pool)
""",
        """
# file: app/views.py
import starlette.requests
from aiohttp import web
from fastapi import FastAPI, Request, WebSocket
from app.engine import Engine

async def view(request: Request, context):
    request.app.state.engine = Engine(context)  # <-

async def socket(websocket: WebSocket, engine: Engine):
    websocket.app.state.engines["a"] = engine  # <-

async def lifespan(app: FastAPI, engine: Engine):
    app.state.engine = engine  # <-

async def other(request: starlette.requests.Request, engine: Engine):
    request.app.state.engine = engine  # <-

async def handler(request: web.Request, engine: Engine):
    request.app["engine"] = engine  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every such store outside the tests."""
        lasting = _singletons(project)
        for source in project.sources(tests=False):
            for kept in kept_objects(project, source):
                holder = _holder(project, kept, lasting)
                if holder and (kept.store.value or kept.store.annotation is None):
                    yield self.finding(
                        source.path,
                        kept.store.line,
                        kept.store.column,
                        f"an object of {kept.canonical.name} is stored on {holder}, "
                        "which outlives it",
                        cause=kept.lifetime,
                        subject=kept.canonical.subject,
                    )


def _holder(project: Project, kept: Kept, lasting: dict[Entity, str]) -> str:  # noqa: PLR0911 # one case after another
    target = kept.store.target.removesuffix("[]")
    owner, dot, name = target.rpartition(".")
    if not dot or ":" not in owner or not name.isidentifier():
        return ""
    rest = owner.rpartition(":")[2]
    module = owner.partition(":")[0]
    first = project.resolver.resolve(f"{module}:{rest.partition('.')[0]}")
    if first.kind in {entities.VALUE, entities.INSTANCE} and "(" not in rest:
        return f"the module-level {rest}"
    if first.kind == entities.FUNCTION and rest.isidentifier():
        return f"the function {rest}"
    application = _application(project, target)
    if application:
        return application
    entity = project.resolver.resolve(owner)
    if entity.kind == entities.INSTANCE:
        of = Entity(entities.CLASS, entity.module, entity.name)
        if of in lasting:
            return f"{entity.name}, {lasting[of]}"
        other: Canonical | None = project.canonical_of(entity)
        if other is not None and other.outlives(kept.canonical):
            return f"{entity.name}, which lives for one {other.config.scope}"
        return ""
    if entity.kind == entities.MODULE:
        return f"the module {entity.module}"
    return ""


def _application(project: Project, target: str) -> str:
    """Return how a target reaches the application, of a request or itself; empty for others."""
    maker, _, attributes = target.partition("().")
    of = project.resolver.resolve(maker)
    if of.kind != entities.EXTERNAL or of.module.partition(".")[0] not in _FRAMEWORKS:
        return ""
    reached = attributes.split(".")[0]
    if of.last in _APPLICATIONS and reached == "state":
        return f"the {of.last} application"
    return f"the application of the {of.last}" if of.last in _REQUESTS and reached == "app" else ""


def _singletons(project: Project) -> dict[Entity, str]:
    """Return the classes that containers provide as singletons."""
    found: dict[Entity, str] = {}
    for source in project.sources(tests=False):
        for call in source.facts.calls:
            if call.arguments and provider_kind(project.resolver, call.callee) in _LASTING:
                target = project.resolver.resolve(call.arguments[0].value)
                if target.kind == entities.CLASS:
                    found.setdefault(target, f"a singleton of {call.scope or source.module}")
    return found
