"""TL702: ``Closing`` on an async resource."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.containers import declared_provider, is_async, is_container
from trunkline.audit.entities import Entity
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.queries import own_arguments
from trunkline.audit.rule import Rule
from trunkline.audit.source.needles import CONTAINER_NAMES


class Check(Rule):
    """Concurrent requests share the one resource; the first to finish closes it for the others.

    What the resource depends on is closed with it, the application's own connections among them.
    On another provider the marker closes every resource that this is made of. A resource that is
    named by text is looked for in every container; a ContextLocalResource is no fault.
    """

    code = "TL702"
    name = "closing-async"
    summary = "`Closing[...]` on an async resource"
    remedy = "make it a ScopedResource: each scope opens and closes its own"
    judges_by = ()
    names = CONTAINER_NAMES
    valid = (
        """
# file: app/views.py
from dependency_injector.wiring import Closing, Provide, inject
from app.wired import Wired

@inject
def view(session=Closing[Provide[Wired.plain]]): ...
# file: app/wired.py
from dependency_injector import containers, providers

def open_plain():
    yield 1

class Wired(containers.DeclarativeContainer):
    plain = providers.Resource(open_plain)
""",
        """
# file: app/views.py
from dependency_injector.wiring import Closing, Provide, inject

@inject
def view(local=Closing[Provide["local"]], one=Closing[Provide["either"]]): ...
# file: app/wired.py
from dependency_injector import containers, providers

async def open_session():
    yield 1

class Wired(containers.DeclarativeContainer):
    local = providers.ContextLocalResource(open_session)
    either = providers.Resource(open_session)

class Other(containers.DeclarativeContainer):
    either = providers.Object(1)
""",
    )
    invalid = (
        """
# file: app/views.py
from dependency_injector.wiring import Closing, Provide, inject
from app.wired import Wired

@inject
async def view(session=Closing[Provide[Wired.session]]): ...  # <-
# file: app/wired.py
from dependency_injector import containers, providers

async def open_session():
    yield 1

class Wired(containers.DeclarativeContainer):
    session = providers.Resource(open_session)
""",
        """
# file: app/views.py
from dependency_injector.wiring import Closing, Provide, inject
from app.wired import Wired

@inject
async def view(service=Closing[Provide[Wired.service]]): ...  # <-

@inject
async def other(pool=Closing[Provide["pool"]]): ...  # <-
# file: app/wired.py
from dependency_injector import containers, providers, resources

async def open_session():
    yield 1

class Pool(resources.AsyncResource[int]):
    async def init(self):
        return 1

class Wired(containers.DeclarativeContainer):
    session = providers.Resource(open_session)
    pool = providers.Resource(Pool)
    repository = providers.Factory(dict, session)
    service = providers.Factory(dict, part=repository)
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every such marker."""
        for source in project.sources():
            for call in source.facts.calls:
                if call.use != "marker" or not (call.callee or "").endswith("Closing[]"):
                    continue
                for argument in own_arguments(call):
                    names = [_closed(project, target) for target in _meant(project, argument.value)]
                    if names and None not in names:
                        yield self.finding(
                            source.path,
                            call.line,
                            call.column,
                            f"Closing on the async resource {names[0]}",
                            cause="concurrent requests share it; the first to finish closes it",
                        )


def _meant(project: Project, value: str | None) -> list[Entity]:
    """Return the providers that a marker may mean, which may be named by text."""
    if value is None or not value.startswith("='"):
        return [project.resolver.resolve(value)]
    name = value[2:-1]
    return [
        Entity(entities.PROVIDER, source.module, f"{item.name}.{name}")
        for source in project.sources()
        for item in source.facts.classes
        if name in item.members
        and is_container(project.resolver, Entity(entities.CLASS, source.module, item.name))
    ]


def _closed(project: Project, target: Entity) -> str | None:
    """Return the name of the first async resource that closing a provider closes, if any."""
    seen: set[Entity] = set()
    queue = [target]
    while queue:
        entity = queue.pop(0)
        if entity in seen or entity.kind != entities.PROVIDER:
            continue
        seen.add(entity)
        provider = declared_provider(project.resolver, entity.module, entity.name)
        if provider is None:
            continue
        if provider.kind == "Resource" and is_async(project.resolver, entity):
            return entity.name
        queue += [project.resolver.resolve(a.value) for a in provider.call.arguments]
    return None
