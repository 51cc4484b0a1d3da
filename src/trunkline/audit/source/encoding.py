"""The text of a source file, decoded as the interpreter would (PEP 263)."""

import codecs
import re
from typing import Final

_COOKIE: Final = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK: Final = re.compile(rb"^[ \t\f]*(?:#[^\r\n]*)?(?:\r?\n|\r|\Z)")

_LINE_END: Final = re.compile(r"\r\n?|\n")


class EncodingProblem(ValueError):  # noqa: N818 # it is reported, not raised to users
    """The bytes of a file cannot be decoded.

    Attributes:
        line: Number of the line at fault, from 1.
        problem: What is wrong with it.
    """

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line
        self.problem = problem


def source_encoding(data: bytes) -> str:
    """Return the encoding that a file declares in its first two lines; UTF-8 where it has none.

    Raises:
        EncodingProblem: It declares one that is unknown, or one that its byte order mark denies.
    """
    marked = data.startswith(codecs.BOM_UTF8)
    lines = data[3 if marked else 0 : 1024].splitlines()[:2]
    for number, line in enumerate(lines, 1):
        match = _COOKIE.match(line)
        if match:
            name = match[1].decode("ascii")
            try:
                found = codecs.lookup(name).name
            except LookupError:
                raise EncodingProblem(number, f"unknown encoding {name!r}") from None
            if marked and found != "utf-8":
                raise EncodingProblem(number, f"declares {name!r} after a UTF-8 byte order mark")
            return "utf-8-sig" if marked else found
        if not _BLANK.match(line):
            break
    return "utf-8-sig" if marked else "utf-8"


def source_lines(data: bytes) -> list[str]:
    """Return the lines of a source file, without their ends, as the parser numbers them.

    `str.splitlines` would also part them at page breaks and at separators inside strings. Bytes
    that are not in the encoding that the file declares count as Latin-1.
    """
    try:
        text = decode(data)
    except EncodingProblem:
        text = data.decode("latin-1")
    return _LINE_END.split(text) if b"\r" in data else text.split("\n")


def character_column(line: str, column: int) -> int:
    """Return a column in characters; the parser counts bytes of UTF-8."""
    if line.isascii():
        return column
    return len(line.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "replace"))


def decode(data: bytes) -> str:
    """Return the text of a source file, its line ends as they are.

    Raises:
        EncodingProblem: The bytes are not in the encoding that the file declares.
    """
    encoding = source_encoding(data)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start]
        problem = f"byte 0x{byte:02x} is not valid {encoding.removesuffix('-sig')}"
        raise EncodingProblem(line, problem) from error
    except (UnicodeError, ValueError, LookupError) as error:
        raise EncodingProblem(1, f"cannot be decoded as {encoding}: {error}") from error
