"""An old name is replaced only where the new one is certain to mean the same."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from trunkline.audit.command import audit
from trunkline.audit.example import CONFIGURATION, FILES

Fix = Callable[..., dict[str, str]]
Said = Callable[[], str]

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
def output() -> list[str]:
    """What was said on the standard error stream, run by run."""
    return []


@pytest.fixture
def said(output: list[str]) -> Said:
    """Return what the last run said beside its report."""
    return lambda: output[-1]


@pytest.fixture
def fix(tmp_path: Path, output: list[str]) -> Fix:
    """Write the standard example with these files, mend it, and return the files as they are."""

    def run(files: dict[str, str], configuration: str = CONFIGURATION) -> dict[str, str]:
        for path, text in {**FILES, **files, "pyproject.toml": configuration}.items():
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        result = CliRunner().invoke(audit, ["--root", str(tmp_path), "--no-cache", "--fix"])
        output.append(result.stderr)
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


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "from app.old import OldEngine\nfrom app.engine import Engine\n\nx = OldEngine, 1\n",
            "from app.engine import Engine\n\nx = Engine, 1\n",
        ),
        (
            "from app.engine import Engine\nfrom app.old import OldEngine\n\nx = OldEngine, 1\n",
            "from app.engine import Engine\n\nx = Engine, 1\n",
        ),
        (
            "from app.old import OldEngine\nfrom app.engine import Engine, LIMIT\n",
            "from app.engine import Engine\nfrom app.engine import LIMIT\n",
        ),
        (
            "from app.old import OldEngine, OlderEngine\n\nx = OldEngine\ny = OlderEngine\n",
            "from app.engine import Engine\n\nx = Engine\ny = Engine\n",
        ),
        (
            "def f():\n    from app.old import OldEngine\n    from app.engine import Engine\n",
            "def f():\n    from app.engine import Engine\n",
        ),
        (
            "from app.compat import Engine\nfrom app.engine import Engine\n",
            "from app.engine import Engine\n",
        ),
    ],
)
def test_no_name_is_imported_twice(fix: Fix, before: str, after: str) -> None:
    """Whichever stood first, in one statement or in two; linters refuse a second one."""
    old = "import warnings\nfrom app.engine import Engine\n"
    old += "warnings.warn('', DeprecationWarning, stacklevel=2)\nOldEngine = OlderEngine = Engine\n"
    files = {"app/old.py": old, "app/compat.py": "from app.engine import Engine\n"}
    legacy = CONFIGURATION.replace('"app.old:OldEngine"', '"app.old"')
    assert fix({**files, "app/view.py": before}, legacy)["app/view.py"] == after


@pytest.mark.parametrize(
    "view",
    [
        "from app.old import OldEngine\nfrom app.engine import Engine  # the new one\n",
        "from app.engine import Engine\nfrom app.other import *\nfrom app.old import OldEngine\n",
        (
            "from app.old import OldEngine\nfrom app.engine import Engine\n\n"
            "def test():\n    assert OldEngine is Engine\n"
        ),
        (
            "from app.old import OldEngine as Old\nfrom app.engine import Engine\n\n"
            "def test():\n    assert Old == Engine\n"
        ),
        (
            "from app import engine\nfrom app.old import OldEngine\n\n"
            "def test(self):\n    self.assertIs(OldEngine, engine.Engine)\n"
        ),
        (
            "from app.old import OldEngine\nfrom app.engine import Engine as New\n\n"
            "def test():\n    assert isinstance(OldEngine(1), New)\n"
        ),
        "from app.old import OldEngine\n\nkinds = {'OldEngine': OldEngine}\n",
        "from app.old import OldEngine\n\nx: 'Old' 'Engine' = 1\ny = OldEngine\n",
        "from app.old import OldEngine\n\nx: 'list[\\x4fldEngine]' = 1\ny = OldEngine\n",
        "from app.old import OldEngine\n\nx: 'Literal[\"OldEngine\"] | OldEngine' = 1\n",
        "from app.old import OldEngine\n\nKind = 'dict[str, OldEngine]'\n",
    ],
)
def test_what_is_not_certain_is_left_and_said(fix: Fix, view: str, said: Said) -> None:
    """An assertion that the two are one would hold the new one against itself, for example."""
    files = {"app/view.py": view, "app/other.py": "Engine = 1\n"}
    assert fix(files) == files
    assert re.search(r"^left   app/view\.py:\d: TL204: \S", said(), re.MULTILINE)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f(e: OldEngine) -> 'OldEngine': ...", "def f(e: Engine) -> 'Engine': ..."),
        ('x: "list[OldEngine | None]" = []', 'x: "list[Engine | None]" = []'),
        ("x: list['OldEngine'] = []", "x: list['Engine'] = []"),
        ("x: 'dict[old.OldEngine, OldEngine]' = {}", None),
        ("T = TypeVar('T', bound='OldEngine')", "T = TypeVar('T', bound='Engine')"),
        ("x = cast(r'OldEngine', 1)", "x = cast(r'Engine', 1)"),
    ],
)
def test_names_in_quoted_annotations_follow(fix: Fix, before: str, after: str | None) -> None:
    head = "from typing import TypeVar, cast\nfrom app.{} import {}\n\n\n"
    view = head.format("old", "OldEngine") + before + "\n"
    expected = view if after is None else head.format("engine", "Engine") + after + "\n"
    assert fix({"app/view.py": view})["app/view.py"] == expected


BUILD = """\
from app.context import Context
from app.engine import Engine
from containers import Application


