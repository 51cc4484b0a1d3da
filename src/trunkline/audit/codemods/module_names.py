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

    @property
    def target(self) -> tuple[str, str]:
        """What is imported afterwards, as module and name."""
        return self.new_module, self.new_member


_Place = tuple[cst.CSTNode, tuple[str, str]]
"""A block of statements, and what is imported in it."""


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
        self.texts: list[cst.SimpleString] = []
        self.imports: list[cst.ImportFrom] = []
        self._lines: dict[cst.ImportFrom, cst.SimpleStatementLine] = {}
        self.has_star = False
        self._sources: dict[str, set[tuple[str, str]]] = {}
        self._rebound: set[str] = set()
        self._blocks: dict[cst.ImportFrom, cst.CSTNode] = {}
        self._places: dict[_Place, list[cst.ImportFrom]] = {}
        self._called: dict[tuple[str, str], set[str]] = {}
        module.visit(self)

    def bind(
        self, statement: cst.ImportFrom, alias: cst.ImportAlias, change: ImportChange | None
    ) -> None:
        """Note what an import binds its name to, once what keeps its name was moved."""
        name = get_full_name_for_node(alias.name) or ""
        source = _source(statement, name)
        target = source if change is None else change.target
        self._called.setdefault(target, set()).add(bound_name(alias))
        if alias.asname is not None:
            return  # noted as bound to another thing
        place = self.place(statement, target)
        if place is not None:
            self._places.setdefault(place, []).append(statement)
        if change is not None and change.new_member == name and not change.types_only:
            source = change.target
        self._sources.setdefault(name, set()).add(source)

    def place(self, statement: cst.ImportFrom, target: tuple[str, str]) -> "_Place | None":
        """Return the block of an import with what it imports; None for one beside a colon."""
        block = self._blocks.get(statement)
        return None if block is None else (block, target)

    def target(
        self, statement: cst.ImportFrom, alias: cst.ImportAlias, change: ImportChange | None
    ) -> tuple[str, str]:
        """Return what an import takes once a change is made, as module and name."""
        name = get_full_name_for_node(alias.name) or ""
        return _source(statement, name) if change is None else change.target

    def called(self, change: ImportChange) -> frozenset[str]:
        """Return the names that mean the canonical class once every change is made."""
        return frozenset({change.new_member, *self._called.get(change.target, ())})

    def binds_alone(self, change: ImportChange, *, also: bool = False) -> bool:
        """Tell whether the new name is only ever bound by the import that a change would make.

        Args:
            change: The change.
            also: True to count a name that nothing binds yet.
        """
        sources = self._sources.get(change.new_member, {change.target} if also else set())
        return sources == {change.target} and change.new_member not in self._rebound

    def can_drop(
        self, statement: cst.ImportFrom, change: ImportChange, first: cst.ImportFrom
    ) -> bool:
        """Tell whether an import of what a change leads to goes, where another stands before it.

        Args:
            statement: The import.
            change: The change.
            first: The one before it, which may be the same statement.
        """
        if not self.binds_alone(change, also=True) or self.has_star:
            return False
        goes = statement if statement is first else self._lines[statement]
        return "#" not in cst.Module([]).code_for_node(goes)

    def repeats(self, statement: cst.ImportFrom, change: ImportChange) -> bool:
        """Tell whether a change would import a name twice in a block, for good."""
        place = self.place(statement, change.target)
        others = [] if place is None else self._places.get(place, [])
        return not all(self.can_drop(other, change, others[0]) for other in others[1:])

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Note what a node says of the module's names, and go on to those inside it."""
        field = _BINDERS.get(type(node))
        if field is not None:
            self._rebinds(getattr(node, field))
        elif isinstance(node, cst.Name):
            self.words.add(node.value)
        elif isinstance(node, cst.SimpleString) and isinstance(node.evaluated_value, str):
            self.texts.append(node)
        elif isinstance(node, cst.ImportFrom):
            self.imports.append(node)
            self.has_star |= isinstance(node.names, cst.ImportStar)
        elif isinstance(node, (cst.Module, cst.IndentedBlock)):
            self._note_block(node)
        return True

    def _note_block(self, block: cst.Module | cst.IndentedBlock) -> None:
        for line in block.body:
            if isinstance(line, cst.SimpleStatementLine):
                self._blocks.update(dict.fromkeys(_imports(line), block))
                self._lines.update(dict.fromkeys(_imports(line), line))

    def _rebinds(self, node: cst.CSTNode) -> None:
        if isinstance(node, cst.Name):
            self._rebound.add(node.value)
        elif isinstance(node, (cst.Tuple, cst.List)):
            for element in node.elements:
                self._rebinds(element.value)


def _imports(line: cst.SimpleStatementLine) -> Iterator[cst.ImportFrom]:
    return (part for part in line.body if isinstance(part, cst.ImportFrom))


def _source(statement: cst.ImportFrom, name: str) -> tuple[str, str]:
    module = "." * len(statement.relative)
    module += (get_full_name_for_node(statement.module) or "") if statement.module else ""
    return module, name


def bound_name(alias: cst.ImportAlias) -> str:
    """Return the name that an import binds."""
    bound = alias.asname.name if alias.asname is not None else alias.name
    return get_full_name_for_node(bound) or ""


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
