"""A suppression names a rule and a reason, speaks of one line, and is missed when unused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from trunkline.audit.engine import Result

Write = Callable[[dict[str, str | bytes]], Path]
Run = Callable[..., Result]


def _codes(write: Write, run: Run, line: str) -> list[tuple[str, int]]:
    write({"app/__init__.py": "", "app/a.py": line})
    return [(finding.code, finding.line) for finding in run("TL401", "TL001", "TL002").findings]


@pytest.mark.parametrize(
    "line",
    [
        "import app.gone  # trunkline: ignore[TL401] written by the build\n",
        "import app.gone  # trunkline: ignore[TL103, TL401] written by the build\n",
        "import app.gone  # trunkline: ignore[missing-import] written by the build\n",
        "import app.gone  # noqa: F401  # trunkline: ignore[TL401] -- written by the build\n",
        "# trunkline: ignore[TL401] written by the build\nimport app.gone\n",
    ],
)
def test_lets_its_finding_by(write: Write, run: Run, line: str) -> None:
    assert _codes(write, run, line) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("import app.gone  # trunkline: ignore[TL401]\n", [("TL001", 1), ("TL401", 1)]),
        ("import app.gone  # trunkline: ignore all of it\n", [("TL001", 1), ("TL401", 1)]),
        ("x = 1  # trunkline: ignore[TL401] nothing here\n", [("TL002", 1)]),
        (
            "import app.gone\nx = 1  # trunkline: ignore[TL401] other line\n",
            [("TL401", 1), ("TL002", 2)],
        ),
    ],
)
def test_lets_nothing_else_by(
    write: Write, run: Run, line: str, expected: list[tuple[str, int]]
) -> None:
    assert sorted(_codes(write, run, line)) == sorted(expected)


def test_counts_what_it_lets_by(write: Write, run: Run) -> None:
    write(
        {"app/__init__.py": "", "app/a.py": "import app.gone  # trunkline: ignore[TL401] built\n"}
    )
    ((finding, reason),) = run("TL401").suppressed
    assert (finding.code, reason) == ("TL401", "built")


def test_counts_what_it_lets_by_where_a_person_asks_alone(write: Write, run: Run) -> None:
    line = "import app.gone  # trunkline: ignore[TL401] built\n"
    write({"app/__init__.py": "", "app/a.py": line, "app/b.py": line})
    (item,) = run("TL401", paths=("app/b.py",)).suppressed
    assert item.finding.path == "app/b.py"
