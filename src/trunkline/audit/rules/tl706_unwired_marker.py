"""TL706: a wiring marker in a function that no wiring reaches."""

from collections.abc import Iterator
from typing import Final

from trunkline.audit import entities
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project, Source
from trunkline.audit.rule import Rule
from trunkline.audit.source.facts import Call, Definition, Function
from trunkline.audit.source.needles import CONTAINER_NAMES
from trunkline.audit.wiring import wired_modules, wired_names

_REGISTRARS: Final = frozenset(
    {"aiohttp", "celery", "click", "fastapi", "flask", "quart", "sanic", "typer"}
)
"""Frameworks whose decorators keep the function that they are given, or its signature."""


class Check(Rule):
    """An unreached ``Provide[...]`` stays what it is: the function gets the marker as its argument.

    Wiring fills the functions and methods of the modules that it names, decorated or not, and of
    what these import. Reported where every `wire` of the tree names its modules in the open and
    none reaches this function; where a web framework, a task queue or a command line took the
    function before `@inject` did; and in a class inside a class, into which wiring never looks.
    Functions inside functions are left alone, and so is a tree that wires nothing: its user does.
    """

    code = "TL706"
    name = "unwired-marker"
    summary = "a wiring marker in a function that no wiring reaches"
    remedy = "name the module in the wiring, or use trunkline's inject"
    judges_by = ()
    names = (*CONTAINER_NAMES, b".wire", b"WiringConfiguration")
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
        """
# file: app/views/__init__.py
from dependency_injector.wiring import Closing, Provide, inject
from app.wired import Wired
from app.shared import shared

def bare(one=Closing[Provide[Wired.one]]): ...  # wiring fills it all the same

class View:
    def get(self, one=Provide[Wired.one]): ...

    @inject
    def post(self, one=Provide[Wired.one]): ...

def marker():
    return Provide[Wired.one]  # the argument of nothing

def decorated(function):
    @inject
    def wrapper(one=Provide[Wired.one]): ...
    return wrapper
# file: app/shared.py
from dependency_injector.wiring import Provide, inject
from app.wired import Wired

@inject
def shared(one=Provide[Wired.one]): ...  # app.views imports it
# file: app/main.py
import sys
from dependency_injector.wiring import Provide, inject
from app.wired import Wired

@inject
def main(one=Provide[Wired.one]): ...

def start():
    Wired().wire(modules=[sys.modules[__name__]], keep_cache=True)
# file: app/wired/__init__.py
from dependency_injector import containers, providers

class Wired(containers.DeclarativeContainer):
    wiring_config = containers.WiringConfiguration(modules=["..views"])
    one = providers.Object(1)
""",
        """
# file: app/views.py
from dependency_injector.wiring import Provide, inject, register_loader_containers
from app.wired import Wired

@inject
def view(one=Provide[Wired.one]): ...

def start():
    register_loader_containers(Wired())
# file: app/wired.py
from dependency_injector import containers, providers

class Wired(containers.DeclarativeContainer):
    wiring_config = containers.WiringConfiguration(modules=["app.other"])
    one = providers.Object(1)
""",
        """
# file: app/api.py
from fastapi import Depends, FastAPI
from dependency_injector.wiring import Provide, inject

app = FastAPI()

@app.get("/")
@inject
async def view(one=Depends(Provide["one"])): ...
""",
    )
    invalid = (
        """
# file: app/views.py
from dependency_injector.wiring import Provide, inject
from app.wired import Wired

class View:
    class Inner:
        def get(self, one=Provide[Wired.one]): ...  # <-
# file: app/pages.py
from dependency_injector.wiring import Closing, Provide, inject
from app.wired import Wired

@inject
def page(one=Closing[Provide[Wired.one]]): ...  # <-

class Page:
    @inject
    def get(self, one=Provide[Wired.one]): ...  # <-
# file: app/wired.py
from dependency_injector import containers, providers

class Wired(containers.DeclarativeContainer):
    wiring_config = containers.WiringConfiguration(modules=["app.views"])
    one = providers.Object(1)
""",
        """
# file: app/api.py
from typing import Annotated
import click
from fastapi import Depends, FastAPI
from dependency_injector.wiring import Provide, inject

app = FastAPI()

@inject
@app.get("/")
async def view(one=Depends(Provide["one"])): ...  # <-

@app.get("/other")
async def other(one: Annotated[int, Depends(Provide["one"])]): ...  # <-

@click.command()
def command(one=Provide["one"]): ...  # <-
# file: app/routes.py
from app.api import app
from dependency_injector.wiring import Provide, inject

@app.post("/")
async def third(one=Provide["one"]): ...  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every marker that stays unresolved."""
        wired = wired_modules(project)
        reached: frozenset[tuple[str, str]] | None = None
        for source in project.sources():
            for call, function in _taken(project, source):
                reason = _kept_from_wiring(project, function)
                if reason is None and wired is not None and not wired.reaches(source.module):
                    if reached is None:
                        reached = wired_names(project, wired)
                    top = function.name.partition(".")[0]
                    if not {(source.module, top), (source.module, "*")} & reached:
                        reason = f"no wire() names {source.module}, or a module that imports {top}"
                if reason is not None:
                    yield self.finding(
                        source.path,
                        call.line,
                        call.column,
                        f"the marker in {function.name} is never replaced",
                        cause=reason,
                    )


def _taken(project: Project, source: Source) -> Iterator[tuple[Call, Function]]:
    """Yield every marker that is an argument of a function, or of a method, with that."""
    markers = [
        call
        for call in source.facts.calls
        if call.use == "marker" and _is_marker(project, call.callee)
    ]
    outer = [call for call in markers if (call.callee or "").endswith("Closing[]")]
    inner = {one for one in markers for other in outer if one is not other and _holds(other, one)}
    for call in markers:
        function = _function_at(source, call) if call not in inner else None
        if function is not None:
            yield call, function


def _holds(outer: Call, inner: Call) -> bool:
    """Tell whether a marker stands inside another: ``Closing[Provide[...]]``."""
    start, end = outer.span[:2], outer.span[2:]
    return start <= inner.span[:2] and inner.span[2:] <= end


def _is_marker(project: Project, callee: str | None) -> bool:
    target = project.resolver.resolve((callee or "").removesuffix("[]"))
    return target.full in {
        "dependency_injector.wiring:Provide",
        "dependency_injector.wiring:Provider",
        "dependency_injector.wiring:Closing",
    }


def _function_at(source: Source, call: Call) -> Function | None:
    """Return the function that takes a marker: those of its body stand in a scope of its own."""
    found = None
    for function in source.facts.functions:
        owner = function.name.rpartition(".")[0]
        if owner == call.scope and function.line <= call.line <= function.end_line:
            found = function
    return found


def _kept_from_wiring(project: Project, function: Function) -> str | None:
    """Return why no wiring can reach a function, whatever it names; None where it can."""
    injected = False
    for decorator in reversed(function.decorators):
        if decorator.rpartition(":")[2].rpartition(".")[2].startswith("inject"):
            injected = True
        elif not injected and _registers(project, decorator.removesuffix("()")):
            written = decorator.rpartition(":")[2].removesuffix("()")
            return f"@{written} takes the function as it is, with no @inject below"
    if not injected and not function.decorators and function.name.count(".") > 1:
        return "wiring looks into no class inside a class, and there is no @inject"
    return None


def _registers(project: Project, decorator: str) -> bool:
    """Tell whether a decorator is one of a framework that keeps the function it is given."""
    target = project.resolver.resolve(decorator)
    if target.kind == entities.EXTERNAL:
        return target.module.partition(".")[0] in _REGISTRARS
    module, _, rest = decorator.partition(":")
    owner, dot, _ = rest.partition(".")
    if not dot or module not in project.table.files:
        return False
    last = project.hops(module, owner)[-1]
    if last.module not in project.table.files:
        return False
    for bound in project.resolver.names(last.module).get(last.name, ()):
        if isinstance(bound, Definition) and (bound.value or "").endswith("()"):
            maker = project.resolver.resolve((bound.value or "")[:-2])
            if maker.kind == entities.EXTERNAL:
                return maker.module.partition(".")[0] in _REGISTRARS
    return False
