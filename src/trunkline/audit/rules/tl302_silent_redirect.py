"""TL302: a redirect without a deprecation warning."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.canonical import Canonical
from trunkline.audit.config import Name
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.redirects import is_redirect
from trunkline.audit.rule import Rule
from trunkline.audit.source.facts import Definition, Import
from trunkline.audit.source.reduction import code_alone

_WARNS = (
    b"DeprecationWarning", b"FutureWarning", b"deprecated(", b"trunkline.legacy",
    b"warn_deprecated",
)  # fmt: skip


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
        """
# file: app/legacy.py
from trunkline.legacy import redirect_class

OldEngine = redirect_class("OldEngine", to="app.containers:Application.engine")

# file: app/old.py
from app.legacy import OldEngine
""",
        """
# file: app/moved.py
import warnings

def moved(target):
    warnings.warn("it moved", DeprecationWarning, stacklevel=3)
    return target

# file: app/old.py
from app.engine import Engine
from app.moved import moved

OldEngine = moved(Engine)
""",
        """
# file: app/old.py
x = 1  # and TL003, that there is no OldEngine
""",
        """
# file: app/old.py
class OldEngine:  # TL301: no redirect yet
    def execute(self, name):
        return name
""",
    )
    invalid = (
        """
# file: app/old.py
'''It ought to give a DeprecationWarning.'''
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
                if path is None or data is None or self._warns(project, legacy, canonical):
                    continue
                if project.library.broken(path) or not _is_there(project, legacy):
                    continue
                if legacy.attribute and not is_redirect(project, legacy.module, legacy.attribute):
                    continue  # TL301: what has to become a redirect first
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

    def _warns(self, project: Project, legacy: Name, canonical: Canonical) -> bool:
        """Tell whether the module of an old name warns, or one that it has the name from.

        What a function of another package makes of the name cannot be read and may well warn.
        """
        module, attribute = legacy.module, legacy.attribute
        seen: set[str] = set()
        while module in project.table.files and module not in seen:
            seen.add(module)
            if _warns_itself(project, module):
                return True
            bound = project.resolver.names(module).get(attribute, ()) if attribute else ()
            for one in bound:
                if isinstance(one, Definition) and (one.value or "").endswith("()"):
                    maker = project.resolver.resolve((one.value or "")[:-2])
                    in_tree = maker.module in project.table.files
                    if not in_tree or _warns_itself(project, maker.module):
                        return True
            imports = [one for one in bound if isinstance(one, Import)]
            if not imports or imports[-1].module == canonical.type.module:
                break
            module, attribute = imports[-1].module, imports[-1].member or ""
        return False


def _is_there(project: Project, legacy: Name) -> bool:
    """Tell whether an old name is there: of one that is not TL003 tells."""
    if not legacy.attribute:
        return True
    return project.resolver.lookup(legacy.module, legacy.attribute).kind != entities.MISSING


def _warns_itself(project: Project, module: str) -> bool:
    """Tell whether a module's code, its comments and texts aside, gives such a warning."""
    data = project.library.source(project.table.files[module])
    if data is None or not any(word in data for word in _WARNS):
        return False
    code = code_alone(data)
    return any(word in code for word in _WARNS)
