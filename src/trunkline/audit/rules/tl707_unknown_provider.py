"""TL707: a provider name that no container has."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.containers import CONTAINER_BASES, is_container
from trunkline.audit.entities import Entity
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import CONTAINER_NAMES, Rule

_CONTAINER_NAMES = frozenset(
    {
        "providers",
        "wire",
        "unwire",
        "override",
        "override_providers",
        "reset_override",
        "init_resources",
        "shutdown_resources",
        "reset_singletons",
        "apply_container_providers_overridings",
        "check_dependencies",
        "from_json_schema",
        "from_yaml_schema",
        "load_config",
        "set_provider",
        "set_providers",
        "traverse",
        "dependencies",
        "is_auto_wiring_enabled",
        "wiring_config",
        "wired_to_modules",
        "wired_to_module_names",
        "wired_to_package_names",
        "declarative_parent",
        "parent",
        "parent_name",
        "assign_parent",
        "resolve_provider_name",
        "cls_providers",
        "inherited_providers",
        "containers",
        "overridden",
        "provider_type",
        "instance_type",
        "auto_load_config",
        "copy",
        "reset_last_overriding",
    }
)


class Check(Rule):
    """``Application.enigne``: the name is read when the line runs, or when a marker is wired.

    Containers whose bases are outside the tree are left alone, except for those of
    dependency-injector; a `ScopedContainer` has methods of its own and is checked only in markers.
    """

    code = "TL707"
    name = "unknown-provider"
    summary = "a provider name that no container has"
    remedy = "correct the name, or declare the provider"
    names = CONTAINER_NAMES
    valid = (
        """
# file: app/wired.py
from dependency_injector import containers, providers

class Wired(containers.DeclarativeContainer):
    one = providers.Object(1)
# file: app/views.py
from app.wired import Wired

def view():
    return Wired.one(), Wired.providers, Wired().wire(modules=[__name__])
""",
    )
    invalid = (
        """
# file: app/wired.py
from dependency_injector import containers, providers

class Wired(containers.DeclarativeContainer):
    one = providers.Object(1)
# file: app/views.py
from dependency_injector.wiring import Provide, inject
from app.wired import Wired

@inject
def view(two=Provide[Wired.two]):  # <-
    return Wired.three()  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every use of a name that its container lacks."""
        for source in project.sources():
            places = [
                (call.callee, call.line, call.column)
                for call in source.facts.calls
                if call.use != "marker"
            ]
            places += [(ref.path, ref.line, ref.column) for ref in source.facts.references]
            seen: set[int] = set()
            for path, line, column in places:
                owner, dot, name = (path or "").rpartition(".")
                if (
                    not dot
                    or not name.isidentifier()
                    or name in _CONTAINER_NAMES
                    or name.startswith("_")
                ):
                    continue
                entity = project.resolver.resolve(owner)
                if entity.kind not in {entities.CLASS, entities.INSTANCE} or line in seen:
                    continue
                if _lacks(project, entity, name):
                    seen.add(line)
                    yield self.finding(
                        source.path,
                        line,
                        column,
                        f"{entity.name} has no provider {name}",
                        cause=f"{entity.full} declares none of that name",
                    )


def _lacks(project: Project, entity: Entity, name: str) -> bool:
    of = Entity(entities.CLASS, entity.module, entity.name)
    if not is_container(project.resolver, of):
        return False
    for item in project.resolver.ancestors(of)[0]:
        declared = project.resolver.class_facts(item)
        if item.full in CONTAINER_BASES:
            return False
        if (
            declared is None
            or declared.decorators
            or name in declared.members
            or name in declared.attributes
        ):
            return False
        for base in declared.bases:
            target = project.resolver.resolve(base)
            if target.kind == entities.CLASS:
                continue
            if target.last != "DeclarativeContainer":
                return False
    return True
