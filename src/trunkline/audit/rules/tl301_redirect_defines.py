"""TL301: a redirect that defines things of its own."""

from collections.abc import Iterator

from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule
from trunkline.audit.source import facts

_ALLOWED = frozenset(
    {
        "__doc__",
        "__slots__",
        "__new__",
        "__init_subclass__",
        "__module__",
        "__qualname__",
        "__instancecheck__",
        "__subclasscheck__",
        "__class_getitem__",
        "__getattr__",
        "__dir__",
    }
)


class Check(Rule):
    """A redirect is an old name and nothing else: an alias, a `__getattr__`, a warning.

    A class with methods under the old name is a second implementation that nobody looks for there.
    Where a whole module is listed as old, nothing public may be defined in it.
    """

    code = "TL301"
    name = "redirect-defines"
    summary = "an old name that is a definition of its own instead of a redirect"
    remedy = "bind the old name to the canonical class and move what differs there"
    valid = (
        """
# file: app/old.py
import warnings
from app.engine import Engine

def __getattr__(name):
    if name == "OldEngine":
        warnings.warn("use app.engine", DeprecationWarning, stacklevel=2)
        return Engine
    raise AttributeError(name)
""",
    )
    invalid = (
        """
# file: app/old.py
import warnings
warnings.warn("use app.engine", DeprecationWarning, stacklevel=2)

class OldEngine:  # <-
    def execute(self, name):
        return name
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every definition that a redirect holds."""
        for canonical in project.canonicals:
            for legacy in canonical.config.legacy:
                path = project.table.files.get(legacy.module)
                if path is None:
                    continue
                known = project.library.full(path)
                classes = {item.name: item for item in known.classes}
                for item in known.definitions:
                    if item.kind not in {"class", "def"} or item.flags & facts.TYPE_CHECKING:
                        continue
                    if legacy.attribute and item.name != legacy.attribute:
                        continue
                    if not legacy.attribute and item.name.startswith("_"):
                        continue
                    declared = classes.get(item.name)
                    if declared is not None and set(declared.members) <= _ALLOWED:
                        continue
                    if item.kind == "def" and legacy.attribute:
                        continue  # a function under an old name leads on by calling
                    yield self.finding(
                        path,
                        item.line,
                        item.column,
                        f"the redirect {legacy} defines {item.name}",
                        cause=f"it should lead to {canonical.subject}",
                        subject=canonical.subject,
                    )
