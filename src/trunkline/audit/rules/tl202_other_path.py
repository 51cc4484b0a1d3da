"""TL202: the canonical class imported from another path than its own."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.canonical import Canonical
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project, Source
from trunkline.audit.renames import SAME, may_rename
from trunkline.audit.rule import Rule


class Check(Rule):
    """One import path for one thing: every other one is a place where it can be swapped unseen.

    Patches of the canonical path miss code that imports from elsewhere, searches miss it, and a
    re-export keeps modules alive that nothing else needs. A module that answers the name in its
    ``__getattr__``, under ``if name == "Engine":``, is such a path too; one that looks names up in
    a table is not followed.
    """

    code = "TL202"
    name = "other-path"
    summary = "import of a canonical class from another path than the canonical one"
    remedy = "import it from its canonical module"
    valid = (
        """
# file: app/lazy.py
from importlib import import_module

_MOVED = {"Motor": "app.engine"}

def __getattr__(name):
    if name in _MOVED:
        return import_module(_MOVED[name]).Engine
    raise AttributeError(name)
# file: app/views.py
from app.lazy import Motor
""",
        """
# file: app/either.py
def __getattr__(name):
    if name == "Motor":
        from app.engine import Engine
        from app.fast import Fast
        if Fast.ready:
            return Fast
        return Engine
    raise AttributeError(name)
# file: app/fast.py
class Fast:
    ready = False
# file: app/views.py
from app.either import Motor
""",
        """
# file: app/views.py
from app.engine import Engine
import app.engine

def kind():
    return app.engine.Engine
""",
    )
    invalid = (
        """
# file: app/lazy.py
def __getattr__(name: str):
    if name in {"Motor", "Engine"}:
        from app.engine import Engine
        return Engine
    raise AttributeError(name)
# file: app/views.py
from app.lazy import Motor  # <-

def view(context):
    return Motor(context)
# file: app/more.py
def view(context):
    from app.lazy import Engine  # <-
    return Engine
""",
        """
# file: app/compat.py
from app.engine import Engine
# file: app/views.py
from app.compat import Engine  # <-
# file: app/more.py
import app.compat

def kind():
    return app.compat.Engine  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every import, and every use through a module, from another path."""
        for source in project.sources():
            if not project.canonicals:
                return
            for item in source.facts.imports:
                if item.member in {None, "*"} or item.module == source.module:
                    continue
                entity = project.resolver.member(item.module, item.member or "")
                for canonical in project.canonicals:
                    if canonical.is_type(entity) and _is_other(
                        project, canonical, item.module, item.member or ""
                    ):
                        fix: tuple[str, ...] = (
                            "import",
                            str(item.line),
                            item.module,
                            item.member or "",
                            canonical.config.type.module,
                            canonical.name,
                            SAME,
                        )
                        if item.bound == item.member != canonical.name and not may_rename(
                            project, source.module, item.bound
                        ):
                            fix = ()
                        yield self._report(
                            source,
                            item.line,
                            item.column,
                            canonical,
                            f"{item.module}.{item.member}",
                            fix,
                        )
            yield from self._through_modules(project, source)

    def _through_modules(self, project: Project, source: Source) -> Iterator[Finding]:
        places = [(ref.path, ref.line, ref.column) for ref in source.facts.references]
        places += [
            (call.callee, call.line, call.column) for call in source.facts.calls if call.callee
        ]
        for path, line, column in places:
            owner, dot, last = path.rpartition(".")
            if not dot or not last.isidentifier() or ":" not in owner:
                continue
            holder = project.resolver.resolve(owner)
            if holder.kind != entities.MODULE:
                continue
            entity = project.resolver.resolve(path)
            for canonical in project.canonicals:
                if canonical.is_type(entity) and _is_other(project, canonical, holder.module, last):
                    yield self._report(
                        source, line, column, canonical, f"{holder.module}.{last}", ()
                    )

    def _report(
        self,
        source: Source,
        line: int,
        column: int,
        canonical: Canonical,
        given: str,
        fix: tuple[str, ...],
    ) -> Finding:
        return self.finding(
            source.path,
            line,
            column,
            f"{canonical.name} is taken from {given}",
            cause=f"its canonical path is {canonical.subject}",
            remedy=f"import it from {canonical.config.type.module}",
            subject=canonical.subject,
            fix=fix,
        )


def _is_other(project: Project, canonical: Canonical, module: str, name: str) -> bool:
    if (module, name) == (canonical.config.type.module, canonical.config.type.attribute):
        return False
    if (module, name) == (canonical.type.module, canonical.type.name):
        # Named by a re-export in the configuration, defined here: both are its path.
        return False
    return not any(canonical.is_legacy(hop.module, hop.name) for hop in project.hops(module, name))
