"""TL101: a second implementation of a canonical thing."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.canonical import Canonical
from trunkline.audit.entities import Entity
from trunkline.audit.findings import Finding
from trunkline.audit.interfaces import bases, interfaces, is_abstract, public_methods
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule
from trunkline.audit.source import facts

_OTHER_KINDS = {
    ("enum", "Enum"),
    ("enum", "IntEnum"),
    ("enum", "StrEnum"),
    ("typing", "TypedDict"),
    ("typing_extensions", "TypedDict"),
    ("typing", "NamedTuple"),
    ("builtins", "Exception"),
    ("builtins", "BaseException"),
    ("builtins", "Warning"),
}
"""What makes everything that derives from it data or an error."""
_FEWEST_METHODS = 3


class Check(Rule):
    """A class that does what the canonical one does splits the code base into two truths.

    It is found by its name (the `family` patterns), by its base class, by an interface (it derives
    from an abstract class or protocol of the tree that the canonical class derives from too, and
    has every public method of that class), or because it has every public method of the canonical
    class where these are three at least. Protocols, abstract classes and tests' fakes are no
    implementations; old names listed as `legacy` are the business of the rules about redirects.
    """

    code = "TL101"
    name = "second-implementation"
    summary = "a second implementation of the canonical thing"
    remedy = "move what differs into the canonical class and make this name a redirect"
    valid = (
        """
# file: app/protocols.py
from typing import Protocol

class RunsEngine(Protocol):
    def execute(self, name): ...

class AnyEngine(Protocol):
    def execute(self, name): ...
# file: app/abstract.py
from abc import ABC, ABCMeta, abstractmethod

class BaseEngine(ABC):
    def execute(self, name): ...

class OtherEngine(metaclass=ABCMeta):
    @abstractmethod
    def execute(self, name): ...

class BrokenEngine(RuntimeError):
    pass

class StalledEngine(BrokenEngine):
    pass
# file: app/engine.py
class BaseEngine: ...

class Engine(BaseEngine):
    def __init__(self, context): ...
    def execute(self, name): ...
    def stats(self): ...
# file: app/interfaces.py
from zope.interface import Interface

class IEngine(Interface):
    def execute(name): ...
# file: tests/fakes.py
class FakeEngine:
    pass
""",
        '''
# file: app/ports.py
from abc import ABC, abstractmethod
from typing import Protocol

class Runs(ABC):
    @abstractmethod
    async def execute(self, name): ...

class Tells(Protocol):
    def stats(self): ...

class Logs:
    def log(self, text): ...
# file: app/engine.py
from app.ports import Logs, Runs, Tells

class Engine(Runs, Tells, Logs):
    LIMIT = 3
    async def execute(self, name): ...
    def stats(self): ...
# file: app/others.py
from app.ports import Logs, Runs, Tells

class Ledger(Tells):
    def stats(self): ...

class Late(Runs):
    """Abstract still: it has no method."""

class Mailer(Logs):
    async def execute(self, name): ...
    def stats(self): ...
''',
    )
    invalid = (
        """
# file: app/fast.py
class FastEngine:  # <-
    pass
""",
        """
# file: app/derived.py
from app.engine import Engine

class Special(Engine):  # <-
    pass
""",
        """
# file: app/copy.py
class Runner:  # <-
    def execute(self, name): ...
    def stats(self): ...
    async def execute_pipeline(self, steps): ...
""",
        """
# file: app/abstract.py
from abc import ABC

class BaseEngine(ABC):
    def execute(self, name): ...

class SlowEngine(BaseEngine):  # <-
    pass
""",
        """
# file: app/generic.py
from typing import Generic, TypeVar
from app.engine import Engine

T = TypeVar("T")

class Typed(Engine, Generic[T]):  # <-
    pass

class Text(Typed[str]):  # <-
    pass
""",
        """
# file: app/ports.py
from abc import ABC, abstractmethod
from typing import Protocol

