"""Follows names through imports, aliases, re-exports and star imports to what defines them."""

from abc import ABC, abstractmethod
from typing import Final

from trunkline.audit import entities
from trunkline.audit.entities import Entity, unknown
from trunkline.audit.existence import ModuleStates
from trunkline.audit.given import is_given_names
from trunkline.audit.modules import ModuleTable
from trunkline.audit.source import facts
from trunkline.audit.source.facts import Definition, Facts, Import
from trunkline.audit.source.library import Library

_MODULE_NAMES: Final = frozenset(
    {
        "__name__", "__file__", "__doc__", "__package__", "__spec__", "__loader__", "__dict__",
        "__builtins__", "__cached__", "__annotations__", "__class__",
    }
)  # fmt: skip
_FOLDER_NAMES: Final = frozenset(
    {"__name__", "__doc__", "__package__", "__spec__", "__loader__", "__path__", "__file__",
     "__dict__", "__class__"}
)  # fmt: skip
"""Names that a namespace package has; its ``__file__`` is None."""
_NAMED: Final = frozenset(
    {entities.CLASS, entities.FUNCTION, entities.MODULE, entities.EXTERNAL, entities.INSTANCE}
)
_DEFINED: Final = frozenset({entities.CLASS, entities.FUNCTION})
_ELSEWHERE: Final = facts.TYPE_CHECKING | facts.FALLBACK | facts.IN_FUNCTION | facts.MAIN_ONLY
"""Where a binding stands that an import of its module does not run, or only if another fails."""
DEPTH: Final = 40
"""How many names may lead to one another before the chain counts as a loop."""


