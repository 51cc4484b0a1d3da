"""Reading a container: the one place that knows how dependency-injector keeps its providers.

Relied on, and tested against every version that the package allows:

- ``providers`` of containers, ``declarative_parent`` of instances;
- ``provides``, ``args``, ``kwargs``, ``attributes`` of callables, factories, singletons, resources;
- ``last_overriding`` of every provider; ``default`` of ``Dependency``;
- ``provides`` and ``name`` / ``args`` / ``kwargs`` of views; ``args`` / ``kwargs`` of collections;
  ``selector`` and ``providers`` of choices; ``container`` of ``Container``;
- ``is_delegated`` for arguments that are injected as providers;
- ``is_required`` and ``_get_root`` of configuration options, and the children of a configuration,
  which are told of its changes.

Nothing here asks an instance with ``hasattr`` or ``getattr``: configuration options and views
answer every name.
"""

from trunkline.introspection.blueprints import blueprint_of, own_providers, with_providers
from trunkline.introspection.kinds import (
    is_configuration,
    is_provider,
    is_routed,
    keep_fresh,
    keeps_state,
    stock_overrides,
)
from trunkline.introspection.naming import (
    class_name,
    declared_behind,
    declared_providers,
    instance_view,
)
from trunkline.introspection.openings import awaits_itself, opening_of_resource
from trunkline.introspection.written import bridged_recipe, written_recipe, written_recipes

__all__ = [
    "awaits_itself",
    "blueprint_of",
    "bridged_recipe",
    "class_name",
    "declared_behind",
    "declared_providers",
    "instance_view",
    "is_configuration",
    "is_provider",
    "is_routed",
    "keep_fresh",
    "keeps_state",
    "opening_of_resource",
    "own_providers",
    "stock_overrides",
    "with_providers",
    "written_recipe",
    "written_recipes",
]
