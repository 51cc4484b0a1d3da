"""Broken imports are judged by the real rules, root causes first."""

from collections.abc import Callable
from pathlib import Path

import pytest

from trunkline.audit.engine import Result

Write = Callable[[dict[str, str | bytes]], Path]
Run = Callable[..., Result]


@pytest.mark.parametrize(
    "line",
    [
        "import app.core",
        "from app import core",
        "from . import core",
        "from .core import x",
        "from app.core import *",
        "import requests.adapters",
        "from redis import Redis",
        "try:\n    import app.gone\nexcept ImportError:\n    pass",
        "try:\n    import app.gone\nexcept (ValueError, ModuleNotFoundError):\n    pass",
        "import contextlib\nwith contextlib.suppress(ImportError):\n    import app.gone",
        "import sys\nif sys.version_info < (3,):\n    import app.gone",
        "from app.api_pb2 import Message",
        "from .native import anything",
        "from .stubbed import anything",
        "from app.dynamic.anything import x",
        "from app.core import __file__",
        "from redis import __name__, __path__",
        "from app.again import x",
        "from ... import beyond",
    ],
)
def test_right_or_undecided_imports_are_left_alone(write: Write, run: Run, line: str) -> None:
    write(
        {
            "app/__init__.py": "",
            "app/core.py": "x = 1\n",
            "app/native.cpython-311.so": b"",
            "app/stubbed.pyi": "",
            "app/dynamic/__init__.py": "__path__ = []\n",
            "redis/tool.py": "",
            "app/again.py": "x = 1\ndel x\nmatch 1:\n    case x: ...\n",
            "app/user.py": line + "\n",
        }
    )
    assert not run("TL401", "TL402", "TL403").findings


@pytest.mark.parametrize(
    "line",
    [
        "from app.core import __all__",
        "from app.core import __version__",
        "from app.core import __path__",
        "from app.core import for_checkers",
        "from app.core import deleted",
        "from app.core.below import y",
        "from app.exports import *",
        "import typing\nif not typing.TYPE_CHECKING:\n    import app.gone",
    ],
)
def test_imports_that_fail_are_found(write: Write, run: Run, line: str) -> None:
    write(
        {
            "app/__init__.py": "",
            "app/core.py": "import typing\nif typing.TYPE_CHECKING:\n    import for_checkers\n"
            "deleted = 1\ndel deleted\n",
            "app/core/below.py": "y = 1\n",
            "app/exports.py": "__all__ = ['x', 'y']\nx = 1\n",
            "app/user.py": line + "\n",
        }
    )
    assert [finding.path for finding in run("TL401").findings] == ["app/user.py"]


def test_a_hidden_module_breaks_nobody(write: Write, run: Run) -> None:
    write(
        {
            "app/__init__.py": "",
            "app/core.py": "import app.gone\n",
            "app/core/__init__.py": "x = 1\n",
            "app/user.py": "from app.core import x\n",
        }
    )
    assert not run("TL402").findings


MAKERS = """\
import sys


def export(cls):
    setattr(sys.modules[cls.__module__], "made", cls)
    return cls


def recreate(name):
    sys.modules[name].made = 1
"""


@pytest.mark.parametrize(
    "text",
    [
        "from app.makers import export\n@export\nclass Backend: ...\n",
        "from app import makers\nif True:\n    old = makers.recreate(__name__)\n",
        "import lazy\nlazy.install(__name__, ['made'])\n",
        "def add(kind):\n    from app import core\n    setattr(core, kind.__name__, kind)\n",
        "import lazy, typing\nif typing.TYPE_CHECKING:\n    import made\nlazy.install(__name__)\n",
    ],
)
def test_names_that_calls_may_give_are_unknown(write: Write, run: Run, text: str) -> None:
    write(
        {
            "app/__init__.py": "",
            "app/makers.py": MAKERS,
            "app/real.py": "made = 1\n",
            "app/core.py": text,
            "app/user.py": "from app.core import made\n",
        }
    )
    assert not run("TL401").findings


def test_a_logger_gives_no_names(write: Write, run: Run) -> None:
    write(
        {
            "app/__init__.py": "",
            "app/core.py": "import logging\nlog = logging.getLogger(__name__)\n",
            "app/user.py": "from app.core import made\n",
        }
    )
    assert [finding.path for finding in run("TL401").findings] == ["app/user.py"]


