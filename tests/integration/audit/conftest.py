"""The standard example with violations, in a temporary folder."""

from pathlib import Path

import pytest

from trunkline.audit.example import CONFIGURATION, FILES

LEGACY = {
    "app/views.py": '''\
"""Views."""

from app.context import Context
from app.old import OldEngine  # the engine of old
from containers import Application


async def view(app: Application, context: Context) -> str:
    engine = OldEngine(app.context(), await app.limit())  # one for this view
    return await engine.execute("a")
''',
    "app/pages.py": """\
from app.views import view
from app.compat import (
    Engine,  # by another way
    LIMIT,
)
from app.gone import helper


def page(context) -> tuple[object, ...]:
    return view, Engine(context, LIMIT), helper
""",
    "app/compat.py": "from app.engine import Engine\n\nLIMIT = 3\n",
    "app/late.py": "import app.pages\n",
    "tests/test_views.py": """\
from unittest.mock import patch


@patch("app.views.Engine.execute")
@patch("app.lost.OldEngine")
def test_view(old, execute): ...
""",
}


@pytest.fixture
def legacy_tree(tmp_path: Path) -> Path:
    """Write the example and return its folder."""
    for path, text in {**FILES, **LEGACY, "pyproject.toml": CONFIGURATION}.items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return tmp_path
