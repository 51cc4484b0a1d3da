"""One file is read without being run; whatever is wrong with it is told, never raised."""

import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline_runtime.inspection import source
from trunkline_runtime.inspection.source import MAX_LISTED, read_source

LIMIT = 1024 * 1024


@pytest.fixture
def read(tmp_path):
    def read(content, limit=LIMIT):
        path = tmp_path / "module.py"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_source(str(path), limit)

    return read


SAMPLE = '''"""A module."""
import os, sys as system
import a.b.c
from x.y import z
from . import sibling
from ..up import other

class Outer(Base):
    class Inner:
        def deep(self): ...
    def method(self):
        def nested(): ...

async def top(): ...

if True:
    def conditional(): ...
else:
    def conditional(): ...
'''


def test_what_is_in_a_module_is_told(read):
    facts = read(SAMPLE)
    assert facts["problem"] is None
    assert facts["lines"] == 19
    assert facts["classes"] == [{"name": "Outer", "line": 8}]
    assert [found["name"] for found in facts["functions"]] == ["top", "conditional"]
    assert (facts["class_total"], facts["function_total"]) == (2, 6)
    assert facts["imports"] == ["os", "sys", "a", "x", "."]
    assert facts["repeated"] == []


def test_a_module_is_never_run(read, tmp_path):
    trap = tmp_path / "trap"
    assert read(f"open({str(trap)!r}, 'w').write('run')")["problem"] is None
    assert not trap.exists()


TWICE = """
def helper(): ...
def helper(): ...

class Case:
    def test_one(self): ...
    def test_two(self): ...
    def test_one(self): ...

    @property
    def size(self): ...
    @size.setter
    def size(self, value): ...

@overload
def f(x: int): ...
@typing.overload
def f(x: str): ...
def f(x): ...

@singledispatch
def g(x): ...
@g.register
def _(x: int): ...
@g.register(str)
def _(x): ...

try:
    from fast import parse
except ImportError:
    def parse(): ...
else:
    def parse(): ...
"""


def test_only_a_definition_that_another_replaces_is_told_as_repeated(read):
    assert read(TWICE)["repeated"] == [
        {"name": "helper", "lines": [2, 3]},
        {"name": "test_one", "lines": [6, 8]},
    ]


@pytest.mark.parametrize(
    ("content", "problem", "detail"),
    [
        ("def f(:\n", "syntax", "line 1"),
        ("if x:\ny", "syntax", "line 2"),
        ("print 'old'", "syntax", "line 1"),
        (b"x = 1\ny = '\0'\n", "null_bytes", "line 2"),
        (b"x = '\xff'\n", "encoding", ""),
        (b"# coding: klingon\n", "encoding", "unknown encoding"),
        (b"# coding: rot13\n", "encoding", ""),
        (b"# coding: latin-1\nx = '\xff'\n", None, ""),
        (b"\xef\xbb\xbfx = 1\n", None, ""),
        (b"", None, ""),
        (b"x = 1\r\ny = 2\rz = 3", None, ""),
        ("x = '\\d'\n", None, ""),
        ("-" * 50_000 + "1", "too_complex", "nested"),
        ("(" * 5000, "syntax", ""),
        ("x" * 100, None, ""),
    ],
    ids=lambda value: None if isinstance(value, str | bytes) and len(value) > 20 else repr(value),
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::SyntaxWarning")
def test_each_fault_of_a_file_has_a_name(read, content, problem, detail):
    facts = read(content)
    assert facts["problem"] == problem
    assert detail in facts["detail"]


def test_a_file_that_is_too_large_is_not_read(read):
    assert read("x = 1\n" * 100, limit=50)["problem"] == "too_large"


def test_a_file_that_is_none_is_unreadable(tmp_path):
    assert read_source(str(tmp_path / "gone.py"), LIMIT)["problem"] == "unreadable"
    assert read_source(str(tmp_path), LIMIT)["problem"] == "unreadable"
    os.mkfifo(tmp_path / "pipe.py")
    facts = read_source(str(tmp_path / "pipe.py"), LIMIT)  # it does not wait for a writer
    assert (facts["problem"], facts["detail"]) == ("unreadable", "it is no regular file")


def test_what_is_listed_of_one_file_is_bounded(read):
    facts = read("".join(f"def f{n}(): ...\nimport m{n}\n" for n in range(3 * MAX_LISTED)))
    assert facts["function_total"] == 3 * MAX_LISTED
    assert len(facts["functions"]) == len(facts["imports"]) == MAX_LISTED


def test_the_program_of_the_parser_process_answers_line_by_line(tmp_path):
    good, bad = tmp_path / "good.py", tmp_path / "bad\udc80.py"
    good.write_text("class A: '\\d'\n")
    os.close(os.open(os.fsencode(bad), os.O_CREAT | os.O_WRONLY))
    requests = [{"path": str(path), "max_bytes": LIMIT} for path in (good, bad)]
    done = subprocess.run(
        [sys.executable, "-I", "-S", source.__file__],
        input="".join(json.dumps(request) + "\n" for request in requests),
        capture_output=True,
        text=True,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.stderr == ""
    assert [answer["class_total"] for answer in answers] == [1, 0]
    assert [answer["problem"] for answer in answers] == [None, None]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::SyntaxWarning")
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_content_whatever_raises(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.py"
    path.write_bytes(content)
    json.dumps(read_source(str(path), LIMIT))
