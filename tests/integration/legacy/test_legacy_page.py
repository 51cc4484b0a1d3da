"""The page on moving a legacy code base can be followed word for word, as its first part says."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "migrating.md"
HOME = "/home/ann/project"
BLOCK = re.compile(r"^```(py|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`([\w/]+\.py)`")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d)?")
STILL_OPEN = re.compile(r"^[1-4] scopes(?= that old calls opened)", re.MULTILINE)


def test_the_first_part_of_the_page_does_what_it_says(tmp_path: Path) -> None:
    part = PAGE.read_text().partition("## Follow along")[2].partition("## Part by part")[0]
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    ran, end = 0, 0
    for block in BLOCK.finditer(part):
        before, end = part[end : block.start()], block.end()
        if block[1] == "py":
            (tmp_path / FILE.findall(before)[-1]).write_text(block[2])
            continue
        for command, said in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block[2], re.MULTILINE):
            ran += 1
            assert_says(command, said, run(tmp_path, command))
    assert ran == part.count("\n$ ") >= 15


def run(folder: Path, command: str) -> str:
    """What a command says, as it stands on a terminal."""
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTEST_ADDOPTS": "-p no:asyncio",  # it has something to say of its configuration
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "COVERAGE_PROCESS_START": "",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout.replace(str(folder), HOME)


def assert_says(command: str, said: str, output: str) -> None:
    """Hold what a command said to the page, whatever the day; `...` stands for anything.

    How many scopes are still open at the stop depends on when the garbage collector has run.
    """
    wanted, got = (
        STILL_OPEN.sub("some scopes", MOMENT.sub("(then)", text)) for text in (said, output)
    )
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    assert doctest.OutputChecker().check_output(wanted, got, options), f"$ {command}\n{got}"
