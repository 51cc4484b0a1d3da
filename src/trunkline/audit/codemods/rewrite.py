"""One file rewritten for its findings, its format and comments kept."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple, cast

import libcst as cst
from libcst import matchers, metadata

from trunkline.audit.codemods.imports import ImportRewriter
from trunkline.audit.codemods.module_names import ImportChange
from trunkline.audit.findings import Finding
from trunkline.audit.source.encoding import character_column, source_lines

_OTHER_FORM: Final = "it is written in a form that is not rewritten"

_NO_AWAIT: Final = (cst.Lambda, cst.GeneratorExp)
"""What an ``await`` cannot stand in, or turns into something else."""
_REPEATED: Final = (cst.For, cst.While, cst.BaseComp)
"""What builds several objects where the factory may give one."""


class Span(NamedTuple):
    """A piece of source, in LibCST's own counting: lines from 1, columns in characters."""

    line: int
    column: int
    end_line: int
    end_column: int


class _CallRewriter(cst.CSTTransformer):
    """Rewrites calls and strings that stand at given places."""

    METADATA_DEPENDENCIES = (metadata.PositionProvider, metadata.ParentNodeProvider)

    def __init__(
        self,
        awaits: set[Span],
        builds: dict[Span, tuple[str, ...]],
        texts: dict[tuple[int, int], tuple[str, str]],
    ) -> None:
        super().__init__()
        self.awaits = awaits
        self.builds = builds
        self.texts = texts
        self.done: set[tuple[int, int]] = set()

    def _span(self, node: cst.CSTNode) -> Span:
        found = self.get_metadata(metadata.PositionProvider, node)
        place = cast("metadata.CodeRange", found)  # type: ignore[redundant-cast] # pyright sees a union with the default
        return Span(place.start.line, place.start.column, place.end.line, place.end.column)

    def leave_Call(  # noqa: N802 # LibCST calls it so
        self, original_node: cst.Call, updated_node: cst.Call
    ) -> cst.BaseExpression:
        span = self._span(original_node)
        if span in self.builds:
            text, *asked = self.builds[span]
            if (
                _arguments(original_node) == asked
                and not _has_comment(original_node)
                and not self._stands_in(original_node, (*_NO_AWAIT, *_REPEATED))
            ):
                self.done.add(span[:2])
                return cst.parse_expression(text)
        if span in self.awaits and not self._stands_in(original_node, _NO_AWAIT):
            self.done.add(span[:2])
            parent = self.get_metadata(metadata.ParentNodeProvider, original_node)
            awaited = cst.Await(updated_node)
            if isinstance(parent, (cst.Attribute, cst.Call, cst.Subscript)):
                return awaited.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
            return awaited
        return updated_node

    def _stands_in(self, node: cst.CSTNode, kinds: tuple[type[cst.CSTNode], ...]) -> bool:
        """Tell whether a node stands in one of some kinds, in its function."""
        around: cst.CSTNode | None = node
        while around is not None and not isinstance(around, cst.FunctionDef):
            if isinstance(around, kinds):
                return True
            found = self.get_metadata(metadata.ParentNodeProvider, around, None)
            around = cast("cst.CSTNode | None", found)  # type: ignore[redundant-cast] # as above
        return False

    def leave_SimpleString(  # noqa: N802 # LibCST calls it so
        self, original_node: cst.SimpleString, updated_node: cst.SimpleString
    ) -> cst.BaseExpression:
        place = self._span(original_node)[:2]
        change = self.texts.get(place)
        if change is None or updated_node.evaluated_value != change[0]:
            return updated_node
        self.done.add(place)
        quote, prefix = updated_node.quote, updated_node.prefix
        return updated_node.with_changes(value=f"{prefix}{quote}{change[1]}{quote}")


def _has_comment(node: cst.CSTNode) -> bool:
    return bool(matchers.findall(node, matchers.Comment()))


def _arguments(call: cst.Call) -> list[str]:
    """Return the values that a call is given, as they are written."""
    return [cst.Module([]).code_for_node(argument.value) for argument in call.args]


def rewrite_source(data: bytes, findings: Sequence[Finding]) -> tuple[bytes, dict[Finding, str]]:
    """Return a file's bytes with its findings mended, as far as that is safe.

    Args:
        data: The bytes of the file.
        findings: Its findings, each with the arguments of its codemod in `fix`.

    Returns:
        The new bytes, and why findings are left to people; all of them, and the bytes it had, where
        LibCST cannot read the file or would lose some of its format.
    """
    try:
        module = cst.parse_module(data)
        if module.bytes == data:
            return _rewritten(module, data, findings)
    except (cst.ParserSyntaxError, cst.CSTValidationError, RecursionError, UnicodeError):
        pass
    return data, dict.fromkeys(findings, "LibCST cannot keep the file byte for byte")


def _rewritten(
    module: cst.Module, data: bytes, findings: Sequence[Finding]
) -> tuple[bytes, dict[Finding, str]]:
    lines = source_lines(data)
    changes = [_import_change(f.fix) for f in findings if f.fix[0] == "import"]
    awaits = {_span(lines, f.fix[1:5]) for f in findings if f.fix[0] == "await"}
    builds = {_span(lines, f.fix[1:5]): f.fix[5:] for f in findings if f.fix[0] == "build"}
    texts = {
        (int(f.fix[1]), _characters(lines, int(f.fix[1]), int(f.fix[2]))): (f.fix[3], f.fix[4])
        for f in findings
        if f.fix[0] == "patch"
    }
    calls = _CallRewriter(awaits, builds, texts)
    if awaits or builds or texts:
        # Places are those of the text that was audited, so calls come before imports move lines.
        module = metadata.MetadataWrapper(module).visit(calls)
    imports = ImportRewriter(changes)
    if changes:
        module = metadata.MetadataWrapper(module).visit(imports)
    return module.bytes, dict(_left(findings, calls.done, imports, lines))


def _left(
    findings: Iterable[Finding],
    places: set[tuple[int, int]],
    imports: ImportRewriter,
    lines: list[str],
) -> Iterator[tuple[Finding, str]]:
    """Yield the findings that are not mended, each with the reason."""
    for finding in findings:
        fix = finding.fix
        if fix[0] == "import":
            change = _import_change(fix)
            if change not in imports.done:
                yield finding, imports.left.get(change, _OTHER_FORM)
        elif (int(fix[1]), _characters(lines, int(fix[1]), int(fix[2]))) not in places:
            yield finding, _OTHER_FORM


def _import_change(fix: Sequence[str]) -> ImportChange:
    return ImportChange(int(fix[1]), fix[2], fix[3], fix[4], fix[5], fix[6] == "types")


def _span(lines: list[str], numbers: Sequence[str]) -> Span:
    line, column, end_line, end_column = map(int, numbers)
    return Span(
        line, _characters(lines, line, column), end_line, _characters(lines, end_line, end_column)
    )


def _characters(lines: list[str], line: int, column: int) -> int:
    return character_column(lines[line - 1] if 0 < line <= len(lines) else "", column)
