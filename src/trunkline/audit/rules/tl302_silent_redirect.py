"""TL302: a redirect without a deprecation warning."""

from collections.abc import Iterator

from trunkline.audit.canonical import Canonical
from trunkline.audit.config import Name
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule
from trunkline.audit.source.facts import Import

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
        """
# file: app/legacy.py
from trunkline.legacy import redirect_class

OldEngine = redirect_class("OldEngine", to="app.containers:Application.engine")

# file: app/old.py
from app.legacy import OldEngine
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
                if path is None or data is None or self._warns(project, legacy, canonical):
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

    def _warns(self, project: Project, legacy: Name, canonical: Canonical) -> bool:
        """Tell whether the module of an old name warns, or one that it has the name from."""
        module, attribute = legacy.module, legacy.attribute
        seen: set[str] = set()
        while module in project.table.files and module not in seen:
            seen.add(module)
            data = project.library.source(project.table.files[module])
            if data is not None and any(word in data for word in _WARNS):
                return True
            bound = project.resolver.names(module).get(attribute, ()) if attribute else ()
            imports = [one for one in bound if isinstance(one, Import)]
            if not imports or imports[-1].module == canonical.type.module:
                break
            module, attribute = imports[-1].module, imports[-1].member or ""
        return False
