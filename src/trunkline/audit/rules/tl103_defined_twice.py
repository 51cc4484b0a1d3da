"""TL103: a class or function defined twice in one module."""

from collections.abc import Iterator

from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import PROGRAM, Rule
from trunkline.audit.source import facts

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
    are left alone, and so is the name ``_``. Methods that a class defines twice are not looked for.
    """

    code = "TL103"
    name = "defined-twice"
    summary = "a class or function defined twice in one module"
    remedy = "remove one, or give it a name of its own"
    judges_by = ()
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
