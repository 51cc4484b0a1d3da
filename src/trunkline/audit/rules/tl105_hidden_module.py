"""TL105: a module hidden by a package of the same name."""

from collections.abc import Iterator

from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule


class Check(Rule):
    """Where ``engine.py`` stands beside ``engine/__init__.py``, imports only ever find the package.

    The module is never read: what is mended in it changes nothing.
    """

    code = "TL105"
    name = "hidden-module"
    summary = "a module hidden by a package of the same name"
    remedy = "move what is still needed into the package and delete the module"
    judges_by = ()
    valid = (
        """
# file: app/parts/__init__.py
# file: app/part.py
""",
    )
    invalid = (
        """
# file: app/parts.py
x = 1  # <-
# file: app/parts/__init__.py
x = 2
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every module that a package of its own folder hides."""
        for path, package in sorted(project.table.hidden.items()):
            if package == f"{path[:-3]}/__init__.py":
                yield self.finding(
                    path,
                    1,
                    0,
                    f"{path} is hidden by a package of the same name",
                    cause=f"imports find {package} first",
                )
