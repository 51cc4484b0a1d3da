"""What rules ask of single files beyond the request, read when they ask."""

import ast
from typing import Final

from trunkline.audit.source.encoding import source_lines
from trunkline.audit.source.facts import Facts
from trunkline.audit.source.parsing import Unreadable, is_too_long, parse, parse_module
from trunkline.audit.source.reader import Reader, Request, collected
from trunkline.audit.source.reduction import reduce
from trunkline.audit.source.structure import StructureReader
from trunkline.audit.source.uses import UseReader

_OUTLINES: Final = Reader(Request((), program=True))


def read_everything(data: bytes, module: str, is_package: bool) -> Facts | Unreadable:
    """Read one file in full, whatever names stand in it."""
    tree = parse(data)
    if isinstance(tree, Unreadable):
        return tree
    try:
        return _used(tree.body, data, module, is_package)
    except RecursionError:
        return Unreadable(0, 0, "nested too deeply to be read")


def read_names(data: bytes, module: str, is_package: bool) -> Facts | Unreadable | None:
    """Read the imports and names of one file."""
    return _OUTLINES.read(data, module, is_package, is_test=False)


def read_block(data: bytes, module: str, is_package: bool, line: int) -> Facts | None:
    """Read in full the class or function of a module's own that holds a line.

    Args:
        data: The bytes of the file.
        module: Dotted name of its module.
        is_package: True for an ``__init__`` file.
        line: Number of the line.

    Returns:
        Facts that hold all of that block and of what stands outside functions and classes; None
        where it takes the whole file to read it.
    """
    reduced = reduce(data, [line])
    if reduced is None or is_too_long(reduced.data):
        return None
    try:
        body = parse_module(reduced.data).body
        return _used(body, data, module, is_package, reduced.stubs)._replace(partial=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _structure(body: list[ast.stmt], data: bytes, module: str, is_package: bool) -> StructureReader:
    structure = StructureReader(module, is_package, data)
    structure.read(body)
    return structure


def _used(
    body: list[ast.stmt],
    data: bytes,
    module: str,
    is_package: bool,
    stubs: frozenset[int] = frozenset(),
) -> Facts:
    structure = _structure(body, data, module, is_package)
    uses = UseReader(structure, lambda _: True, None)
    uses.source_lines = source_lines(data)
    uses.stubs = stubs
    uses.read(body)
    return collected(2, structure, (), uses)
