"""TL702: ``Closing`` on an async resource."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.containers import declared_provider, is_async
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.queries import own_arguments
from trunkline.audit.rule import Rule
from trunkline.audit.source.needles import CONTAINER_NAMES


class Check(Rule):
    """Concurrent requests share the one resource; the first to finish closes it for the others.

    What the resource depends on is closed with it, the application's own connections among them.
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
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every such marker."""
        for source in project.sources():
            for call in source.facts.calls:
                if call.use != "marker" or not (call.callee or "").endswith("Closing[]"):
                    continue
                for argument in own_arguments(call):
                    target = project.resolver.resolve(argument.value)
                    if target.kind != entities.PROVIDER:
                        continue
                    provider = declared_provider(project.resolver, target.module, target.name)
                    if provider is None or provider.kind != "Resource":
                        continue
                    if is_async(project.resolver, target):
                        yield self.finding(
                            source.path,
                            call.line,
                            call.column,
                            f"Closing on the async resource {target.name}",
                            cause="concurrent requests share it; the first to finish closes it",
                        )
