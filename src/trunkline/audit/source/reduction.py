"""A file cut down to the blocks that matter, so that the parser has less to do.

Module-level functions and classes on none of whose lines anything that matters stands are replaced
by stubs of one line, the line numbers kept. Strings are recognised first, so that text that looks
like code is not taken for code; where that goes wrong the cut file does not parse, and the reader
parses the whole one instead.
"""

import re
import sys
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final, NamedTuple

_STRING: Final = re.compile(
    rb"#[^\n]*"
    rb'|"""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"""'
    rb"|'''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'''"
    rb'|"[^"\\\n]*(?:\\.[^"\\\n]*)*"'
    rb"|'[^'\\\n]*(?:\\.[^'\\\n]*)*'",
    re.DOTALL,
)
_START: Final = re.compile(rb"\n[^\s#)\]}]")  # searching from "^" takes five times as long
_LONG_QUOTES: Final = (b'"' * 3, b"'" * 3)
_BLOCK: Final = re.compile(rb"(?:async[ \t]+)?(def|class)[ \t]+([^\W\d]\w*)")
_HEADER: Final = re.compile(rb"class[ \t]+\w+[ \t]*(?:\([\w., \t=\[\]]*\))?[ \t]*:")
_NESTING: Final = tuple(
    letter + raw + quote
    for letter in (b"f", b"F", b"t", b"T")
    for raw in (b"", b"r", b"R")
    for quote in (b'"', b"'")
)
"""What an f-string, or a template string, begins with."""
_FEWEST_BYTES: Final = 4000


class Reduced(NamedTuple):
    """A cut file.

    Attributes:
        data: Its bytes; every line keeps its number.
        stubs: Lines of the definitions that were cut.
    """

    data: bytes
    stubs: frozenset[int]


def reduce(data: bytes, lines: list[int], *, headers: bool = False) -> Reduced | None:
    """Cut the blocks of a file that do not matter.

    Args:
        data: The bytes of the file.
        lines: Sorted numbers of the lines that matter.
        headers: True to keep what the module's names depend on: decorators, ``async`` and bases.

    Returns:
        The cut file; None where cutting is not worth it, or not safe.
    """
    if len(data) < _FEWEST_BYTES or not data.isascii() or _has_odd_lines(data):
        return None
    starts = _code_starts(data)
    pieces: list[bytes] = []
    stubs: list[int] = []
    line = 1
    kept_from = 0
    index = 0
    starts.append(len(data))
    if starts[0]:
        line += data.count(b"\n", 0, starts[0])
    while index < len(starts) - 1:
        begin = starts[index]
        while data.startswith(b"@", starts[index]) and index < len(starts) - 2:
            index += 1
        head = starts[index]
        end = starts[index + 1]
        index += 1
        count = data.count(b"\n", begin, end)
        at = bisect_left(lines, line)
        match = _BLOCK.match(data, head)
        if (
            match is not None
            and not (at < len(lines) and lines[at] < line + count + 1)
            and count > 2
        ):
            above = data.count(b"\n", begin, head)
            if headers:
                stub, kept = _stub_with_header(data, head, match), head
            else:
                stub = b"def %b(): pass" if match[1] == b"def" else b"class %b: pass"
                stub, kept = b"\n" * above + stub % match[2], begin
            if stub:
                pieces.extend((data[kept_from:kept], stub, b"\n" * (count - above)))
                stubs.append(line + above)
                kept_from = end
        line += count
    if not stubs:
        return None
    pieces.append(data[kept_from:])
    return Reduced(b"".join(pieces), frozenset(stubs))


def may_nest_strings(data: bytes) -> bool:
    """Tell whether a string may stand inside another, which Python 3.12 allows in f-strings."""
    return sys.version_info >= (3, 12) and any(map(data.__contains__, _NESTING))


def _has_odd_lines(data: bytes) -> bool:
    """Tell whether lines begin where they do not seem to: by other ends, page breaks, or none."""
    return b"\r" in data or b"\f" in data or (b"\\" in data and b"\\\n" in data)


def _stub_with_header(data: bytes, head: int, match: re.Match[bytes]) -> bytes:
    """Return a stub with what the header says; empty where it takes a parser to know that."""
    if match[1] == b"def":
        return match[0] + b"(): pass"
    header = _HEADER.match(data, head)
    return header[0] + b" pass" if header is not None else b""


def _code_starts(data: bytes) -> list[int]:
    """Return where statements of the module begin: first columns outside strings."""
    starts = [match.start() + 1 for match in _START.finditer(data)]
    if _START.match(b"\n" + data[:1]):
        starts.insert(0, 0)
    inside: set[int] = set()
    for begin, end in _long_strings(data):
        if data.find(b"\n", begin, end) >= 0:
            first = bisect_left(starts, begin + 1)
            last = bisect_left(starts, end)
            inside.update(starts[first:last])
    return [start for start in starts if start not in inside] if inside else starts


def _long_strings(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each string in three quotes begins and ends, and what may look like one.

    No other string goes on over a line, where no line ends in a continuation: so it is enough to
    read the strings and comments of the lines on which three quotes stand.
    """
    after = 0
    found = {quotes: data.find(quotes) for quotes in _LONG_QUOTES}
    while (place := min((at for at in found.values() if at >= 0), default=-1)) >= 0:
        begin = max(after, data.rfind(b"\n", after, place) + 1)
        token = _STRING.search(data, begin)
        while token is not None and token.end() <= place:
            token = _STRING.search(data, token.end())
        if token is None:
            return
        yield token.span()
        after = token.end()
        for quotes, at in found.items():
            if 0 <= at < after:
                found[quotes] = data.find(quotes, after)


def code_alone(data: bytes) -> bytes:
    """Return a file without its comments and strings."""
    return _STRING.sub(b"", data)


def comments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield every comment of a file, with where it starts; text inside strings is none."""
    for match in _STRING.finditer(data):
        if data.startswith(b"#", match.start()):
            yield match.start(), match[0]
