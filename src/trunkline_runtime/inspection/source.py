"""Reads one Python source file and says what is in it, without ever running it.

The module is also the program of the parser processes (see ``processes``): started as a script, it
answers one line of JSON with another. It therefore imports nothing but the standard library. A
process of its own, because the compiler holds the interpreter lock while it parses, writes its
warnings to process-wide filters, and can exhaust the memory or the stack on hostile input; none of
that may reach a server that others share.
"""

import ast
import json
import os
import stat
import sys
import tokenize
import warnings
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any, Final, TypeAlias, TypedDict

__all__ = ["Definition", "Repeated", "SourceFacts", "main", "read_source", "unread"]

MAX_LISTED: Final = 2000  # definitions, imports and repetitions that are named for one file
MAX_NAME: Final = 200  # characters of a name
_MEMORY_BYTES: Final = 2 * 1024**3  # address space of a parser process
_DEFINITIONS: Final = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_Definition: TypeAlias = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


class Definition(TypedDict):
    """A class or function of a module's own level."""

    name: str
    line: int


class Repeated(TypedDict):
    """A name that one block defines more than once, so that only the last counts."""

    name: str
    lines: list[int]


class SourceFacts(TypedDict):
    """What is in a file, or why it could not be read.

    ``problem`` is None, or one of ``unreadable``, ``too_large``, ``null_bytes``, ``encoding``,
    ``syntax``, ``too_complex``, ``crashed`` and ``timeout``; ``detail`` says more. ``classes``
    and ``functions`` list those at the module's own level; the totals count nested ones and
    methods as well. ``imports`` are top-level packages, a relative import is ``"."``.
    """

    problem: str | None
    detail: str
    lines: int
    class_total: int
    function_total: int
    classes: list[Definition]
    functions: list[Definition]
    imports: list[str]
    repeated: list[Repeated]


class _UnreadableError(Exception):
    def __init__(self, problem: str, detail: str) -> None:
        super().__init__(problem, detail)
        self.problem = problem
        self.detail = detail


def read_source(path: str, max_bytes: int) -> SourceFacts:
    """Read a file.

    Args:
        path: Its path.
        max_bytes: How large it may be.

    Returns:
        What is in it. Whatever is wrong with the file is told by ``problem``, never raised.
    """
    try:
        text = _decoded(_content(path, max_bytes))
        return _facts(
            _tree(text), lines=text.count("\n") + (not text.endswith("\n") and text != "")
        )
    except _UnreadableError as error:
        return unread(error.problem, error.detail)


def unread(problem: str, detail: str) -> SourceFacts:
    """Return the facts of a file that could not be read."""
    return {
        "problem": problem,
        "detail": detail[:MAX_NAME],
        "lines": 0,
        "class_total": 0,
        "function_total": 0,
        "classes": [],
        "functions": [],
        "imports": [],
        "repeated": [],
    }


def _content(path: str, max_bytes: int) -> bytes:
    try:
        # Not blocking: opening a named pipe would wait for its writer for ever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "rb") as file:  # noqa: PTH123  # of a descriptor, which Path cannot
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise _UnreadableError("unreadable", "it is no regular file")
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise _UnreadableError("unreadable", error.strerror or type(error).__name__) from None
    if len(data) > max_bytes:
        raise _UnreadableError("too_large", f"it has more than {max_bytes} bytes")
    return data


def _decoded(data: bytes) -> str:
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise _UnreadableError("null_bytes", f"line {line} holds a null byte")
    try:
        encoding, _ = tokenize.detect_encoding(BytesIO(data).readline)
        return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        # A declared encoding can also be one that is none for text: LookupError.
        raise _UnreadableError("encoding", getattr(error, "msg", None) or str(error)) from None


