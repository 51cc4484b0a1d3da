"""TL002: a suppression that suppresses nothing."""

from collections.abc import Iterator

from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule


class Check(Rule):
    """A suppression whose finding is gone stays behind and hides the next one on that line."""

    code = "TL002"
    name = "unused-suppression"
    summary = "a suppression that nothing needs any more"
    remedy = "remove the comment"
    judges_by = ()
    valid = (
        """
# file: app/views.py
value = 1
""",
    )
    invalid = (
        """
# file: app/views.py
value = 1  # trunkline: ignore[TL002] left behind  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield nothing: only after all rules ran is it known which suppressions were used."""
        return iter(())
