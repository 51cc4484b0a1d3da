"""The rules about containers over real packages that use dependency-injector.

``python -m tests.benchmarks.audit.injected [FOLDER]`` fetches with pip the packages of
``injected.toml``, unless they are in the folder already, and audits each twice by the rules of
group 7 and TL608: as it is, and with its tests taken for production code, for the rules that leave
tests alone. Nothing is imported. Beside what is found stands what there was to judge, counted by
the interpreter's parser alone. What the rules miss no list of findings shows, so that at last the
name of a provider is misspelt in every marker that spells one out, and TL707 asked for all of them.
Run it on Python 3.12 or later: some packages are written for it.
"""

import ast
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from trunkline.audit.config import AuditConfig
from trunkline.audit.engine import run_audit
from trunkline.audit.registry import select_rules

LIST: Final = Path(__file__).with_suffix(".toml")
RULES: Final = ("TL7", "TL608")
MARKERS: Final = frozenset({"Provide", "Provider", "Closing"})


class Judged(NamedTuple):
    """What a folder has that the rules look at."""

    containers: int
    markers: int
    overrides: int


def fetch(name: str, entry: dict[str, Any], folder: Path) -> Path:
    """Return the unpacked package, or the part of it that is audited.

    Raises:
        subprocess.CalledProcessError: pip cannot get it.
    """
    version, part = entry["version"], entry.get("sdist")
    target = folder / f"{name}-{version}"
    archives = folder / "archives" / target.name
    kind = ["--no-binary", ":all:"] if part else ["--only-binary", ":all:"]
    if not any(archives.glob("*.*")):
        newest = [] if part else ["--python-version", "3.13"]  # whichever this runs on
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *kind, *newest,
             "--dest", str(archives), f"{name}=={version}"],
            check=True,
        )  # fmt: skip
    for archive in archives.glob("*.whl"):
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(target)
    for archive in archives.glob("*.tar.gz"):
        with tarfile.open(archive) as sdist:
            sdist.extractall(target, filter="data")
        return next(target.iterdir()) / str(part)
    return target


def count(folder: Path) -> Judged:
    """Count what there is to judge, by the interpreter's parser; what it refuses is left out."""
    containers = markers = overrides = 0
    for node in _nodes(folder):
        if isinstance(node, ast.ClassDef):
            containers += any(_last(base) == "DeclarativeContainer" for base in node.bases)
        elif isinstance(node, ast.Subscript):
            markers += _last(node.value) in MARKERS
        elif isinstance(node, ast.Call):
            overrides += _last(node.func) in {"override", "override_providers"}
    return Judged(containers, markers, overrides)


def misspell(folder: Path) -> set[tuple[str, int]]:
    """Change the name in every ``Provide[Container.name]``; return path and line of each."""
    changed: set[tuple[str, int]] = set()
    for path in sorted(folder.rglob("*.py")):
        rows = path.read_bytes().splitlines(keepends=True)
        ends: list[tuple[int, int]] = []
        for node in _nodes_of(path):
            name = _spelt(node)
            if name is not None:
                ends.append((name.end_lineno or 0, name.end_col_offset or 0))
                changed.add((path.relative_to(folder).as_posix(), node.lineno))
        for line, column in sorted(ends, reverse=True):
            row = rows[line - 1]
            rows[line - 1] = row[:column] + b"_misspelt" + row[column:]
        path.write_bytes(b"".join(rows))
    return changed


def _spelt(node: ast.AST) -> ast.Attribute | None:
    """Return the first name that a marker asks a class for, where it does."""
    if not isinstance(node, ast.Subscript) or _last(node.value) not in MARKERS:
        return None
    asked = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) else node.slice
    while isinstance(asked, ast.Attribute):
        if isinstance(asked.value, ast.Name):
            return asked if asked.value.id[:1].isupper() else None
        asked = asked.value
    return None


def _nodes(folder: Path) -> Iterator[ast.AST]:
    for path in sorted(folder.rglob("*.py")):
        yield from _nodes_of(path)


def _nodes_of(path: Path) -> list[ast.AST]:
    try:
        return list(ast.walk(ast.parse(path.read_bytes())))
    except SyntaxError:
        return []


def _last(node: ast.expr) -> str:
    return ast.unparse(node).rpartition(".")[2]


def main(folder: Path) -> None:
    """Print what each package has to judge, and below it what is found."""
    for name, entry in tomllib.loads(LIST.read_text()).items():
        root = fetch(name, entry, folder)
        config = AuditConfig(root=str(root), sources=tuple(entry.get("source", [""])))
        has = count(root)
        for what, judged in (
            ("as it is", config),
            ("all as production", config._replace(tests=())),
        ):
            result = run_audit(judged, select_rules(RULES, ()), cached=False)
            print(
                f"{name} {entry['version']}, {what}: {result.files} files, "
                f"{len(result.errors)} passed over, {has.containers} containers, "
                f"{has.markers} markers, {has.overrides} overrides, "
                f"{len(result.findings)} findings"
            )
            for finding in result.findings:
                print(f"    {finding.path}:{finding.line}: {finding.code} {finding.message}")
        with tempfile.TemporaryDirectory() as temporary:
            copy = Path(shutil.copytree(root, Path(temporary) / "copy"))
            changed = misspell(copy)
            asked = run_audit(config._replace(root=str(copy)), select_rules(("TL707",), ()))
            found = {(finding.path, finding.line) for finding in asked.findings}
            print(
                f"    misspelt in {len(changed)} markers: {len(changed & found)} found, "
                f"{len(found - changed)} others"
            )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]).resolve())
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary))
