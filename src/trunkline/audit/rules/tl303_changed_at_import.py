"""TL303: the canonical class changed when a module is imported."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule


class Check(Rule):
    """``Engine.execute = old`` at module level: what the class does depends on who was imported.

    Whether the change is there depends on the order of imports, which differs between a server, a
    worker and a test.
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
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every module-level change of a canonical class from another module."""
        for source in project.sources(tests=False):
            changes = [
                (
                    store.target.rpartition(".")[0],
                    store.target.rpartition(".")[2],
                    store.line,
                    store.column,
                )
                for store in source.facts.stores
                if not store.scope
                and "." in store.target.partition(":")[2]
                and not store.target.endswith("[]")
            ]
            for call in source.facts.calls:
                if call.callee == "builtins:setattr" and not call.scope and len(call.arguments) > 1:
                    name = call.arguments[1].value or "=an attribute"
                    owner = call.arguments[0].value
                    if owner is not None:
                        changes.append((owner, name[1:].strip("'"), call.line, call.column))
            for owner, name, line, column in changes:
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
                            f"{what} is set when this module is imported",
                            cause=f"{canonical.subject} then differs with the order of imports",
                            subject=canonical.subject,
                        )
