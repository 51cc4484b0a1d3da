"""TL701: a longer-lived provider that holds a shorter-lived object."""

from collections.abc import Iterator

from trunkline.audit.findings import Finding
from trunkline.audit.graphs import container_graphs, graph_findings, indent
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule
from trunkline.audit.source.needles import CONTAINER_NAMES


class Check(Rule):
    """A captive dependency: a singleton keeps the first request's object for every later one.

    The graph is read from the container's source and judged by the same check that a live container
    runs at start. What a ThreadLocalSingleton or a ContextLocalSingleton keeps belongs to one
    thread or context: another singleton that holds it shares it with all. A Factory's objects live
    as long as what they are made of, and where a `scope` is configured for their type, no longer
    than that. A provider that itself keeps such an object for longer is reported too.
    """

    code = "TL701"
    name = "captive-dependency"
    summary = "a longer-lived provider that holds a shorter-lived object"
    remedy = "give the holder the shorter scope, or inject the provider and resolve it at each use"
    judges_by = ("canonical",)
    names = CONTAINER_NAMES
    valid = (
        """
# file: app/wired.py
from trunkline import ScopedContainer, providers
from app.context import Context
from app.engine import Engine

class Wired(ScopedContainer):
    context = providers.ScopeValue(Context)
    pool = providers.Singleton(dict, context.provider)
    tenant = context.provided.tenant_id
    cache = providers.KeyedSingleton(dict, tenant, key=tenant)
    engine = providers.Scoped(Engine, context)
""",
        """
# file: app/plain.py
from dependency_injector import containers, providers
from app.engine import Engine

class Plain(containers.DeclarativeContainer):
    connection = providers.ThreadLocalSingleton(dict)
    session = providers.ContextLocalSingleton(dict, connection)
    repository = providers.Factory(dict, session)
    clock = providers.Factory(dict)
    service = providers.Singleton(dict, clock, make=repository.provider)
    engine = providers.Factory(Engine, repository)
    current = providers.ContextLocalSingleton(dict, engine)
""",
        """
# file: app/plain.py
from dependency_injector import containers, providers
from app.context import Context

class Plain(containers.DeclarativeContainer):
    context = providers.Factory(Context)  # of which no scope is configured
    service = providers.Singleton(dict, context)
""",
    )
    invalid = (
        """
# file: app/wired.py
from trunkline import Scope, ScopedContainer, providers
from app.context import Context
from app.engine import Engine

class Wired(ScopedContainer):
    context = providers.ScopeValue(Context)
    helper = providers.Factory(Engine, context)
    pool = providers.Singleton(dict, helper)  # <-
    tenant = context.provided.tenant_id
    cache = providers.Singleton(dict, tenant=tenant)  # <-
    session = providers.Scoped(dict, context, scope=Scope.SESSION)  # <-
""",
        """
# file: app/plain.py
from dependency_injector import containers, providers

class Plain(containers.DeclarativeContainer):
    connection = providers.ThreadLocalSingleton(dict)
    session = providers.ContextLocalSingleton(dict)
    repository = providers.Factory(dict, session)
    service = providers.Singleton(dict, repository)  # <-
    store = providers.ThreadSafeSingleton(dict, part=connection.provided.part)  # <-
    pool = providers.Resource(dict, session)  # <-
    worker = providers.ThreadLocalSingleton(dict, session)  # <-
""",
        """
# file: app/plain.py
from dependency_injector import containers, providers
from app.engine import Engine

def make_engine(context) -> Engine:
    return Engine(context)

class Plain(containers.DeclarativeContainer):
    engine = providers.Factory(Engine)
    called = providers.Callable(make_engine)
    given = providers.Dependency(instance_of=Engine)
    cache = providers.Singleton(dict, engine)  # <-
    pool = providers.ThreadLocalSingleton(dict, called)  # <-
    store = providers.Singleton(dict, providers.List(given))  # <-
    shared = providers.Singleton(Engine)  # <-
""",
        """
# file: app/wired.py
from trunkline import Scope, ScopedContainer, providers
from app.engine import Engine

class Wired(ScopedContainer):
    engine = providers.Scoped(Engine, scope=Scope.SESSION)  # <-
    each = providers.Factory(Engine)
    cache = providers.Singleton(dict, each)  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every captive dependency of every container."""
        from trunkline.validation import check_captive_dependencies

        graphs = list(container_graphs(project))
        yield from graph_findings(project, self, graphs, check_captive_dependencies)
        for path, graph, configured in graphs:
            for name, scope in configured.items():
                node = graph[name]
                if node.scope is None or graph.depth(node.scope) >= graph.depth(scope):
                    continue
                at = node.location
                file, line = (at.file, at.line) if at is not None else (path, 0)
                yield self.finding(
                    file,
                    line,
                    indent(project, file, line),
                    f"{name} keeps its object as long as {node.scope}, which is to live as long as "
                    f"{scope}",
                    cause=f"{node.provides} has the scope {scope.lower()} in pyproject.toml",
                    remedy=f"make {name} a provider of the scope {scope}: a Factory or a "
                    "ContextLocalSingleton where the container has no scopes",
                )
