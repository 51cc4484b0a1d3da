"""Writes a tree of Python files of a given size, with planted violations and their list."""

import json
import random
from pathlib import Path
from typing import Final, NamedTuple

from tests.benchmarks.audit.application import BASE, CONFIGURATION
from tests.benchmarks.audit.filler import filler
from tests.benchmarks.audit.plants import PLANTS, planted_files

LINE_BYTES: Final = 42


class Planted(NamedTuple):
    """One planted violation: the code of the rule that must find it, and where."""

    code: str
    path: str
    line: int


class Tree(NamedTuple):
    """What was written: where, how much, and what was planted."""

    root: Path
    files: int
    lines: int
    size: int
    planted: tuple[Planted, ...]


def write_tree(
    root: Path, *, files: int = 4300, lines: int = 1_700_000, repeat: int = 10, seed: int = 7
) -> Tree:
    """Write a tree.

    Args:
        root: An empty folder.
        files: How many files to write.
        lines: How many lines they have together.
        repeat: How often each kind of violation is planted.
        seed: Where the filler's choices start.
    """
    random_source = random.Random(seed)
    texts: dict[str, str] = dict(BASE)
    for number in range(repeat):
        for plant in PLANTS:
            texts.update(planted_files(plant, number))
    for path in list(texts):
        for parent in Path(path).parents:
            if parent.parts and parent.parts[0] == "app":
                texts.setdefault(f"{parent}/__init__.py", "")
    each = max(lines // files, 1)
    serial = 0
    packages = max(files // 40, 1)
    while len(texts) < files:
        package = f"app/area_{serial % packages:03}"
        texts.setdefault(f"{package}/__init__.py", "")
        imports = [
            f"from app.area_{serial % packages:03} import part_{other:04}"
            for other in range(max(serial % packages, serial - 3 * packages), serial, packages)
        ]
        header = ["import json", "import re", *imports, "", ""]
        texts[f"{package}/part_{serial:04}.py"] = "\n".join(header)
        serial += 1
    planted: list[Planted] = []
    written = size = 0
    for index, (path, text) in enumerate(sorted(texts.items())):
        content, marks = _marked(text, path)
        planted.extend(marks)
        rows = content.split("\n")
        wanted = each - len(rows)
        if wanted > 0 and not path.endswith("__init__.py") and "<<<<<<<" not in content:
            rows.extend(
                ["", *filler(random_source, int(wanted * random_source.uniform(0.6, 1.45)), index)]
            )
        data = "\n".join(rows).encode()
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        written += len(rows)
        size += len(data)
    (root / "pyproject.toml").write_text(CONFIGURATION)
    tree = Tree(root, len(texts), written, size, tuple(sorted(planted)))
    (root / "planted.json").write_text(json.dumps([list(item) for item in tree.planted]))
    return tree


def _marked(text: str, path: str) -> tuple[str, list[Planted]]:
    """Take the marks ``# <- TL201`` out of a text; return them with their lines."""
    rows: list[str] = []
    marks: list[Planted] = []
    for number, row in enumerate(text.split("\n"), 1):
        text_of_row, mark, names = row.partition("  # <- TL")
        rows.append(text_of_row)
        if mark:
            codes = (name.removeprefix("TL") for name in names.split())
            marks.extend(Planted(f"TL{code}", path, number) for code in codes)
    return "\n".join(rows), marks
