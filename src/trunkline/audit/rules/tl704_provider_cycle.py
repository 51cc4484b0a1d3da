"""TL704: providers that need each other."""

from collections.abc import Iterator

from trunkline.audit.findings import Finding
from trunkline.audit.graphs import container_graphs, graph_findings
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule
from trunkline.audit.source.needles import CONTAINER_NAMES


class Check(Rule):
    """Neither of two providers can be built before the other.

    With stock providers the first use ends in a RecursionError, or crashes the interpreter.
    """

    code = "TL704"
    name = "provider-cycle"
    summary = "providers that need each other before either can be built"
    remedy = "inject the provider itself on one side and resolve it at each use"
    judges_by = ()
    names = CONTAINER_NAMES
    valid = (
        """
# file: app/wired.py
from dependency_injector import containers, providers

class Wired(containers.DeclarativeContainer):
    one = providers.Object(1)
    two = providers.Singleton(dict, one=one)
""",
        """
# file: app/wired.py
from dependency_injector import containers, providers

class Wired(containers.DeclarativeContainer):
    settings = providers.Singleton(dict)
    limits = settings.provided.limits
    connections = providers.Singleton(list, limits.connections)  # an attribute of a view
""",
    )
    invalid = (
        """
# file: app/wired.py
from dependency_injector import containers, providers

class Base(containers.DeclarativeContainer):
    two = providers.Dependency()

class Wired(Base):
    one = providers.Singleton(dict, two=Base.two)
    two = providers.Singleton(dict, one=one)  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield one shortest cycle of every group of providers."""
        from trunkline.validation import check_cycles

        yield from graph_findings(project, self, container_graphs(project), check_cycles)
