"""TL802: the containers imported by code that may not know them."""

from collections.abc import Iterator

from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import PROGRAM, Rule
from trunkline.audit.source import facts


class Check(Rule):
    """Code that imports the containers fetches what it should be given.

    It cannot be used or tested without them.

    The contract is a `[[tool.trunkline.contract]]` table with `target` (the containers) and
    `importers` (who may import them: the entry points, the tests).
    """

    code = "TL802"
    name = "container-import"
    summary = "the containers imported by code that may not know them"
    remedy = "take what is needed as a parameter and let the containers hand it in"
    judges_by = ("contracts",)
    needs = PROGRAM
    configuration = """
[[tool.trunkline.contract]]
name = "only the entry points know the containers"
target = ["containers"]
importers = ["main", "tests"]
"""
    valid = (
        """
# file: main.py
from containers import Application
# file: tests/test_main.py
import containers
""",
    )
    invalid = (
        """
# file: app/views.py
from containers import Application  # <-
""",
        """
# file: app/containers/__init__.py
# file: app/containers/request.py
# file: app/views.py
from app import containers  # <-
from .containers import request  # <-
# file: pyproject.toml
[[tool.trunkline.contract]]
target = ["app.containers"]
importers = ["main"]
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every import of a target by a module that may not."""
        contracts = [contract for contract in project.config.contracts if contract.importers]
        if not contracts:
            return
        for source in project.sources(1):
            for item in source.facts.imports:
                for contract in contracts:
                    if item.flags & facts.TYPE_CHECKING and not contract.type_checking:
                        continue
                    target = item.module
                    if item.member not in {None, "*"} and not _within(target, contract.target):
                        target = f"{item.module}.{item.member}"
                    if not _within(target, contract.target):
                        continue
                    if _within(source.module, (*contract.target, *contract.importers)):
                        continue
                    yield self.finding(
                        source.path,
                        item.line,
                        item.column,
                        f"{source.module} may not import {target}",
                        cause=f"contract {contract.name!r} names who may",
                    )


def _within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in packages)
