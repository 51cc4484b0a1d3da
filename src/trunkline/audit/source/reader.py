"""One source file, from its bytes to the facts that the rules read."""

from typing import Final, NamedTuple

from trunkline.audit.source.encoding import source_lines
from trunkline.audit.source.facts import Facts, Suppression
from trunkline.audit.source.markers import conflict_lines, read_suppressions
from trunkline.audit.source.needles import Needles, word_lines
from trunkline.audit.source.parsing import (
    Unreadable,
    check_syntax,
    definition_lines,
    is_too_long,
    parse,
    parse_module,
)
from trunkline.audit.source.reduction import may_nest_strings, reduce
from trunkline.audit.source.structure import IMPORT, StructureReader
from trunkline.audit.source.tracking import interest, tracked_names
from trunkline.audit.source.uses import UseReader

_WORTH: Final = 0.5


class Request(NamedTuple):
    """What to read of the files.

    Attributes:
        names: Names that matter wherever they stand, as bytes.
        production: Names that matter outside tests.
        tests: Names that matter in tests.
        program: True to read the imports and names of every file.
    """

    names: tuple[bytes, ...]
    production: tuple[bytes, ...] = ()
    tests: tuple[bytes, ...] = ()
    program: bool = False

    def needles(self, is_test: bool) -> tuple[bytes, ...]:
        """Return the names that matter in a test or a production file, none within another."""
        names = sorted({*self.names, *(self.tests if is_test else self.production)}, key=len)
        kept: list[bytes] = []
        for name in names:
            if not any(shorter in name for shorter in kept):
                kept.append(name)
        return tuple(kept)


class Reader:
    """Reads files for one request.

    Args:
        request: What to read of them.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._needles = {test: Needles(request.needles(test)) for test in (False, True)}

    def read(
        self, data: bytes, module: str, is_package: bool, is_test: bool
    ) -> Facts | Unreadable | None:
        """Read one file.

        Args:
            data: Its bytes.
            module: Dotted name of its module.
            is_package: True for an ``__init__`` file.
            is_test: True for a file of the tests.

        Returns:
            Its facts; None where nothing in it matters; or why it was passed over.
        """
        needles = self._needles[is_test] if self._needles[is_test].stand_in(data) else None
        conflicts: tuple[int, ...] = ()
        if b"<<<<<<< " in data:
            conflicts = conflict_lines(data)
        suppressions = read_suppressions(data) if b"trunkline: ignore" in data else ()
        if needles is None and not self._request.program and not conflicts:
            return Facts(0, suppressions=suppressions) if suppressions else None
        if not conflicts:
            facts = self._read_parts(data, module, is_package, needles, suppressions)
            if facts is not None:
                return facts
        tree = parse(data)
        if isinstance(tree, Unreadable):
            # A file with conflict markers has a finding of its own.
            return Facts(0, conflict_lines=conflicts) if conflicts else tree
        try:
            structure = StructureReader(module, is_package, data)
            structure.read(tree.body)
            if needles is None:
                return collected(1, structure, suppressions)
            uses = _use_reader(structure, needles, needles.lines(data), data)
            uses.read(tree.body)
        except RecursionError:
            return Unreadable(0, 0, "nested too deeply to be read")
        return collected(2, structure, suppressions, uses)

    def _read_parts(
        self,
        data: bytes,
        module: str,
        is_package: bool,
        needles: Needles | None,
        suppressions: tuple[Suppression, ...],
    ) -> Facts | None:
        """Read only the blocks that matter; None where the whole file has to be read.

        For the rules about the whole program those with an import matter too, and the names of all;
        and the whole file goes through the interpreter's parser, so that broken syntax is found.
        """
        program = self._request.program
        lines = needles.lines(data) if needles is not None else []
        imports = word_lines((IMPORT,), data)
        defined: set[int] | None = None
        try:
            while True:
                wanted = sorted({*lines, *imports}) if program else lines
                reduced = reduce(data, wanted, headers=program)
                if reduced is None or not _is_worth(reduced.data, data, program, needles):
                    return None
                if program and defined is None:
                    defined = _checked(data)
                body = parse_module(reduced.data).body
                structure = StructureReader(module, is_package, data, imports)
                structure.read(body)
                if defined and not defined.issubset(item.line for item in structure.definitions):
                    return None  # text was taken for code, or code for text
                if needles is None:
                    return collected(1, structure, suppressions)
                uses = _use_reader(structure, needles, lines, data)
                known = set(lines)
                lines = uses.lines or []
                if known.issuperset(lines):
                    break
            uses.stubs = reduced.stubs
            uses.read(body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None  # the reading of the whole says what is wrong
        return collected(2, structure, suppressions, uses)._replace(partial=True)


def _checked(data: bytes) -> set[int]:
    """Have the whole file parsed, and return lines on which the cut one has to have definitions.

    Strings are read right as long as none stands inside another.
    """
    if may_nest_strings(data):
        return definition_lines(data)
    check_syntax(data)
    return set()


def _is_worth(reduced: bytes, data: bytes, program: bool, needles: Needles | None) -> bool:
    """Tell whether parsing a cut file is safe, and cheaper than parsing the whole one."""
    if is_too_long(data if program else reduced):
        return False
    # With the check of the whole file's syntax, more than this much of it costs more.
    return not program or needles is None or len(reduced) < _WORTH * len(data)


def _use_reader(
    structure: StructureReader, needles: Needles, lines: list[int], data: bytes
) -> UseReader:
    """Return a reader of the uses on lines that matter, and on those of names bound on them."""
    rows = source_lines(data)
    tracked = tracked_names(structure, needles.text, lines, rows)
    if tracked:
        words = word_lines((name.encode() for name in sorted(tracked)), data)
        lines = sorted({*lines, *words})
    reader = UseReader(structure, interest(structure.module, needles.text, tracked), lines)
    reader.source_lines = rows
    return reader


def collected(
    level: int,
    structure: StructureReader,
    suppressions: tuple[Suppression, ...],
    uses: UseReader | None = None,
) -> Facts:
    """Return as facts what the readers of one file collected.

    Args:
        level: 1 for imports and names, 2 for classes, functions and uses as well.
        structure: The reader of its imports and names.
        suppressions: Its suppression comments.
        uses: The reader of its uses, for level 2.
    """
    facts = Facts(
        level,
        tuple(structure.imports),
        tuple(structure.definitions),
        structure.exports,
        structure.dynamic,
        suppressions,
        moved=structure.moved,
    )
    if uses is None:
        return facts
    return facts._replace(
        classes=tuple(uses.classes),
        functions=tuple(uses.functions),
        calls=tuple(uses.calls),
        references=tuple(uses.references),
        stores=tuple(uses.stores),
        fallbacks=tuple(uses.fallbacks),
        texts=tuple(uses.texts),
        given=tuple(uses.given),
        doubted=tuple(uses.doubted),
    )
