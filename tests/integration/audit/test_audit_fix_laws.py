"""Laws of ``--fix`` over drawn modules, whatever form their imports have."""

import ast
import io
import sys
import tempfile
import tokenize
import warnings
from collections import Counter
from pathlib import Path

from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from trunkline.audit.codemods.plan import plan_rewrites, write_rewrite
from trunkline.audit.config_reader import load_config
from trunkline.audit.engine import run_audit
from trunkline.audit.example import CONFIGURATION, FILES
from trunkline.audit.registry import select_rules

TREE = {
    **{path: text for path, text in FILES.items() if path.startswith("app/")},
    "app/old.py": (
        "import warnings\n\nfrom app.engine import Engine\n\nLIMIT = 3\nOldEngine = Engine\n"
        "warnings.warn('use app.engine', DeprecationWarning, stacklevel=2)\n"
    ),
    "app/compat.py": "from app.engine import Engine\nfrom app.engine import Engine as Motor\n",
    "pyproject.toml": CONFIGURATION.replace('factory = "containers:Application.engine"\n', ""),
}

IMPORTS = (
    "from app.old import OldEngine",
    "from app.old import OldEngine  # the one of old",
    "from app.old import OldEngine as Motor",
    "from app.old import OldEngine as Engine",
    "from app.old import LIMIT, OldEngine",
    "from app.old import OldEngine, LIMIT  # both",
    "from app.old import (OldEngine)",
    "from app.old import (  # opened\n    OldEngine,  # first\n    LIMIT,  # second\n)  # closed",
    "from app.old import (\n    LIMIT,\n    # above\n    OldEngine\n)",
    "from app.old import (\n    # alone\n    OldEngine,  # beside\n)",
    "from app.old import \\\n    OldEngine",
    "from .old import OldEngine",
    "from .old import OldEngine as Motor, LIMIT",
    "from . import old",
    "import app.old",
    "import app.old as old",
    "from app.old import *",
    "from app.compat import Engine",
    "from app.compat import Motor",
    "from app.compat import Engine, Motor  # two",
    "from app.compat import Engine as Motor",
    "from app.engine import Engine",
    "from app.old import OldEngine; other = 1",
    "other = 1; from app.old import OldEngine  # last",
    "from app.old import OldEngine; from app.compat import Engine; other = 2",
    "from app.old import OldEngine;",
)
PLACES = (
    "{}",
    "if True:\n    {}",
    "if True:\n    {}\nelse:\n    pass  # nothing",
    "if TYPE_CHECKING:\n    {}",
    "if TYPE_CHECKING:\n    {}\nelse:\n    OldEngine = Engine = Motor = None",
    "try:\n    {}\nexcept ImportError:\n    OldEngine = None",
    "try:\n    import app.gone\nexcept ImportError:\n    {}",
    "def later():\n    {}\n    return LATER()",
    "class Holder:\n    {}  # of the class",
    "for _ in (1,):\n    {}",
)
USES = (
    "seen(lambda: {name})",
    "seen(lambda: [{name}, ({name},)])  # a use of {name}",
    "seen(lambda: isinstance(1, {name}))",
    "def take(value: '{name}') -> None: ...",
    "seen(lambda: old.OldEngine)",
    "seen(lambda: app.old.OldEngine)",
    "def inner({name}=1):\n    return {name}",
    "{name} = 3",
    "__all__ = ['{name}']",
    "seen(lambda: '{name}')",
    "seen(lambda: f'{{{name}}}')",
    "class {name}: ...",
)
HEAD = (
    "from typing import TYPE_CHECKING\n\nSEEN = []\n\n\n"
    "def seen(make):\n    try:\n        SEEN.append(make())\n"
    "    except Exception as error:\n        SEEN.append(type(error))\n\n\n"
)


def _indented(text: str, place: str) -> str:
    """Put an import into a place, its further lines as deep as the first."""
    before = place.partition("{}")[0].rpartition("\n")[2]
    first, *rest = text.split("\n")
    return place.replace("{}", "\n".join([first, *(before + row for row in rest)]))


