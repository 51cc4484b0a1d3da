"""What cannot be decided from source is said to be unknown, and no finding is made of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from trunkline.audit.engine import Result
from trunkline.audit.example import CONFIGURATION, FILES

Write = Callable[[dict[str, str]], Path]
Run = Callable[..., Result]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (
            {"app/view.py": "from third_party import *\n\nEngine(1)\n"},
            "star import from third_party",
        ),
        (
            {
                "app/lazy.py": "def __getattr__(name):\n    return load(name)\n",
                "app/view.py": "from app.lazy import Engine\n\nEngine(1)\n",
            },
            "the module makes names when asked for them",
        ),
        (
            {"app/view.py": "from app.engine import Engine\nif x(): Engine = x()\nEngine(1)\n"},
            "the name is bound to one of several things",
        ),
    ],
)
def test_a_name_that_may_be_the_canonical_one_is_said_to_be_unknown(
    write: Write, run: Run, files: dict[str, str], reason: str
) -> None:
    write({**FILES, **files, "pyproject.toml": CONFIGURATION})
    result = run("TL201")
    assert not result.findings
    (item,) = result.undecided
    assert (item.path, item.line) == ("app/view.py", 3)
    assert item.subject == "whether Engine is app.engine:Engine"
    assert item.reason.startswith(reason)


@pytest.mark.parametrize(
    "view",
    [
        "from sqlalchemy import Engine\n\nEngine(1)\n",
        "def view(Engine):\n    return Engine(1)\n",
        "from third_party import *\n\nengine = 'Engine'\n",
        "from app.engine import Engine\n\n\ndef view(engine: Engine): ...\n",
    ],
)
def test_what_is_decided_or_not_used_is_not_said_to_be_unknown(
    write: Write, run: Run, view: str
) -> None:
    write({**FILES, "app/view.py": view, "pyproject.toml": CONFIGURATION})
    assert not run("TL201").undecided
