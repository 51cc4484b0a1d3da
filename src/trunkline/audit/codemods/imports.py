"""Imports led to their canonical path, with the names below them."""

from collections.abc import Sequence
from typing import cast

import libcst as cst
from libcst import metadata
from libcst.helpers import get_full_name_for_node

from trunkline.audit.codemods.module_names import (
    ImportChange,
    ModuleNames,
    after_comma,
    has_comment,
    keeps_comments,
)


class ImportRewriter(cst.CSTTransformer):
    """Moves imported names to other ``from`` imports.

    Where the name changes, the places that use it are renamed too, when all of them are certain to
    mean this import and the new name is free; otherwise the import is left as it is.

    Args:
        changes: What to move.
    """

    METADATA_DEPENDENCIES = (
        metadata.PositionProvider,
        metadata.ScopeProvider,
        metadata.ParentNodeProvider,
    )

    def __init__(self, changes: Sequence[ImportChange]) -> None:
        super().__init__()
        self._changes = changes
        self.done: set[ImportChange] = set()
        self._renames: dict[cst.CSTNode, str] = {}
        self._surplus: set[cst.ImportAlias] = set()
        self._moves: dict[cst.ImportFrom, list[tuple[cst.ImportAlias, ImportChange]]] = {}
        self._comments: dict[cst.CSTNode, cst.Comment] = {}

    def visit_Module(self, node: cst.Module) -> None:  # noqa: N802 # LibCST calls it so
        """Decide on every change before anything is changed."""
        collector = ModuleNames(node)
        found = [
            (statement, alias, self._change(alias))
            for statement in collector.imports
            if not isinstance(statement.names, cst.ImportStar)
            for alias in statement.names
        ]
        for statement, alias, change in found:
            collector.bind(statement, alias, change)
        moving = {alias for _, alias, change in found if change is not None}
        for statement, alias, change in found:
            if change is None or not keeps_comments(statement, alias, moving):
                continue
            if self._prepare(statement, alias, change, collector):
                self._moves.setdefault(statement, []).append((alias, change))
                self.done.add(change)

    def _change(self, alias: cst.ImportAlias) -> ImportChange | None:
        place = self.get_metadata(metadata.PositionProvider, alias)
        line = cast("metadata.CodeRange", place).start.line  # type: ignore[redundant-cast] # pyright sees a union with the default
        name = get_full_name_for_node(alias.name)
        # Rewritten calls never add lines, so the line is still that of the finding.
        return next((c for c in self._changes if c.member == name and c.line == line), None)

    def _prepare(  # one case after another
        self,
        statement: cst.ImportFrom,
        alias: cst.ImportAlias,
        change: ImportChange,
        names: ModuleNames,
    ) -> bool:
        keeps_name = alias.asname is not None or change.member == change.new_member
        if keeps_name and not change.types_only:
            return True
        if keeps_name:
            return self._only_types(self._uses(statement, _bound_name(alias)))
        if change.new_member in names.words and not names.binds_alone(change):
            return False
        if change.member in names.texts:
            return False  # named in __all__ or a patch target: others may ask for it here
        used = self._uses(statement, change.member)
        if used is None or (change.types_only and not self._only_types(used)):
            return False
        self._renames.update(dict.fromkeys(used, change.new_member))
        if names.stands_before(statement, change) and not has_comment(statement, names):
            self._surplus.add(alias)
        return True

    def _uses(self, statement: cst.ImportFrom, name: str) -> list[cst.CSTNode] | None:
        """Return the uses of a name; None where another statement binds it too."""
        found = self.get_metadata(metadata.ScopeProvider, statement)
        scope = cast("metadata.Scope | None", found)  # type: ignore[redundant-cast] # pyright sees a union with the default
        if scope is None:
            return None
        used: list[cst.CSTNode] = []
        for assignment in scope[name]:
            if not isinstance(assignment, metadata.ImportAssignment):
                return None
            if assignment.node is not statement:
                return None
            used.extend(access.node for access in assignment.references)
        return used

    def _only_types(self, used: Sequence[cst.CSTNode] | None) -> bool:
        """Tell whether every use is an annotation or asks what type something is."""
        return used is not None and all(map(self._asks_type, used))

    def _asks_type(self, node: cst.CSTNode) -> bool:
        inner: cst.CSTNode = node
        while True:
            found = self.get_metadata(metadata.ParentNodeProvider, inner, None)
            outer = cast("cst.CSTNode | None", found)  # type: ignore[redundant-cast] # pyright sees a union with the default
            if isinstance(outer, cst.Annotation):
                return True
            if isinstance(outer, cst.Arg):
                parent = self.get_metadata(metadata.ParentNodeProvider, outer)
                call = cast("cst.CSTNode", parent)  # type: ignore[redundant-cast] # as above
                name = get_full_name_for_node(call.func) if isinstance(call, cst.Call) else ""
                return name in {"isinstance", "issubclass"}
            if not isinstance(
                outer,
                (cst.Tuple, cst.Element, cst.BinaryOperation, cst.Subscript, cst.Index,
                 cst.SubscriptElement),
            ):  # fmt: skip
                return False
            inner = outer

    def leave_Name(  # noqa: N802 # LibCST calls it so
        self, original_node: cst.Name, updated_node: cst.Name
    ) -> cst.BaseExpression:
        """Rename a use."""
        new = self._renames.get(original_node)
        return updated_node.with_changes(value=new) if new is not None else updated_node

    def leave_ImportFrom(  # noqa: N802 # LibCST calls it so
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> cst.BaseSmallStatement | cst.FlattenSentinel[cst.BaseSmallStatement] | cst.RemovalSentinel:
        """Take moved names out of a statement, and put their own statement in its place."""
        moves = self._moves.get(original_node)
        if not moves or isinstance(original_node.names, cst.ImportStar):
            return updated_node
        gone = {alias for alias, _ in moves}
        kept = [
            new
            for old, new in zip(original_node.names, updated_node.names, strict=True)  # type: ignore[arg-type] # not a star
            if old not in gone
        ]
        fresh = [
            self._fresh(alias, change) for alias, change in moves if alias not in self._surplus
        ]
        if not kept:
            if not fresh:
                return cst.RemoveFromParent()
            if len(moves) == 1:
                # A statement of one name keeps its parentheses and comments.
                return updated_node.with_changes(
                    module=fresh[0].module, relative=(), names=[
                        updated_node.names[0].with_changes(name=cst.Name(moves[0][1].new_member))  # type: ignore[index] # not a star
                    ],
                )  # fmt: skip
            return cst.FlattenSentinel(fresh)
        if updated_node.lpar is None:
            kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
        rest = updated_node.with_changes(names=kept)
        return cst.FlattenSentinel([rest, *fresh])

    def _fresh(self, alias: cst.ImportAlias, change: ImportChange) -> cst.ImportFrom:
        """Return the statement of one moved name, its comment noted for its line."""
        fresh = _statement(alias, change)
        inside = after_comma(alias)
        if inside is not None and inside.first_line.comment is not None:
            self._comments[fresh] = inside.first_line.comment
        return fresh

    def leave_SimpleStatementLine(  # noqa: N802 # LibCST calls it so
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.BaseStatement | cst.FlattenSentinel[cst.BaseStatement]:
        """Give every import a line of its own."""
        imports = [part for part in updated_node.body if isinstance(part, cst.ImportFrom)]
        if len(updated_node.body) == len(original_node.body) or len(imports) < 2:
            return updated_node
        lines: list[cst.BaseStatement] = []
        for position, part in enumerate(updated_node.body):
            alone = part.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
            comment = self._comments.get(part)
            if position == 0:
                lines.append(updated_node.with_changes(body=[alone]))
            elif comment is None:
                lines.append(cst.SimpleStatementLine([alone]))
            else:
                end = cst.TrailingWhitespace(cst.SimpleWhitespace("  "), comment)
                lines.append(cst.SimpleStatementLine([alone], trailing_whitespace=end))
        return cst.FlattenSentinel(lines)


def _bound_name(alias: cst.ImportAlias) -> str:
    bound = alias.asname.name if alias.asname is not None else alias.name
    return get_full_name_for_node(bound) or ""


def _statement(alias: cst.ImportAlias, change: ImportChange) -> cst.ImportFrom:
    module = cst.parse_expression(change.new_module)
    assert isinstance(module, (cst.Name, cst.Attribute))  # noqa: S101 # a dotted name parses so
    name = alias.with_changes(name=cst.Name(change.new_member), comma=cst.MaybeSentinel.DEFAULT)
    return cst.ImportFrom(module=module, names=[name])
