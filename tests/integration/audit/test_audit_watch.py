"""``--watch`` in a real process: it audits at once, again after a change, and ends by Ctrl-C."""

import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from trunkline.audit.command import audit

SECONDS = 60.0
"""How long a line may keep us waiting before the test gives up."""


class _Watching:
    """A watching process whose output is read line by line."""

    def __init__(self, root: Path, *arguments: str) -> None:
        code = "import sys; from trunkline.audit.command import audit; audit(sys.argv[1:])"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, "--watch", "--select", "TL401", "--root", str(root),
             *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )  # fmt: skip
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def wait_for(self, text: str) -> str:
        while True:
            line = self._lines.get(timeout=SECONDS)
            if text in line:
                return line

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(SECONDS)

    def end(self) -> None:
        self.process.kill()
        self.process.wait(SECONDS)
        self._reader.join(SECONDS)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def watching(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[_Watching]:
    """Watch a folder of two modules, with the arguments that a test gives."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__init__.py").write_text("")
    (tmp_path / "app" / "views.py").write_text("import app\n")
    started = _Watching(tmp_path, *getattr(request, "param", ()))
    yield started
    started.end()


def test_runs_again_after_a_change(watching: _Watching, tmp_path: Path) -> None:
    watching.wait_for("no findings in 2 files")
    (tmp_path / "app" / "views.py").write_text("import app.gone\n")
    watching.wait_for("app/views.py:1:8: TL401 there is no module app.gone")
    watching.wait_for("1 finding in 2 files")
    (tmp_path / "app" / "gone.py").write_text("")
    watching.wait_for("no findings in 3 files")
    # The run before has ended for certain once the next one speaks.
    (tmp_path / "app" / "more.py").write_text("")
    watching.wait_for("no findings in 4 files")
    assert watching.interrupt() == 0


def test_reads_the_configuration_again_and_survives_a_mistake_in_it(
    watching: _Watching, tmp_path: Path
) -> None:
    watching.wait_for("no findings in 2 files")
    (tmp_path / "app" / "views.py").write_text("import app.gone\n")
    watching.wait_for("1 finding in 2 files")
    table = tmp_path / "pyproject.toml"
    table.write_text("[tool.trunkline.audit]\nignore = 3\n")
    watching.wait_for("tool.trunkline.audit.ignore: must be a list of texts")
    table.write_text('[tool.trunkline.audit]\nextend-exclude = ["views.py"]\n')
    watching.wait_for("no findings in 1 file")
    # As above: the next run tells that this one has ended.
    (tmp_path / "app" / "more.py").write_text("")
    watching.wait_for("no findings in 2 files")
    assert watching.interrupt() == 0


def test_ends_with_the_status_of_the_last_run(watching: _Watching, tmp_path: Path) -> None:
    watching.wait_for("no findings")
    (tmp_path / "app" / "late.py").write_text("from app import nothing\n")
    watching.wait_for("1 finding in 3 files")
    (tmp_path / "app" / "more.py").write_text("")
    watching.wait_for("1 finding in 4 files")
    assert watching.interrupt() == 1


def test_goes_on_when_the_configuration_or_the_folder_cannot_be_read(
    watching: _Watching, tmp_path: Path
) -> None:
    """Tools that switch branches move folders away for a moment."""
    watching.wait_for("no findings in 2 files")
    table = tmp_path / "pyproject.toml"
    table.mkdir()
    watching.wait_for("pyproject.toml: cannot be read: is a directory")
    table.rmdir()
    watching.wait_for("no findings in 2 files")
    away = tmp_path.with_name(f"{tmp_path.name}-away")
    tmp_path.rename(away)
    watching.wait_for("Error: No such file or directory")
    away.rename(tmp_path)
    watching.wait_for("no findings in 2 files")
    # As above: the next run tells that this one has ended.
    (tmp_path / "app" / "more.py").write_text("")
    watching.wait_for("no findings in 3 files")
    assert watching.interrupt() == 0


def _write_baseline(root: Path, *arguments: str) -> None:
    done = CliRunner().invoke(
        audit, ["--select", "TL401", "--root", str(root), "--write-baseline", *arguments]
    )
    assert done.exit_code == 0, done.output


def test_follows_the_baseline_also_where_the_configuration_names_another(
    watching: _Watching, tmp_path: Path
) -> None:
    watching.wait_for("no findings in 2 files")
    (tmp_path / "app" / "views.py").write_text("import app.gone\n")
    watching.wait_for("1 finding in 2 files")
    _write_baseline(tmp_path)
    watching.wait_for("no findings in 2 files; 1 known to the baseline")
    (tmp_path / "pyproject.toml").write_text('[tool.trunkline.audit]\nbaseline = "old.json"\n')
    watching.wait_for("1 finding in 2 files")
    (tmp_path / "trunkline-baseline.json").rename(tmp_path / "old.json")
    watching.wait_for("no findings in 2 files; 1 known to the baseline")
    (tmp_path / "old.json").unlink()
    watching.wait_for("1 finding in 2 files")


@pytest.mark.parametrize("watching", [["--no-baseline", "--write-baseline"]], indirect=True)
def test_is_not_set_off_by_what_it_writes(watching: _Watching, tmp_path: Path) -> None:
    """A baseline that is the same already is left as it is."""
    watching.wait_for("trunkline-baseline.json lets 0 findings by")
    path = tmp_path / "trunkline-baseline.json"
    before = (path.stat().st_mtime_ns, path.stat().st_ino)
    (tmp_path / "app" / "more.py").write_text("")
    watching.wait_for("trunkline-baseline.json lets 0 findings by")
    # The run before has ended for certain once the next one speaks.
    (tmp_path / "app" / "another.py").write_text("")
    watching.wait_for("trunkline-baseline.json lets 0 findings by")
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before
