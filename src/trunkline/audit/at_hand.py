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

    Safe means: the function has a parameter of the container's type, every argument of the
    construction is an object of a canonical type that the factory injects itself, and the function
    is async where the factory is.
    """
    factory = canonical.factory
    if factory is None or factory.kind != entities.PROVIDER:
        return ()
    owner, _, attribute = factory.name.rpartition(".")
    container = Entity(entities.CLASS, factory.module, owner)
    function = next((f for f in source.facts.functions if f.name == call.scope), None)
    if function is None:
        return ()
    hand = next(
        (
            p.name
            for p in function.parameters
            if project.resolver.resolve(p.annotation) == container
        ),
        "",
    )
    awaits = is_async(project.resolver, factory)
    if not hand or (awaits and not function.is_async) or not _injects(project, factory, call):
        return ()
    text = f"{'await ' if awaits else ''}{hand}.{attribute}()"
    if awaits and call.use == "attribute":
        text = f"({text})"
    numbers = (call.line, call.column, call.end_line, call.end_column)
    return ("build", *map(str, numbers), text)


def _injects(project: Project, factory: Entity, call: Call) -> bool:
    """Tell whether the factory gives everything that the call passes."""
    provider = declared_provider(project.resolver, factory.module, factory.name)
    if provider is None:
        return False
    given = set()
    for argument in provider.call.arguments[1:]:
        target = project.resolver.resolve(argument.value)
        if target.kind == entities.PROVIDER:
            inner = declared_provider(project.resolver, target.module, target.name)
            if inner is not None and inner.provides is not None:
                given.add(project.resolver.resolve(inner.provides))
    for argument in call.arguments:
        entity = project.resolver.resolve(argument.value)
        if entity.kind != entities.INSTANCE:
            return False
        if Entity(entities.CLASS, entity.module, entity.name) not in given:
            return False
    return True
