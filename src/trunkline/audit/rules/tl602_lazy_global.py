"""TL602: a scoped object made on first use and kept in a global."""

from collections.abc import Iterator

from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule
from trunkline.audit.scoped import kept_objects, module_level_name


class Check(Rule):
    """``global _engine`` on first use: whoever asks first decides whose object everybody gets.

    Under threads two may be made, and one of them is lost with what it opened.
    """

    code = "TL602"
    name = "lazy-global"
    summary = "a scoped object made on first use and kept in a global"
    remedy = "resolve it in the scope of each request"
    valid = (
        """
# file: app/views.py
from app.engine import Engine

def view(context):
    engine = Engine(context)
    return engine

def later(context):
    engine = None

    def build():
        nonlocal engine  # of this call
        engine = Engine(context)

    return build
""",
    )
    invalid = (
        """
# file: app/views.py
from app.engine import Engine

_engine = None

def get_engine(context):
    global _engine
    if _engine is None:
        _engine = Engine(context)  # <-
    return _engine
""",
        """
# file: app/makers.py
from app.engine import Engine

def make_engine(context):
    return Engine(context)

def any_engine(context):
    return make_engine(context)
# file: app/views.py
from app.makers import any_engine, make_engine

_engine = _other = None

def first(context):
    global _engine
    if _engine is None:
        _engine = make_engine(context)  # <-
    return _engine

def second(context):
    global _other
    _other = any_engine(context)  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every assignment in a function outside the tests to such a global."""
        for source in project.sources(tests=False):
            for kept in kept_objects(project, source):
                name = module_level_name(project, source, kept.store.target)
                if name and kept.store.scope and not kept.holds_many and kept.store.value:
                    yield self.finding(
                        source.path,
                        kept.store.line,
                        kept.store.column,
                        f"{kept.store.scope} keeps an object of {kept.canonical.name} "
                        f"in the global {name}",
                        cause=f"{kept.lifetime}; the first caller's is everybody's",
                        subject=kept.canonical.subject,
                    )
