"""TL106: one class name in several modules."""

from collections.abc import Iterator

from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import PROGRAM, Rule
from trunkline.audit.source import facts


class Check(Rule):
    """Classes of one name in several modules are often versions of one thing.

    Often they are not: every framework has many classes called ``Meta`` or ``Config``. The rule
    runs only when it is selected; it is where a team looks for what else needs a canonical class.
    """

    code = "TL106"
    name = "same-class-name"
    summary = "one class name in several modules (only when selected)"
    remedy = "merge them, or give each a name that says how it differs"
    judges_by = ()
    needs = PROGRAM
    default = False
    valid = (
        """
# file: app/one.py
class Ledger: ...
# file: app/two.py
from app.one import Ledger
""",
    )
    invalid = (
        """
# file: app/one.py
class Ledger: ...
# file: app/two.py
class Ledger: ...  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every class whose name an earlier module has too."""
        first: dict[str, tuple[str, int]] = {}
        for source in project.sources(1, tests=False):
            for item in source.facts.definitions:
                if item.kind != "class" or item.flags & (facts.TYPE_CHECKING | facts.CONDITIONAL):
                    continue
                other = first.setdefault(item.name, (source.path, item.line))
                if other[0] != source.path:
                    yield self.finding(
                        source.path,
                        item.line,
                        item.column,
                        f"another class is called {item.name}",
                        cause=f"{other[0]}:{other[1]} defines the first",
                    )
