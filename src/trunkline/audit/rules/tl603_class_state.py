"""TL603: scoped objects kept on a class."""

from collections.abc import Iterator
from typing import Final

from trunkline.audit import entities
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule
from trunkline.audit.scoped import Kept, kept_objects

_NONE: Final = "=None"


class Check(Rule):
    """State on a class is shared by all its objects: by all users, requests and tests."""

    code = "TL603"
    name = "class-state"
    summary = "class-level state that holds scoped objects"
    remedy = "keep it on the object, or resolve it in the scope of each request"
    valid = (
        """
# file: app/views.py
from dataclasses import dataclass
from typing import NamedTuple
from app.engine import Engine

@dataclass
class View:
    engine: Engine
    others: dict[str, Engine]

class Row(NamedTuple):
    engine: Engine

class Page:
    engine: Engine
    last: Engine | None = None  # of this page, once it is set

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

class Pages:
    known = {}

    def __init__(self, context):
        self.known = {}
        self.known[context] = Engine(context)  # its own
""",
    )
    invalid = (
        """
# file: app/views.py
from app.engine import Engine

class View:
    shared = Engine(None)  # <-
    engines: dict[str, Engine] = {}  # <-

    @classmethod
    def remember(cls, context):
        cls.last = Engine(context)  # <-

class Pages:
    known = {}

    def remember(self, context):
        self.known[context] = Engine(context)  # <-
        self.__class__.last = Engine(context)  # <-
        type(self).last = Engine(context)  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every class attribute outside the tests that holds one."""
        for source in project.sources(tests=False):
            for kept in kept_objects(project, source):
                name = _class_attribute(project, kept)
                if name:
                    yield self.finding(
                        source.path,
                        kept.store.line,
                        kept.store.column,
                        f"{name} holds {kept.canonical.name} objects for every user",
                        cause=f"class attributes are shared; {kept.lifetime}",
                        subject=kept.canonical.subject,
                    )


def _class_attribute(project: Project, kept: Kept) -> str:  # noqa: PLR0911 # one case after another
    store = kept.store
    module, _, rest = store.target.partition(":")
    rest = rest.removesuffix("[]")
    owner, dot, name = rest.rpartition(".")
    if module != kept.source.module or not dot or not name.isidentifier():
        return ""
    holder = project.resolver.resolve(f"{module}:{owner}")
    if holder.kind == entities.INSTANCE and store.target.endswith("[]"):
        return _shared_item(project, holder, name)
    if holder.kind != entities.CLASS:
        return ""
    if store.scope == owner:
        # A declaration in the class body: it holds something only when a value is assigned.
        if store.value == _NONE or (store.value is None and not _has_value(kept)):
            return ""
        declared = next((c for c in kept.source.facts.classes if c.name == owner), None)
        if declared is None or declared.decorators:
            return ""
        entity = entities.Entity(entities.CLASS, module, owner)
        if not project.resolver.ancestors(entity)[1]:
            return ""
    return f"{holder.name}.{name}"


def _shared_item(project: Project, holder: entities.Entity, name: str) -> str:
    """Return the class attribute that all objects of a class fill together; empty for their own."""
    of = entities.Entity(entities.CLASS, holder.module, holder.name)
    classes, complete = project.resolver.ancestors(of)
    declared = [project.resolver.class_facts(item) for item in classes]
    if not complete or any(item is None or item.decorators for item in declared):
        return ""
    own = [item for item in declared if item is not None and name in item.mutable]
    assigned = any(item is not None and name in item.attributes for item in declared)
    return f"{holder.name}.{name}" if own and not assigned else ""


def _has_value(kept: Kept) -> bool:
    return kept.holds_many and kept.store.key == "="