def test_the_root_cause_says_how_much_it_breaks(write: Write, run: Run) -> None:
    write(
        {
            "app/__init__.py": "",
            "app/a.py": "from app.gone import x\n",
            "app/b.py": "from app.a import x\n",
            "app/c.py": "from .b import x\n",
            "app/late.py": "def f():\n    import app.c\n",
            "app/typed.py": "import typing\nif typing.TYPE_CHECKING:\n    import app.c\n",
        }
    )
    found = run("TL401", "TL402").findings
    assert [(f.code, f.path, f.root, f.breaks) for f in found] == [
        ("TL401", "app/a.py", "", 2),
        ("TL402", "app/b.py", "app/a.py:1", 0),
        ("TL402", "app/c.py", "app/a.py:1", 0),
        ("TL402", "app/late.py", "app/a.py:1", 0),  # which is whole
    ]
    assert found[0].cause.endswith("this line breaks 2 other modules")


def test_the_root_cause_is_the_line_that_fails_first(write: Write, run: Run) -> None:
    """A root of a module's own is not what breaks it where an import before it fails."""
    write(
        {
            "app/__init__.py": "",
            "app/a.py": "from app.gone import X\n",
            "app/b.py": "import app.a\n",
            "app/c.py": "import app.b\nfrom app import nope\n",
            "app/d.py": "import app.c\n",
            "app/e.py": "from app import nope\nimport app.b\n",
            "app/f.py": "import app.e\nimport app.a.gone\n",
        }
    )
    found = run("TL401", "TL402").findings
    assert [(f.path, f.line, f.code, f.root, f.breaks) for f in found] == [
        ("app/a.py", 1, "TL401", "", 3),
        ("app/b.py", 1, "TL402", "app/a.py:1", 0),
        ("app/c.py", 1, "TL402", "app/a.py:1", 0),
        ("app/c.py", 2, "TL401", "", 0),
        ("app/d.py", 1, "TL402", "app/a.py:1", 0),
        ("app/e.py", 1, "TL401", "", 1),
        ("app/f.py", 1, "TL402", "app/e.py:1", 0),
        ("app/f.py", 2, "TL401", "", 0),
    ]


def test_the_packages_of_a_missing_module_are_run_before_it_is_missed(
    write: Write, run: Run
) -> None:
    write(
        {
            "app/__init__.py": "",
            "app/kit/__init__.py": "import app.gone\n",
            "app/user.py": "import app.kit.absent\n",
        }
    )
    found = run("TL401", "TL402").findings
    assert [(f.path, f.line, f.code, f.root, f.breaks) for f in found] == [
        ("app/kit/__init__.py", 1, "TL401", "", 1),
        ("app/user.py", 1, "TL401", "", 0),
        ("app/user.py", 1, "TL402", "app/kit/__init__.py:1", 0),
    ]


def test_a_broken_package_breaks_its_modules(write: Write, run: Run) -> None:
    write(
        {
            "app/__init__.py": "from .gone import x\n",
            "app/inner/__init__.py": "",
            "app/inner/leaf.py": "y = 1\n",
            "main.py": "from app.inner.leaf import y\n",
        }
    )
    broken = {f.path for f in run("TL402").findings}
    assert broken == {"app/inner/__init__.py", "app/inner/leaf.py", "main.py"}


def test_a_near_name_is_suggested(write: Write, run: Run) -> None:
    write(
        {
            "app/__init__.py": "",
            "app/engine.py": "class Engine: ...\n",
            "u.py": "from app.engine import Engin\nimport app.engines\n",
        }
    )
    assert [f.remedy for f in run("TL401").findings] == [
        "did you mean Engine?",
        "did you mean engine?",
    ]


def test_a_script_beside_another_of_that_name_is_not_judged(write: Write, run: Run) -> None:
    write(
        {
            "app/__init__.py": "",
            "scripts/app.py": "x = 1\n",
            "scripts/run.py": "from app import x\n",
        }
    )
    assert not run("TL401").findings


def test_a_folder_gives_a_star_import_no_names(write: Write, run: Run) -> None:
    """A namespace package has none but those of submodules that someone has imported."""
    write(
        {
            "app/__init__.py": "",
            "app/all.py": "from app.folder import *\none = 1\n",
            "app/folder/inner.py": "two = 2\n",
            "users.py": "from app.all import two\nfrom app.all import inner\n",
        }
    )
    assert [finding.line for finding in run("TL401").findings] == [1]


