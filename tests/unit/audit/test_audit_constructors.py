"""The constructors that the audit reads from source are those that Python makes of it."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.audit.config import AuditConfig
from trunkline.audit.engine import open_project
from trunkline.audit.entities import CLASS, Entity
from trunkline.audit.registry import select_rules
from trunkline.audit.signatures import signature

Write = Callable[[dict[str, str | bytes]], Path]
Taken = list[tuple[str, str, bool]]
"""Name, kind and default of each parameter."""

_IMPORTS = """\
import abc
import dataclasses
import typing as t
from dataclasses import KW_ONLY, InitVar, dataclass, field
from datetime import timedelta
from typing import Annotated, ClassVar, Generic, NamedTuple, Protocol, TypeVar, final

T = TypeVar("T")


def made():
    return field(init=False, default=1)


def renamed(cls):
    cls.__init__ = lambda self, other: None
    return cls


OPTIONS = {"init": False}
"""
_READ = """
# case: frozen
@dataclass(frozen=True)
class C:
    a: str
    b: int = 1
# case: slots
@dataclasses.dataclass(slots=True, kw_only=False)
class C:
    a: str = 'x'
# case: no fields
@dataclass
class C:
    LIMIT = 3

    def go(self): ...
# case: all keywords
@dataclass(kw_only=True)
class C:
    a: str
    b: int = field(kw_only=False)
# case: keywords after
@dataclass
class C:
    a: str
    _: KW_ONLY
    b: int
    c: int = 2
# case: field
@dataclass
class C:
    a: list = field(default_factory=list)
    b: int = field(default=3)
    c: int = field(init=False)
    d: int = field(repr=False, kw_only=True)
# case: class variables
@dataclass
class C:
    a: ClassVar[int] = 3
    b: t.ClassVar = 4
    c: Annotated[int, 1]
# case: initial values
@dataclass
class C:
    a: InitVar[int]
    b: dataclasses.InitVar[int] = 2
# case: defaults that are made
@dataclass
class C:
    a: timedelta = timedelta(seconds=3)
    b: tuple = tuple()
# case: a derived field keeps its place
@dataclass
class B:
    a: int
    b: int = 2


@dataclass
class C(B):
    c: int = 3
    a: str = 'x'
# case: a default that is inherited
class B:
    a = 3


@dataclass
class C(B):
    a: int
    b: int = 2
# case: a class variable in place of a field
@dataclass
class B:
    a: int
    b: int


@dataclass
class C(B):
    a: ClassVar[int] = 1
# case: an heir without fields
@dataclass
class B:
    a: int


class C(B):
    b: int = 3
# case: an heir of an heir
@dataclass
class A:
    a: int


class B(A):
    ignored: int


@dataclass(kw_only=True)
class C(B):
    b: int
# case: a diamond
@dataclass
class P:
    a: int
    b: int = 1


@dataclass
class A(P):
    c: int = 2


@dataclass
class B(P):
    b: int = field(default=2, kw_only=True)


@dataclass
class C(A, B):
    d: int = 4
# case: the nearest constructor
class D:
    def __init__(self, d): ...


class B(D): ...


class E:
    def __init__(self, e, f): ...


class C(B, E): ...
# case: an abstract base
class B(abc.ABC, Generic[T]):
    def go(self): ...


@final
@dataclass
class C(B[int]):
    a: int
# case: an own constructor
@dataclass
class C:
    a: int

    def __init__(self, b, *, c=1): ...
# case: a named tuple
class C(NamedTuple):
    a: int
    b: str = 'x'

    def go(self): ...
# case: an heir of a named tuple
class B(NamedTuple):
    a: int


class C(B):
    b: int = 2
"""
_LEFT_OPEN = """
# case: a decorator of the tree
@renamed
@dataclass
class C:
    a: int
# case: options that are computed
@dataclass(**OPTIONS)
class C:
    a: int
# case: no constructor made
@dataclass(init=False)
class C:
    a: int
# case: a field that a function makes
@dataclass
class C:
    a: int = made()
# case: options of a field that are computed
@dataclass
class C:
    a: int = field(**OPTIONS)