def _tree(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise _UnreadableError("syntax", f"line {error.lineno or 0}: {error.msg}") from None
    except (RecursionError, MemoryError):
        raise _UnreadableError("too_complex", "it is nested too deep to be parsed") from None
    except ValueError as error:
        raise _UnreadableError("syntax", str(error)) from None


def _facts(tree: ast.Module, lines: int) -> SourceFacts:
    facts = unread("", "")
    facts["problem"] = None
    facts["lines"] = lines
    imports: dict[str, None] = {}
    for block, own_level in _blocks(tree):
        for statement in block:
            if isinstance(statement, ast.ClassDef):
                facts["class_total"] += 1
                if own_level:
                    _note(facts["classes"], statement)
            elif isinstance(statement, _DEFINITIONS):
                facts["function_total"] += 1
                if own_level:
                    _note(facts["functions"], statement)
            elif isinstance(statement, ast.Import | ast.ImportFrom):
                imports.update(dict.fromkeys(_imported(statement)))
        facts["repeated"].extend(_repeated(block))
    facts["imports"] = list(imports)[:MAX_LISTED]
    facts["repeated"] = sorted(facts["repeated"], key=lambda found: found["lines"])[:MAX_LISTED]
    return facts


def _blocks(tree: ast.Module) -> Iterator[tuple[Sequence[ast.stmt], bool]]:
    """Yield every list of statements, and whether it belongs to the module's own level.

    A branch of an ``if`` or ``try`` is a list of its own: two definitions of one name in two
    branches are alternatives. Statements hold other statements in lists only, so that expressions
    need no visit, however deep they are.
    """
    waiting: list[tuple[Sequence[ast.stmt], bool]] = [(tree.body, True)]
    while waiting:
        block, own_level = waiting.pop()
        yield block, own_level
        for statement in block:
            inner = own_level and not isinstance(statement, _DEFINITIONS)
            waiting.extend((part, inner) for part in _parts(statement))


def _parts(statement: ast.AST) -> Iterator[Sequence[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        if part := getattr(statement, name, None):
            yield part
    for name in ("handlers", "cases"):
        for holder in getattr(statement, name, ()):
            yield from _parts(holder)


def _note(found: list[Definition], statement: _Definition) -> None:
    if found and found[-1]["name"] == statement.name:
        return  # an overload or a property's setter: a further part of the same definition
    if len(found) < MAX_LISTED:
        found.append({"name": statement.name[:MAX_NAME], "line": statement.lineno})


def _imported(statement: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(statement, ast.ImportFrom):
        yield "." if statement.level else (statement.module or "").partition(".")[0][:MAX_NAME]
        return
    for alias in statement.names:
        yield alias.name.partition(".")[0][:MAX_NAME]


def _repeated(block: Sequence[ast.stmt]) -> Iterator[Repeated]:
    lines: dict[str, list[int]] = {}
    for statement in block:
        if isinstance(statement, _DEFINITIONS) and not _continues(statement):
            lines.setdefault(statement.name, []).append(statement.lineno)
    for name, places in lines.items():
        if len(places) > 1 and name != "_":
            yield {"name": name[:MAX_NAME], "lines": places[:MAX_NAME]}


def _continues(statement: _Definition) -> bool:
    """Tell whether a definition is meant to share its name.

    An overload does, and whatever is decorated by an attribute of another definition: the setter
    of a property, a registered variant of a generic function.
    """
    for decorator in statement.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if name in {"overload", "setter", "getter", "deleter", "register"}:
            return True
    return False


def main() -> None:
    """Answer requests, ``{"path": ..., "max_bytes": ...}`` a line, until the input ends."""
    warnings.simplefilter("ignore")  # of the sources, which are not ours to judge
    _limit_memory()
    for line in sys.stdin.buffer:
        request: dict[str, Any] = json.loads(line)
        facts = read_source(request["path"], request["max_bytes"])
        sys.stdout.buffer.write(json.dumps(facts, separators=(",", ":")).encode() + b"\n")
        sys.stdout.buffer.flush()


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # only POSIX has it
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    soft = _MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(_MEMORY_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


if __name__ == "__main__":
    main()
