"""The standard example: a small tree in which the cases of every rule stand."""

from typing import Final, NamedTuple

CONFIGURATION: Final = """\
[[tool.trunkline.canonical]]
type = "app.engine:Engine"
factory = "containers:Application.engine"
family = ["*Engine"]
legacy = ["app.old:OldEngine"]
scope = "request"
"""

FILES: Final[dict[str, str]] = {
    "app/__init__.py": "",
    "app/context.py": """\
class Context:
    def __init__(self, user_id: str, thread_id: str) -> None:
        self.user_id = user_id
        self.thread_id = thread_id
""",
    "app/engine.py": """\
from app.context import Context


class Engine:
    def __init__(self, context: Context, limit: int = 3) -> None:
        self.context = context
        self.limit = limit

    async def execute(self, name: str) -> str:
        return name

    async def execute_pipeline(self, steps: list[str]) -> list[str]:
        return [await self.execute(step) for step in steps]

    def stats(self) -> dict[str, int]:
        return {"limit": self.limit}
""",
    "app/old.py": """\
import warnings

from app.engine import Engine

warnings.warn("use app.engine", DeprecationWarning, stacklevel=2)
OldEngine = Engine
""",
    "containers.py": """\
from app.context import Context
from app.engine import Engine
from trunkline import ScopedContainer, providers


async def open_limit():
    yield 3


class Application(ScopedContainer):
    context = providers.ScopeValue(Context)
    limit = providers.ScopedResource(open_limit)
    engine = providers.Scoped(Engine, context, limit)
""",
}
MARK: Final = "  # <-"


class Example(NamedTuple):
    """One case of a rule, as a tree.

    Attributes:
        files: Text of every file, marks taken out.
        expected: Path and line of every mark.
        configuration: The ``pyproject.toml``.
    """

    files: dict[str, str]
    expected: tuple[tuple[str, int], ...]
    configuration: str


def read_example(text: str, configuration: str = "") -> Example:
    """Return the tree of a case.

    Args:
        text: The case: ``# file: path`` starts a file.
        configuration: What the rule adds: whole tables, or one key that replaces the standard one.
    """
    files = dict(FILES)
    expected: list[tuple[str, int]] = []
    path = ""
    rows: list[str] = []
    for row in [*text.strip("\n").split("\n"), "# file: "]:
        if row.startswith("# file: "):
            if path:
                files[path] = "\n".join(rows) + "\n"
            path, rows = row.removeprefix("# file: ").strip(), []
            continue
        if row.endswith(MARK):
            row = row.removesuffix(MARK)  # noqa: PLW2901 # the mark is no part of the line
            expected.append((path, len(rows) + 1))
        rows.append(row)
    base = CONFIGURATION
    extra = configuration.strip()
    if extra and not extra.startswith("["):
        key = extra.partition("=")[0].strip()
        kept = [row for row in base.splitlines() if not row.startswith(f"{key} ")]
        base, extra = "\n".join([*kept, extra]) + "\n", ""
    own = files.pop("pyproject.toml", None)
    return Example(files, tuple(expected), own or f"{base}\n{extra}\n")
