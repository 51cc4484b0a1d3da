"""Which findings can be mended, and the new text of every file that they touch."""

# Paths stay texts: pathlib is slow over thousands of files, and slow to import.
# ruff: noqa: PTH118, PTH123

import difflib
import io
import os
import stat
import warnings
from collections.abc import Iterable
from typing import Final, NamedTuple

from trunkline.audit.findings import Finding
from trunkline.audit.problems import UsageError
from trunkline.audit.replacing import replace_file
from trunkline.audit.source.parsing import parse_module

_WRITABLE: Final = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


class Rewrite(NamedTuple):
    """A new text for one file.

    Attributes:
        path: Path from the root.
        before: The bytes it has.
        after: The bytes it gets.
        mended: The findings that the change is for.
    """

    path: str
    before: bytes
    after: bytes
    mended: tuple[Finding, ...]

    def diff(self) -> bytes:
        """Return the change as a unified diff, in the encoding of the file."""
        rows = difflib.unified_diff(
            _rows(self.before), _rows(self.after), f"a/{self.path}", f"b/{self.path}"
        )
        text = "".join(
            row if row.endswith("\n") else f"{row}\n\\ No newline at end of file\n" for row in rows
        )
        return text.encode("utf-8", "surrogateescape")


class Plan(NamedTuple):
    """What can be rewritten, and what only looked like it.

    Attributes:
        rewrites: A rewrite for every file in which a finding can be mended.
        left: The findings that are left to people after all, each with the reason.
    """

    rewrites: tuple[Rewrite, ...]
    left: dict[Finding, str]


def plan_rewrites(root: str, findings: Iterable[Finding]) -> Plan:
    """Return the rewrites of all files in which a finding can be mended.

    Args:
        root: Absolute path of the project.
        findings: What stands.

    Raises:
        UsageError: LibCST is not installed.
    """
    by_file: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.fix:
            by_file.setdefault(finding.path, []).append(finding)
    rewrites: list[Rewrite] = []
    left: dict[Finding, str] = {}
    if not by_file:
        return Plan((), left)
    try:
        from trunkline.audit.codemods.rewrite import rewrite_source
    except ImportError as error:
        raise UsageError(
            f"rewriting needs LibCST: {error}", "install trunkline[codemods]"
        ) from error
    seen: set[str] = set()
    for path, group in sorted(by_file.items()):
        real = os.path.realpath(os.path.join(root, path))
        if real in seen:
            left.update(dict.fromkeys(group, "a link to a file that is rewritten already"))
            continue
        seen.add(real)
        if not real.startswith(os.path.realpath(root) + os.sep):
            left.update(dict.fromkeys(group, "a link brings the file in from elsewhere"))
            continue
        with open(real, "rb") as file:
            before = file.read()
        after, kept = rewrite_source(before, group)
        if after != before and not _compiles(after):
            kept = dict.fromkeys(group, "the rewritten file would not compile")
        elif after != before:
            mended = tuple(finding for finding in group if finding not in kept)
            rewrites.append(Rewrite(path, before, after, mended))
        left.update(kept)
    return Plan(tuple(rewrites), left)


def write_rewrite(root: str, rewrite: Rewrite) -> None:
    """Write a rewritten file, atomically and with the mode it had.

    Raises:
        UsageError: The file changed since it was read, or cannot be written.
    """
    path = os.path.realpath(os.path.join(root, rewrite.path))  # what a link leads to, not the link
    try:
        with open(path, "rb") as file:
            if file.read() != rewrite.before:
                raise UsageError(
                    f"{rewrite.path} changed while it was rewritten", "run the command again"
                )
            mode = os.fstat(file.fileno()).st_mode
        if not mode & _WRITABLE:
            raise UsageError(
                f"{rewrite.path} is read-only", "let it be written to, or name other paths"
            )
        replace_file(path, rewrite.after, mode)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(
            f"{rewrite.path} cannot be rewritten: {reason}", "see that its folder can be written to"
        ) from error


def _rows(data: bytes) -> list[str]:
    """Return the lines of a text with their ends, as a diff counts them."""
    return io.StringIO(data.decode("utf-8", "surrogateescape"), newline="\n").readlines()


def _compiles(data: bytes) -> bool:
    """Tell whether a file can be compiled, which the parser alone does not tell of an await."""
    try:
        tree = parse_module(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as the parser does
            compile(tree, "<rewritten>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