def _line(text: str, place: str) -> str:
    # A comment would take what follows an import on its own line along.
    commented = "#" in text and "# of the class" in place
    starred = text.endswith("*") and place.startswith(("def", "class"))
    return text if commented or starred else _indented(text, place)


@st.composite
def modules(draw: st.DrawFn) -> str:
    """Draw a module that imports canonical and old names, and uses them."""
    names = st.sampled_from(["OldEngine", "Engine", "Motor", "LIMIT"])
    rows: list[str] = []
    for _ in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            rows.append(_line(draw(st.sampled_from(IMPORTS)), draw(st.sampled_from(PLACES))))
        else:
            rows.append(draw(st.sampled_from(USES)).format(name=draw(names)))
    rows.append(_line(draw(st.sampled_from(IMPORTS)), "{}"))
    rows += ["", f"seen(lambda: {draw(names)})  # at the end"]
    text = HEAD + "\n".join(rows).replace("LATER()", draw(names)) + "\n"
    if "def later()" in text:
        text += "seen(later)\n"
    ends = draw(st.sampled_from(["\n", "\r\n"]))
    return text.replace("\n", ends)


def _run(root: Path, data: bytes) -> list[str]:
    """Return what a module saw when it was run; classes of its own are new each time."""
    place: dict[str, object] = {"__name__": "app.drawn", "__package__": "app"}
    sys.path.insert(0, str(root))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(data, "drawn.py", "exec", dont_inherit=True), place)
    except Exception as error:
        return [repr(type(error))]
    finally:
        sys.path.remove(str(root))
    seen = place["SEEN"]
    assert isinstance(seen, list)
    return [repr(one) for one in (*seen, place.get("__all__"))]


def _comments(data: bytes) -> Counter[str]:
    tokens = tokenize.tokenize(io.BytesIO(data).readline)
    return Counter(token.string for token in tokens if token.type == tokenize.COMMENT)


def _fix(root: Path) -> int:
    """Mend a tree in rounds, as the command does; return how many rewrites that took."""
    rules = select_rules((), ("TL401",))
    made = 0
    for _ in range(4):
        result = run_audit(load_config(str(root)), rules, cached=False)
        rewrites = plan_rewrites(str(root), result.findings).rewrites
        for rewrite in rewrites:
            write_rewrite(str(root), rewrite)
        made += len(rewrites)
        if not rewrites:
            break
    return made


TWO_ROUNDS = (
    HEAD
    + """
from app.old import OldEngine
def take(value: 'OldEngine') -> None: ...
def later():
    from app.old import OldEngine
    return OldEngine
from app.old import OldEngine as Motor

seen(lambda: OldEngine)  # at the end
seen(later)
"""
)
"""The import in the function can follow once those around it have."""


@settings(max_examples=200, deadline=None)
@given(text=modules())
@example(text=TWO_ROUNDS)
def test_a_fixed_module_means_the_same_and_stays_so(text: str) -> None:
    """It parses, sees the same objects, keeps its comments and line ends; a second run is idle."""
    before = text.encode()
    ast.parse(before)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        for path, content in TREE.items():
            target = root / path
            target.parent.mkdir(exist_ok=True)
            target.write_text(content)
        drawn = root / "app/drawn.py"
        drawn.write_bytes(before)
        try:
            seen = _run(root, before)
            event(f"rewritten: {bool(_fix(root))}")
            after = drawn.read_bytes()
            ast.parse(after)
            if (
                repr(NameError) not in seen
            ):  # a module that reads names before it binds them has faults
                assert _run(root, after) == seen, (before.decode(), after.decode())
            assert _comments(after) == _comments(before), (before.decode(), after.decode())
            assert after.count(b"\r\n") == (after.count(b"\n") if b"\r" in before else 0)
            assert _fix(root) == 0
            assert drawn.read_bytes() == after
        finally:
            for name in [name for name in sys.modules if name.partition(".")[0] == "app"]:
                del sys.modules[name]
