"""Counts of many processes and threads come to one file, each once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.unit.legacy.shop import HERE
from trunkline.errors import DeclarationError
from trunkline.legacy import UsageFile, keep_counts, redirect_function, usage
from trunkline.legacy.records import merged

old: Any = redirect_function("old", to=f"{HERE}:User")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

PROGRAM = """
    import multiprocessing, os, signal, sys, time, warnings
    warnings.simplefilter("ignore")
    from trunkline.legacy import UsageFile, keep_counts, redirect_function, usage

    old = redirect_function("old", to="builtins:str")

    def work(times, keep=False):
        if keep:
            keep_counts(UsageFile.of_project())
        for _ in range(times):
            old("a")

    if __name__ == "__main__":
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def start(project: Path, main: str, *arguments: str) -> subprocess.Popen[bytes]:
    body = textwrap.indent(textwrap.dedent(main).strip(), "    ")
    program = textwrap.dedent(PROGRAM).strip() + "\n" + body + "\n"
    file = project / "program.py"
    if not file.exists() or file.read_text() != program:  # another process may be reading it
        file.write_text(program)
    return subprocess.Popen([sys.executable, "program.py", *arguments], cwd=project)


def counted() -> int:
    return sum(site.count for site in merged(UsageFile.of_project().read()[0]))


def test_processes_write_to_one_file_when_they_exit(project: Path) -> None:
    running = [start(project, "work(int(sys.argv[1]), keep=True)", n) for n in ("1", "10", "100")]
    assert [process.wait(30) for process in running] == [0, 0, 0]
    [site] = merged(UsageFile.of_project().read()[0])
    assert (site.count, site.file, site.name) == (111, "program.py", "__main__.old")


def test_a_forked_process_writes_what_it_has_counted_itself(project: Path) -> None:
    """What was counted before the fork is the parent's, and written once."""
    program = """
        work(100, keep=True)
        child = os.fork()
        work(10)
        if child:
            assert os.waitpid(child, 0)[1] == 0
            work(1)
    """
    assert start(project, program).wait(30) == 0
    assert counted() == 100 + 10 + 10 + 1


@pytest.mark.parametrize(("method", "keep"), [("fork", False), ("spawn", True)])
def test_processes_of_multiprocessing_write_theirs_too(
    project: Path, method: str, keep: bool
) -> None:
    """They end without the interpreter's exit; those that start anew have to begin themselves."""
    program = f"""
        work(100, keep=True)
        context = multiprocessing.get_context({method!r})
        processes = [context.Process(target=work, args=(10, {keep})) for _ in range(3)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
            assert process.exitcode == 0
    """
    assert start(project, program).wait(60) == 0
    assert counted() == 100 + 3 * 10


@pytest.mark.parametrize("forked", [False, True])
def test_a_killed_process_has_written_what_was_counted_before(project: Path, forked: bool) -> None:
    program = f"""
        file = UsageFile.of_project()
        keep_counts(file, every=0.01)
        if not ({forked} and os.fork()):
            work(10)
            while not (file.path.exists() and file.path.stat().st_size):
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGKILL)
        os.wait()
    """
    assert start(project, program).wait(30) == (0 if forked else -9)
    assert counted() == 10


def test_keeping_stops_with_a_last_write(project: Path) -> None:
    file = UsageFile.of_project()
    stop = keep_counts(file, every=0.01)
    [thread] = [one for one in threading.enumerate() if one.name == "counts of old names"]
    old("a")
    deadline = time.monotonic() + 30
    while not counted() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert counted() == 1
    stop()
    old("a")
    stop()
    assert counted() == 1
    thread.join(30)
    assert not thread.is_alive()


def test_a_start_that_is_repeated_writes_no_count_twice(project: Path) -> None:
    program = """
        for _ in range(3):
            work(10, keep=True)
            UsageFile.of_project().write(usage())
    """
    assert start(project, program).wait(30) == 0
    assert counted() == 30


@pytest.mark.parametrize("every", [0, -1.0])
def test_a_time_that_is_none_is_refused(project: Path, every: float) -> None:
    with pytest.raises(DeclarationError, match="can't be kept every"):
        keep_counts(UsageFile.of_project(), every=every)


def test_counts_that_cannot_be_written_fail_nothing(
    project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (project / ".trunkline").write_text("no folder")
    keep_counts(UsageFile.of_project())()
    assert "the uses of old names can't be written to" in caplog.text


def test_what_could_not_be_written_is_written_the_next_time(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = UsageFile.of_project()
    old("a")
    real, left = os.write, 20

    def full_disk(descriptor: int, data: bytes) -> int:
        nonlocal left
        if left == 0:
            raise OSError(28, "No space left on device")
        written = real(descriptor, data[:left])
        left -= written
        return written

    with monkeypatch.context() as patching:
        patching.setattr("trunkline.legacy.store.os.write", full_disk)
        with pytest.raises(OSError, match="No space left"):
            file.write(usage())
    assert file.path.read_bytes() == b""
    old("b")
    assert file.write(usage()) == 2
    assert counted() == 2


def test_threads_that_count_and_threads_that_write_lose_nothing(project: Path) -> None:
    file = UsageFile.of_project()
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            file.write(usage())

    def work() -> None:
        for _ in range(2_000):
            old("a")

    writers = [threading.Thread(target=write) for _ in range(2)]
    workers = [threading.Thread(target=work) for _ in range(4)]
    for thread in (*writers, *workers):
        thread.start()
    for thread in workers:
        thread.join()
    done.set()
    for thread in writers:
        thread.join()
    file.write(usage())
    assert counted() == 8_000
    assert all(json.loads(line) for line in file.path.read_text().splitlines())
