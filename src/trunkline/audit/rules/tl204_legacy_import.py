"""TL204: an old name still imported."""

from collections.abc import Iterator

from trunkline.audit.canonical import Canonical
from trunkline.audit.findings import Finding
from trunkline.audit.project import Hop, Project, Source
from trunkline.audit.renames import likeness, may_rename
from trunkline.audit.rule import Rule
from trunkline.audit.source.facts import Import

_IMPORTERS = frozenset({"importlib:import_module", "builtins:__import__"})


class Check(Rule):
    """An old name leads to the canonical class for as long as call sites need it.

    Each import of it keeps the redirect alive. Imports in functions, under ``TYPE_CHECKING`` and by
    `importlib` count too.
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
    )
    invalid = (
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
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every import of an old name."""
        for source in project.sources():
            for canonical in project.canonicals:
                if (
                    canonical.is_legacy_module(source.module)
                    or source.module == canonical.type.module
                ):
                    continue  # a canonical module that imports its redirect is a loop: TL304
                for item in source.facts.imports:
                    hop = _legacy(project, canonical, item)
                    if hop is not None:
                        yield self._report(project, source, canonical, item, hop)
                for text in source.facts.texts:
                    if not canonical.is_legacy_module(text.value):
                        continue
                    if text.callee in _IMPORTERS:
                        yield self.finding(
                            source.path,
                            text.line,
                            text.column,
                            f"the old module {text.value} is imported by its name",
                            cause=f"it leads to {canonical.subject}",
                            remedy=f"import {canonical.config.type.module}",
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
            remedy=f"import {canonical.name} from {canonical.config.type.module}",
            subject=canonical.subject,
            fix=fix,
        )


def _legacy(project: Project, canonical: Canonical, item: Import) -> Hop | None:
    if item.member is None:
        return Hop(item.module, "") if canonical.is_legacy_module(item.module) else None
    if item.member == "*":
        return None
    if canonical.is_legacy_module(f"{item.module}.{item.member}"):
        return Hop(f"{item.module}.{item.member}", "")
    for hop in project.hops(item.module, item.member):
        if canonical.is_legacy(hop.module, hop.name):
            return hop
    return None
