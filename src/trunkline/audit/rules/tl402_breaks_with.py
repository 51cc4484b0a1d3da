"""TL402: an import that fails because of another's broken import."""

from collections.abc import Iterator

from trunkline.audit.broken import broken_imports
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import PROGRAM, Rule


class Check(Rule):
    """The imported module exists, but importing it fails on a line of its own or of one further on.

    The finding names that line, its root cause: mending it mends every module that it breaks. An
    import in a function, or under a condition, fails when it is run; its module is whole.
    """

    code = "TL402"
    name = "breaks-with"
    summary = "an import that fails because of another's broken import"
    remedy = "mend the root cause; nothing is wrong with this line"
    judges_by = ()
    needs = PROGRAM
    valid = (
        """
# file: app/middle.py
def later():
    from app.gone import Thing
# file: app/views.py
from typing import TYPE_CHECKING
from app.middle import later

try:
    from app.broken import Thing
except ImportError:
    Thing = None
if TYPE_CHECKING:
    from app.broken import Other
# file: app/broken.py
from app.gone import Thing
""",
    )
    invalid = (
        """
# file: app/middle.py
from app.gone import Thing
# file: app/views.py
from app.middle import Thing  # <-
# file: app/pages.py
import app.views  # <-
""",
        """
# file: app/middle.py
from app.gone import Thing
# file: app/views.py
import os

def view():
    from app.middle import Thing  # <-
    return Thing

if os.environ.get("DEBUG"):
    import app.middle  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield the import by which each module breaks with another, and those that break late."""
        report = broken_imports(project)
        for item in (*report.consequences, *report.late):
            yield self.finding(
                item.path,
                item.line,
                item.column,
                f"importing {item.target} fails",
                cause=f"{item.root} cannot be imported by it",
                root=item.root,
            )
