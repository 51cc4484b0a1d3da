"""TL401: an import whose target does not exist."""

from collections.abc import Iterator

from trunkline.audit.broken import broken_imports
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import PROGRAM, Rule


class Check(Rule):
    """The module, or the name in it, is not there: the import fails when it is run.

    Only imports of the tree's own packages are judged, by the interpreter's rules: packages before
    modules, names before submodules, relative imports from their package. Where a module makes its
    names itself (`__getattr__`, `globals()`, a computed `__path__`), where a stub or a compiled
    file stands for it, or where a build writes it, the answer is unknown and nothing is reported.
    """

    code = "TL401"
    name = "missing-import"
    summary = "an import whose target does not exist"
    remedy = "correct the path or the name, or remove the import"
    judges_by = ()
    needs = PROGRAM
    valid = (
        """
# file: app/lazy.py
def __getattr__(name):
    return name
# file: app/views.py
from app.lazy import anything
from app import engine, lazy
import json, requests
from app.engine import __name__ as own
try:
    from app.speed import fast
except ImportError:
    fast = None
""",
        """
# file: app/compat/__init__.py
import sys
from app import engine

sys.modules["app.compat.engine"] = engine
# file: app/views.py
import app.compat.engine

if False:
    from app.gone import Thing
else:
    from app.engine import Engine
""",
        """
# file: app/lazy.py
def __getattr__(name):
    import distributed
    return getattr(distributed, name)  # its path, too
# file: app/views.py
import app.lazy.deeper
from app.lazy.deeper import name
""",
    )
    invalid = (
        """
# file: app/views.py
from app.gone import Thing  # <-
from app.engine import Missing  # <-
import app.nowhere  # <-
from . import absent  # <-

def later():
    from app.gone import Other  # <-
""",
        """
# file: app/types.py
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Named = str
__all__ = ["Named"]
# file: app/views.py
from app.types import *  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every import that cannot work, with how many modules it breaks."""
        report = broken_imports(project)
        for item in report.roots:
            breaks = report.breaks.get((item.path, item.line), 0)
            cause = item.cause
            if breaks:
                cause += f"; this line breaks {breaks} other module{'s' if breaks > 1 else ''}"
            yield self.finding(
                item.path,
                item.line,
                item.column,
                item.problem,
                cause=cause,
                breaks=breaks,
                remedy=item.remedy,
            )
