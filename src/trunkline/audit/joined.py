"""Which classes others join with further bases: what `super` calls in them is not theirs to say."""

import re
from typing import Final

from trunkline.audit.project import Project

_CLASS_LINE: Final = re.compile(
    rb"^[ \t]*class\s+(\w+)\s*(?:\[[^\]]*\]\s*)?\(((?:[^()]|\([^()]*\))*)\)", re.MULTILINE
)
_COMMENT: Final = re.compile(rb"#.*")
_INNER: Final = re.compile(rb"\[[^\[\]]*\]")
_NAME: Final = re.compile(rb"(\w+)\s*$")


def is_joined(project: Project, name: str) -> bool:
    """Tell whether a class of the tree has another, or an heir of it, beside further bases.

    Read from the words of class lines, so that a class that goes by the same name counts as well.

    Args:
        project: The tree.
        name: Name of the class.
    """
    bases: list[tuple[bytes, list[bytes]]] = []
    for path in project.library.paths():
        data = project.library.source(path) or b""
        if b"class " in data:
            bases.extend((line[1], _named(line[2])) for line in _CLASS_LINE.finditer(data))
    wanted, seen = [name.encode()], set[bytes]()
    while wanted:
        base = wanted.pop()
        seen.add(base)
        for heir, named in bases:
            if base in named:
                if len(named) > 1:
                    return True
                if heir not in seen:
                    wanted.append(heir)
    return False


def _named(text: bytes) -> list[bytes]:
    """Return the last names of the bases that a class line names, keywords left out."""
    text = _COMMENT.sub(b"", text)
    while _INNER.search(text):
        text = _INNER.sub(b"", text)
    parts = (part.strip() for part in text.split(b",") if b"=" not in part)
    return [found[1] if (found := _NAME.search(part)) else part for part in parts if part]
