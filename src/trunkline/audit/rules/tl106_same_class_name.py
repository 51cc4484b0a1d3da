"""TL106: one class name in several modules."""

from collections.abc import Iterator
from typing import Final

from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import PROGRAM, Rule
from trunkline.audit.source import facts

_BESIDE: Final = facts.TYPE_CHECKING | facts.CONDITIONAL


class Check(Rule):
    """Classes of one name in several modules are often versions of one thing.

    Often they are not: every framework has many classes called ``Meta`` or ``Config``. The rule
    runs only when it is selected; it is where a team looks for what else needs a canonical class.
    How many modules have the name is said with each: what dozens have is mostly what a framework
    asks for, what two or three have is mostly a copy.
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
        places: dict[str, list[tuple[str, int, int]]] = {}
        for source in project.sources(1, tests=False):
            for item in source.facts.definitions:
                if item.kind == "class" and not item.flags & _BESIDE:
                    place = (source.path, item.line, item.column)
                    places.setdefault(item.name, []).append(place)
        for name, ((first, start, _), *others) in places.items():
            modules = len({first, *(path for path, _, _ in others)})
            for path, line, column in others:
                if path != first:
                    cause = f"{first}:{start} defines the first"
                    yield self.finding(
                        path,
                        line,
                        column,
                        f"another class is called {name}",
                        cause=f"{cause} of {modules}" if modules > 2 else cause,
                    )
