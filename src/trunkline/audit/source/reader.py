"""One source file, from its bytes to the facts that the rules read."""

import ast
import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from trunkline.audit.source.encoding import EncodingProblem, decode, source_lines
from trunkline.audit.source.facts import Facts, Suppression
from trunkline.audit.source.parsing import definition_lines, parse_module
from trunkline.audit.source.reduction import comments, reduce
from trunkline.audit.source.structure import StructureReader, import_lines
from trunkline.audit.source.uses import UseReader

Gates = tuple[tuple[bytes, tuple[bytes, ...]], ...]
"""Needles grouped by what they share, see `gates`."""

_MOST_TOKENS: Final = 500_000
"""Words and signs; the tree of more takes over half a gigabyte, and no person wrote it."""

_WORTH: Final = 0.5
_TOKEN: Final = re.compile(rb"\w+|[^\w\s]")
_SUPPRESSION: Final = re.compile(
    rb"#[ \t]*trunkline:[ \t]*ignore(?:\[([^\]\n]*)\])?[ \t]*([^\n]*)\Z"
)
_GATE_BYTES: Final = 4
_STAR: Final = b" import *"
_CONFLICT: Final = re.compile(rb"^(?:<{7} |={7}\r?$|>{7} )", re.MULTILINE)


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


class Unreadable(NamedTuple):
    """Why a file was passed over.

    Attributes:
        line: Number of the line at fault; 0 for the file as a whole.
        column: Column, from 0.
        problem: What is wrong with it.
    """

    line: int
    column: int
    problem: str


class Reader:
    """Reads files for one request.

    Args:
        request: What to read of them.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._needles = {test: request.needles(test) for test in (False, True)}
        self._gates = {test: gates(needles) for test, needles in self._needles.items()}
        self._patterns = {
            test: re.compile(b"|".join(map(re.escape, needles))) if needles else None
            for test, needles in self._needles.items()
        }

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
        relevant = passes(self._gates[is_test], data)
        conflicts: tuple[int, ...] = ()
        if b"<<<<<<< " in data:
            conflicts = conflict_lines(data)
        suppressions = read_suppressions(data) if b"trunkline: ignore" in data else ()
        if not relevant and not self._request.program and not conflicts:
            return Facts(0, suppressions=suppressions) if suppressions else None
        pattern = self._patterns[is_test] if relevant else None
        if not conflicts:
            facts = self._read_parts(data, module, is_package, pattern, suppressions)
            if facts is not None:
                return facts
        tree = parse(data)
        if isinstance(tree, Unreadable):
            # A file with conflict markers has a finding of its own.
            return Facts(0, conflict_lines=conflicts) if conflicts else tree
        try:
            structure = StructureReader(module, is_package, data)
            structure.read(tree.body)
            if pattern is None:
                return _facts(1, structure, suppressions)
            uses = _use_reader(structure, pattern, _matching_lines(pattern, data), data)
            uses.read(tree.body)
        except RecursionError:
            return Unreadable(0, 0, "nested too deeply to be read")
        return _facts(2, structure, suppressions, uses)

    def _read_parts(
        self,
        data: bytes,
        module: str,
        is_package: bool,
        pattern: re.Pattern[bytes] | None,
        suppressions: tuple[Suppression, ...],
    ) -> Facts | None:
        """Read only the blocks that matter; None where the whole file has to be read.

        For the rules about the whole program those with an import matter too, and the names of all;
        and the whole file goes through the interpreter's parser, so that broken syntax is found.
        """
        program = self._request.program
        lines = _matching_lines(pattern, data) if pattern is not None else []
        imports = import_lines(data) if program else []
        defined: set[int] | None = None
        try:
            while True:
                reduced = reduce(data, sorted({*lines, *imports}), headers=program)
                if reduced is None or not _is_worth(reduced.data, data, program, pattern):
                    return None
                if program and defined is None:
                    defined = definition_lines(data)
                body = parse_module(reduced.data).body
                structure = StructureReader(module, is_package, data)
                structure.read(body)
                if defined and not defined.issubset(item.line for item in structure.definitions):
                    return None  # text was taken for code, or code for text
                if pattern is None:
                    return _facts(1, structure, suppressions)
                uses = _use_reader(structure, pattern, lines, data)
                known = set(lines)
                lines = uses.lines or []
                if known.issuperset(lines):
                    break
            uses.stubs = reduced.stubs
            uses.read(body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None  # the reading of the whole says what is wrong
        return _facts(2, structure, suppressions, uses)._replace(partial=True)


def _is_worth(
    reduced: bytes, data: bytes, program: bool, pattern: re.Pattern[bytes] | None
) -> bool:
    """Tell whether parsing a cut file is safe, and cheaper than parsing the whole one."""
    if is_too_long(data if program else reduced):
        return False
    # With the check of the whole file's syntax, more than this much of it costs more.
    return not program or pattern is None or len(reduced) < _WORTH * len(data)


def _use_reader(
    structure: StructureReader, pattern: re.Pattern[bytes], lines: list[int], data: bytes
) -> UseReader:
    """Return a reader of the uses on lines that matter, and on those of names bound on them."""
    text = re.compile(pattern.pattern.decode("utf-8"))
    tracked = tracked_names(structure, text, set(lines))
    if tracked:
        names = b"|".join(re.escape(name.encode()) for name in sorted(tracked))
        words = re.compile(rb"\b(?:" + names + rb")\b")
        lines = sorted({*lines, *_matching_lines(words, data)})
    reader = UseReader(structure, interest(structure.module, text, tracked), lines)
    reader.source_lines = source_lines(data)
    return reader


def read_everything(data: bytes, module: str, is_package: bool) -> Facts | Unreadable:
    """Read one file in full, whatever names stand in it."""
    tree = parse(data)
    if isinstance(tree, Unreadable):
        return tree
    try:
        structure = StructureReader(module, is_package, data)
        structure.read(tree.body)
        uses = UseReader(structure, lambda _: True, None)
        uses.source_lines = source_lines(data)
        uses.read(tree.body)
    except RecursionError:
        return Unreadable(0, 0, "nested too deeply to be read")
    return _facts(2, structure, (), uses)


def gates(needles: Iterable[bytes]) -> Gates:
    """Group needles by what they share: a file without that has none of them."""
    groups: dict[bytes, list[bytes]] = {}
    for needle in needles:
        start = _STAR if needle.endswith(_STAR) else needle[:_GATE_BYTES]
        groups.setdefault(start, []).append(needle)
    return tuple(
        (start if len(group) > 1 else group[0], tuple(group) if len(group) > 1 else ())
        for start, group in groups.items()
    )


def passes(grouped: Gates, data: bytes) -> bool:
    """Tell whether any of the grouped needles stands in a file's bytes."""
    for start, group in grouped:
        if start in data and (not group or any(needle in data for needle in group)):
            return True
    return False


