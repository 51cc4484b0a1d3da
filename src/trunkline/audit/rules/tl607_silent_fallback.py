"""TL607: a silent fallback to something that is not canonical."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.entities import Entity
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule

_PLAIN = frozenset(
    {"dict", "list", "set", "tuple", "str", "int", "print", "len", "repr", "type", "object"}
)


class Check(Rule):
    """When the canonical object cannot be had, something else takes its place and nobody is told.

    The failure that should have been seen is gone, and the request goes on with an object that
    lacks the user's limits, bridge and teardown. A handler that raises, or logs a warning at
    least, is not silent.
    """

    code = "TL607"
    name = "silent-fallback"
    summary = "a silent fallback to something that is not canonical"
    remedy = "let the failure reach the caller"
    valid = (
        """
# file: app/fast.py
class Simple: ...
# file: app/views.py
from app.engine import Engine
from app.fast import Simple

def build(context):
    try:
        return Engine(context)
    except ValueError:
        return None

def strict(context):
    try:
        engine = Engine(context)
    except ValueError:
        engine = None
        raise
    return engine

def logged(context, log):
    try:
        engine = Engine(context)
    except ValueError:
        log.exception("no engine")
        engine = Simple()
    return engine

def guarded(engine: Engine | None = None):
    if engine is None:
        return Simple()
    return engine.stats()

def noted(context):
    try:
        engine = Engine(context)
    except ValueError:
        problem = ValueError("no engine")
        return problem
    return engine

def given(engine: Engine | None = None):
    if engine is None:
        name = str("no engine")
    return engine
""",
    )
    invalid = (
        """
# file: app/fast.py
class Simple: ...
# file: app/views.py
from app.engine import Engine
from app.fast import Simple

def build(context):
    try:
        return Engine(context)
    except ValueError:  # <-
        return Simple()

def pick(engine: Engine):
    return engine or Simple()  # <-

def choose(engine: Engine | None):
    return Simple() if engine is None else engine  # <-

def fill(engine: Engine | None = None):
    if engine is None:  # <-
        engine = Simple()
    return engine

def instead(engine: Engine | None = None):
    if engine is None:  # <-
        return Simple()
    return engine

def unless(engine: Engine | None = None):
    if engine is not None:  # <-
        return engine
    return Simple()

def otherwise(engine: Engine | None = None):
    if engine:  # <-
        return engine
    else:
        return Simple()

def early(context):
    try:
        engine = Engine(context)
    except ValueError:  # <-
        return Simple()
    return engine
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every fallback outside the tests to an object of another class."""
        for source in project.sources(tests=False):
            for fallback in source.facts.fallbacks:
                for path in fallback.first:
                    canonical = project.canonical_of(_value(project, path))
                    if canonical is None:
                        continue
                    other = next(
                        (
                            text
                            for p in fallback.second
                            if (text := _other(project, p, canonical.type))
                        ),
                        "",
                    )
                    if other:
                        yield self.finding(
                            source.path,
                            fallback.line,
                            fallback.column,
                            f"{other} silently takes the place of {canonical.name}",
                            cause="the handler hides why the canonical one could not be had"
                            if fallback.kind == "except"
                            else "whenever the canonical one is missing or falsy",
                            subject=canonical.subject,
                        )
                        break


def _value(project: Project, path: str) -> Entity:
    entity = project.resolver.resolve(path)
    if entity.kind == entities.CLASS:
        return Entity(entities.UNKNOWN, "")
    return entity


def _other(project: Project, path: str, canonical: Entity) -> str:
    """Return the name of another class, of which a fallback's value is certainly an object."""
    entity = project.resolver.resolve(path)
    if entity.kind == entities.INSTANCE and (entity.module, entity.name) != (
        canonical.module,
        canonical.name,
    ):
        return entity.name
    if path.endswith("()"):
        callee = project.resolver.resolve(path[:-2])
        if (
            callee.kind == entities.EXTERNAL
            and callee.last[:1].isupper()
            and callee.last not in _PLAIN
            and not callee.last.endswith(("Error", "Exception", "Warning"))
        ):
            return callee.last
    return ""