# case: a field under a condition
@dataclass
class C:
    a: int
    if OPTIONS:
        b: int = 1
# case: a field that is bound again
@dataclass
class C:
    a: int
    a = field(init=False)
# case: a field that is mangled
@dataclass
class C:
    __a: int
# case: a quoted class variable
@dataclass
class C:
    a: 'ClassVar[int]' = 1
# case: a base outside the tree
import enum


@dataclass
class C(enum.auto):
    a: int
# case: a metaclass
class C(metaclass=abc.ABCMeta):
    def __init__(self, a): ...
# case: an own way to be made
@dataclass
class C:
    a: int

    def __new__(cls, *given): ...
# case: a base that is open
@dataclass(init=False)
class B:
    a: int


@dataclass
class C(B):
    b: int = 1
# case: a tuple of names
import collections


class C(collections.namedtuple('C', 'a b')): ...
"""


def _cases(text: str) -> dict[str, str]:
    parts = (part.split("\n", 1) for part in text.split("# case: ")[1:])
    return {name: _IMPORTS + body for name, body in parts}


def _read(write: Write, text: str) -> Taken | None:
    root = write({"app/__init__.py": "", "app/things.py": text})
    project, _ = open_project(AuditConfig(str(root)), select_rules(["TL501"], ()), cached=False)
    taken = signature(project, Entity(CLASS, "app.things", "C"))
    if taken is None:
        return None
    return [(one.name, one.kind, one.default) for one in taken.parameters]


def _made(text: str) -> Taken:
    names: dict[str, Any] = {"__name__": "made"}
    exec(text, names)
    kinds = {inspect.Parameter.POSITIONAL_OR_KEYWORD: "a", inspect.Parameter.KEYWORD_ONLY: "k"}
    return [
        (one.name, kinds[one.kind], one.default is not one.empty)
        for one in inspect.signature(names["C"]).parameters.values()
    ]


@pytest.mark.parametrize("text", _cases(_READ).values(), ids=_cases(_READ))
def test_what_is_read_is_what_python_makes(write: Write, text: str) -> None:
    assert _read(write, text) == _made(text)


@pytest.mark.parametrize("text", _cases(_LEFT_OPEN).values(), ids=_cases(_LEFT_OPEN))
def test_what_source_leaves_open_is_not_guessed(write: Write, text: str) -> None:
    assert _read(write, text) is None


_FIELD = st.tuples(
    st.sampled_from("abcd"),
    st.sampled_from([
        "int = 1", "int = field(default=1)", "int = field(default=1, kw_only=True)",
        "int = field(default=1, init=False)", "InitVar[int] = 1", "ClassVar[int] = 1",
    ]),
)  # fmt: skip
_CLASS = st.tuples(
    st.lists(_FIELD, max_size=3, unique_by=lambda one: one[0]),
    st.sampled_from(["@dataclass", "@dataclass(kw_only=True)", ""]),
    st.sets(st.integers(0, 3), max_size=2),
)


@given(st.lists(_CLASS, min_size=4, max_size=4))
@settings(max_examples=100)
def test_inheritance_joins_fields_as_python_does(
    tmp_path_factory: pytest.TempPathFactory,
    classes: list[tuple[list[tuple[str, str]], str, set[int]]],
) -> None:
    rows = [_IMPORTS]
    names = ["P", "A", "B", "C"]
    for index, (fields, decorator, bases) in enumerate(classes):
        of = ", ".join(names[base] for base in sorted(bases, reverse=True) if base < index)
        rows += [decorator, f"class {names[index]}({of}):", "    pass"]
        rows += [f"    {name}: {said}" for name, said in fields if decorator]
    text = "\n".join(rows) + "\n"
    root = tmp_path_factory.mktemp("tree")

    def write(files: dict[str, str | bytes]) -> Path:
        for path, content in files.items():
            (root / path).parent.mkdir(exist_ok=True)
            (root / path).write_text(str(content))
        return root

    try:
        made = _made(text)
    except TypeError:  # the bases have no order of resolution
        made = None
    assert _read(write, text) == made
