"""TL303: the canonical class changed when a module is imported."""

from collections.abc import Iterator
from typing import Final

from trunkline.audit import entities
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule
from trunkline.audit.source.facts import Facts

_SETTERS: Final = frozenset({"builtins:setattr", "builtins:delattr"})


class Check(Rule):
    """``Engine.execute = old`` at module level: what the class does depends on who was imported.

    Whether the change is there depends on the order of imports, which differs between a server, a
    worker and a test. Not seen is another module that is put into ``sys.modules`` for its own.
    """

    code = "TL303"
    name = "changed-at-import"
    summary = "the canonical class changed at import"
    remedy = "make the change in the class itself"
    valid = (
        """
# file: tests/test_engine.py
from app.engine import Engine

def test_it(monkeypatch):
    monkeypatch.setattr(Engine, "execute", None)
""",
    )
    invalid = (
        """
# file: app/old.py
import warnings
from app.engine import Engine

warnings.warn("use app.engine", DeprecationWarning, stacklevel=2)
OldEngine = Engine
Engine.execute_now = Engine.execute  # <-
setattr(Engine, "run", Engine.execute)  # <-
# file: app/replaced.py
import app.engine

class Fast: ...

app.engine.Engine = Fast  # <-
""",
        """
# file: app/old.py
from app.engine import Engine

del Engine.stats  # <-
delattr(Engine, "execute")  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every module-level change of a canonical class from another module."""
        for source in project.sources(tests=False):
            for owner, name, line, column in _changes(source.facts):
                entity = project.resolver.resolve(owner)
                for canonical in project.canonicals:
                    home = canonical.type.module
                    replaced = entity.kind == entities.MODULE and (
                        (entity.module, name) == (home, canonical.type.name)
                    )
                    if (canonical.is_type(entity) or replaced) and source.module != home:
                        what = canonical.name if replaced else f"{canonical.name}.{name}"
                        yield self.finding(
                            source.path,
                            line,
                            column,
                            f"{what} is changed when this module is imported",
                            cause=f"{canonical.subject} then differs with the order of imports",
                            subject=canonical.subject,
                        )


def _changes(known: Facts) -> Iterator[tuple[str, str, int, int]]:
    """Yield what a module changes when it is imported: whose attribute, its name, line, column."""
    for store in known.stores:
        owner, _, name = store.target.rpartition(".")
        if not store.scope and ":" in owner and not name.endswith("[]"):
            yield owner, name, store.line, store.column
    for item in known.references:
        if item.role == "del" and not item.scope:
            owner, _, name = item.path.rpartition(".")
            yield owner, name, item.line, item.column
    for call in known.calls:
        if call.callee in _SETTERS and not call.scope and len(call.arguments) > 1:
            name = call.arguments[1].value or "=an attribute"
            owner = call.arguments[0].value or ""
            yield owner, name[1:].strip("'"), call.line, call.column
