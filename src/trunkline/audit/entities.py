"""What a name leads to, once every module is taken into account."""

from typing import Final, NamedTuple

MODULE: Final = "module"
CLASS: Final = "class"
FUNCTION: Final = "function"
VALUE: Final = "value"
"""A variable whose value is not known further."""
INSTANCE: Final = "instance"
AWAITABLE: Final = "awaitable"
"""What awaiting gives an instance of the named class."""
PROVIDER: Final = "provider"
"""A provider declared in a container class."""
EXTERNAL: Final = "external"
"""Not part of the tree: `module` is the dotted path as imported."""
MISSING: Final = "missing"
"""Decidedly not there: `module` has no `name` (or does not exist, with an empty name)."""
UNKNOWN: Final = "unknown"
"""Cannot be decided; `name` says why."""


class Entity(NamedTuple):
    """What a path leads to.

    Attributes:
        kind: One of the constants of this module.
        module: Dotted name of the module that defines it.
        name: Its qualified name there.
    """

    kind: str
    module: str
    name: str = ""

    @property
    def full(self) -> str:
        """The whole name, as configuration writes it: ``module:name``."""
        return f"{self.module}:{self.name}" if self.name else self.module

    @property
    def last(self) -> str:
        """The last part of the name."""
        return (self.name or self.module).rpartition(".")[2]


def unknown(reason: str) -> Entity:
    """Return the entity of what cannot be decided."""
    return Entity(UNKNOWN, "", reason)
