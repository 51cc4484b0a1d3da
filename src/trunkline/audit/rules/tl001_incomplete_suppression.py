"""TL001: a suppression without a rule or without a reason."""

from collections.abc import Iterator

from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule
from trunkline.audit.suppression import is_complete


class Check(Rule):
    """A suppression says which rule it silences and why; one that does not suppresses nothing.

    Without a rule it would hide whatever comes to stand on that line later. Without a reason nobody
    dares to remove it.
    """

    code = "TL001"
    name = "incomplete-suppression"
    summary = "a suppression that names no rule or gives no reason"
    remedy = "write `# trunkline: ignore[TL201] the reason`"
    judges_by = ()
    valid = (
        """
# file: app/views.py
value = 1  # trunkline: ignore[TL201] the pool of the smoke test builds its own
""",
    )
    invalid = (
        """
# file: app/views.py
value = 1  # trunkline: ignore  # <-
other = 2  # trunkline: ignore[TL201]  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every incomplete suppression."""
        for path in project.library.paths():
            for item in project.library.facts(path).suppressions:
                if not is_complete(item):
                    lacks = "a reason" if item.codes else "the code of a rule"
                    yield self.finding(
                        path,
                        item.line,
                        0,
                        f"the suppression lacks {lacks}",
                        cause="it suppresses nothing until it is complete",
                    )
