"""TL301: a redirect that defines things of its own."""

from collections.abc import Iterator

from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.redirects import own_definitions
from trunkline.audit.rule import Rule


class Check(Rule):
    """A redirect is an old name and nothing else: an alias, a `__getattr__`, a warning.

    A class with methods under the old name is a second implementation that nobody looks for there.
    Where a whole module is listed as old, nothing public may be defined in it.
    """

    code = "TL301"
    name = "redirect-defines"
    summary = "an old name that is a definition of its own instead of a redirect"
    remedy = "bind the old name to the canonical class and move what differs there"
    valid = (
        """
# file: app/old.py
import warnings
from app.engine import Engine

def __getattr__(name):
    if name == "OldEngine":
        warnings.warn("use app.engine", DeprecationWarning, stacklevel=2)
        return Engine
    raise AttributeError(name)
""",
    )
    invalid = (
        """
# file: app/old.py
import warnings
warnings.warn("use app.engine", DeprecationWarning, stacklevel=2)

class OldEngine:  # <-
    def execute(self, name):
        return name
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every definition that a redirect holds."""
        for canonical in project.canonicals:
            for legacy in canonical.config.legacy:
                for item in own_definitions(project, legacy):
                    yield self.finding(
                        project.table.files[legacy.module],
                        item.line,
                        item.column,
                        f"the redirect {legacy} defines {item.name}",
                        cause=f"it should lead to {canonical.subject}",
                        subject=canonical.subject,
                    )
