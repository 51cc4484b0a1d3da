"""What a rule sees: the configuration, the files, their facts and what names lead to."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from trunkline.audit import entities
from trunkline.audit.canonical import Canonical, find_canonical
from trunkline.audit.config import AuditConfig
from trunkline.audit.entities import Entity
from trunkline.audit.expected import ExpectedFailures
from trunkline.audit.findings import Undecided
from trunkline.audit.modules import ModuleTable
from trunkline.audit.resolver import Resolver
from trunkline.audit.source import facts
from trunkline.audit.source.facts import Facts, Import
from trunkline.audit.source.library import Library

if TYPE_CHECKING:
    from trunkline.audit.broken import BrokenReport


class Source(NamedTuple):
    """One file.

    Attributes:
        path: Path from the root.
        module: Dotted name.
        facts: What was read of it.
        is_test: True for a file of the tests.
    """

    path: str
    module: str
    facts: Facts
    is_test: bool


class Hop(NamedTuple):
    """One step of a re-export: a name in a module."""

    module: str
    name: str


class Project:
    """An audited tree.

    Args:
        config: The configuration.
        table: The modules.
        library: Their facts.
    """

    def __init__(self, config: AuditConfig, table: ModuleTable, library: Library) -> None:
        self.config = config
        self._plain_table = table
        self.table = table
        self.library = library
        self.resolver = Resolver(table, library, config.generated)
        self.canonicals: tuple[Canonical, ...] = ()
        self.undecided: list[Undecided] = []
        self.broken: BrokenReport | None = None
        self._sources: dict[int, list[Source]] = {}
        self.expected = ExpectedFailures(library)
        self.asked: frozenset[tuple[str, str]] | None = None
        self.refresh()

    def refresh(self) -> None:
        """Resolve everything anew, after more files were read."""
        self._sources.clear()
        moves = [pair for path in self.library.paths() for pair in self.library.facts(path).moved]
        self.table = self._plain_table.with_moves(moves) if moves else self._plain_table
        self.resolver = Resolver(self.table, self.library, self.config.generated)
        self.canonicals = tuple(
            find_canonical(item, self.resolver) for item in self.config.canonical
        )

    def sources(self, level: int = 2, *, tests: bool = True) -> Iterator[Source]:
        """Return the files of which at least a level of facts is kept.

        Args:
            level: 1 for imports and names, 2 for classes, functions and uses as well.
            tests: False to leave out the tests.
        """
        # Every rule asks for them, and in a large tree nothing matters in most files.
        kept = self._sources.get(level)
        if kept is None:
            kept = self._sources[level] = [
                Source(path, self.table.names[path], known, self.library.is_test(path))
                for path in self.library.paths()
                if (known := self.library.facts(path)).level >= level
            ]
        return iter(kept) if tests else (source for source in kept if not source.is_test)

    def hops(self, module: str, name: str) -> list[Hop]:
        """Return every name on the way from a name of a module to its definition."""
        found: list[Hop] = []
        hop: Hop | None = Hop(module, name)
        while hop is not None and hop not in found:
            found.append(hop)
            hop = self.next_hop(hop)
        return found

    def next_hop(self, hop: Hop) -> Hop | None:  # noqa: PLR0911 # one case after another
        """Return the name that a name of a module stands for; None where it is no other's."""
        module, name = hop
        resolver = self.resolver
        if module not in self.table.files or self.library.broken(self.table.files[module]):
            return None
        bound = resolver.names(module).get(name)
        if not bound:
            origin = self._star_origin(module, name)
            return Hop(origin, name) if origin is not None else None
        binding = resolver.chosen(bound)
        if isinstance(binding, Import):
            return Hop(binding.module, binding.member) if binding.member is not None else None
        if binding.kind != "assign" or binding.value is None or "(" in binding.value:
            return None
        owner, _, rest = binding.value.partition(":")
        if "." not in rest:
            return Hop(owner, rest)
        holder = resolver.resolve(f"{owner}:{rest.rpartition('.')[0]}")
        if holder.kind != entities.MODULE:
            return None
        return Hop(holder.module, rest.rpartition(".")[2])

    def _star_origin(self, module: str, name: str) -> str | None:
        for item in self.resolver.facts(module).imports:
            if item.member != "*" or item.scope or item.module not in self.table.files:
                continue
            kind = self.resolver.lookup(item.module, name).kind
            if kind not in {entities.MISSING, entities.UNKNOWN}:
                return item.module
        return None

    def path_hops(self, path: str) -> list[Hop]:
        """Return every name on the way of a path such as ``module:alias.Name``."""
        module, _, rest = path.partition(":")
        owner, dot, last = rest.rpartition(".")
        if not dot:
            return self.hops(module, rest)
        holder = self.resolver.resolve(f"{module}:{owner}")
        return self.hops(holder.module, last) if holder.kind == entities.MODULE else []

    def runs(self, item: Import) -> bool:
        """Tell whether an import runs at all."""
        return not item.flags & facts.TYPE_CHECKING

    def canonical_of(self, entity: Entity) -> Canonical | None:
        """Return the canonical thing whose class, or object, an entity is."""
        for canonical in self.canonicals:
            if canonical.is_type(entity) or canonical.is_instance(entity):
                return canonical
        return None
