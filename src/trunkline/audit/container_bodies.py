"""The classes that declare a container: their providers, and the calls that these are made by."""

from trunkline.audit.entities import Entity
from trunkline.audit.project import Project
from trunkline.audit.source.facts import Call, Facts, Store


class Body:
    """What one class of a container's line of bases declares.

    Args:
        entity: The class.
        path: Path of its file.
        known: All facts of the file.
    """

    def __init__(self, entity: Entity, path: str, known: Facts) -> None:
        self.prefix = f"{entity.module}:{entity.name}."
        self.path = path
        self.calls = {call.span: call for call in known.calls if call.scope == entity.name}
        self.additions: dict[str, list[Call]] = {}
        for call in self.calls.values():
            if call.callee is not None and call.callee.startswith(self.prefix):
                name = call.callee[len(self.prefix) :].partition(".")[0]
                self.additions.setdefault(name, []).append(call)
        self.stores: dict[str, list[Store]] = {}
        for store in known.stores:
            if store.target.startswith(self.prefix) and store.key == "=":
                self.stores.setdefault(store.target[len(self.prefix) :], []).append(store)


def bodies_of(project: Project, entity: Entity) -> list[Body] | None:
    """Return the classes that declare a container; None where its scopes are its own."""
    bodies: list[Body] = []
    for base in reversed(project.resolver.ancestors(entity)[0]):
        if base.module.startswith("trunkline.containers"):
            continue  # the framework's own base, where its source is part of the tree
        own = project.resolver.class_facts(base)
        if own is None or {"scopes", "default_scope"} & {*own.members}:
            return None
        home = project.table.files[base.module]
        bodies.append(Body(base, home, project.library.block(home, own.line)))
    return bodies
