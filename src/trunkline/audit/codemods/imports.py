"""Imports led to their canonical path, with the names below them."""

from collections.abc import Sequence
from typing import Final, cast

import libcst as cst
from libcst import matchers, metadata
from libcst.helpers import get_full_name_for_node

from trunkline.audit.codemods.module_names import (
    ImportChange,
    ModuleNames,
    after_comma,
    bound_name,
    keeps_comments,
)
from trunkline.audit.codemods.quoted import may_name, renamed

_NOT_OF_EXPRESSIONS: Final = (
    cst.BaseSmallStatement, cst.BaseStatement, cst.BaseSuite, cst.Annotation, cst.Param, cst.Module,
)  # fmt: skip


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
        self.left: dict[ImportChange, str] = {}
        self._renames: dict[cst.CSTNode, dict[str, str]] = {}
        self._surplus: set[cst.ImportAlias] = set()
        self._moves: dict[cst.ImportFrom, list[tuple[cst.ImportAlias, ImportChange]]] = {}
        self._comments: dict[cst.CSTNode, cst.Comment] = {}

    def visit_Module(self, node: cst.Module) -> None:  # noqa: N802 # LibCST calls it so
        """Decide on every change before anything is changed."""
        names = ModuleNames(node)
        found = [
            (statement, alias, self._change(alias))
            for statement in names.imports
            if not isinstance(statement.names, cst.ImportStar)
            for alias in statement.names
        ]
        for statement, alias, change in found:
            names.bind(statement, alias, change)
        moving = {alias for _, alias, change in found if change is not None}
        for statement, alias, change in found:
            if change is None:
                continue
            if not keeps_comments(statement, alias, moving):
                self.left[change] = "a comment in the statement would lose its place"
                continue
            reason = self._prepare(statement, alias, change, names)
            if reason:
                self.left[change] = reason
            else:
                self._moves.setdefault(statement, []).append((alias, change))
                self.done.add(change)
        self._find_surplus([(statement, alias) for statement, alias, _ in found], names)

    def _change(self, alias: cst.ImportAlias) -> ImportChange | None:
        place = self.get_metadata(metadata.PositionProvider, alias)
        line = cast("metadata.CodeRange", place).start.line  # type: ignore[redundant-cast] # pyright sees a union with the default
        name = get_full_name_for_node(alias.name)
        # Rewritten calls never add lines, so the line is still that of the finding.
        return next((c for c in self._changes if c.member == name and c.line == line), None)

    def _prepare(  # noqa: C901, PLR0911 # one case after another
        self,
        statement: cst.ImportFrom,
        alias: cst.ImportAlias,
        change: ImportChange,
        names: ModuleNames,
    ) -> str:
        """Note what a change renames; return why it is left to people, if it is."""
        old, new = bound_name(alias), change.new_member
        used = self._uses(statement, old)
        if change.types_only and not self._only_types(used):
            return f"{old} takes other arguments than {new}, and is used as more than a type"
        if any(self._is_held_against(use, names.called(change) - {old}) for use in used or ()):
            return f"{old} is compared with {new}, which would be compared with itself"
        if alias.asname is not None or old == new:
            return ""
        if used is None:
            return f"{old} is bound in another way too"
        if isinstance(self.get_metadata(metadata.ScopeProvider, statement), metadata.ClassScope):
            return f"{old} is an attribute of its class"
        if (new in names.words and not names.binds_alone(change)) or names.repeats(
            statement, change
        ):
            return f"{new} is bound here already, or its import has a comment"
        texts = [text for text in names.texts if text not in used]
        if any(may_name(str(text.evaluated_value), old) for text in texts):
            return f"a text names {old}"  # in __all__, say: others may ask for it here
        for use in used:
            if not (isinstance(use, cst.Name) or _in_quotes(use, old, new)):
                return f"{old} stands in a text that cannot be rewritten for certain"
        for use in used:
            self._renames.setdefault(use, {})[old] = new
        return ""

    def _find_surplus(
        self, found: Sequence[tuple[cst.ImportFrom, cst.ImportAlias]], names: ModuleNames
    ) -> None:
        """Note the imports, moved or not, that another of the same block makes superfluous."""
        changes = {alias: change for moves in self._moves.values() for alias, change in moves}
        led = {change.target: change for change in changes.values()}
        first: dict[object, cst.ImportFrom] = {}
        for statement, alias in found:
            change = led.get(names.target(statement, alias, changes.get(alias)))
            if change is None or alias.asname is not None:
                continue
            place = names.place(statement, change.target)
            if place in first and names.can_drop(statement, change, first[place]):
                self._surplus.add(alias)
            elif place is not None:
                first.setdefault(place, statement)

    def _is_held_against(self, node: cst.CSTNode, others: frozenset[str]) -> bool:
        """Tell whether a comparison or an assertion has a use and one of other names in it."""
        whole: cst.CSTNode = node
        while True:
            outer = self._parent(whole)
            if outer is None or isinstance(outer, _NOT_OF_EXPRESSIONS):
                return isinstance(outer, cst.Assert) and _names_any(whole, others, node)
            whole = outer
            judges = isinstance(whole, cst.Comparison) or _is_assertion(whole)
            if judges and _names_any(whole, others, node):
                return True

    def _parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        found = self.get_metadata(metadata.ParentNodeProvider, node, None)
        return cast("cst.CSTNode | None", found)  # type: ignore[redundant-cast] # pyright sees a union with the default

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
            outer = self._parent(inner)
            if isinstance(outer, cst.Annotation):
                return True
            if isinstance(outer, cst.Arg):
                call = self._parent(outer)
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
        new = self._renames.get(original_node, {}).get(original_node.value)
        return updated_node.with_changes(value=new) if new is not None else updated_node

    def leave_SimpleString(  # noqa: N802 # LibCST calls it so
        self, original_node: cst.SimpleString, updated_node: cst.SimpleString
    ) -> cst.BaseExpression:
        """Rename the uses in a quoted annotation."""
        for old, new in self._renames.get(original_node, {}).items():
            updated_node = renamed(updated_node, old, new) or updated_node
        return updated_node

    def leave_ImportFrom(  # noqa: N802 # LibCST calls it so
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> cst.BaseSmallStatement | cst.FlattenSentinel[cst.BaseSmallStatement] | cst.RemovalSentinel:
        """Take moved names out of a statement, and put their own statement in its place."""
        if isinstance(original_node.names, cst.ImportStar):
            return updated_node
        moves = self._moves.get(original_node, [])
        gone = {alias for alias, _ in moves} | self._surplus.intersection(original_node.names)
        if not gone:
            return updated_node
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
            if len(gone) == 1:
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


def _is_assertion(node: cst.CSTNode) -> bool:
    """Tell whether a node is a call such as ``self.assertIs(...)``."""
    name = get_full_name_for_node(node.func) if isinstance(node, cst.Call) else None
    return (name or "").rpartition(".")[2].startswith("assert")


def _names_any(whole: cst.CSTNode, names: frozenset[str], node: cst.CSTNode) -> bool:
    """Tell whether one of several names stands in an expression, at another place than a node."""
    return any(
        isinstance(item, cst.Name) and item.value in names and item is not node
        for item in matchers.findall(whole, matchers.Name())
    )


def _in_quotes(node: cst.CSTNode, old: str, new: str) -> bool:
    """Tell whether a use is a quoted annotation in which a name can be replaced."""
    return isinstance(node, cst.SimpleString) and renamed(node, old, new) is not None


def _statement(alias: cst.ImportAlias, change: ImportChange) -> cst.ImportFrom:
    module = cst.parse_expression(change.new_module)
    assert isinstance(module, (cst.Name, cst.Attribute))  # noqa: S101 # a dotted name parses so
    name = alias.with_changes(name=cst.Name(change.new_member), comma=cst.MaybeSentinel.DEFAULT)
    return cst.ImportFrom(module=module, names=[name])
