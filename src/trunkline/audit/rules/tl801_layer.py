"""TL801: an import that a contract between folders forbids."""

from collections.abc import Iterator

from trunkline.audit.config import ContractConfig
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import PROGRAM, Rule
from trunkline.audit.source import facts


class Check(Rule):
    """Layers import downwards only; a forbidden package is not imported, wherever the line stands.

    Contracts are `[[tool.trunkline.contract]]` tables: `layers`, from the highest to the lowest,
    with ``a | b`` for strangers; or `source` and `forbidden`.
    """

    code = "TL801"
    name = "layer"
    summary = "an import that a contract between folders forbids"
    remedy = "move what is needed down, or hand it in from above"
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
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every import that breaks a contract."""
        for source in project.sources(1):
            for item in source.facts.imports:
                targets = {item.module}
                if item.member not in {None, "*"}:
                    targets.add(f"{item.module}.{item.member}")
                for contract in project.config.contracts:
                    if item.flags & facts.TYPE_CHECKING and not contract.type_checking:
                        continue
                    reason = next(
                        (
                            text
                            for target in sorted(targets)
                            if (text := _breach(contract, source.module, target))
                        ),
                        "",
                    )
                    if reason:
                        yield self.finding(
                            source.path,
                            item.line,
                            item.column,
                            f"{source.module} may not import {item.module}",
                            cause=f"contract {contract.name!r}: {reason}",
                        )


def _breach(contract: ContractConfig, importer: str, target: str) -> str:
    if contract.forbidden:
        own = _member(importer, contract.source)
        other = _member(target, contract.forbidden)
        return f"{own} may not import {other}" if own and other else ""
    if not contract.layers:
        return ""
    own_layer, own = _layer(contract, importer)
    other_layer, other = _layer(contract, target)
    if not own or not other or own == other:
        return ""
    if own_layer == other_layer:
        return f"{own} and {other} are strangers"
    return f"{own} is below {other}" if own_layer > other_layer else ""


def _layer(contract: ContractConfig, module: str) -> tuple[int, str]:
    for index, layer in enumerate(contract.layers):
        found = _member(module, tuple(part.strip() for part in layer.split("|")))
        if found:
            return index, found
    return -1, ""


def _member(module: str, packages: tuple[str, ...]) -> str:
    return next((name for name in packages if module == name or module.startswith(f"{name}.")), "")
