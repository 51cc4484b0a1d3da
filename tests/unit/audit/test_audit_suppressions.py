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


LEFT = "x = 1  # trunkline: ignore[{}] for another day\n"


@pytest.mark.parametrize("codes", ["TL204", "legacy-import", "TL401, TL204", "TL608", "TL801"])
def test_is_not_called_unused_before_its_rule_has_anything_to_judge_by(
    write: Write, run: Run, codes: str
) -> None:
    """Before there is a configuration; removed then, it would be missed as soon as there is one."""
    write({"app/__init__.py": "", "app/a.py": LEFT.format(codes)})
    assert run("ALL").findings == ()


@pytest.mark.parametrize("code", ["TL204", "TL401", "TL608"])
def test_is_called_unused_once_its_rule_can_judge(write: Write, run: Run, code: str) -> None:
    table = '[[tool.trunkline.canonical]]\ntype = "app.engine:Engine"\n'
    write({
        "app/__init__.py": "", "app/engine.py": "class Engine: ...\n",
        "app/a.py": LEFT.format(code), "pyproject.toml": table,
    })  # fmt: skip
    assert [finding.code for finding in run("ALL").findings] == ["TL002"]
