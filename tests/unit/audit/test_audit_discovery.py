"""What cannot be read is named and passed over; the rest is audited all the same."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from trunkline.audit.config_reader import load_config
from trunkline.audit.discovery import DEFAULT_EXCLUDES, Patterns, discover
from trunkline.audit.engine import Result, run_audit
from trunkline.audit.modules import build_table
from trunkline.audit.registry import select_rules

Write = Callable[[dict[str, str | bytes]], Path]


def _paths(root: Path) -> list[str]:
    return [file.path for file in discover(str(root), DEFAULT_EXCLUDES).files]


def test_passes_over_what_is_not_the_projects(write: Write) -> None:
    root = write(
        {
            "app/a.py": "",
            ".venv/lib/b.py": "",
            "node_modules/c.py": "",
            "work_env/pyvenv.cfg": "",
            "work_env/lib/d.py": "",
            "app/env/e.py": "",
            "build/f.py": "",
            "app/build/g.py": "",
        }
    )
    assert _paths(root) == ["app/a.py", "app/build/g.py", "app/env/e.py"]


def test_names_a_loop_of_links(write: Write) -> None:
    root = write({"app/a.py": ""})
    (root / "app" / "again").symlink_to(root / "app")
    (root / "app" / "everything").symlink_to("/")
    (root / "app" / "nowhere.py").symlink_to(root / "gone.py")
    found = discover(str(root), ())
    assert [file.path for file in found.files] == ["app/a.py"]
    assert {(error.path, error.problem) for error in found.errors} == {
        ("app/again", "symbolic link that loops back to a folder above it"),
        ("app/everything", "symbolic link that loops back to a folder above it"),
        ("app/nowhere.py", "symbolic link that leads nowhere"),
    }


def test_names_links_by_what_they_lead_to(write: Write) -> None:
    root = write({"app/a.py": "", "folder/b.py": ""})
    (root / "app" / "device.py").symlink_to(os.devnull)
    (root / "app" / "folder.py").symlink_to(root / "folder")
    found = discover(str(root), ())
    problems = [(error.path, error.problem) for error in found.errors]
    assert problems == [("app/device.py", "not a regular file")]


def test_names_what_is_passed_over_in_text_that_any_report_can_write(write: Write) -> None:
    root = write({"app/a.py": ""})
    for name in (b"caf\xe9", b"caf\xe9.py"):
        (root / "app" / os.fsdecode(name)).symlink_to("..")
    (root / "app" / os.fsdecode(b"caf\xe9.d.py")).touch()
    found = discover(str(root), ())
    assert len(found.errors) == 3
    assert all(error.path.isascii() and "\\udce9" in error.path for error in found.errors)


def test_reads_a_linked_folder_once(write: Write, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "x.py").write_text("")
    root = write({"app/a.py": ""})
    (root / "one").symlink_to(outside)
    (root / "two").symlink_to(outside)
    assert len(_paths(root)) == 2


@contextmanager
def _as_nobody() -> Iterator[None]:
    """Give up the rights of root, for whom no folder is unreadable, for a while."""
    own = os.geteuid()
    if own == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(own)


def test_names_what_it_may_not_read() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        (root / "shut").mkdir()
        (root / "app").mkdir()
        (root / "app" / "__init__.py").write_text("from app.gone import y\n")
        (root / "locked.py").write_text("")
        (root / "shut").chmod(0)
        (root / "locked.py").chmod(0)
        with _as_nobody():
            result = run_audit(load_config(folder), select_rules(("TL401",), ()), cached=False)
        (root / "shut").chmod(0o700)
    assert [(error.path, error.problem) for error in result.errors] == [
        ("shut", "folder cannot be read: permission denied"),
        ("locked.py", "cannot be read: permission denied"),
    ]
    assert [finding.path for finding in result.findings] == ["app/__init__.py"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"x = 1\nname = '\xff'\n", "byte 0xff is not valid utf-8"),
        (b"# coding: nonsense\nx = 1\n", "unknown encoding 'nonsense'"),
        (b"\xef\xbb\xbf# coding: latin-1\n", "declares 'latin-1' after a UTF-8 byte order mark"),
        (b"x = 1\n\0\n", "contains null bytes"),
        (b"def f(:\n", "cannot be parsed: invalid syntax"),
        (b"x = " + b"(" * 5000 + b")" * 5000, "cannot be parsed: too many nested parentheses"),
        (b"x = " + b"-" * 90000 + b"1", "nested too deeply to be parsed"),
        (b"x = 1\n" * 170_000, "more than 500,000 words and signs: not parsed"),
    ],
)
def test_names_a_file_that_cannot_be_read(
    write: Write, run: Callable[..., Result], content: bytes, problem: str
) -> None:
    write({"app/__init__.py": "", "app/bad.py": content, "app/good.py": "from app.gone import x\n"})
    result = run("TL401")
    assert [error.path for error in result.errors] == ["app/bad.py"]
    assert result.errors[0].problem == problem
    assert [finding.path for finding in result.findings] == ["app/good.py"]


def test_reads_declared_encodings(write: Write, run: Callable[..., Result]) -> None:
    write(
        {
            "app/__init__.py": "",
            "app/latin.py": "# -*- coding: latin-1 -*-\nname = 'é'\n".encode("latin-1"),
            "app/marked.py": b"\xef\xbb\xbfname = 1\n",
            "app/crlf.py": b"x = 1\r\nfrom app.gone import y\r\n",
        }
    )
    result = run("TL401")
    assert not result.errors
    assert [(finding.path, finding.line) for finding in result.findings] == [("app/crlf.py", 2)]


def test_passes_over_huge_files(write: Write, run: Callable[..., Result]) -> None:
    root = write({"app/small.py": ""})
    with (root / "app" / "huge.py").open("wb") as file:
        file.truncate(50_000_000)
    (error,) = run("TL401").errors
    assert (error.path, error.problem) == ("app/huge.py", "larger than 16 MB (50 MB): not read")


def test_patterns_match_names_anywhere_and_paths_from_the_root() -> None:
    patterns = Patterns(("conftest.py", "tests/**", "**/test_*.py", "/build"))
    for path in ("a/conftest.py", "tests/x.py", "test_x.py", "a/test_y.py", "build/z.py"):
        assert patterns.match_any(path), path
    for path in ("a/x.py", "a/build/x.py", "contest.py"):
        assert not patterns.match_any(path), path


def test_names_modules_by_the_longest_source_and_packages_first(write: Write) -> None:
    root = write(
        {
            "src/app/__init__.py": "",
            "src/app/part.py": "",
            "src/app/part/__init__.py": "",
            "src/space/inner.py": "",
            "tool.py": "",
            "src/app/fast.cpython-311-x86_64-linux-gnu.so": "",
        }
    )
    table = build_table(discover(str(root), ()), ("src", ""))
    assert table.files["app.part"] == "src/app/part/__init__.py"
    assert table.hidden == {"src/app/part.py": "src/app/part/__init__.py"}
    assert table.files["tool"] == "tool.py"
    assert "space" in table.namespaces
    assert table.exists("app.fast")
    assert table.exists("app.__init__")