class NameResolver(ModuleStates, ABC):
    """Resolves names over a tree.

    Args:
        table: The modules.
        library: Their facts.
        generated: Patterns of modules that a build writes.
    """

    def __init__(self, table: ModuleTable, library: Library, generated: tuple[str, ...]) -> None:
        super().__init__(table, library, generated)
        self._names: dict[str, dict[str, list[Definition | Import]]] = {}
        self._lookups: dict[tuple[str, str], Entity] = {}
        self._pending: set[tuple[str, str]] = set()
        self._given: dict[str, bool] = {}
        self.set_in: dict[str, list[tuple[str, set[str]]]] = {}
        """The modules of a folder that set attributes on others, once it was asked for."""

    def names(self, module: str) -> dict[str, list[Definition | Import]]:
        """Return every binding of every name of a module, in the order of its lines."""
        known = self._names.get(module)
        if known is None:
            known = {}
            own = self.facts(module)
            bindings: list[Definition | Import] = [*own.definitions]
            bindings.extend(item for item in own.imports if not item.scope)
            bindings.sort(key=lambda binding: binding.line)
            for binding in bindings:
                name = binding.bound if isinstance(binding, Import) else binding.name
                known.setdefault(name, []).append(binding)
            self._names[module] = known
        return known

    def lookup(self, module: str, name: str) -> Entity:
        """Return what a name of a module leads to.

        Args:
            module: Dotted name of a module of the tree.
            name: One identifier.
        """
        key = (module, name)
        found = self._lookups.get(key)
        if found is None:
            own = self.table.own_name(module)
            if own != module:
                return self.lookup(own, name)
            if key in self._pending or len(self._pending) > DEPTH:
                return unknown("the name leads back to itself")
            self._pending.add(key)
            try:
                found = self._look(module, name)
            finally:
                self._pending.discard(key)
            self._lookups[key] = found
        return found

    def _look(self, module: str, name: str) -> Entity:  # noqa: C901, PLR0911, PLR0912 # one case after another
        table = self.table
        if module not in table.files:
            if module.endswith(".__init__") and module[:-9] in table.packages:
                return self.lookup(module[:-9], name)
            if f"{module}.{name}" in table.files or f"{module}.{name}" in table.namespaces:
                return Entity(entities.MODULE, f"{module}.{name}")
            if name in _FOLDER_NAMES and module in table.namespaces:
                return Entity(entities.VALUE, module, name)
            if module not in table.namespaces or module in table.opaque:
                return unknown("the module is compiled, or a stub")
            if self.is_shared(module):
                return unknown("other distributions may have a part of the namespace package")
            return Entity(entities.MISSING, module, name)
        if self.library.broken(table.files[module]):
            return unknown("the module cannot be read")
        # ``from package import sub`` in the package itself binds the submodule and nothing else
        bound = [
            binding
            for binding in self.names(module).get(name, ())
            if not isinstance(binding, Import) or (binding.module, binding.member) != (module, name)
        ]
        chosen = self.chosen(bound) if bound else None
        deleted = chosen is not None and _is_deleted(chosen)
        if chosen is not None and deleted:
            if any(not 0 < other.line <= chosen.line for other in bound):
                return unknown("the name is deleted, and may be bound again")
        elif chosen is not None:
            entity = self._binding(module, chosen)
            if self._bound_again(module, chosen, bound, entity) or (
                entity.kind in _DEFINED and any(map(_is_global, bound))
            ):
                return unknown("the name is bound to one of several things")
            if entity.kind == entities.INSTANCE and len(bound) > 1:
                return Entity(entities.VALUE, module, name)
            return entity
        submodule = f"{module}.{name}"
        if module in table.packages and table.exists(submodule):
            return Entity(entities.MODULE, submodule)
        if name in _MODULE_NAMES or (name == "__path__" and module in table.packages):
            return Entity(entities.VALUE, module, name)
        return self._from_stars(module, name)

    def _bound_again(
        self,
        module: str,
        chosen: Definition | Import,
        bound: list[Definition | Import],
        entity: Entity,
    ) -> bool:
        """Tell whether a condition may bind a name to another thing further down."""
        return any(
            other.line > chosen.line
            and other.flags & facts.CONDITIONAL
            and not other.flags & (_ELSEWHERE | facts.GUARDED)
            and self._binding(module, other) != entity
            for other in bound
        )

    def for_checkers_alone(self, module: str, name: str) -> bool:
        """Tell whether a module binds a name under ``TYPE_CHECKING`` alone, not when it is run."""
        bound = self.names(module).get(name, ())
        if not bound or not all(binding.flags & facts.TYPE_CHECKING for binding in bound):
            return False
        if module in self.table.packages and self.table.exists(f"{module}.{name}"):
            return False
        return self._from_stars(module, name).kind == entities.MISSING

    def _from_stars(self, module: str, name: str) -> Entity:  # noqa: C901, PLR0912 # one case after another
        own = self.facts(module)
        if module in self.table.opaque:
            return unknown("the module has a stub beside it")
        undecided: Entity | None = None
        if own.dynamic & facts.DYNAMIC_NAMES or "__getattr__" in self.names(module):
            # Asked only for what no star import gives.
            undecided = self._given_when_asked(own, name)
        for item in own.imports:
            if item.member != "*" or item.scope:
                continue
            state = self.module_state(item.module)
            if state != "yes":
                if state != "no":
                    undecided = unknown(f"star import from {item.module}, which is not read")
                continue
            if item.module not in self.table.files:
                if self.lookup(item.module, name).kind != entities.MISSING:
                    undecided = unknown(f"star import from {item.module}, which is not read")
                continue
            other = self.facts(item.module)
            if other.exports is not None and not other.dynamic & facts.DYNAMIC_ALL:
                if name not in other.exports:
                    continue
            elif name.startswith("_"):
                if other.dynamic & facts.DYNAMIC_ALL:
                    undecided = unknown(f"__all__ of {item.module} is computed")
                continue
            entity = self.lookup(item.module, name)
            if entity.kind == entities.UNKNOWN:
                undecided = entity
            elif entity.kind != entities.MISSING:
                return entity
        if undecided is None and self._is_given_names(module):
            return unknown("what the module calls may give it names")
        return undecided or Entity(entities.MISSING, module, name)

    def _given_when_asked(self, own: Facts, name: str) -> Entity:
        """Return what a module's ``__getattr__`` returns for a name that it asks for itself."""
        paths = [path for given, path in own.given if given == name]
        if len(paths) == 1 and not any(item.member == "*" for item in own.imports):
            found = self.resolve(paths[0])
            if found.kind in _NAMED:
                return found
        return unknown("the module makes names when asked for them")

    def _is_given_names(self, module: str) -> bool:
        known = self._given.get(module)
        if known is None:
            self._given[module] = False  # while its own calls are followed
            known = self._given[module] = is_given_names(self, module)
        return known

    @staticmethod
    def chosen(bound: list[Definition | Import]) -> Definition | Import:
        """Return the binding that stands when the module has run; guarded ones before fallbacks."""
        if len(bound) == 1:
            return bound[0]
        for avoid in (
            _ELSEWHERE | facts.CONDITIONAL,
            _ELSEWHERE,
            facts.FALLBACK | facts.IN_FUNCTION,
            facts.FALLBACK,
        ):
            chosen = [binding for binding in bound if not binding.flags & avoid]
            if chosen:
                return chosen[-1] if avoid & facts.CONDITIONAL else chosen[0]
        return bound[-1]

    def _binding(self, module: str, binding: Definition | Import) -> Entity:
        if isinstance(binding, Import):
            return self.imported(binding)
        if binding.kind == "class":
            return Entity(entities.CLASS, module, binding.name)
        if binding.kind == "def":
            return Entity(entities.FUNCTION, module, binding.name)
        if binding.kind == "assign" and binding.value is not None:
            target = self.resolve(binding.value)
            if target.kind in _NAMED:
                return target
        return Entity(entities.VALUE, module, binding.name)

    def imported(self, item: Import) -> Entity:
        """Return what an import binds its name to."""
        if item.flags & facts.BEYOND_TOP:
            return unknown("the relative import climbs above the top package")
        if item.member is None:
            name = item.module if item.flags & facts.ALIASED else item.module.partition(".")[0]
            return self.module(name)
        return self.member(item.module, item.member)

    def module(self, name: str) -> Entity:
        """Return the module of a dotted name."""
        state = self.module_state(name)
        if state == "external":
            return Entity(entities.EXTERNAL, name)
        if state == "unknown":
            return unknown(f"whether {name} exists cannot be decided")
        if state == "no":
            return Entity(entities.MISSING, name)
        return Entity(entities.MODULE, self.table.own_name(name))

    def member(self, module: str, name: str) -> Entity:
        """Return what ``from module import name`` gives."""
        owner = self.module(module)
        if owner.kind == entities.EXTERNAL:
            return Entity(entities.EXTERNAL, module, name)
        if owner.kind != entities.MODULE:
            return owner
        return self.lookup(module, name)

    @abstractmethod
    def resolve(self, path: str | None) -> Entity:
        """Return what a path leads to."""


def _is_global(binding: Definition | Import) -> bool:
    """Tell whether a function says ``global name``, and so may bind the name to anything."""
    return isinstance(binding, Definition) and bool(binding.flags & facts.IN_FUNCTION)


def _is_deleted(binding: Definition | Import) -> bool:
    """Tell whether the last thing that a module does with a name is to delete it."""
    return isinstance(binding, Definition) and binding.kind == "del"
