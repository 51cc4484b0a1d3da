"""TL601: a scoped object kept in a module-level variable."""

from collections.abc import Iterator

from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule
from trunkline.audit.scoped import kept_objects, module_level_name


class Check(Rule):
    """One object for the whole process, where every user should have one of their own.

    The first request's user, connection and limits are then everybody's.
    """

    code = "TL601"
    name = "module-singleton"
    summary = "a module-level variable that holds a scoped object"
    remedy = "resolve it in the scope of each request"
    valid = (
        """
# file: app/views.py
from app.engine import Engine

KIND = Engine
""",
        """
# file: app/current.py
from proxies import LocalProxy
from app.engine import Engine

engine: Engine = LocalProxy("engine")  # each request's own
""",
        """
# file: app/views.py
from proxies import proxied
from app.engine import Engine

@proxied
def current(context) -> Engine:
    return Engine(context)

def is_engine(it):
    return isinstance(it, Engine)

engine = current(None)  # whatever the decorator makes of it
told = is_engine(None)
""",
    )
    invalid = (
        """
# file: app/views.py
from app.engine import Engine

engine = Engine(None)  # <-
current: Engine | None = None  # <-
""",
        """
# file: app/views.py
from app.engine import Engine

def made(context) -> Engine:
    return Engine(context)

def prepared(context):
    engine = Engine(context)
    engine.stats()
    return engine

engine = made(None)  # <-
other = prepared(None)  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every module-level variable outside the tests that holds one."""
        for source in project.sources(tests=False):
            for kept in kept_objects(project, source):
                name = module_level_name(project, source, kept.store.target)
                if name and not kept.store.scope and not kept.holds_many:
                    yield self.finding(
                        source.path,
                        kept.store.line,
                        kept.store.column,
                        f"the module-level {name} holds an object of {kept.canonical.name} "
                        "for every user",
                        cause=kept.lifetime,
                        subject=kept.canonical.subject,
                    )