def is_too_long(data: bytes) -> bool:
    """Tell whether the tree of a file would take more memory than a file is worth."""
    return len(data) > _MOST_TOKENS and sum(1 for _ in _TOKEN.finditer(data)) > _MOST_TOKENS


def _refused(data: bytes) -> Unreadable | None:
    """Return why a file is not even given to the parser."""
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        return Unreadable(line, 0, "contains null bytes")
    if is_too_long(data):
        return Unreadable(0, 0, f"more than {_MOST_TOKENS:,} words and signs: not parsed")
    return None


def parse(data: bytes) -> ast.Module | Unreadable:
    """Parse a file's bytes, or say why they cannot be parsed."""
    refused = _refused(data)
    if refused is not None:
        return refused
    try:
        return parse_module(data)
    except SyntaxError as error:
        try:
            decode(data)
        except EncodingProblem as problem:
            return Unreadable(problem.line, 0, problem.problem)
        return Unreadable(
            error.lineno or 0, max((error.offset or 1) - 1, 0), f"cannot be parsed: {error.msg}"
        )
    except (RecursionError, MemoryError):
        return Unreadable(0, 0, "nested too deeply to be parsed")
    except (ValueError, LookupError) as error:
        return Unreadable(0, 0, f"cannot be parsed: {error}")


def read_suppressions(data: bytes) -> tuple[Suppression, ...]:
    """Return the suppression comments of a file."""
    found: list[Suppression] = []
    for start, comment in comments(data):
        match = _SUPPRESSION.search(comment)
        if match is None:
            continue
        codes = (match[1] or b"").decode("utf-8", "replace")
        found.append(
            Suppression(
                data.count(b"\n", 0, start) + 1,
                tuple(code.strip() for code in codes.split(",") if code.strip()),
                match[2].decode("utf-8", "replace").strip(" -:\r"),
                not data[data.rfind(b"\n", 0, start) + 1 : start].strip(),
            )
        )
    return tuple(found)


def conflict_lines(data: bytes) -> tuple[int, ...]:
    """Return the lines of merge-conflict markers, where an opening one has its closing one."""
    found = [(data.count(b"\n", 0, m.start()) + 1, m[0][:1]) for m in _CONFLICT.finditer(data)]
    kinds = {kind for _, kind in found}
    return tuple(line for line, _ in found) if {b"<", b">"} <= kinds else ()


def interest(
    module: str, pattern: re.Pattern[str], tracked: frozenset[str]
) -> Callable[[str], bool]:
    """Return a test of whether a path may lead to something that matters."""
    prefix = f"{module}:"
    known: dict[str, bool] = {}

    def interesting(path: str) -> bool:
        answer = known.get(path)
        if answer is None:
            local = path.removeprefix(prefix) if path.startswith(prefix) else path
            answer = bool(pattern.search(local))
            if not answer and local is not path:
                answer = re.split(r"[.()\[\]~^]", local, maxsplit=1)[0] in tracked
            known[path] = answer
        return answer

    return interesting


def tracked_names(
    structure: StructureReader, pattern: re.Pattern[str], lines: set[int]
) -> frozenset[str]:
    """Return the module's own names for things that matter, which do not spell them."""
    tracked: set[str] = set()
    for item in structure.imports:
        if pattern.search(f"{item.module}.{item.member or ''}") and item.member != "*":
            tracked.add(item.bound)
    for definition in structure.definitions:
        if definition.kind == "assign" and definition.line in lines:
            tracked.add(definition.name)
    return frozenset(name for name in tracked if not pattern.search(name))


def _matching_lines(pattern: re.Pattern[bytes], data: bytes) -> list[int]:
    lines: list[int] = []
    line, last = 1, 0
    for match in pattern.finditer(data):
        line += data.count(b"\n", last, match.start())
        last = match.start()
        if not lines or lines[-1] != line:
            lines.append(line)
    return lines


def _facts(
    level: int,
    structure: StructureReader,
    suppressions: tuple[Suppression, ...],
    uses: UseReader | None = None,
) -> Facts:
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
    )
