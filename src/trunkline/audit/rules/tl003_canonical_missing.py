"""TL003: a canonical name that the tree does not have."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.config import Name
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule


class Check(Rule):
    """The configuration names a class or a factory that does not exist.

    Nothing about it is checked.

    The class must be defined in the tree, or imported where the configuration says; the factory is
    a function or a provider of a container.
    """

    code = "TL003"
    name = "canonical-missing"
    summary = "a canonical class or factory of the configuration that the tree does not have"
    remedy = "correct the name in pyproject.toml, or define what it names"
    configuration = """
[[tool.trunkline.canonical]]
type = "app.context:Context"
"""
    valid = (
        """
# file: app/views.py
x = 1
""",
    )
    invalid = (
        """
# file: app/context.py
class Other: ...
# file: pyproject.toml
[[tool.trunkline.canonical]]
type = "app.context:Context"  # <-
factory = "app.context:make"  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every configured name that leads nowhere."""
        for canonical in project.canonicals:
            if canonical.type.kind in {entities.MISSING, entities.EXTERNAL, entities.VALUE}:
                yield self._report(project, "class", canonical.config.type, canonical.subject)
            factory = canonical.factory
            name = canonical.config.factory
            if factory is None or name is None:
                continue
            nested = factory.kind == entities.UNKNOWN and "." in name.attribute
            if nested or factory.kind in {entities.MISSING, entities.EXTERNAL}:
                yield self._report(project, "factory", name, canonical.subject)

    def _report(self, project: Project, what: str, name: Name, subject: str) -> Finding:
        return self.finding(
            "pyproject.toml",
            _line(project, str(name)),
            0,
            f"the canonical {what} {name} does not exist",
            cause=f"{name.module} has no {name.attribute}",
            subject=subject,
        )


def _line(project: Project, text: str) -> int:
    data = project.library.source("pyproject.toml") or b""
    rows = data.decode("utf-8", "replace").splitlines()
    return next((number for number, row in enumerate(rows, 1) if f'"{text}"' in row), 1)
