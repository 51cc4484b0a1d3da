"""The trend: how many findings the commits of a repository had, judged by today's configuration."""

# Paths stay texts: pathlib is slow over thousands of files, and slow to import.
# ruff: noqa: PTH102, PTH118

import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from typing import NamedTuple

from trunkline.audit.config import AuditConfig
from trunkline.audit.engine import run_audit
from trunkline.audit.problems import UsageError
from trunkline.audit.rule import Rule


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


def history(config: AuditConfig, rules: tuple[Rule, ...], count: int) -> Iterator[Point]:
    """Audit the last commits of the first line of history that changed Python files, oldest first.

    Args:
        config: Today's configuration; each commit is judged by it.
        rules: The rules to run.
        count: How many commits to look at, at most.

    Raises:
        UsageError: The project is in no git repository.
    """
    rows = _git(
        config.root, "log", "--first-parent", f"--max-count={count}", "--date=short",
        "--format=%h %cd", "--", "*.py",
    ).decode()  # fmt: skip
    prefix = _git(config.root, "rev-parse", "--show-prefix").decode().strip()
    top = _git(config.root, "rev-parse", "--show-toplevel").decode().strip()
    for row in reversed(rows.splitlines()):
        commit, _, date = row.partition(" ")
        if prefix and not _git(top, "ls-tree", commit, prefix):
            continue  # the project's folder came later, or went by another name
        with tempfile.TemporaryDirectory(prefix="trunkline-") as folder:
            archive = os.path.join(folder, "tree.tar")
            tree = f"{commit}:{prefix}" if prefix else commit
            # from the top: elsewhere git looks for its own folder in the tree that it archives
            _git(top, "archive", "--format=tar", f"--output={archive}", tree)
            root = os.path.join(folder, "tree")
            os.mkdir(root)
            with tarfile.open(archive) as file:
                file.extractall(root, filter=_inside)  # noqa: S202 # the filter refuses
            result = run_audit(config._replace(root=root), rules, cached=False)
        yield Point(commit, date, len(result.findings))


def _inside(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo | None:
    """Leave out what leads out of the tree, such as a link to another folder of the machine."""
    try:
        return tarfile.data_filter(member, folder)
    except tarfile.FilterError:
        return None


def _git(root: str, *arguments: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 # the arguments are our own
            ["git", "-C", root, *arguments],  # noqa: S607 # git is where the path says
            check=True,
            capture_output=True,  # git is found on the path
        )
    except FileNotFoundError as error:
        raise UsageError("git is not installed", "install git, or leave --history out") from error
    except subprocess.CalledProcessError as error:
        reason = error.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise UsageError(
            f"git cannot read the history: {reason}", "run it in a repository with commits"
        ) from error
    return done.stdout
