"""TL103: a class or function defined twice in one module."""

import ast
from collections import Counter
from collections.abc import Iterator

from trunkline.audit.findings import Finding
from trunkline.audit.project import Project, Source
from trunkline.audit.rule import PROGRAM, Rule
from trunkline.audit.source import facts
from trunkline.audit.source.parsing import parse_module

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

_CONDITIONS = (
    facts.TYPE_CHECKING
    | facts.RUNTIME_ONLY
    | facts.GUARDED
    | facts.FALLBACK
    | facts.CONDITIONAL
    | facts.DECORATED
    | facts.MAIN_ONLY
)


class Check(Rule):
    """The second definition replaces the first without a word; the first is dead code.

    Definitions under conditions, overloads, registered ones and those that are used between the two
    are left alone, and so is the name ``_``. Methods that a class defines twice are looked for in
    the files in which a canonical name stands, which are read in full.
    """

    code = "TL103"
    name = "defined-twice"
    summary = "a class or function defined twice in one module"
    remedy = "remove one, or give it a name of its own"
    judges_by = ("canonical",)  # of the files with methods
    needs = PROGRAM
    valid = (
        """
# file: app/shapes.py
import sys
from typing import TYPE_CHECKING, overload

if sys.platform == "win32":
    def pause(): ...
else:
    def pause(): ...

def both(): ...
if not TYPE_CHECKING:
    def both(*more): ...

@overload
def area(of: int) -> int: ...
@overload
def area(of: str) -> str: ...
def area(of): ...

def first(): ...
table = [first]
def first(): ...
""",
        """
# file: app/engine.py
import sys

class Engine:
    if sys.platform == "win32":
        def execute(self, name): ...
    else:
        def execute(self, name): ...

    @property
    def size(self): ...
    @size.setter
    def size(self, value): ...

    def get_limit(self): ...
    limit = property(get_limit)
    def get_limit(self): ...

    def step(self): ...
    steps = [step]
    def step(self): ...

    def kept(self): ...
    kept = None
    def kept(self): ...
""",
    )
    invalid = (
        """
# file: app/shapes.py
def area(of):
    return 1

def other():
    return area(1)

def area(of):  # <-
    return 2
""",
        """
# file: app/engine.py
class Engine:
    class Meta:
        def order(self): ...
        def order(self): ...  # <-

    def execute(self, name): ...
    def stats(self): ...
    async def execute(self, name): ...  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every second definition of one name."""
        for source in project.sources(1):
            first: dict[str, int] = {}
            for item in source.facts.definitions:
                if item.kind not in {"class", "def"} or item.name == "_":
                    if item.flags & facts.IN_FUNCTION or item.line:
                        first.pop(item.name, None)
                    continue
                if item.flags & _CONDITIONS:
                    first.pop(item.name, None)
                    continue
                line = first.get(item.name)
                if line is not None and not item.flags & facts.USED_BEFORE:
                    yield self.finding(
                        source.path,
                        item.line,
                        item.column,
                        f"{item.name} is defined a second time",
                        cause=f"line {line} defines it first; that definition is never reached",
                    )
                first[item.name] = item.line
            for line, column, name, before in _methods(project, source):
                yield self.finding(
                    source.path,
                    line,
                    column,
                    f"{name} is defined a second time",
                    cause=f"line {before} defines it first; that definition is never reached",
                )


def _methods(project: Project, source: Source) -> Iterator[tuple[int, int, str, int]]:
    """Yield the methods that a class defines twice: line, column and name, and the line before."""
    names = [item.name for item in source.facts.functions if not item.decorators]
    twice = {name for name, count in Counter(names).items() if count > 1 and "." in name}
    data = project.library.source(source.path) if twice else None
    if data is None:
        return
    for owner in {name.rpartition(".")[0] for name in twice}:
        body = parse_module(data).body
        for part in owner.split("."):
            body = next(
                (n.body for n in body if isinstance(n, ast.ClassDef) and n.name == part), []
            )
        first: dict[str, int] = {}
        for node in body:
            method = node if isinstance(node, _FUNCTIONS) and not node.decorator_list else None
            if method is not None and method.name in first:
                name, line = f"{owner}.{method.name}", first[method.name]
                yield method.lineno, method.col_offset, name, line
            for name in _mentioned(node) & first.keys():
                del first[name]
            if method is not None:
                first[method.name] = method.lineno


def _mentioned(node: ast.stmt) -> set[str]:
    """Return the names that a statement of a class body uses or binds, functions' bodies aside."""
    used: set[str] = set()
    stack: list[ast.AST] = [node]
    for part in stack:
        if isinstance(part, ast.Name):
            used.add(part.id)
        elif isinstance(part, (*_FUNCTIONS, ast.ClassDef)):
            used.add(part.name)
        stack += (
            [part.args, *part.decorator_list]
            if isinstance(part, _FUNCTIONS)
            else ast.iter_child_nodes(part)
        )
    return used
