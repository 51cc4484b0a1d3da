"""TL505: ``isinstance`` against an old name or an alias."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.redirects import once_redirect
from trunkline.audit.rule import Rule


class Check(Rule):
    """An old name may be a function, a lazy redirect or a class of its own tomorrow.

    `isinstance` then raises a TypeError or answers for the wrong class.
    """

    code = "TL505"
    name = "isinstance-alias"
    summary = "`isinstance` against an alias or a redirect"
    remedy = "test against the canonical class under its own name"
    valid = (
        """
# file: app/views.py
from app.engine import Engine

class Registry:
    engine_class = Engine

def check(value):
    return isinstance(value, (int, Engine, Registry.engine_class))
""",
    )
    invalid = (
        """
# file: app/views.py
from app.engine import Engine as Motor
from app.old import OldEngine

def check(value):
    return isinstance(value, OldEngine) or issubclass(value, int)  # <-

def more(value):
    match value:
        case OldEngine():  # <-
            return 1
    if isinstance(value, (int, Motor)):  # <-
        return 2
    return isinstance(value, OldEngine | int)  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every such test."""
        for source in project.sources():
            for reference in source.facts.references:
                if reference.role != "isinstance" or not reference.path[-1:].isidentifier():
                    continue
                hops = project.path_hops(reference.path)
                entity = project.resolver.resolve(reference.path)
                name = reference.path.rpartition(":")[2].rpartition(".")[2]
                for canonical in project.canonicals:
                    old = next((hop for hop in hops if canonical.is_legacy(*hop)), None)
                    alias = bool(hops) and canonical.is_type(entity) and name != canonical.name
                    what = "an old name" if old else "an alias"
                    if old or (alias and entity.kind == entities.CLASS):
                        yield self.finding(
                            source.path,
                            reference.line,
                            reference.column,
                            f"isinstance against {name}, {what} of {canonical.name}",
                            cause=f"{canonical.subject} is the class",
                            remedy=once_redirect(project, old, self.remedy) if old else "",
                            subject=canonical.subject,
                        )
