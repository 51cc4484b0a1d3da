"""An old name is replaced only where the new one is certain to mean the same."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from trunkline.audit.command import audit
from trunkline.audit.example import CONFIGURATION, FILES

Fix = Callable[[dict[str, str]], dict[str, str]]

VIEW = """\
from app.old import OldEngine


def kind(value: OldEngine) -> bool:
    return isinstance(value, (OldEngine, int))
"""
MENDED = """\
from app.engine import Engine


def kind(value: Engine) -> bool:
    return isinstance(value, (Engine, int))
"""
REDIRECT = """\
from trunkline.legacy import Arguments, redirect_class

OldEngine = redirect_class("OldEngine", to="containers:Application.engine", adapt=Arguments("a"))
"""


@pytest.fixture
def fix(tmp_path: Path) -> Fix:
    """Write the standard example with these files, mend it, and return the files as they are."""

    def run(files: dict[str, str]) -> dict[str, str]:
        for path, text in {**FILES, **files, "pyproject.toml": CONFIGURATION}.items():
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        CliRunner().invoke(audit, ["--root", str(tmp_path), "--no-cache", "--fix"])
        return {path: (tmp_path / path).read_text() for path in files}

    return run


def test_an_alias_is_replaced_everywhere(fix: Fix) -> None:
    view = "from app.old import OldEngine\n\nmade = OldEngine\n"
    assert fix({"app/view.py": view}) == {
        "app/view.py": "from app.engine import Engine\n\nmade = Engine\n"
    }


def test_what_a_module_gives_when_asked_is_followed(fix: Fix) -> None:
    text = "import warnings\nfrom app.engine import Engine\n\n\ndef __getattr__(name):\n"
    text += "    warnings.warn('old', DeprecationWarning, stacklevel=2)\n    return Engine\n"
    assert fix({"app/old.py": text, "app/view.py": VIEW})["app/view.py"] == MENDED


def test_a_redirect_is_replaced_where_its_type_alone_is_asked_for(fix: Fix) -> None:
    made = "from app.old import OldEngine\n\n\ndef make(context):\n    return OldEngine(context)\n"
    after = fix({"app/old.py": REDIRECT, "app/view.py": VIEW, "app/made.py": made})
    assert after["app/view.py"] == MENDED
    assert after["app/made.py"] == made


def test_a_subclass_is_left_alone(fix: Fix) -> None:
    """Being one of the old class says more than being one of the canonical class."""
    old = "from app.engine import Engine\n\n\nclass OldEngine(Engine):\n    pass\n"
    assert fix({"app/old.py": old, "app/view.py": VIEW})["app/view.py"] == VIEW


@pytest.mark.parametrize(
    "other",
    [
        "from unittest.mock import patch\n\n\n@patch('app.view.OldEngine')\ndef test(old): ...\n",
        "from app import view\n\nprint(view.OldEngine)\n",
        "from app.view import *\n",
    ],
)
def test_a_name_that_others_ask_for_stays(fix: Fix, other: str) -> None:
    after = fix({"app/view.py": VIEW, "tests/test_other.py": other})
    assert after == {"app/view.py": VIEW, "tests/test_other.py": other}


def test_an_import_that_stands_already_is_not_repeated(fix: Fix) -> None:
    view = "from app.engine import Engine\n" + VIEW + "\n\nother = Engine\n"
    assert fix({"app/view.py": view}) == {"app/view.py": MENDED + "\n\nother = Engine\n"}


def test_a_stale_patch_follows_the_name_in_use(fix: Fix) -> None:
    """A patch of the definition would miss the module that has the name already."""
    test = "from unittest.mock import patch\n\n\n@patch('app.view.OldEngine')\ndef test(old): ...\n"
    after = fix({"app/view.py": "from app.engine import Engine\n", "tests/test_other.py": test})
    assert "@patch('app.view.Engine')" in after["tests/test_other.py"]
