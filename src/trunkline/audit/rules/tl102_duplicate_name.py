"""TL102: another class of the canonical name."""

from collections.abc import Iterator

from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule
from trunkline.audit.source import facts


class Check(Rule):
    """Two classes of one name: which one a module gets depends on the line of its import.

    A traceback, a log line and a search all show the same name for both.
    """

    code = "TL102"
    name = "duplicate-name"
    summary = "a class of the same name as the canonical one in another module"
    remedy = "keep the canonical class and make this name a redirect to it"
    valid = (
        """
# file: app/other.py
from app.engine import Engine
""",
    )
    invalid = (
        """
# file: app/other.py
class Engine:  # <-
    pass
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every other class of a canonical name outside the tests."""
        for source in project.sources(tests=False):
            for item in source.facts.definitions:
                if item.kind != "class" or item.flags & facts.TYPE_CHECKING:
                    continue
                for canonical in project.canonicals:
                    legacy = canonical.is_legacy(source.module, item.name)
                    if (
                        item.name == canonical.name
                        and source.module
                        not in {canonical.type.module, canonical.config.type.module}
                        and not legacy
                        and not any(
                            other.type.full == f"{source.module}:{item.name}"
                            for other in project.canonicals
                        )
                    ):
                        yield self.finding(
                            source.path,
                            item.line,
                            item.column,
                            f"another class is called {item.name}",
                            cause=f"the canonical one is {canonical.subject}",
                            subject=canonical.subject,
                        )
