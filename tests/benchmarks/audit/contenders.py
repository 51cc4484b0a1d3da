"""The contenders: each is a command, and knows whether its answer is right."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.benchmarks.audit.tree import Planted

OLD = "app.engine.execution_engine"
BIN = Path(sys.executable).parent
COMMAND = "import sys; from trunkline.audit.command import audit; audit(sys.argv[1:])"


PARSE = """
import ast, gc, multiprocessing, pathlib

def parse(path):
    try:
        return len(ast.parse(path.read_bytes()).body) >= 0
    except SyntaxError:
        return False

gc.disable()
with multiprocessing.get_context("fork").Pool(2) as pool:
    print(sum(pool.imap_unordered(parse, pathlib.Path(".").rglob("*.py"), 20)))
"""


class Contender:
    """A command that answers a question about the tree.

    Args:
        root: Folder of the tree.
    """

    name = ""
    is_slow = False

    def __init__(self, root: Path) -> None:
        self.root = root

    def is_there(self) -> bool:
        """Tell whether the command is installed."""
        return shutil.which(self.command()[0]) is not None

    def command(self) -> list[str]:
        """Return the command with its arguments."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Do what is not to be timed."""

    def run(self) -> str:
        """Run the command; return what it prints."""
        # as users have it: the first run, which is not timed, keeps the compiled modules
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
        done = subprocess.run(
            self.command(),
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout

    def problem(self, planted: Iterable[Planted]) -> str:
        """Return what is wrong with its answer; empty when it is right."""
        raise NotImplementedError


def _old_imports(root: Path, planted: Iterable[Planted]) -> set[tuple[str, int]]:
    """Return where the old module is imported by a statement, which every contender can see."""
    found = set()
    for item in planted:
        row = (root / item.path).read_text().split("\n")[item.line - 1]
        if item.code in {"TL204", "TL205"} and f"{OLD}" in row and "importlib" not in row:
            found.add((item.path, item.line))
    return found


class Ruff(Contender):
    """Bans the old module."""

    name = "ruff TID251, cold"

    def prepare(self) -> None:
        table = '[lint.flake8-tidy-imports.banned-api]\n"{}".msg = "use the canonical one"\n'
        (self.root / "ruff.toml").write_text(table.format(OLD))

    def command(self) -> list[str]:
        return [
            str(BIN / "ruff"), "check", "--no-cache", "--select", "TID251",
            "--output-format", "json", ".",
        ]  # fmt: skip

    def problem(self, planted: Iterable[Planted]) -> str:
        self.prepare()
        rows = {
            (str(Path(row["filename"]).relative_to(self.root.resolve())), row["location"]["row"])
            for row in json.loads(self.run())
            if row["code"] == "TID251"
        }
        missed = _old_imports(self.root, planted) - rows
        return f"missed {len(missed)}" if missed else ""


class PlainParse(Contender):
    """Parses every file in two processes and asks nothing: what reading the program costs."""

    name = "ast.parse of every file, two processes"

    def command(self) -> list[str]:
        return [sys.executable, "-c", PARSE]

    def problem(self, planted: Iterable[Planted]) -> str:
        return "" if int(self.run()) else "parsed nothing"


class Trunkline(Contender):
    """Our own."""

    def __init__(self, root: Path, select: str, *, warm: bool) -> None:
        super().__init__(root)
        self.select = select
        self.warm = warm
        what = {"canonical": "canonical rules", "ALL": "all rules"}.get(select, "same question")
        self.name = f"trunkline, {what}, {'warm' if warm else 'cold'}"

    def command(self) -> list[str]:
        cache = [] if self.warm else ["--no-cache"]
        return [
            sys.executable, "-c", COMMAND, "--select", self.select, "--format", "json", "--root",
            str(self.root), *cache,
        ]  # fmt: skip

    def prepare(self) -> None:
        if self.warm:
            self.run()

    def problem(self, planted: Iterable[Planted]) -> str:
        found = json.loads(self.run())["findings"]
        rows = {(row["path"], row["line"]) for row in found if row["code"] in {"TL204", "TL205"}}
        missed = {(p.path, p.line) for p in planted if p.code in {"TL204", "TL205"}} - rows
        return f"missed {len(missed)}" if missed else ""


class ImportLinter(Contender):
    """Forbids the old module; reads every import of the tree."""

    name = "import-linter, cold"
    is_slow = True

    def prepare(self) -> None:
        (self.root / ".importlinter").write_text(
            "[importlinter]\nroot_package = app\n\n[importlinter:contract:old]\nname = old\n"
            "type = forbidden\nsource_modules = app.planted\n"
            f"forbidden_modules = {OLD}\nallow_indirect_imports = True\n"
        )

    def command(self) -> list[str]:
        return [str(BIN / "lint-imports"), "--no-cache"]

    def problem(self, planted: Iterable[Planted]) -> str:
        self.prepare()
        return "" if f"{OLD}" in self.run() else "did not report the old module"


class Semgrep(Contender):
    """Matches the import by a pattern."""

    name = "semgrep, cold"
    is_slow = True

    def command(self) -> list[str]:
        return [
            str(BIN / "semgrep"), "scan", "--metrics=off", "--disable-version-check", "--json",
            "--lang", "python", "--pattern", f"from {OLD} import $X", "app", "tests",
        ]  # fmt: skip

    def problem(self, planted: Iterable[Planted]) -> str:
        try:
            results = json.loads(self.run())["results"]
        except json.JSONDecodeError:
            # Version 1.85 imports pkg_resources, which setuptools 81 and later lack.
            return "does not run here: `semgrep --version` says why"
        rows = {(row["path"], row["start"]["line"]) for row in results}
        from_imports = {
            place
            for place in _old_imports(self.root, planted)
            if "from " in (self.root / place[0]).read_text().split("\n")[place[1] - 1]
            and "*" not in (self.root / place[0]).read_text().split("\n")[place[1] - 1]
        }
        missed = from_imports - rows
        return f"missed {len(missed)}" if missed else ""


def contenders(root: Path) -> list[Contender]:
    """Return every contender; ruff first, which the others are compared with."""
    return [
        Ruff(root),
        Trunkline(root, "TL204,TL205", warm=False),
        Trunkline(root, "canonical", warm=False),
        Trunkline(root, "canonical", warm=True),
        ImportLinter(root),
        Semgrep(root),
    ]
