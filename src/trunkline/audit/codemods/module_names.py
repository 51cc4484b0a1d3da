"""What the names and comments of a module allow: whether an import may be led elsewhere."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import libcst as cst
from libcst.helpers import get_full_name_for_node


class ImportChange(NamedTuple):
    """One imported name to lead elsewhere.

    Attributes:
        line: Line of the name in the file, from 1.
        module: Absolute module that it is imported from now.
        member: The name there.
        new_module: The module to import it from.
        new_member: Its name there.
        types_only: True where only annotations and tests of the type mean the same afterwards.
    """

    line: int
    module: str
    member: str
    new_module: str
    new_member: str
    types_only: bool = False


_BINDERS: Final[dict[type[cst.CSTNode], str]] = {
    cst.AssignTarget: "target",
    cst.AnnAssign: "target",
    cst.AugAssign: "target",
    cst.NamedExpr: "target",
    cst.For: "target",
    cst.CompFor: "target",
    cst.Del: "target",
    cst.AsName: "name",
    cst.Param: "name",
    cst.FunctionDef: "name",
    cst.ClassDef: "name",
}
"""Nodes that bind or unbind a name, imports aside, with the field that holds it."""


class ModuleNames(cst.CSTVisitor):
    """Every name and string of a module, to see whether a new name is free.

    Args:
        module: The module.
    """

    def __init__(self, module: cst.Module) -> None:
        super().__init__()
        self.words: set[str] = set()
        self.texts: set[str] = set()
        self.imports: list[cst.ImportFrom] = []
        self.lines: dict[cst.ImportFrom, cst.SimpleStatementLine] = {}
        self._sources: dict[str, set[tuple[str, str]]] = {}
        self._rebound: set[str] = set()
        self._at_top: dict[cst.ImportFrom, int] = {}
        self._first: dict[tuple[str, str], int] = {}
        for position, statement in enumerate(module.body):
            if isinstance(statement, cst.SimpleStatementLine):
                self._at_top.update(dict.fromkeys(_imports(statement), position))
        module.visit(self)

    def bind(
        self, statement: cst.ImportFrom, alias: cst.ImportAlias, change: ImportChange | None
    ) -> None:
        """Note what an import binds its name to, once what keeps its name was moved."""
        if alias.asname is not None:
            return  # noted as bound to another thing
        name = get_full_name_for_node(alias.name) or ""
        module = "." * len(statement.relative)
        module += (get_full_name_for_node(statement.module) or "") if statement.module else ""
        source = module, name
        if change is not None and change.new_member == name and not change.types_only:
            source = change.new_module, name
        self._sources.setdefault(name, set()).add(source)
        if statement in self._at_top:
            self._first.setdefault(source, self._at_top[statement])

    def binds_alone(self, change: ImportChange) -> bool:
        """Tell whether the new name is only ever bound by the import that a change would make."""
        new = change.new_module, change.new_member
        return (
            self._sources.get(change.new_member) == {new} and change.new_member not in self._rebound
        )

    def stands_before(self, statement: cst.ImportFrom, change: ImportChange) -> bool:
        """Tell whether the import that a change would make stands further up, for the module."""
        first = self._first.get((change.new_module, change.new_member))
        at = self._at_top.get(statement)
        return first is not None and at is not None and first < at

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Note what a node says of the module's names, and go on to those inside it."""
        field = _BINDERS.get(type(node))
        if field is not None:
            self._rebinds(getattr(node, field))
        elif isinstance(node, cst.Name):
            self.words.add(node.value)
        elif isinstance(node, cst.SimpleString) and isinstance(node.evaluated_value, str):
            self.texts.add(node.evaluated_value)
        elif isinstance(node, cst.ImportFrom):
            self.imports.append(node)
        elif isinstance(node, cst.Import):
            for alias in node.names:
                self._rebound.add((get_full_name_for_node(alias.name) or "").partition(".")[0])
        elif isinstance(node, cst.SimpleStatementLine):
            self.lines.update(dict.fromkeys(_imports(node), node))
        return True

    def _rebinds(self, node: cst.CSTNode) -> None:
        if isinstance(node, cst.Name):
            self._rebound.add(node.value)
        elif isinstance(node, (cst.Tuple, cst.List)):
            for element in node.elements:
                self._rebinds(element.value)


def _imports(line: cst.SimpleStatementLine) -> Iterator[cst.ImportFrom]:
    return (part for part in line.body if isinstance(part, cst.ImportFrom))


def after_comma(alias: cst.ImportAlias) -> cst.ParenthesizedWhitespace | None:
    """Return what stands after a name in parentheses, up to the next one."""
    comma = alias.comma
    inside = comma.whitespace_after if isinstance(comma, cst.Comma) else None
    return inside if isinstance(inside, cst.ParenthesizedWhitespace) else None


def keeps_comments(
    statement: cst.ImportFrom, alias: cst.ImportAlias, moving: set[cst.ImportAlias]
) -> bool:
    """Tell whether every comment has a place when a name is taken out of a statement."""
    names = statement.names
    if isinstance(names, cst.ImportStar) or len(names) == 1:
        return True
    if all(other in moving for other in names):
        return "#" not in cst.Module([]).code_for_node(statement)
    inside = after_comma(alias)
    return inside is None or not any(line.comment for line in inside.empty_lines)


def has_comment(statement: cst.ImportFrom, names: ModuleNames) -> bool:
    """Tell whether a comment would go with a statement."""
    line = names.lines.get(statement)
    return line is not None and "#" in cst.Module([line]).code
