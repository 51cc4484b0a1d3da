"""A finding: one violation that a rule reports."""

import hashlib
from collections.abc import Iterable
from typing import Final, NamedTuple

GROUPS: Final[dict[int, str]] = {
    0: "the audit itself",
    1: "one definition",
    2: "one way in",
    3: "clean redirects",
    4: "nothing broken",
    5: "right calls",
    6: "isolation",
    7: "dependency-injector traps",
    8: "layers",
}
"""Title of every group of rules, by the first digit of their codes."""


class Finding(NamedTuple):
    """One violation.

    Attributes:
        path: Path of the file from the project's root, with ``/``.
        line: Line, from 1; 0 for the file as a whole.
        column: Column, from 0.
        code: Code of the rule.
        message: What is wrong, in one sentence without a full stop.
        cause: Why it is wrong, or where it comes from.
        remedy: What to do about it.
        subject: The canonical type it is about; empty where it is about none.
        root: Place of the finding that causes this one (``path:line``); empty for a root cause.
        breaks: How many other modules fail because of it.
        fix: Arguments of the codemod that mends it; empty where none can.
    """

    path: str
    line: int
    column: int
    code: str
    message: str
    cause: str
    remedy: str
    subject: str = ""
    root: str = ""
    breaks: int = 0
    fix: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Where it is: ``path:line``."""
        return f"{self.path}:{self.line}"

    @property
    def group(self) -> int:
        """Number of the group of its rule."""
        return int(self.code[2])

    def fingerprint(self, source: str) -> str:
        """Return what identifies the finding when lines above it come and go.

        Args:
            source: The source line it stands on.
        """
        key = "\0".join((self.code, self.path, self.message, " ".join(source.split())))
        return hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()[:16]


def is_within(path: str, folders: Iterable[str]) -> bool:
    """Tell whether a path is one of several paths or lies below one; the root's is empty."""
    return any(path == item or path.startswith(f"{item}/") or item in {"", "."} for item in folders)


class Suppressed(NamedTuple):
    """A finding that a comment lets by.

    Attributes:
        finding: The finding.
        reason: Why it may stand, as the comment says.
    """

    finding: Finding
    reason: str


class Undecided(NamedTuple):
    """Something a rule asked and could not decide from source.

    Attributes:
        path: Path of the file.
        line: Line, from 1.
        subject: What was asked.
        reason: Why it cannot be decided.
    """

    path: str
    line: int
    subject: str
    reason: str
