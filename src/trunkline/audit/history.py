"""The trend: how many findings the commits of a repository had, judged by today's configuration."""

# Paths stay texts: pathlib is slow over thousands of files, and slow to import.
# ruff: noqa: PTH102, PTH108, PTH114, PTH118

import os
import subprocess
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
            root = os.path.join(folder, "tree")
            _write_tree(top, f"{commit}:{prefix}", folder, root)
            result = run_audit(config._replace(root=root), rules, paths=paths, cached=False)
        yield Point(commit, date, len(result.findings))


def _write_tree(top: str, tree: str, folder: str, root: str) -> None:
    """Write the files of a tree, by an index of its own; an archive would leave some out.

    Args:
        top: Folder of the repository. Elsewhere git looks for its own folder in what it reads.
        tree: The tree: a commit and a folder.
        folder: Where the index may lie.
        root: Where the files go.
    """
    index = {"GIT_INDEX_FILE": os.path.join(folder, "index")}
    os.mkdir(root)
    _git(top, "read-tree", tree, **index)
    _git(top, "checkout-index", "--all", "--quiet", f"--prefix={root}/", **index)
    inside = os.path.realpath(root) + os.sep
    for place, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = os.path.join(place, name)
            if os.path.islink(path) and not os.path.realpath(path).startswith(inside):
                os.unlink(path)  # what another folder of the machine holds was never committed


def _git(root: str, *arguments: str, **environment: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 # the arguments are our own
            ["git", "-C", root, *arguments],  # noqa: S607 # git is where the path says
            check=True,
            capture_output=True,
            env=os.environ | environment,
        )
    except FileNotFoundError as error:
        raise UsageError("git is not installed", "install git, or leave --history out") from error
    except subprocess.CalledProcessError as error:
        reason = error.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise UsageError(
            f"git cannot read the history: {reason}", "run it in a repository with commits"
        ) from error
    return done.stdout
