"""One canonical thing as the tree has it: its class, its factory, the old names for it."""

from fnmatch import fnmatchcase
from typing import NamedTuple

from trunkline.audit import entities
from trunkline.audit.config import SCOPES, CanonicalConfig, Name
from trunkline.audit.containers import declared_provider
from trunkline.audit.entities import Entity
from trunkline.audit.resolver import Resolver


class Canonical(NamedTuple):
    """What a configuration names, resolved.

    Attributes:
        config: The configuration.
        type: The class; of kind `MISSING` or `UNKNOWN` where the tree has none.
        factory: The provider or function that builds it; None where none is configured.
        builders: Modules, and functions, that may construct it.
    """

    config: CanonicalConfig
    type: Entity
    factory: Entity | None
    builders: frozenset[str]

    @property
    def name(self) -> str:
        """Name of the class."""
        return self.config.type.last

    @property
    def subject(self) -> str:
        """The class as configuration names it."""
        return str(self.config.type)

    @property
    def is_scoped(self) -> bool:
        """True when an object of it lives shorter than the application."""
        return self.config.scope is not None and self.config.scope != "app"

    @property
    def factory_cause(self) -> str:
        """Why building one elsewhere is wrong, for a cause."""
        if self.config.factory is None:
            return f"no factory of {self.name} is configured: its module alone may construct it"
        return f"{self.config.factory.attribute} is its canonical factory"

    @property
    def factory_remedy(self) -> str:
        """How to get one, for a remedy."""
        if self.config.factory is None:
            return (
                f'set factory = "package.module:Container.provider" for {self.subject} in '
                "pyproject.toml, and take it from there"
            )
        return f"take it from {self.config.factory.attribute}"

    def outlives(self, other: "Canonical") -> bool:
        """Tell whether an object of this type lives longer than one of another."""
        own, theirs = self.config.scope, other.config.scope
        if own is None or theirs is None:
            return False
        return SCOPES.index(own) < SCOPES.index(theirs)

    def is_type(self, entity: Entity) -> bool:
        """Tell whether an entity is the canonical class."""
        return entity.kind == entities.CLASS and entity == self.type

    def is_instance(self, entity: Entity) -> bool:
        """Tell whether an entity is an object of the class, old or canonical, awaited or not."""
        return entity.kind in {entities.INSTANCE, entities.AWAITABLE} and (
            (entity.module, entity.name) == (self.type.module, self.type.name)
            or self.is_legacy(entity.module, entity.name)
        )

    def in_family(self, name: str) -> bool:
        """Tell whether a class of this name looks like a version of the same thing."""
        return any(fnmatchcase(name, pattern) for pattern in self.config.family)

    def is_legacy(self, module: str, name: str) -> bool:
        """Tell whether a name of a module is an old name."""
        return any(
            legacy.module == module and legacy.attribute in {"", name}
            for legacy in self.config.legacy
        )

    def is_legacy_module(self, module: str) -> bool:
        """Tell whether old names live in a module."""
        return any(legacy.module == module for legacy in self.config.legacy)

    def may_build(self, module: str, scope: str) -> bool:
        """Tell whether code in a function of a module may construct the class directly."""
        if module in self.builders or f"{module}:{scope}" in self.builders:
            return True
        return self.is_built_in(module)

    def is_built_in(self, module: str) -> bool:
        """Tell whether configuration names a module as one that may construct the class too."""
        return any(fnmatchcase(module, pattern) for pattern in self.config.built_in)


def find_canonical(config: CanonicalConfig, resolver: Resolver) -> Canonical:
    """Resolve what a configuration names."""
    kind = _find(config.type, resolver)
    factory = _find(config.factory, resolver) if config.factory is not None else None
    builders = {config.type.module, kind.module}
    if factory is not None and config.factory is not None:
        builders |= {config.factory.module, factory.module}
        provider = declared_provider(resolver, factory.module, factory.name)
        if provider is not None:
            target = resolver.resolve(provider.provides)
            if target.kind == entities.FUNCTION:
                builders.add(target.full)
    return Canonical(config, kind, factory, frozenset(builders))


def _find(name: Name, resolver: Resolver) -> Entity:
    return resolver.resolve(f"{name.module}:{name.attribute}")
