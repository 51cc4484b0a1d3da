"""TL003: a canonical name that the tree does not have."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from trunkline.audit import entities
from trunkline.audit.canonical import Canonical
from trunkline.audit.config import Name
from trunkline.audit.containers import provided
from trunkline.audit.entities import Entity
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule


class Check(Rule):
    """The configuration names a class, a factory or a package that does not exist.

    Nothing about it is checked.

    The class must be defined in the tree, or imported where the configuration says; the factory is
    a function or a provider of a container, and a provider that makes another class is none. Old
    names of the tree's own packages must be there, and a pattern of `built-in` must match a module.
    The layers of a contract, its `source` and its `target` are packages or modules of the tree. A
    `family` that matches nothing is no finding: it keeps later versions out.
    """

    code = "TL003"
    name = "canonical-missing"
    summary = "a name in the configuration that the tree does not have"
    remedy = "correct the name in pyproject.toml, or define what it names"
    judges_by = ("canonical", "contracts")
    configuration = """
[[tool.trunkline.canonical]]
type = "app.context:Context"
"""
    valid = (
        """
# file: app/views.py
x = 1
# file: app/engine.py
class Engine:
    def __init__(self, context): ...
    def execute(self, name): ...
    def stats(self): ...
    @property
    def build(self): ...
# file: pyproject.toml
[[tool.trunkline.canonical]]
type = "app.context:Context"
factory = "app.engine:Engine.build"
""",
    )
    invalid = (
        """
# file: app/context.py
class Other: ...
# file: pyproject.toml
[[tool.trunkline.canonical]]
type = "app.context:Context"  # <-
factory = "app.context:make"  # <-
""",
        """
# file: app/engine.py
class Engine: ...
def make(): ...
LIMIT = 3
# file: app/old.py
from app.engine import Engine as OldEngine
# file: pyproject.toml
[[tool.trunkline.canonical]]
type = "app.engine:Engine"
built-in = ["app.eng*", "app.engin"]  # <-
family = ["*Gone"]
legacy = [
    "app.old:OldEngine",
    "app.old:OldEngin",  # <-
    "app.older:OldEngine",  # <-
    "app.oldest",  # <-
    "elsewhere.old:OldEngine",
]
[[tool.trunkline.canonical]]
type = "app.engine:make"  # <-
[[tool.trunkline.canonical]]
type = "app.engine:LIMIT"  # <-
factory = "app:engine"  # <-
""",
        """
# file: app/engine.py
class Engine: ...
class Fast(Engine): ...
class Log: ...
# file: app/wired.py
from dependency_injector import containers, providers
from app.engine import Engine, Fast, Log

class Wired(containers.DeclarativeContainer):
    engine = providers.Factory(Engine)
    fast = providers.Factory(Fast)
    log = providers.Singleton("app.engine.Log")
# file: pyproject.toml
[[tool.trunkline.canonical]]
type = "app.engine:Engine"
factory = "app.wired:Wired.fast"
[[tool.trunkline.canonical]]
type = "app.engine:Fast"
factory = "app.wired:Wired.log"  # <-
""",
        """
