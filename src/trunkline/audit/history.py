"""The trend: how many findings the commits of a repository had, judged by today's configuration."""

# Paths stay texts: pathlib is slow over thousands of files, and slow to import.
# ruff: noqa: PTH102, PTH103, PTH108, PTH114, PTH118, PTH120, PTH123

import os
import subprocess
import tempfile
from collections.abc import Iterator
from typing import Final, NamedTuple

from trunkline.audit.config import AuditConfig
from trunkline.audit.discovery import OPAQUE_SUFFIXES
from trunkline.audit.engine import run_audit
from trunkline.audit.problems import UsageError
from trunkline.audit.rule import Rule

_LINK: Final = b"120000"
_SUBMODULE: Final = b"160000"
"""Modes of what an index holds besides files."""


class Point(NamedTuple):
    """One commit.

    Attributes:
        commit: Its abbreviated name.
        date: Day of the commit, as ``2026-01-31``.
        findings: How many findings it has.
    """

    commit: str
    date: str
    findings: int


def history(
    config: AuditConfig, rules: tuple[Rule, ...], count: int, paths: tuple[str, ...] = ()
) -> Iterator[Point]:
    """Audit the last commits of the first line of history that changed Python files, oldest first.

    Args:
        config: Today's configuration; each commit is judged by it.
        rules: The rules to run.
        count: How many commits to look at, at most.
        paths: Files or folders to count the findings of; empty for all.

    Raises:
        UsageError: The project is in no git repository.
    """
    rows = _git(
        config.root, "-c", "log.showSignature=false", "log", "--first-parent",
        f"--max-count={count}", "--date=short", "--format=%h %cd", "--", "*.py",
    ).decode()  # fmt: skip
    prefix = _git(config.root, "rev-parse", "--show-prefix").decode().strip()
    top = _git(config.root, "rev-parse", "--show-toplevel").decode().strip()
    for row in reversed(rows.splitlines()):
        commit, _, date = row.partition(" ")
        if prefix and not _git(top, "ls-tree", commit, prefix):
            continue  # the project's folder came later, or went by another name
        with tempfile.TemporaryDirectory(prefix="trunkline-") as folder:
            root = os.path.join(folder, "tree")
            _write_tree(top, f"{commit}:{prefix}", folder, root)
            result = run_audit(config._replace(root=root), rules, paths=paths, cached=False)
        yield Point(commit, date, len(result.findings))


def _write_tree(top: str, tree: str, folder: str, root: str) -> None:
    """Write what the audit looks at of a tree, by an index of its own.

    An archive would leave files out, and a whole checkout would fetch what large files lie
    elsewhere. Of modules that are not read, and of folders, it matters alone that they are there.

    Args:
        top: Folder of the repository. Elsewhere git looks for its own folder in what it reads.
        tree: The tree: a commit and a folder.
        folder: Where the index may lie.
        root: Where the files go.
    """
    index = os.path.join(folder, "index")
    os.mkdir(root)
    _git(top, "read-tree", tree, index=index)
    read = list(_laid_out(_git(top, "ls-files", "--stage", "-z", index=index), root))
    _git(top, "checkout-index", "--stdin", "-z", "--quiet", f"--prefix={root}/",
         given=b"\0".join([*read, b""]), index=index)  # fmt: skip
    inside = os.path.realpath(root) + os.sep
    for place, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = os.path.join(place, name)
            if os.path.islink(path) and not os.path.realpath(path).startswith(inside):
                os.unlink(path)  # what another folder of the machine holds was never committed


def _laid_out(staged: bytes, root: str) -> Iterator[bytes]:
    """Make the folders and the files that are not read; yield the paths of those that are."""
    for row in staged.split(b"\0")[:-1]:
        facts, _, name = row.partition(b"\t")
        mode = facts.partition(b" ")[0]
        target = os.path.join(root, os.fsdecode(name))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if mode == _LINK or name.endswith((b".py", b"pyproject.toml")):
            yield name
        elif mode == _SUBMODULE:
            os.makedirs(target)
        elif target.endswith(OPAQUE_SUFFIXES):
            with open(target, "wb"):
                pass


def _git(root: str, *arguments: str, given: bytes = b"", index: str | None = None) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 # the arguments are our own
            ["git", "-C", root, *arguments],  # noqa: S607 # git is where the path says
            input=given,
            check=True,
            capture_output=True,
            env=os.environ | ({} if index is None else {"GIT_INDEX_FILE": index}),
        )
    except FileNotFoundError as error:
        raise UsageError("git is not installed", "install git, or leave --history out") from error
    except subprocess.CalledProcessError as error:
        reason = error.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise UsageError(
            f"git cannot read the history: {reason}", "see that `git log` works there"
        ) from error
    return done.stdout
