"""TL304: a redirect whose target leads back to it."""

from collections.abc import Iterator

from trunkline.audit.canonical import Canonical
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule
from trunkline.audit.source import facts
from trunkline.audit.source.facts import Import


class Check(Rule):
    """The canonical module imports the redirect that imports it.

    Which of the two is imported first then decides whether the program starts, and the redirect can
    never be removed.
    """

    code = "TL304"
    name = "redirect-loop"
    summary = "a redirect whose target imports it"
    remedy = "take the import out of the canonical module; nothing canonical needs an old name"
    valid = (
        """
# file: app/views.py
from app.engine import Engine
""",
        """
# file: app/__init__.py
from app.old import OldEngine
# file: app/engine.py
from typing import TYPE_CHECKING
from app import parts
if TYPE_CHECKING:
    from app.old import OldEngine

class Engine:
    def execute(self, name):
        from app.old import OldEngine
    def stats(self): ...
    async def execute_pipeline(self, steps): ...
# file: app/parts.py
def late():
    from app.old import OldEngine
""",
    )
    invalid = (
        """
# file: app/engine.py
from app.old import LIMIT  # <-

class Engine:
    def execute(self, name): ...
    def stats(self): ...
    async def execute_pipeline(self, steps): ...
# file: app/old.py
import warnings
from app.engine import Engine

LIMIT = 3
warnings.warn("use app.engine", DeprecationWarning, stacklevel=2)
OldEngine = Engine
""",
        """
# file: app/engine.py
from app import parts  # <-

class Engine:
    def execute(self, name): ...
    def stats(self): ...
    async def execute_pipeline(self, steps): ...
# file: app/parts.py
from app.kept import OldEngine
# file: app/kept.py
from app.old import OldEngine
""",
        """
# file: app/old.py
from app.older import OldEngine  # <-
# file: app/older.py
from app.old import OldEngine
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield imports of a redirect by the module of its target, and names in a circle."""
        for canonical in project.canonicals:
            leading = _leading(project, canonical)
            for module in {canonical.type.module, canonical.config.type.module}:
                path = project.table.files.get(module)
                if path is None or canonical.is_legacy_module(module):
                    continue
                for item in project.resolver.facts(module).imports:
                    reached = _reached(project, item) if not item.flags & facts.LATE else ()
                    # The packages around the module are being imported already.
                    ways = [name for name in reached if not f"{module}.".startswith(f"{name}.")]
                    way = next((name for name in ways if name in leading), None)
                    if way is None:
                        continue
                    old = leading[way]
                    by_way_of = "" if way == old else f" by way of {way}"
                    yield self.finding(
                        path,
                        item.line,
                        item.column,
                        f"the canonical module imports its own redirect {old}{by_way_of}",
                        cause=f"{old} leads to {canonical.subject}, defined here",
                        subject=canonical.subject,
                    )
            yield from self._circles(project, canonical)

    def _circles(self, project: Project, canonical: Canonical) -> Iterator[Finding]:
        for legacy in canonical.config.legacy:
            path = project.table.files.get(legacy.module) if legacy.attribute else None
            hops = project.hops(legacy.module, legacy.attribute)
            if path is None or project.next_hop(hops[-1]) not in hops:
                continue
            names = [f"{hop.module}.{hop.name}" for hop in hops]
            binding = project.resolver.names(legacy.module)[legacy.attribute][0]
            yield self.finding(
                path,
                binding.line,
                binding.column,
                f"the old name {legacy.attribute} leads back to itself",
                cause=f"it stands for {', that for '.join([*names[1:], names[0]])}",
                remedy=f"let it stand for {canonical.subject}",
                subject=canonical.subject,
            )


def _leading(project: Project, canonical: Canonical) -> dict[str, str]:
    """Return the modules that import a redirect when they are imported, and which.

    Only files in which a canonical or old name stands are followed.
    """
    leading = {legacy.module: legacy.module for legacy in canonical.config.legacy}
    known = 0
    while known < len(leading):
        known = len(leading)
        for source in project.sources():
            if source.module in leading or source.module == canonical.type.module:
                continue
            for item in source.facts.imports:
                reached = _reached(project, item) if not item.flags & facts.LATE else ()
                old = next((leading[name] for name in reached if name in leading), None)
                if old is not None:
                    leading[source.module] = old
                    break
    return leading


def _reached(project: Project, item: Import) -> list[str]:
    """Return the modules that an import leads to: the one it names, and where its name is from."""
    if item.member in {None, "*"}:
        return [item.module]
    hops = project.hops(item.module, item.member or "")
    return [f"{item.module}.{item.member}", *(hop.module for hop in hops)]
