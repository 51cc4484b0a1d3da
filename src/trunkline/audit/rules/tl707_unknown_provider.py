"""TL707: a provider name that no container has."""

from collections.abc import Iterator
from typing import NamedTuple

from trunkline.audit import entities
from trunkline.audit.containers import CONTAINER_BASES, declared_provider, is_container
from trunkline.audit.entities import Entity
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project, Source
from trunkline.audit.rule import Rule
from trunkline.audit.source.facts import Class
from trunkline.audit.source.needles import CONTAINER_NAMES

OWN_NAMES = frozenset(
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
        "wired_to_packages",
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
        "from_schema",
        "mro",
    }
)
NESTED_NAMES = OWN_NAMES | {
    "apply_overridings", "async_", "container", "delegate", "disable_async_mode",
    "enable_async_mode", "is_async_mode_disabled", "is_async_mode_enabled",
    "is_async_mode_undefined", "last_overriding", "overrides", "overriding_lock", "provided",
    "provider", "register_overrides", "related", "reset_async_mode", "unregister_overrides",
}  # fmt: skip
"""What a container that another holds has besides: those names of the provider that holds it."""

_MAKERS = ("DynamicContainer", ".set_provider", ".set_providers")
"""What gives a container providers that its class does not declare."""


class Check(Rule):
    """``Application.enigne``: the name is read when the line runs, or when a marker is wired.

    Containers whose bases are outside the tree are left alone, except for those of
    dependency-injector; a `ScopedContainer` has methods of its own and is checked only in markers.
    What is assigned on a container anywhere is one of its providers, and one that is given some by
    `setattr` or `set_providers` may have any.
    """

    code = "TL707"
    name = "unknown-provider"
    summary = "a provider name that no container has"
    remedy = "correct the name, or declare the provider"
    judges_by = ()
    names = CONTAINER_NAMES
    valid = (
        """
# file: app/wired.py
from dependency_injector import containers, providers

class Wired(containers.DeclarativeContainer):
    one = providers.Object(1)
# file: app/views.py
from dependency_injector import containers, providers
from app.wired import Wired

def view():
    return Wired.one(), Wired.providers, Wired().wire(modules=[__name__])

class Outer(containers.DeclarativeContainer):
    inner = providers.Container(Wired)

def other():
    return Outer.inner.container.one(), Outer.inner.provided.one
""",
        """
# file: app/wired.py
from dependency_injector import containers, providers

class Wired(containers.DeclarativeContainer):
    one = providers.Object(1)

class Open(containers.DeclarativeContainer):
    one = providers.Object(1)

class Given(containers.DeclarativeContainer):
    one = providers.Object(1)
# file: app/start.py
from dependency_injector import providers
from app.wired import Given, Open, Wired

def start(name):
    Wired.two = providers.Object(2)
    wired = Wired()
    wired.three = providers.Object(3)
    setattr(Open, name, providers.Object(2))
    Given().set_providers(two=providers.Object(2))
# file: app/views.py
from app.wired import Given, Open, Wired

def view():
    return Wired.two(), Wired().three(), Open.two(), Given().two()
""",
    )
    invalid = (
        """
# file: app/wired.py
from dependency_injector import containers, providers

class Wired(containers.DeclarativeContainer):
    one = providers.Object(1)

class Outer(containers.DeclarativeContainer):
    inner = providers.Container(Wired)
# file: app/views.py
from dependency_injector.wiring import Provide, inject
from app.wired import Outer, Wired

@inject
def view(two=Provide[Wired.two]):  # <-
    return Wired.three()  # <-

@inject
def other(two=Provide[Outer.inner.two]):  # <-
    return Outer.inner.one()

@inject
def deeper(two=Provide[Wired.two.provided.name], one=Provide[Wired.one.provided.name]):  # <-
    return Outer.innre.one().two  # <-

@inject
def option(url=Provide[Wired.config.url]):  # <-
    return Outer.inner.one.provided.name

@inject
def by_name(one=Provide["one"], deep=Provide["inner.one"], self=Provide["<container>"]): ...

@inject
def by_no_name(four=Provide["four"]):  # <-
    return four
""",
    )

    def _markers(self, source: Source, names: frozenset[str]) -> Iterator[Finding]:
        """Yield every marker that asks by its text for a name that no container has."""
        for call in source.facts.calls:
            text = call.arguments[0].value if call.use == "marker" and call.arguments else None
            if text is None or not text.startswith("='"):
                continue
            name = text[2:-1].partition(".")[0]
            if name.isidentifier() and name not in names:
                yield self.finding(
                    source.path,
                    call.line,
                    call.column,
                    f"no container has a provider {name}",
                    cause="the marker asks for it by its name when it is wired",
                )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every use of a name that its container lacks."""
        declared = _declared(project)
        names = _provider_names(project, declared)
        containers = frozenset(item.name for item in declared)
        given: _Given | None = None
        for source in project.sources():
            if names is not None:
                yield from self._markers(source, names)
            places = [
                (call.callee, call.line, call.column)
                for call in source.facts.calls
                if call.use != "marker"
            ]
            places += [(ref.path, ref.line, ref.column) for ref in source.facts.references]
            seen: set[int] = set()
            for path, line, column in places:
                if line in seen:
                    continue
                for entity, name in _asked(project, path or "", containers):
                    given = _given(project) if given is None else given
                    if given.gives(project, entity, name):
                        continue
                    seen.add(line)
                    yield self.finding(
                        source.path,
                        line,
                        column,
                        f"{entity.name} has no provider {name}",
                        cause=f"{entity.full} declares none of that name",
                    )
                    break


def _asked(project: Project, path: str, containers: frozenset[str]) -> Iterator[tuple[Entity, str]]:
    """Yield every container with the name that a path asks it for, where it lacks that.

    Args:
        project: The tree.
        path: The path.
        containers: Names of the classes that are containers: what is read further from something
            that one of these lacks is not known to be any container's.
    """
    owner, dot, name = path.rpartition(".")
    steps = [(owner, name)] if dot else []
    first, *between = path.rpartition(":")[2].split(".")
    if between and first.removesuffix("()") in containers:
        owner = path[: len(path) - len(".".join(["", *between]))]
        steps = []
        for step in between:
            steps.append((owner, step.partition("(")[0].partition("[")[0]))
            owner = f"{owner}.{step}"
    for owner, name in steps:
        if not name.isidentifier() or name.startswith("_"):
            continue
        target = project.resolver.resolve(owner)
        if name in (NESTED_NAMES if target.kind == entities.PROVIDER else OWN_NAMES):
            continue
        entity = _container_of(project, target)
        if entity.kind in {entities.CLASS, entities.INSTANCE} and _lacks(project, entity, name):
            yield entity, name


def _declared(project: Project) -> list[Class]:
    """Return the classes of the tree that are containers."""
    return [
        item
        for source in project.sources()
        for item in source.facts.classes
        if is_container(project.resolver, Entity(entities.CLASS, source.module, item.name))
    ]


def _provider_names(project: Project, declared: list[Class]) -> frozenset[str] | None:
    """Return the names that the tree's containers declare; None where some cannot be known."""
    for source in project.sources():
        if any((call.callee or "").endswith(_MAKERS) for call in source.facts.calls):
            return None
    names: set[str] = set()
    for item in declared:
        if item.decorators or not all(_is_known(project, base) for base in item.bases):
            return None
        names.update(item.members, item.attributes)
    return frozenset(names) or None


