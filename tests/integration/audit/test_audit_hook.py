"""The hook that pre-commit offers other projects is what the documentation says."""

import shlex
import subprocess
import sys
from pathlib import Path

from pre_commit.clientlib import load_manifest

ROOT = Path(__file__).parents[3]


def test_the_hook_runs_the_audit_of_the_whole_tree(legacy_tree: Path) -> None:
    (hook,) = load_manifest(ROOT / ".pre-commit-hooks.yaml")
    assert hook["id"] == "trunkline-audit"
    assert hook["language"] == "python"
    assert not hook["pass_filenames"]
    program, *arguments = shlex.split(hook["entry"])
    script = Path(sys.executable).with_name(program)
    done = subprocess.run(
        [str(script), *arguments, *hook["args"]],
        cwd=legacy_tree,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "app/views.py:4:21: TL204" in done.stdout
