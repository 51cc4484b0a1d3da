"""TL205: a star import that brings in a canonical or old name."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule

_BOUND = frozenset({entities.CLASS, entities.VALUE})


class Check(Rule):
    """A star import hides where a class comes from, and old names come along with it.

    Only modules of the tree are followed; ``__all__`` counts where it is a literal.
    """

    code = "TL205"
    name = "star-import"
    summary = "a star import of a canonical or old name"
    remedy = "import the names that are used"
    valid = (
        """
# file: app/limits.py
from app.engine import Engine
__all__ = ["LIMIT"]
LIMIT = 3
# file: app/private.py
from app.engine import Engine as _Engine
# file: app/views.py
from app.limits import *
from app.private import *
""",
    )
    invalid = (
        """
# file: app/views.py
from app.engine import *  # <-
# file: app/more.py
from app.old import *  # <-
# file: app/again.py
from app.views import *  # <-
# file: app/renamed.py
from app.engine import Engine as Motor
# file: app/by_another_name.py
from app.renamed import *  # <-
kind = Motor
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every star import from a module that exports one."""
        for source in project.sources():
            for item in source.facts.imports:
                if item.member != "*" or item.module not in project.table.files:
                    continue
                known = project.resolver.facts(item.module)
                own = project.resolver.names(item.module)
                for canonical in project.canonicals:
                    names = {
                        canonical.name,
                        *(legacy.last for legacy in canonical.config.legacy if legacy.attribute),
                        *(name for name in own if not name.startswith("_")),
                    }
                    for name in sorted(names):
                        if known.exports is not None and name not in known.exports:
                            continue
                        hops = project.hops(item.module, name)
                        entity = project.resolver.lookup(item.module, name)
                        is_old = any(canonical.is_legacy(hop.module, hop.name) for hop in hops)
                        if canonical.is_type(entity) or (is_old and entity.kind in _BOUND):
                            yield self.finding(
                                source.path,
                                item.line,
                                item.column,
                                f"the star import of {item.module} brings in {name}",
                                cause=f"it stands for {canonical.subject}",
                                subject=canonical.subject,
                            )
                            break