def _is_known(project: Project, base: str | None) -> bool:
    """Tell whether a base of a container is of the tree, or declares no providers."""
    target = project.resolver.resolve(base)
    return target.kind == entities.CLASS or target.full in CONTAINER_BASES


class _Given(NamedTuple):
    """What containers are given outside their classes.

    Attributes:
        names: The full name of the container with a name that something is assigned to.
        opened: Full names of those that may be given anything.
    """

    names: frozenset[tuple[str, str]]
    opened: frozenset[str]

    def gives(self, project: Project, entity: Entity, name: str) -> bool:
        """Tell whether a container, or one that it derives from, may have been given a name."""
        of = Entity(entities.CLASS, entity.module, entity.name)
        return any(
            item.full in self.opened or (item.full, name) in self.names
            for item in project.resolver.ancestors(of)[0]
        )


def _given(project: Project) -> _Given:
    names: set[tuple[str, str]] = set()
    opened: set[str] = set()
    for source in project.sources():
        for store in source.facts.stores:
            owner, dot, name = store.target.rpartition(".")
            if dot and name.isidentifier():
                names.add((project.resolver.resolve(owner).full, name))
        for call in source.facts.calls:
            callee = call.callee or ""
            if callee == "builtins:setattr" and call.arguments:
                opened.add(project.resolver.resolve(call.arguments[0].value).full)
            elif callee.endswith((".set_provider", ".set_providers")):
                opened.add(project.resolver.resolve(callee.rpartition(".")[0]).full)
    return _Given(frozenset(names), frozenset(opened))


def _container_of(project: Project, entity: Entity) -> Entity:
    """Return the class of a container that another holds as a provider; anything else as it is."""
    if entity.kind != entities.PROVIDER:
        return entity
    provider = declared_provider(project.resolver, entity.module, entity.name)
    if provider is None or provider.kind != "Container" or len(provider.call.arguments) != 1:
        return entity  # given further arguments it may have more providers
    return project.resolver.resolve(provider.call.arguments[0].value)


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
