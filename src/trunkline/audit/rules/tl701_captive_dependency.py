"""TL701: a longer-lived provider that holds a shorter-lived object."""

from collections.abc import Iterator

from trunkline.audit.findings import Finding
from trunkline.audit.graphs import graph_findings
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule
from trunkline.audit.source.needles import CONTAINER_NAMES


class Check(Rule):
    """A captive dependency: a singleton keeps the first request's object for every later one.

    The graph is read from the container's source and judged by the same check that a live container
    runs at start.
    """

    code = "TL701"
    name = "captive-dependency"
    summary = "a longer-lived provider that holds a shorter-lived object"
    remedy = "give the holder the shorter scope, or inject the provider and resolve it at each use"
    judges_by = ()
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
    engine = providers.Scoped(Engine, context, scope=Scope.SESSION)  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every captive dependency of every container."""
        from trunkline.validation import check_captive_dependencies

        yield from graph_findings(project, self, check_captive_dependencies)
