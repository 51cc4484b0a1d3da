"""Whether a function that constructs a canonical object could ask the container for it instead."""

from trunkline.audit import entities
from trunkline.audit.canonical import Canonical
from trunkline.audit.containers import declared_provider, is_async
from trunkline.audit.entities import Entity
from trunkline.audit.project import Project, Source
from trunkline.audit.source.facts import Call


def container_at_hand(
    project: Project, source: Source, call: Call, canonical: Canonical
) -> tuple[str, ...]:
    """Return the codemod that takes the object from the container; empty where that is not safe.

    Safe means: the function has one parameter of the container's type, the construction is given
    exactly what the factory would give it, each asked of that container on the spot
    (``Engine(app.context())``), and the function is async where the factory is. An object that only
    has the right type may be another than that of the open scope.
    """
    factory = canonical.factory
    if factory is None or factory.kind != entities.PROVIDER:
        return ()
    owner = factory.name.rpartition(".")[0]
    container = Entity(entities.CLASS, factory.module, owner)
    function = next((f for f in source.facts.functions if f.name == call.scope), None)
    if function is None:
        return ()
    hands = [
        parameter.name
        for parameter in function.parameters
        if project.resolver.resolve(parameter.annotation) == container
    ]
    awaits = is_async(project.resolver, factory)
    if len(hands) != 1 or (awaits and not function.is_async):
        return ()
    given = _given(project, factory, call)
    if given is None:
        return ()
    text = _asked(project, hands[0], factory)
    if awaits and call.use == "attribute":
        text = f"({text})"
    numbers = (call.line, call.column, call.end_line, call.end_column)
    asked = (_asked(project, hands[0], provider) for provider in given)
    return ("build", *map(str, numbers), text, *asked)


def _asked(project: Project, hand: str, provider: Entity) -> str:
    """Return the source that asks a container for what a provider gives."""
    awaited = "await " if is_async(project.resolver, provider) else ""
    return f"{awaited}{hand}.{provider.name.rpartition('.')[2]}()"


def _given(project: Project, factory: Entity, call: Call) -> list[Entity] | None:
    """Return the providers that a call's arguments ask; None unless the factory asks the same."""
    resolver = project.resolver
    declared = declared_provider(resolver, factory.module, factory.name)
    if declared is None or len(declared.call.arguments) != len(call.arguments) + 1:
        return None
    found = []
    for own, theirs in zip(call.arguments, declared.call.arguments[1:], strict=True):
        asked = (own.value or "").removesuffix("~")
        provider = resolver.resolve(asked.removesuffix("()"))
        if provider != resolver.resolve(theirs.value) or own.keyword != theirs.keyword:
            return None
        # A variable may hold what was asked for while another scope was open.
        if provider.kind != entities.PROVIDER or not asked.endswith("()") or own.terminal:
            return None
        found.append(provider)
    return found