async def view(app: Application, other: {other}, context: Context):
    asked = app.context()
    return Engine({arguments})
"""


@pytest.mark.parametrize(
    ("arguments", "other"),
    [
        ("context, await app.limit()", "int"),  # of the type, and perhaps of another user
        ("asked, await app.limit()", "int"),  # perhaps asked for in another scope
        ("app.context()", "int"),  # the factory gives another limit
        ("app.context(), 3", "int"),
        ("app.context(), limit=await app.limit()", "int"),
        ("other.context(), await other.limit()", "Application"),
        ("app.context(1), await app.limit()", "int"),
        ("Application().context(), await app.limit()", "int"),
        ("*[app.context(), await app.limit()]", "int"),
        ("app.context(),  # hers\n        await app.limit(),", "int"),
    ],
)
def test_what_the_factory_need_not_give_is_built_as_before(
    fix: Fix, arguments: str, other: str
) -> None:
    view = BUILD.format(arguments=arguments, other=other)
    assert fix({"app/view.py": view}) == {"app/view.py": view}


def test_what_the_factory_certainly_gives_is_left_to_it(fix: Fix) -> None:
    view = BUILD.format(arguments="app.context(), await app.limit()", other="int")
    after = view.replace("Engine(app.context(), await app.limit())", "await app.engine()")
    assert fix({"app/view.py": view}) == {"app/view.py": after}


@pytest.mark.parametrize("ends", ["]", " if app]"])
def test_several_objects_are_not_made_one(fix: Fix, ends: str) -> None:
    view = BUILD.format(arguments="app.context(), await app.limit()", other="int")
    view = view.replace("return Engine", "return [Engine").rstrip() + f" for _ in range(3){ends}\n"
    assert fix({"app/view.py": view}) == {"app/view.py": view}


@pytest.mark.parametrize(
    "use", ["lambda: app.engine().stats()", "(app.engine().stats() for _ in range(3))"]
)
def test_no_await_is_put_where_it_cannot_stand(fix: Fix, said: Said, use: str) -> None:
    """In a lambda it is an error; it makes a generator an asynchronous one, which others read."""
    view = f"""\
from containers import Application


async def view(app: Application):
    return {use}
"""
    assert fix({"app/view.py": view}) == {"app/view.py": view}
    assert "left   app/view.py:5: TL502" in said()


def test_an_await_is_put_into_a_list_that_is_made_on_the_spot(fix: Fix) -> None:
    view = """\
from containers import Application


async def view(app: Application):
    return [app.engine().stats() for _ in range(3)]
"""
    after = view.replace("app.engine()", "(await app.engine())")
    assert fix({"app/view.py": view}) == {"app/view.py": after}


def test_an_import_in_a_class_keeps_the_attribute_that_it_makes(fix: Fix, said: Said) -> None:
    view = """\
class View:
    from app.old import OldEngine

    def kind(self) -> type:
        return self.OldEngine
"""
    assert fix({"app/view.py": view}) == {"app/view.py": view}
    assert "OldEngine is an attribute of its class" in said()