class Runs(ABC):
    @abstractmethod
    async def execute(self, name): ...

class Tells(Protocol):
    def stats(self): ...

class Logs:
    def log(self, text): ...
# file: app/engine.py
from app.ports import Logs, Runs, Tells

class Engine(Runs, Tells, Logs):
    LIMIT = 3
    async def execute(self, name): ...
    def stats(self): ...
# file: app/remote.py
from app import ports
from app.ports import Runs

class Remote(Runs):  # <-
    async def execute(self, name): ...
    def stats(self): ...

class _Half(ports.Tells):
    def stats(self): ...

class Whole(_Half):  # <-
    async def execute(self, name): ...
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every class outside the tests that implements a canonical thing again."""
        for source in project.sources(tests=False):
            for item in source.facts.classes:
                entity = Entity(entities.CLASS, source.module, item.name)
                for canonical in project.canonicals:
                    cause = _cause(project, canonical, entity)
                    if cause:
                        yield self.finding(
                            source.path,
                            item.line,
                            item.column,
                            f"{item.name} is a second implementation of {canonical.name}",
                            cause=cause,
                            subject=canonical.subject,
                        )
                        break


def _cause(project: Project, canonical: Canonical, entity: Entity) -> str:  # noqa: C901, PLR0911, PLR0912 # one case after another
    if canonical.is_type(entity) or canonical.type.kind != entities.CLASS:
        return ""
    if canonical.is_legacy(entity.module, entity.name) or entity.last == canonical.name:
        return ""
    if any(other.is_type(entity) for other in project.canonicals):
        return ""
    for definition in project.resolver.names(entity.module).get(entity.name, ()):
        if definition.flags & facts.TYPE_CHECKING:
            return ""
    classes, _ = project.resolver.ancestors(entity)
    if canonical.type in classes:
        return f"it derives from {canonical.subject}"
    if project.resolver.is_subclass(canonical.type, entity):
        return ""  # a part of the canonical class
    old = _old_base(project, canonical, entity)
    if old:
        return f"it derives from {old}, an old name of {canonical.name}"
    if is_abstract(project.resolver, entity) or any(
        _is_other_kind(project, item) for item in classes
    ):
        return ""
    if canonical.in_family(entity.last):
        return f"its name is of the family of {canonical.name}"
    interface = _shared_interface(project, canonical, classes)
    if interface is not None:
        return f"it implements {interface.name}, as {canonical.name} does"
    own, theirs = project.resolver.class_facts(entity), project.resolver.class_facts(canonical.type)
    if own is not None and theirs is not None:
        public = {name for name in theirs.members if not name.startswith("_")}
        if len(public) >= _FEWEST_METHODS and public <= set(own.members):
            return f"it has every public method of {canonical.name}: {', '.join(sorted(public))}"
    return ""


def _shared_interface(
    project: Project, canonical: Canonical, classes: tuple[Entity, ...]
) -> Entity | None:
    """Return an interface of the canonical class that a class implements with all its methods.

    Args:
        project: The tree.
        canonical: The canonical thing.
        classes: The class and its bases.
    """
    shared = [item for item in interfaces(project.resolver, canonical.type) if item in classes]
    if not shared:
        return None
    members: set[str] = set()
    for item in classes:
        declared = project.resolver.class_facts(item)
        if declared is not None and item not in shared:
            members.update(declared.members)
    return shared[0] if public_methods(project.resolver, canonical.type) <= members else None


def _old_base(project: Project, canonical: Canonical, entity: Entity) -> str:
    declared = project.resolver.class_facts(entity)
    for base in declared.bases if declared is not None else ():
        for hop in project.path_hops(base) if base is not None else ():
            if canonical.is_legacy(hop.module, hop.name):
                return f"{hop.module}.{hop.name}"
    return ""


def _is_other_kind(project: Project, entity: Entity) -> bool:
    return any(
        (base.module, base.name) in _OTHER_KINDS or base.last.endswith("Error")
        for base in bases(project.resolver, entity)
    )
