"""TL706: a wiring marker in a function that no wiring reaches."""

from collections.abc import Iterator

from trunkline.audit.findings import Finding
from trunkline.audit.project import Project, Source
from trunkline.audit.rule import Rule
from trunkline.audit.source.needles import CONTAINER_NAMES
from trunkline.audit.wiring import wired_modules


class Check(Rule):
    """An unreached ``Provide[...]`` stays what it is: the function gets the marker as its argument.

    Reported where the function lacks `@inject`, and where every `wire` of the tree names its
    modules in the open and none names this one. A tree without any is wired from outside.
    """

    code = "TL706"
    name = "unwired-marker"
    summary = "a wiring marker in a function that no wiring reaches"
    remedy = "add @inject and name the module in the wiring, or use trunkline's inject"
    judges_by = ()
    names = (*CONTAINER_NAMES, b".wire(", b"WiringConfiguration")
    valid = (
        """
# file: app/views.py
from dependency_injector.wiring import Provide, inject
from app.wired import Wired

@inject
def view(one=Provide[Wired.one]): ...
# file: app/wired.py
from dependency_injector import containers, providers

class Wired(containers.DeclarativeContainer):
    wiring_config = containers.WiringConfiguration(packages=["app"])
    one = providers.Object(1)
""",
        """
# file: app/views.py
from dependency_injector.wiring import Provide, inject
from app.wired import DI

@inject
def view(one=Provide[DI.one]): ...
# file: app/wired.py
from dependency_injector import containers, providers

class DI(containers.DeclarativeContainer):
    one = providers.Object(1)
# file: app/start.py
from app import views

def start(container):
    container.wire(modules=[views])
""",
        """
# file: app/library.py
from dependency_injector.wiring import Provide, inject

@inject
def view(one=Provide["one"]): ...  # whoever uses the library wires it
""",
    )
    invalid = (
        """
# file: app/views.py
from dependency_injector.wiring import Provide, inject
from app.wired import Wired

def bare(one=Provide[Wired.one]): ...  # <-
# file: app/pages.py
from dependency_injector.wiring import Provide, inject
from app.wired import Wired

@inject
def page(one=Provide[Wired.one]): ...  # <-
# file: app/wired.py
from dependency_injector import containers, providers

class Wired(containers.DeclarativeContainer):
    wiring_config = containers.WiringConfiguration(modules=["app.views"])
    one = providers.Object(1)
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every marker that stays unresolved."""
        wired = wired_modules(project)
        for source in project.sources():
            for call in source.facts.calls:
                if call.use != "marker" or not _is_marker(project, call.callee):
                    continue
                function = _function_at(source, call.line)
                if function is None:
                    continue
                name, decorators = function
                injected = any(
                    path.rpartition(":")[2].rpartition(".")[2].startswith("inject")
                    for path in decorators
                )
                opaque = any("inject" not in path for path in decorators)
                if not injected and not opaque:
                    reason = f"{name} is not decorated with @inject"
                elif injected and wired is not None and not wired.reaches(source.module):
                    reason = f"no wire() names {source.module}"
                else:
                    continue
                yield self.finding(
                    source.path,
                    call.line,
                    call.column,
                    f"the marker in {name} is never replaced",
                    cause=reason,
                )


def _is_marker(project: Project, callee: str | None) -> bool:
    target = project.resolver.resolve((callee or "").removesuffix("[]"))
    return target.full in {
        "dependency_injector.wiring:Provide",
        "dependency_injector.wiring:Provider",
        "dependency_injector.wiring:Closing",
    }


def _function_at(source: Source, line: int) -> tuple[str, tuple[str, ...]] | None:
    best = None
    for function in source.facts.functions:
        if function.line <= line <= function.end_line:
            best = (function.name, function.decorators)
    return best
