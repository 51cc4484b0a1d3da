"""TL703: a provider inside a literal list or dict."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.containers import declared_provider, provider_kind
from trunkline.audit.findings import Finding
from trunkline.audit.graphs import LITERALS, SETTERS
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule
from trunkline.audit.source.facts import Argument
from trunkline.audit.source.needles import CONTAINER_NAMES


class Check(Rule):
    """Providers inside a literal list or dict are injected as they are: providers, not objects.

    They are not resolved, not overridden and not part of the graph. Where `one.provider` is passed
    the provider is what is meant.
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
    meant = providers.Factory(list, [one.provider])
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
    view = providers.Factory(dict, values=[one.provided.name])  # <-
    place = providers.Factory(dict, values=[providers.Factory(dict)])  # <-
    added = providers.Factory(dict).add_kwargs(values=[one])  # <-
    later = providers.Factory(list)
    later.add_args([one])  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every provider call with one inside a literal."""
        for source in project.sources():
            for call in source.facts.calls:
                if not any(argument.keyword == "[" for argument in call.arguments):
                    continue
                kind = _kind(project, call.callee or "")
                if kind is None or kind in LITERALS or kind == "Object":
                    continue
                for argument in call.arguments:
                    hidden = _hidden(project, argument) if argument.keyword == "[" else None
                    if hidden is not None:
                        yield self.finding(
                            source.path,
                            call.line,
                            call.column,
                            f"the provider {hidden} stands inside a literal",
                            cause="it is injected as it is, never resolved",
                        )


def _kind(project: Project, callee: str) -> str | None:
    """Return the class of the provider that a call makes, or gives further arguments to."""
    owner, _, method = callee.rpartition(".")
    if method not in SETTERS:
        return provider_kind(project.resolver, callee)
    if owner.endswith("()"):
        return provider_kind(project.resolver, owner[:-2])
    target = project.resolver.resolve(owner)
    if target.kind != entities.PROVIDER:
        return None
    provider = declared_provider(project.resolver, target.module, target.name)
    return provider.kind if provider is not None else None


def _hidden(project: Project, argument: Argument) -> str | None:
    """Return the name of the provider that an item of a literal is, or reads from."""
    value = argument.value or ""
    if value.endswith("()"):
        return provider_kind(project.resolver, value[:-2])
    target = project.resolver.resolve(value.partition(".provided")[0])
    return target.last if target.kind == entities.PROVIDER else None
