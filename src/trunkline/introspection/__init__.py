"""Reading a container: the one place that knows how dependency-injector keeps its providers.

What is relied on, here and by ``trunkline.providers`` and ``trunkline.containers``; a specification
test holds each fact on the lowest and the latest version that the package allows
(``tests/specification/test_relied_on.py``):

- *containers*: an instance is of its class's ``instance_type``, knows it as
  ``declarative_parent``, and has in ``providers`` copies of the class's, in which one provider is
  copied once; every declared class has ``providers`` of its own;
- *makers*: ``provides``, ``args`` and ``kwargs`` of factories, singletons, callables and resources,
  ``attributes`` of the first two; a resource starts by ``init``, stops by ``shutdown``, and what it
  calls is found by ``inspect.unwrap``;
- *collections and choices*: ``args`` of ``List``, ``kwargs`` of ``Dict``, ``selector`` and
  ``providers`` of ``Selector``, ``providers`` of ``Aggregate``, ``container`` of ``Container``,
  ``default`` of ``Dependency``;
- *views*: ``provides`` of all, ``name`` of attribute and item getters, ``args`` and ``kwargs`` of
  method callers; ``related`` leads from a view to what it reads;
- *overrides*: ``overridden`` in order and ``last_overriding``, which answers a call; ``_provide``
  is the provider itself;
- ``is_delegated`` and ``Delegate`` tell what is injected as a provider;
- *subclasses*: ``_provide`` is asked wherever the provider is injected; every change comes by an
  ordinary method; a copy is made by calling the class without arguments, and kept in the memo.

Nothing here asks an instance with ``hasattr`` or ``getattr``: configuration options and views
answer every name. No class of dependency-injector is changed but by ``trunkline.testing.stock``,
for the time of a test run, and only where it has the method: the same test says which these are.
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
