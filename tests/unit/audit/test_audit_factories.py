"""Names of further factories are looked for in every file, where there are such factories."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.audit.conftest import Audit

Write = Callable[[dict[str, str | bytes]], Path]
_CANONICAL = '[[tool.trunkline.canonical]]\ntype = "app.engine:Engine"\nscope = "request"\n'
_TREE = {
    "pyproject.toml": _CANONICAL,
    "app/__init__.py": "",
    "app/engine.py": "class Engine:\n    def __init__(self, context): ...\n",
    "app/names.py": "from app.makers import make_engine\n\nkept = make_engine(None)\n",
}
_MAKES = "from app.engine import Engine\n\n\ndef make_engine(context){returns}:\n    {body}\n"


@pytest.mark.parametrize(
    ("returns", "body"),
    [
        ("", "return Engine(context)"),
        (" -> Engine", "return context.engine"),
        ("", "engine = Engine(context)\n    return engine"),
        (" -> 'Engine | None'", "return None"),
    ],
)
def test_what_a_factory_gives_is_followed_where_its_class_is_not_named(
    write: Write, run: Audit, returns: str, body: str
) -> None:
    write({**_TREE, "app/makers.py": _MAKES.format(returns=returns, body=body)})
    assert [(f.path, f.line) for f in run("TL601").findings] == [("app/names.py", 3)]


@pytest.mark.parametrize(
    ("returns", "body"),
    [
        (" -> str", "return Engine(context).name"),
        (" -> 'type[Engine]'", "return Engine"),
        ("", "return isinstance(context, Engine)"),
        (" -> 'Iterator[Engine]'", "return iter([Engine(context)])"),
        ("", "yield Engine(context)"),
    ],
)
def test_files_are_not_read_again_where_there_is_no_other_factory(
    write: Write, run: Audit, returns: str, body: str
) -> None:
    write({**_TREE, "app/makers.py": _MAKES.format(returns=returns, body=body)})
    result = run("TL601")
    assert not result.findings
    assert result.read == result.files
