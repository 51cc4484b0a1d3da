"""TL302: a redirect without a deprecation warning."""

from collections.abc import Iterator

from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule

_WARNS = (b"DeprecationWarning", b"deprecated(", b"trunkline.legacy", b"warn_deprecated")


class Check(Rule):
    """A redirect that says nothing is never removed: nobody learns that the name is old."""

    code = "TL302"
    name = "silent-redirect"
    summary = "a redirect that gives no deprecation warning"
    remedy = "warn with DeprecationWarning and the canonical name, at the caller's line"
    valid = (
        """
# file: app/views.py
from app.engine import Engine
""",
    )
    invalid = (
        """
# file: app/old.py
from app.engine import Engine

OldEngine = Engine  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every old name whose module warns of nothing."""
        for canonical in project.canonicals:
            for legacy in canonical.config.legacy:
                path = project.table.files.get(legacy.module)
                data = project.library.source(path) if path is not None else None
                if path is None or data is None or any(word in data for word in _WARNS):
                    continue
                if project.library.broken(path):
                    continue
                line = column = 0
                bound = project.resolver.names(legacy.module).get(legacy.attribute, ())
                for binding in bound:
                    line, column = binding.line, binding.column
                yield self.finding(
                    path,
                    line or 1,
                    column,
                    f"the redirect {legacy} gives no deprecation warning",
                    cause=f"callers never learn that {canonical.subject} is the canonical name",
                    subject=canonical.subject,
                )
