"""What the heirs of a class change, read from their lines wherever in the tree they stand.

The facts hold only the classes of files that matter. Whether another class comes next after
`super`, or binds a member anew, may be decided in a file that does not: these are asked of the
words of all class lines, and only once a finding hangs on it.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from trunkline.audit.project import Project

_CLASS: Final = re.compile(rb"class\s+(\w+)\s*(?:\[[^\]]*\]\s*)?\(((?:[^()]|\([^()]*\))*)\)")
_KEYWORD: Final = b"class "
_COMMENT: Final = re.compile(rb"#.*")
_INNER: Final = re.compile(rb"\[[^\[\]]*\]")
_NAME: Final = re.compile(rb"(\w+)\s*$")


class _Heir(NamedTuple):
    """A class with bases.

    Attributes:
        name: Its name.
        bases: The last names of its bases.
        path: Path of its file.
        start: Where its body begins, in bytes.
        indent: What stands before its class line.
    """

    name: bytes
    bases: tuple[bytes, ...]
    path: str
    start: int
    indent: bytes


class Heirs:
    """The classes of a tree by the names of their bases; classes of one name count as one.

    Args:
        project: The tree, of which every file is read when the first question is asked.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._by_base: dict[bytes, list[_Heir]] | None = None

    def join(self, name: str) -> bool:
        """Tell whether an heir of a class has further bases: one of them may come before its own.

        Args:
            name: Name of the class.
        """
        return any(len(heir.bases) > 1 for heir in self._of(name))

    def bind(self, name: str, member: str) -> bool:
        """Tell whether an heir of a class binds a member anew.

        Args:
            name: Name of the class.
            member: Name of the member.
        """
        bound = re.compile(
            rb"^[ \t]+(?:(?:async[ \t]+)?def[ \t]+)?%b\b\s*[(:=]" % member.encode(), re.MULTILINE
        )
        for heir in self._of(name):
            data = self._project.library.source(heir.path) or b""
            end = re.compile(rb"^%b(?=[^\s#])|^(?=[^\s#])" % heir.indent, re.MULTILINE).search(
                data, heir.start
            )
            if bound.search(data, heir.start, end.start() if end else len(data)):
                return True
        return False

    def _of(self, name: str) -> Iterator[_Heir]:
        """Yield the heirs of a class, theirs too."""
        if self._by_base is None:
            self._by_base = self._read()
        wanted, seen = [name.encode()], {name.encode()}
        while wanted:
            for heir in self._by_base.get(wanted.pop(), ()):
                yield heir
                if heir.name not in seen:
                    seen.add(heir.name)
                    wanted.append(heir.name)

    def _read(self) -> dict[bytes, list[_Heir]]:
        found: dict[bytes, list[_Heir]] = {}
        for path in self._project.library.paths():
            data = self._project.library.source(path) or b""
            place = data.find(_KEYWORD)  # looking for lines takes ten times as long
            while place >= 0:
                indent = data[data.rfind(b"\n", 0, place) + 1 : place]
                if not indent.strip(b" \t") and (head := _CLASS.match(data, place)):
                    bases = _named(head[2])
                    for base in bases:
                        heir = _Heir(head[1], bases, path, head.end(), indent)
                        found.setdefault(base, []).append(heir)
                place = data.find(_KEYWORD, place + 1)
        return found


def _named(text: bytes) -> tuple[bytes, ...]:
    """Return the last names of the bases that a class line names, keywords left out."""
    text = _COMMENT.sub(b"", text)
    while _INNER.search(text):
        text = _INNER.sub(b"", text)
    parts = (part.strip() for part in text.split(b",") if b"=" not in part)
    return tuple(found[1] if (found := _NAME.search(part)) else part for part in parts if part)
