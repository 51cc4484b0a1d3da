"""pre-commit runs the audit as the documentation says: really installed, in a real repository.

Installing the hook takes its requirements from the package index, as `make setup` does.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
INSTALLED, LOCAL = (
    yaml.safe_load(block)
    for block in re.findall(
        r"```yaml\n((?:#[^\n]*\n)?repos:\n.*?)```",
        (ROOT / "docs" / "audit" / "README.md").read_text(),
        re.DOTALL,
    )
)
"""The two configurations that the documentation shows."""


class Repository:
    """A git repository in which commits are made."""

    def __init__(self, root: Path, environment: dict[str, str]) -> None:
        self.root = root
        self.environment = environment
        self.run("git", "init", "-q")

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def commit(self) -> subprocess.CompletedProcess[str]:
        self.run("git", "add", "--all")
        return self.run("git", "commit", "-qm", "change", check=False)


@pytest.fixture
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Keep the settings of this machine out, and let the tools of this environment be found."""
    git = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = {
        f"GIT_{role}_{part}": f"t@{part}.example".lower()
        for role in ("AUTHOR", "COMMITTER")
        for part in ("NAME", "EMAIL")
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    hooks = tmp_path_factory.mktemp("hooks")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return kept | git | who | {"PATH": path, "PRE_COMMIT_HOME": str(hooks)}


@pytest.fixture
def user(legacy_tree: Path, environment: dict[str, str]) -> Repository:
    """The project that uses the hook, with findings in it."""
    return Repository(legacy_tree, environment)


@pytest.fixture
def provider(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Repository:
    """The repository that offers the hook: this one, as it is now."""
    root = tmp_path_factory.mktemp("trunkline")
    for name in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        shutil.copy(ROOT / name, root)
    shutil.copytree(ROOT / "src", root / "src", ignore=shutil.ignore_patterns("__pycache__"))
    repository = Repository(root, environment)
    assert repository.commit().returncode == 0
    repository.run("git", "tag", INSTALLED["repos"][0]["rev"])
    return repository


def _refuses_until_mended(user: Repository, configuration: object) -> None:
    (user.root / ".pre-commit-config.yaml").write_text(yaml.safe_dump(configuration))
    user.run("pre-commit", "install")
    refused = user.commit()
    assert refused.returncode == 1
    assert "- hook id: trunkline-audit\n- exit code: 1\n" in refused.stderr
    assert "app/views.py:4:21: TL204" in refused.stderr
    for name in ("views", "pages", "late", "compat"):
        (user.root / "app" / f"{name}.py").unlink()
    shutil.rmtree(user.root / "tests")
    accepted = user.commit()
    assert accepted.returncode == 0, accepted.stderr
    assert re.search(r"trunkline audit\.+Passed", accepted.stderr)


def test_the_hook_installs_itself_and_refuses_commits_with_findings(
    user: Repository, provider: Repository
) -> None:
    (entry,) = INSTALLED["repos"]
    _refuses_until_mended(user, {"repos": [entry | {"repo": str(provider.root)}]})


def test_the_local_hook_runs_what_is_installed(user: Repository) -> None:
    _refuses_until_mended(user, LOCAL)
