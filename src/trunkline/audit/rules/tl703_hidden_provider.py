"""TL703: a provider inside a literal list or dict."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.containers import provider_kind
from trunkline.audit.findings import Finding
from trunkline.audit.graphs import LITERALS
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule
from trunkline.audit.source.needles import CONTAINER_NAMES


class Check(Rule):
    """Providers inside a literal list or dict are injected as they are: providers, not objects.

    They are not resolved, not overridden and not part of the graph.
    """

    code = "TL703"
    name = "hidden-provider"
    summary = "a provider inside a literal list or dict"
    remedy = "write providers.List(...) or providers.Dict(...)"
    judges_by = ()
    names = CONTAINER_NAMES
    valid = (
        """
# file: app/wired.py
from dependency_injector import containers, providers

class Wired(containers.DeclarativeContainer):
    one = providers.Object(1)
    all = providers.Factory(list, providers.List(one))
    named = providers.Dict({"one": one})
    each = providers.Factory(dict, *[one], **{"two": one})
    itself = providers.Object([one])
""",
    )
    invalid = (
        """
# file: app/wired.py
from dependency_injector import containers, providers

class Wired(containers.DeclarativeContainer):
    one = providers.Object(1)
    all = providers.Factory(list, [one])  # <-
    named = providers.Factory(dict, values={"one": one})  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every provider call with one inside a literal."""
        for source in project.sources():
            for call in source.facts.calls:
                if not any(argument.keyword == "[" for argument in call.arguments):
                    continue
                kind = provider_kind(project.resolver, call.callee)
                if kind is None or kind in LITERALS or kind == "Object":
                    continue
                for argument in call.arguments:
                    if argument.keyword != "[":
                        continue
                    target = project.resolver.resolve(argument.value)
                    if target.kind == entities.PROVIDER:
                        yield self.finding(
                            source.path,
                            call.line,
                            call.column,
                            f"the provider {target.last} stands inside a literal",
                            cause="it is injected as it is, never resolved",
                        )
