"""TL403: a broken import masked by ``except ImportError``."""

from collections.abc import Iterator

from trunkline.audit.broken import broken_imports
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import PROGRAM, Rule


class Check(Rule):
    """The import can never succeed, since its target is a part of this tree that is not there.

    The handler's stand-in is all that ever runs, and no test notices. Modules whose name begins
    with an underscore are left alone: they are often compiled when the package is built. So are
    handlers that bind no stand-in: settings of one machine alone are imported like that.
    """

    code = "TL403"
    name = "masked-import"
    summary = "a broken import masked by `except ImportError` and a stand-in"
    remedy = "correct the path, or delete the import and keep the stand-in by its own name"
    judges_by = ()
    needs = PROGRAM
    valid = (
        """
# file: app/views.py
try:
    import ujson as json
except ImportError:
    import json
try:
    from app._speedups import fast
except ImportError:
    fast = None
""",
    )
    invalid = (
        """
# file: app/views.py
try:
    from app.gone import Engine  # <-
except ImportError:
    class Engine:
        pass
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every guarded import that can never succeed and has a stand-in."""
        for item in broken_imports(project).masked:
            yield self.finding(
                item.path,
                item.line,
                item.column,
                f"{item.problem}, and nobody is told",
                cause=item.cause,
            )
