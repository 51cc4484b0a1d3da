"""TL304: a redirect whose target leads back to it."""

from collections.abc import Iterator

from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule
from trunkline.audit.source import facts

_LATE = facts.TYPE_CHECKING | facts.IN_FUNCTION


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
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every import of a redirect by the module of its target."""
        for canonical in project.canonicals:
            for module in {canonical.type.module, canonical.config.type.module}:
                path = project.table.files.get(module)
                if path is None or canonical.is_legacy_module(module):
                    continue
                for item in project.resolver.facts(module).imports:
                    if item.flags & _LATE:
                        continue
                    target = f"{item.module}.{item.member}" if item.member else item.module
                    hops = {hop.module for hop in project.hops(item.module, item.member or "")}
                    old = next(
                        (
                            legacy
                            for legacy in canonical.config.legacy
                            if legacy.module in {item.module, target, *hops}
                        ),
                        None,
                    )
                    if old is not None:
                        yield self.finding(
                            path,
                            item.line,
                            item.column,
                            f"the canonical module imports its own redirect {old.module}",
                            cause=f"{old.module} leads to {canonical.subject}, defined here",
                            subject=canonical.subject,
                        )
