"""TL604: a process-wide cache that holds scoped objects."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule
from trunkline.audit.scoped import kept_objects, module_level_name, scoped_of

_CACHES = frozenset(
    {
        ("functools", "cache"),
        ("functools", "lru_cache"),
        ("cachetools", "cached"),
        ("async_lru", "alru_cache"),
    }
)
_ADDERS = frozenset(
    {"append", "add", "setdefault", "put", "put_nowait", "insert", "appendleft", "set", "update"}
)


class Check(Rule):
    """A cache of the process keeps objects after their scope has closed them, and shares them.

    Found are module-level containers of scoped objects and functions under `functools.cache` and
    its like that give one.
    """

    code = "TL604"
    name = "global-cache"
    summary = "a process-wide cache that holds scoped objects"
    remedy = "let the scope keep it: a scoped provider is built once a scope"
    valid = (
        """
# file: app/views.py
from app.engine import Engine

def collect(contexts):
    engines = {}
    for context in contexts:
        engines[context.user_id] = Engine(context)
    return engines
""",
        """
# file: app/views.py
from collections.abc import Callable
from contextvars import ContextVar
from weakref import WeakKeyDictionary, WeakValueDictionary
from app.engine import Engine

makers: dict[str, Callable[[object], Engine]] = {}
kinds: dict[str, type[Engine]] = {}
current: ContextVar[Engine] = ContextVar("current")  # each task's own
known: WeakKeyDictionary[object, Engine] = WeakKeyDictionary()  # as long as its key
live: dict[str, Engine] = WeakValueDictionary()

def keep(context):
    current.set(Engine(context))
    live[context.user_id] = Engine(context)
""",
    )
    invalid = (
        """
# file: app/views.py
from functools import lru_cache
from app.engine import Engine

_engines = {}
_all: list[Engine] = []  # <-
_quoted: "dict[str, Engine | None]" = {}  # <-
_first = [Engine(None)]  # <-

def engine_for(context):
    _engines[context.user_id] = Engine(context)  # <-
    _all.append(Engine(context))  # <-

@lru_cache
def cached_engine(context):  # <-
    return Engine(context)
""",
        """
# file: app/views.py
from app.engine import Engine

_engines = {}

def made(context) -> Engine:
    return Engine(context)

def engine_for(context):
    _engines[context.user_id] = made(context)  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:  # noqa: C901 # one case after another
        """Yield every such cache outside the tests."""
        for source in project.sources(tests=False):
            for kept in kept_objects(project, source):
                name = module_level_name(project, source, kept.store.target)
                if name and kept.holds_many:
                    yield self._report(
                        source.path,
                        kept.store.line,
                        kept.store.column,
                        name,
                        kept.canonical.name,
                        kept.canonical.subject,
                    )
            for call in source.facts.calls:
                owner, _, method = (call.callee or "").rpartition(".")
                if method not in _ADDERS or not module_level_name(project, source, owner):
                    continue
                if method == "set" and len(call.arguments) < 2:
                    continue  # of a context variable, or an event
                for argument in call.arguments:
                    canonical = scoped_of(project, argument.value)
                    if canonical is not None:
                        name = owner.rpartition(":")[2]
                        yield self._report(
                            source.path,
                            call.line,
                            call.column,
                            name,
                            canonical.name,
                            canonical.subject,
                        )
                        break
            for function in source.facts.functions:
                decorators = [
                    project.resolver.resolve(path.removesuffix("()"))
                    for path in function.decorators
                ]
                if not any(
                    d.kind == entities.EXTERNAL and (d.module, d.name) in _CACHES
                    for d in decorators
                ):
                    continue
                named = project.resolver.resolve(function.returns)
                values = (
                    [f"{named.full}()"] if named.kind == entities.CLASS else list(function.returned)
                )
                for value in values:
                    canonical = scoped_of(project, value)
                    if canonical is not None:
                        yield self._report(
                            source.path,
                            function.line,
                            function.column,
                            f"the cache of {function.name}",
                            canonical.name,
                            canonical.subject,
                        )
                        break

    def _report(
        self, path: str, line: int, column: int, name: str, kind: str, subject: str
    ) -> Finding:
        return self.finding(
            path,
            line,
            column,
            f"{name} keeps {kind} objects for the whole process",
            cause="they outlive their scope there and reach other users",
            subject=subject,
        )
