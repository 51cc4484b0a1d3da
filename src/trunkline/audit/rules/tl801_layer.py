"""TL801: an import that a contract between folders forbids."""

from collections.abc import Iterator

from trunkline.audit.chains import ImportGraph, Link, chain_from
from trunkline.audit.config import ContractConfig
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import PROGRAM, Rule


class Check(Rule):
    """Layers import downwards only; a forbidden package is not imported, wherever the line stands.

    Contracts are `[[tool.trunkline.contract]]` tables: `layers`, from the highest to the lowest,
    with ``a | b`` for strangers; or `source` and `forbidden`.

    A chain of imports through modules that the contract does not name counts as one import, and is
    reported, as short as there is one, where it begins. `allow-indirect-imports = true` in the
    table lets chains by.
    """

    code = "TL801"
    name = "layer"
    summary = "an import that a contract between folders forbids"
    remedy = "move what is needed down, or hand it in from above"
    judges_by = ("contracts",)
    needs = PROGRAM
    configuration = """
[[tool.trunkline.contract]]
name = "downwards"
layers = ["app.web", "app.rules | app.store", "app.core"]

[[tool.trunkline.contract]]
name = "no web in the engine"
source = ["app.engine"]
forbidden = ["app.web"]
"""
    valid = (
        """
# file: app/web.py
from app import core
from app.rules import anything
# file: app/rules.py
anything = 1
# file: app/core.py
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from app.web import view
# file: app/store.py
from app.shared import core_alone
# file: app/shared.py
import app.core
core_alone = 1
""",
    )
    invalid = (
        """
# file: app/web.py
view = 1
# file: app/core.py
from app.web import view  # <-
# file: app/rules.py
def later():
    from app import store  # <-
# file: app/store.py
# file: app/engine.py
import app.web  # <-
""",
        """
# file: app/web.py
view = 1
# file: app/shared.py
from app.show import show
# file: app/show.py
def show():
    from app import web
# file: app/core.py
import app.shared  # <-
# file: app/engine.py
from app.shared import show  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every import, and every chain of imports, that breaks a contract."""
        graphs: dict[bool, ImportGraph] = {}
        for contract in project.config.contracts:
            if not contract.layers and not contract.forbidden:
                continue
            graph = graphs.get(contract.type_checking)
            if graph is None:
                graph = ImportGraph(project, type_checking=contract.type_checking)
                graphs[contract.type_checking] = graph
            packages = _Packages(contract)
            for link, reason in _direct(packages, graph):
                yield self._finding(contract, link, link.imported, reason)
            if contract.indirect:
                for links, reason in _chains(packages, graph):
                    way = " -> ".join(
                        f"{link.importer} ({link.path}:{link.line})" for link in links
                    )
                    end = links[-1].imported
                    yield self._finding(contract, links[0], end, f"{reason}: {way} -> {end}")

    def _finding(self, contract: ContractConfig, link: Link, target: str, reason: str) -> Finding:
        way = "" if link.imported == target else f" by way of {link.imported}"
        return self.finding(
            link.path,
            link.line,
            link.column,
            f"{link.importer} may not import {target}{way}",
            cause=f"contract {contract.name!r}: {reason}",
        )


class _Packages:
    """What a contract names, and which of it may not import which."""

    def __init__(self, contract: ContractConfig) -> None:
        self._contract = contract
        self._layers = {
            part.strip(): number
            for number, layer in enumerate(contract.layers)
            for part in layer.split("|")
        }
        names = {*contract.source, *contract.forbidden, *self._layers}
        self.names = tuple(sorted(names, key=lambda name: (-len(name), name)))
        self._known: dict[str, str] = {}

    def of(self, module: str) -> str:
        """Return the innermost package that a module lies in; empty where it lies in none."""
        found = self._known.get(module)
        if found is None:
            inside = (n for n in self.names if module == n or module.startswith(f"{n}."))
            found = self._known[module] = next(inside, "")
        return found

    def breach(self, own: str, other: str) -> str:
        """Return why one package may not import another; empty where it may."""
        if own == other or not own or not other:
            return ""
        if self._contract.forbidden:
            barred = own in self._contract.source and other in self._contract.forbidden
            return f"{own} may not import {other}" if barred else ""
        own_layer, other_layer = self._layers[own], self._layers[other]
        if own_layer == other_layer:
            return f"{own} and {other} are strangers"
        return f"{own} is below {other}" if own_layer > other_layer else ""


def _direct(packages: _Packages, graph: ImportGraph) -> Iterator[tuple[Link, str]]:
    for module, links in graph.links.items():
        own = packages.of(module)
        seen: set[tuple[int, int]] = set()  # outside the tree one import goes by two names
        for link in links if own else ():
            reason = packages.breach(own, packages.of(link.imported))
            if reason and (link.line, link.column) not in seen:
                seen.add((link.line, link.column))
                yield link, reason


def _chains(packages: _Packages, graph: ImportGraph) -> Iterator[tuple[tuple[Link, ...], str]]:
    """Yield the shortest chain that begins with each import and leads through unnamed modules."""
    shortest: dict[Link, tuple[tuple[Link, ...], str]] = {}
    for other in packages.names:
        reasons = {own: packages.breach(own, other) for own in packages.names}
        if not any(reasons.values()):
            continue
        ways = graph.ways_to(
            [name for name in graph.imported() if packages.of(name) == other],
            lambda name: not packages.of(name),
        )
        for module, links in graph.links.items():
            reason = reasons.get(packages.of(module), "")
            for link in links if reason else ():
                if link.imported in ways:
                    chain = chain_from(link, ways)
                    if link not in shortest or len(chain) < len(shortest[link][0]):
                        shortest[link] = chain, reason
    yield from shortest.values()