def test_a_module_may_be_given_names_by_those_beside_it(write: Write, run: Run) -> None:
    """A base class that registers its subclasses in the package, as OpenStack's objects do."""
    write(
        {
            "app/__init__.py": "",
            "app/objects/__init__.py": "def register():\n    __import__('app.objects.node')\n",
            "app/objects/base.py": (
                "def register(cls):\n"
                "    from app import objects\n"
                "    setattr(objects, cls.__name__, cls)\n"
                "    setattr(cls, 'fields', {})\n"
            ),
            "app/objects/node.py": "from app.objects.base import register\n",
            "app/plain/__init__.py": "",
            "app/plain/base.py": "from app import plain\nsetattr(register, plain.name, 1)\n",
            "app/views.py": "from app.objects import Node\nfrom app.plain import Node as Other\n",
        }
    )
    assert [(item.path, item.line) for item in run("TL401", "TL402").findings] == [
        ("app/views.py", 2)
    ]


def test_a_namespace_package_is_shared_with_what_is_named_after_it(write: Write, run: Run) -> None:
    """Poetry's own folder holds modules, and poetry-core puts ``poetry.core`` beside them."""
    write(
        {
            "pyproject.toml": '[project]\ndependencies = ["poetry-core (==2.5)"]\n',
            "poetry/factory.py": "from poetry.core.pyproject import PyProjectTOML\n",
            "poetry/main.py": "from poetry.factory import gone\n",
        }
    )
    assert [item.path for item in run("TL401").findings] == ["poetry/main.py"]


@pytest.mark.parametrize(
    ("text", "decided"),
    [
        ("def reset_globals():\n    pass\n", True),
        ("def _convert_keys(names):\n    return names\n", True),
        ("def run(server):\n    server.exec('ls')\n", True),
        ("from app.core import get_metrics_logger\nMETRICS = get_metrics_logger(__name__)\n", True),
        ("globals()['x'] = 1\n", False),
        ("exec('x = 1')\n", False),
        ("vars().update(x=1)\n", False),
        ("import builtins\nbuiltins.exec('x = 1')\n", False),
        ("import enum\nclass E(enum.IntEnum): ...\nE._convert_('E', __name__, bool)\n", False),
        ("from app.core import fill\nfill(__name__)\n", False),
    ],
)
def test_only_what_makes_names_leaves_a_module_undecided(
    write: Write, run: Run, text: str, decided: bool
) -> None:
    write(
        {
            "app/__init__.py": "",
            "app/core.py": "def get_metrics_logger(name): ...\ndef fill(name): ...\n",
            "app/made.py": text,
            "app/user.py": "from app.made import x\n",
        }
    )
    assert bool(run("TL401").findings) is decided


def test_a_module_that_answers_for_another_package_may_have_its_modules(
    write: Write, run: Run
) -> None:
    """The import system asks ``__getattr__`` of a module for its ``__path__``, too."""
    write(
        {
            "dask/__init__.py": "def __getattr__(name): ...\n",
            "dask/distributed.py": (
                "import distributed\n\n\n"
                "def __getattr__(name):\n    return getattr(distributed, name)\n"
            ),
            "dask/plain.py": "",
            "users.py": (
                "from dask.distributed.protocol import dumps\nimport dask.plain.gone\n"
                "import dask.gone\n"
            ),
        }
    )
    assert [finding.line for finding in run("TL401").findings] == [2, 3]


def test_a_shared_namespace_package_may_hold_more(write: Write, run: Run) -> None:
    """Distributions that share one put packages into it; a folder with modules is the tree's."""
    write(
        {
            "google/cloud/storage/__init__.py": (
                "import google.auth\nfrom google.cloud import kms\n"
            ),
            "google/cloud/storage/blob.py": "import google.cloud.storage.gone\n",
            "google/cloud/local/__init__.py": "from google.cloud.storage import gone\n",
            "tests/test_blob.py": (
                "from unittest import mock\n"
                "import google.cloud.storage\n"
                'patch = mock.patch("google.auth.default")\n'
                'other = mock.patch("google.cloud.storage.gone")\n'
            ),
            "app/main.py": (
                "import app.parts.core\nimport app.parts.gone\nfrom app import missing\n"
            ),
            "app/parts/core/__init__.py": "",
        }
    )
    found = {(item.path, item.line) for item in run("TL401", "TL402", "TL405").findings}
    assert found == {
        ("google/cloud/storage/blob.py", 1),
        ("google/cloud/local/__init__.py", 1),
        ("tests/test_blob.py", 4),
        ("app/main.py", 2),
        ("app/main.py", 3),
    }