# file: app/core.py
x = 1
# file: pyproject.toml
[[tool.trunkline.contract]]
layers = ["app.engine", "app.kore"]  # <-
[[tool.trunkline.contract]]
source = ["app.core"]
forbidden = ["django", "app.wbe"]  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every configured name that leads nowhere."""
        for canonical in project.canonicals:
            if canonical.type.kind not in {entities.CLASS, entities.UNKNOWN}:
                wanted = canonical.config.type
                yield self._report(
                    project, "canonical class", wanted, canonical.type, canonical.subject
                )
            factory = canonical.factory
            name = canonical.config.factory
            if factory is not None and name is not None and _is_missing(project, factory, name):
                yield self._report(project, "canonical factory", name, factory, canonical.subject)
            elif factory is not None and name is not None:
                yield from self._other_product(project, canonical, factory, name)
            yield from self._names(project, canonical)
        for contract in project.config.contracts:
            layers = [part.strip() for layer in contract.layers for part in layer.split("|")]
            own = (
                name for name in contract.forbidden if project.table.exists(name.partition(".")[0])
            )
            for package in (*layers, *contract.source, *contract.target, *own):
                if not project.table.exists(package):
                    yield self.finding(
                        "pyproject.toml",
                        _line(project, package),
                        0,
                        f"the contract {contract.name!r} names {package}, which does not exist",
                        cause="no import can break this part of it",
                    )

    def _other_product(
        self, project: Project, canonical: Canonical, factory: Entity, name: Name
    ) -> Iterator[Finding]:
        """Yield a finding where the provider is known to make something else."""
        if factory.kind != entities.PROVIDER or canonical.type.kind != entities.CLASS:
            return
        made = provided(project.resolver, factory)
        own = Entity(entities.CLASS, made.module, made.name)
        if made.kind not in {entities.INSTANCE, entities.AWAITABLE} or (
            project.resolver.ancestors(own)[1] is False
        ):
            return
        if not project.resolver.is_subclass(own, canonical.type):
            yield self.finding(
                "pyproject.toml",
                _line(project, str(name)),
                0,
                f"the canonical factory {name} makes {made.name}, not {canonical.name}",
                cause=f"it is declared with {own.full}",
                remedy=f"name the provider that makes {canonical.name}",
                subject=canonical.subject,
            )

    def _names(self, project: Project, canonical: Canonical) -> Iterator[Finding]:
        for legacy in canonical.config.legacy:
            if not project.table.exists(legacy.module.partition(".")[0]):
                continue  # of a package that is not in the tree
            if project.resolver.module_state(legacy.module) == "no":
                found = Entity(entities.MISSING, legacy.module)
            elif legacy.attribute:
                found = project.resolver.lookup(legacy.module, legacy.attribute)
            else:
                continue
            if found.kind == entities.MISSING:
                yield self._report(project, "old name", legacy, found, canonical.subject)
        for pattern in canonical.config.built_in:
            if not any(fnmatchcase(module, pattern) for module in project.table.files):
                yield self.finding(
                    "pyproject.toml",
                    _line(project, pattern),
                    0,
                    f"built-in of {canonical.name} names {pattern}, which matches no module",
                    cause="nothing may build it by this",
                    subject=canonical.subject,
                )

    def _report(
        self, project: Project, what: str, name: Name, found: Entity, subject: str
    ) -> Finding:
        gone = found.kind in {entities.MISSING, entities.EXTERNAL}
        cause = f"{name.module} has no {name.attribute}"
        if not project.table.exists(name.module):
            cause = f"there is no module {name.module}"
        return self.finding(
            "pyproject.toml",
            _line(project, str(name)),
            0,
            f"the {what} {name} does not exist" if gone else f"{name} is no {what}",
            cause=cause if gone else _instead(found, name),
            subject=subject,
        )


def _instead(found: Entity, name: Name) -> str:
    """Say what a name leads to that is not what the configuration takes it for."""
    owner, dot, last = name.attribute.rpartition(".")
    if found.kind == entities.UNKNOWN and dot:
        return f"{owner} of {name.module} declares no {last}"
    return f"it is a {found.kind}"


def _is_missing(project: Project, factory: Entity, name: Name) -> bool:
    """Tell whether there is no factory of that name; one may be the property of a class."""
    owner, dot, last = name.attribute.rpartition(".")
    if not dot or factory.kind != entities.UNKNOWN:
        return factory.kind in {entities.MISSING, entities.EXTERNAL, entities.MODULE}
    holder = project.resolver.resolve(f"{name.module}:{owner}")
    return holder.kind != entities.CLASS or not project.resolver.has_member(holder, last)


def _line(project: Project, text: str) -> int:
    data = project.library.source("pyproject.toml") or b""
    rows = data.decode("utf-8", "replace").splitlines()
    word = re.compile(rf"[\"'| ]{re.escape(text)}[\"'| ]")
    return next((number for number, row in enumerate(rows, 1) if word.search(row)), 1)
