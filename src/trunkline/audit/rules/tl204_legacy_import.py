"""TL204: an old name still imported."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.canonical import Canonical
from trunkline.audit.findings import Finding
from trunkline.audit.project import Hop, Project, Source
from trunkline.audit.redirects import once_redirect
from trunkline.audit.renames import likeness, may_rename
from trunkline.audit.rule import Rule
from trunkline.audit.source import facts
from trunkline.audit.source.facts import Import

_IMPORTERS = frozenset({"importlib:import_module", "builtins:__import__"})


class Check(Rule):
    """An old name leads to the canonical class for as long as call sites need it.

    Each import of it keeps the redirect alive. Imports in functions, under ``TYPE_CHECKING`` and by
    `importlib` count too. The import of a module counts where all that it defines in public are old
    names; of a module that holds others as well, it is the use of an old name that counts.
    """

    code = "TL204"
    name = "legacy-import"
    summary = "an old name still imported"
    remedy = "import the canonical name"
    valid = (
        """
# file: app/views.py
from app.engine import Engine
""",
        """
# file: app/old.py
from app.engine import Engine

OldEngine = Engine
LIMIT = 3
# file: app/views.py
import importlib
import app.old
from app import old

limits = app.old.LIMIT, old.LIMIT, importlib.import_module("app.old").LIMIT
""",
        """
# file: app/old.py
from app.engine import Engine as OldEngine
from app.limits import *
from app.limits import LIMIT
# file: app/limits.py
LIMIT = 3
# file: app/views.py
from app import old

limit = old.LIMIT
""",
    )
    invalid = (
        """
# file: app/engine.py
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.old import OldEngine  # <-

class Engine:
    def execute(self, name): ...
    def stats(self): ...
    async def execute_pipeline(self, steps):
        from app.old import OldEngine  # <-
        return OldEngine
""",
        """
# file: app/views.py
from app.old import OldEngine  # <-
# file: app/lazy.py
def build():
    from app.old import OldEngine as Motor  # <-
    return Motor
# file: app/dynamic.py
import importlib

from importlib import import_module as load

module = importlib.import_module("app.old")  # <-
load(".old", "app")  # <-
load(".old", package=__package__)  # <-
load(".older", "app")
""",
        """
# file: app/old.py
from app.engine import Engine

OldEngine = Engine
LIMIT = 3
# file: app/views.py
import app.old
from app import old
from app.old import OldEngine  # <-

def view(engine: app.old.OldEngine, context):  # <-
    if isinstance(engine, old.OldEngine):  # <-
        return old.OldEngine.stats(engine)  # <-
    OldEngine(context)
    kind = old.OldEngine  # <-
    return kind(context), old.LIMIT

def build(context):
    return old.OldEngine(context)  # <-
""",
        """
# file: app/old.py
from app.engine import Engine

OldEngine = Engine
# file: app/views.py
import app.old  # <-
from app import old as legacy  # <-

kinds = app.old.OldEngine, legacy.OldEngine
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every import of an old name, and every use of one by its module."""
        for source in project.sources():
            for canonical in project.canonicals:
                if canonical.is_legacy_module(source.module):
                    continue
                own = source.module == canonical.type.module
                for item in source.facts.imports:
                    if own and not item.flags & facts.LATE:
                        continue  # a canonical module that imports its redirect is a loop: TL304
                    hop = _legacy(project, canonical, item)
                    if hop is not None:
                        yield self._report(project, source, canonical, item, hop)
                for text in source.facts.texts:
                    if text.callee in _IMPORTERS and _is_redirect(project, canonical, text.value):
                        yield self.finding(
                            source.path,
                            text.line,
                            text.column,
                            f"the old module {text.value} is imported by its name",
                            cause=f"it leads to {canonical.subject}",
                            remedy=f"import {canonical.config.type.module}",
                            subject=canonical.subject,
                        )
                for line, column, hop in sorted(_uses(project, canonical, source)):
                    yield self.finding(
                        source.path,
                        line,
                        column,
                        f"the old name {hop.module}.{hop.name} is used",
                        cause=f"it leads to {canonical.subject}",
                        remedy=once_redirect(
                            project, hop, f"use {canonical.name} of {canonical.config.type.module}"
                        ),
                        subject=canonical.subject,
                    )

    def _report(
        self, project: Project, source: Source, canonical: Canonical, item: Import, hop: Hop
    ) -> Finding:
        name = f"{item.module}.{item.member}" if item.member else item.module
        fix: tuple[str, ...] = ()
        like = likeness(project, canonical, item)
        renames = item.bound == item.member != canonical.name
        stays = not renames or may_rename(project, source.module, item.bound)
        if item.member is not None and like and stays:
            fix = (
                "import",
                str(item.line),
                item.module,
                item.member,
                canonical.config.type.module,
                canonical.name,
                like,
            )
        return self.finding(
            source.path,
            item.line,
            item.column,
            f"the old name {name} is imported",
            cause=f"it leads to {canonical.subject}"
            + ("" if item.module == hop.module else f" by way of {hop.module}"),
            remedy=once_redirect(
                project, hop, f"import {canonical.name} from {canonical.config.type.module}"
            ),
            subject=canonical.subject,
            fix=fix,
        )


def _legacy(project: Project, canonical: Canonical, item: Import) -> Hop | None:
    if item.member == "*":
        return None
    module = item.module if item.member is None else f"{item.module}.{item.member}"
    if _is_redirect(project, canonical, module):
        return Hop(module, "")
    if item.member is None:
        return None
    for hop in project.hops(item.module, item.member):
        if canonical.is_legacy(hop.module, hop.name):
            return hop
    return None


def _is_redirect(project: Project, canonical: Canonical, module: str) -> bool:
    """Tell whether a module is there for old names alone."""
    if not canonical.is_legacy_module(module):
        return False
    if canonical.is_legacy(module, "") or module not in project.table.files:
        return True
    known = project.resolver.facts(module)
    given = {item.name for item in known.definitions} | set(known.exports or ())
    stars = any(
        item.member == "*" and item.module in project.table.files
        and item.module != canonical.type.module
        for item in known.imports
    )  # fmt: skip
    return not stars and all(
        name.startswith("_") or name == canonical.name or canonical.is_legacy(module, name)
        for name in given
    )


def _uses(project: Project, canonical: Canonical, source: Source) -> set[tuple[int, int, Hop]]:
    """Return each old name that is used as an attribute of its module, after line and column."""
    names = {legacy.attribute for legacy in canonical.config.legacy if legacy.attribute}
    rows: list[bytes] = []
    found: set[tuple[int, int, Hop]] = set()
    uses = [(item.path, item.line, item.column) for item in source.facts.references]
    uses += [(call.callee or "", call.line, call.column) for call in source.facts.calls]
    for path, line, column in uses:
        head, _, rest = path.partition(":")
        parts = rest.split(".")
        for at, name in enumerate(parts):
            if name not in names or (not at and head == source.module):
                continue
            # without owner it is of a module that was loaded by its name
            owner = ".".join(parts[:at])
            holder = project.resolver.resolve(f"{head}:{owner}")
            if (
                holder.kind == entities.MODULE
                and canonical.is_legacy(holder.module, name)
                and not _is_redirect(project, canonical, holder.module)
            ):
                # What has its path by an assignment is no use of its own: it is not written there.
                rows = rows or (project.library.source(source.path) or b"").splitlines()
                if name.encode() in rows[line - 1]:
                    found.add((line, column, Hop(holder.module, name)))
    return found
